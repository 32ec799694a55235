"""The digit as the page's picture: samples, drawings, distortions, the sidebar's pictures, the link, and nonsense."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from explorer.demonstrations.digits import compute as digits
from explorer.demonstrations.digits import panel
from explorer.demonstrations.digits.component import Drawn, drawn
from explorer.demonstrations.digits.compute import Distortion
from explorer.demonstrations.digits.panel import SLIDERS, verdict
from explorer.demonstrations.digits.robustness import Answers
from explorer.runtime.maps import unpack

Open = Callable[..., Any]  # -> tests.visit.Visit
ONE = [[0, 500, 100, 495, 500, 500, 900]]
STROKES = digits.strokes_of(ONE) or ()


def layers(page: Any) -> tuple[dict[str, Any], npt.NDArray[np.uint8]]:
    """The header of the picture of all layers, and the input in it."""
    header, body = unpack(page.components("layers")[0].proto.bytes)
    return header, np.frombuffer(body[: 32 * 32], dtype=np.uint8).reshape(32, 32)


def answer(page: Any) -> int:
    found: int = layers(page)[0]["outputs"]["answer"]
    return found


def expected(strokes: digits.Strokes, **distortion: int) -> Any:
    digit = digits.standardised(digits.ink_of(strokes))
    return np.pad(digits.pixels(digits.distorted(digit, Distortion(**distortion))), 2)


def draw(page: Any, strokes: digits.Strokes) -> None:
    """As the page keeps what the browser reported."""
    page.app.session_state[panel.DRAWING] = strokes
    page.run()  # now it can be chosen
    page.set(digit__sample=panel.OWN)


def test_a_sample_is_the_picture_of_the_whole_page_and_comes_back_from_its_link(visit: Open) -> None:
    link = {"digit.sample": "3b", "digit.rotate": "-20", "digit.scale": "80", "maps.scale": "shared"}
    page = visit("lenet", **link)
    assert page.warnings == []
    assert page.link == link
    header, given = layers(page)
    assert np.array_equal(given, expected(digits.sample_digits()["3b"], degrees=-20, percent=80))
    assert header["outputs"]["classes"][answer(page)] == "3"
    page.click("input")  # the big maps show the same picture
    assert page.maps["shape"] == [1, 32, 32]
    assert np.array_equal(np.asarray(Image.open(BytesIO(page.model_input)).convert("L")), given)


def test_a_drawing_is_the_picture_outlives_the_page_and_gives_way_to_a_sample(visit: Open) -> None:
    page = visit("lenet")
    draw(page, STROKES)
    assert np.array_equal(layers(page)[1], expected(STROKES)) and answer(page) == 1
    assert page.link == {"digit.sample": "drawn"}
    page.open("resnet")
    page.open("lenet")
    assert np.array_equal(layers(page)[1], expected(STROKES))
    page.set(digit__sample="8")
    assert np.array_equal(layers(page)[1], expected(digits.sample_digits()["8"]))
    draw(page, ())
    assert not layers(page)[1].any()  # an empty canvas
    (warning,) = visit("lenet", digit__sample="drawn").warnings
    assert "drawing" in warning


@pytest.mark.parametrize(
    "drawing",
    [
        "a digit",
        5,
        [],
        None,
        {},
        {"strokes": ONE},
        {"number": True, "strokes": ONE},
        {"number": "3", "strokes": ONE},
        {"number": 2, "strokes": ONE},  # of what was there before
        {"number": 3, "strokes": [[0, 1e300, -1]]},
        {"number": 3, "strokes": [[0, 1]]},
    ],
)
def test_nonsense_from_the_browser_is_no_drawing(drawing: object) -> None:
    assert drawn({"drawing": drawing}, 3) is None
    assert drawn(drawing, 3) is None


def test_what_a_canvas_reports() -> None:
    assert drawn({"drawing": {"number": 3, "strokes": ONE, "done": True}}, 3) == Drawn(STROKES, True)
    assert drawn({"drawing": {"number": 3, "strokes": [], "done": 1}}, 3) == Drawn((), False)


@pytest.mark.parametrize("s", SLIDERS, ids=lambda s: s.field)
def test_a_verdict_says_how_far_a_slider_may_go(s: panel.Slider) -> None:
    values = tuple(s.values)
    low, high = s.control.limits()
    assert (values[0], values[-1]) == (low, high) and s.control.default() in values
    assert verdict(s, values[1], Answers(values, (4,) * len(values)), 4) == "Read as 4 everywhere"
    some = Answers(values, tuple(4 if value in values[2:5] else 9 for value in values))
    assert verdict(s, values[3], some, 4).endswith(f"from {s.text(values[2])} to {s.text(values[4])}")
    assert verdict(s, values[1], some, 4) == "Read as 9, not 4"


def test_every_slider_distorts_and_is_reset(visit: Open) -> None:
    page = visit("lenet", digit__sample="4")
    sample = digits.sample_digits()["4"]
    values = {s.field: s.values[-2] for s in SLIDERS}
    page.set(**{s.control.name.replace(".", "__"): values[s.field] for s in SLIDERS})
    assert np.array_equal(layers(page)[1], expected(sample, **values))
    assert page.link == {"digit.sample": "4", **{s.control.name: str(values[s.field]) for s in SLIDERS}}
    page.app.button(key="digit-reset").click()
    page.run()
    assert page.link == {"digit.sample": "4"}
    assert np.array_equal(layers(page)[1], expected(sample))


def test_wrong_values_in_a_link_are_named(visit: Open) -> None:
    page = visit("lenet", digit__sample="99", digit__rotate="900")
    assert len(page.warnings) == 2 and "99" in page.warnings[0]
    assert np.array_equal(layers(page)[1], expected(digits.sample_digits()["7"]))


def test_a_picture_chosen_in_the_sidebar_is_read_and_the_digits_are_not_other_pages_pictures(visit: Open) -> None:
    page = visit("lenet", digit__sample="2")
    page.set(sample="testcard")
    assert page.link == {"sample": "testcard", "digit.sample": "2", "digit.reads": "picture"}
    assert page.components("draw") == []
    read = page.app.sidebar.image[0].captions
    page.open("resnet")
    assert page.app.sidebar.image[0].captions == read
    assert page.link == {"sample": "testcard"}
    page.open("lenet")
    assert page.link["digit.reads"] == "picture"
    page.set(digit__reads="digit")
    assert page.app.sidebar.image[0].captions != read  # the sidebar shows the digit in its place
    assert np.array_equal(layers(page)[1], expected(digits.sample_digits()["2"]))
    copy = visit("lenet", **page.link)
    assert copy.link == page.link and np.array_equal(layers(copy)[1], layers(page)[1])


def test_a_photographed_digit_is_inverted_and_read(visit: Open) -> None:
    page = visit("lenet")
    ink = digits.ink_of(digits.sample_digits()["5"])
    file = BytesIO()
    Image.fromarray((220 - 180 * ink).astype(np.uint8)).save(file, "PNG")
    page.upload(file.getvalue())
    given = layers(page)[1]
    assert given[0, 0] == 0 and given.max() > 200
    assert answer(page) == 5
    assert len(page.app.get("slider")) == len(SLIDERS)


@pytest.mark.parametrize("size", [(1, 3000), (3000, 1)])
def test_a_picture_a_pixel_wide_is_shown(visit: Open, size: tuple[int, int]) -> None:
    file = BytesIO()
    Image.new("L", size, 200).save(file, "PNG")
    page = visit("lenet").upload(file.getvalue())
    assert layers(page)[1].shape == (32, 32)
    assert len(page.app.get("slider")) == 0  # nothing to move: there is no digit in it
