"""LeNet-5, live, without a browser: samples, drawings, distortions, pictures, the link, and nonsense."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from explorer.demonstrations.digits import compute as digits
from explorer.demonstrations.digits.compute import Distortion
from explorer.demonstrations.digits.panel import PICTURE, SLIDERS
from explorer.runtime.maps import unpack

Open = Callable[..., Any]  # -> Visit of conftest.py
ONE = [[0, 500, 100, 495, 500, 500, 900]]


@pytest.fixture(scope="module")
def page(visit: Open) -> Any:
    return visit("lenet", variant="lenet5")


def layers(page: Any) -> tuple[dict[str, Any], Any]:
    """The header of the picture of all layers, and the input in it."""
    header, body = unpack(page.components("layers")[0].proto.bytes)
    return header, np.frombuffer(body[: 32 * 32], dtype=np.uint8).reshape(32, 32)


def expected(strokes: digits.Strokes, **distortion: int) -> Any:
    digit = digits.standardised(digits.ink_of(strokes))
    return np.pad(digits.pixels(digits.distorted(digit, Distortion(**distortion))), 2)


def number(page: Any) -> int:
    found: int = json.loads(page.components("draw")[0].proto.json)["number"]
    return found


def draw(page: Any, drawing: object) -> None:
    page.app.session_state["draw"] = {"drawing": drawing}
    page.run()


def test_a_sample_is_the_picture_of_the_whole_page(visit: Open) -> None:
    page = visit("lenet", digit="3b", rotate="-20")
    header, given = layers(page)
    assert np.array_equal(given, expected(digits.sample_digits()["3b"], degrees=-20))
    assert page.warnings == []
    assert "Sample digit 3" in page.text
    assert page.link["digit"] == "3b"
    assert page.link["rotate"] == "-20"
    assert "sample" not in page.link
    assert header["outputs"]["classes"][header["outputs"]["answer"]] == "3"
    page.click("input")  # the big maps show the same picture
    assert page.maps["shape"] == [1, 32, 32]


def test_a_drawing_is_read_and_replaced_by_a_sample(page: Any) -> None:
    draw(page, {"number": number(page), "strokes": ONE, "done": True})
    header, given = layers(page)
    assert np.array_equal(given, expected(digits.strokes_of(ONE) or ()))
    assert header["outputs"]["answer"] == 1
    assert "Your drawing" in page.text
    assert page.link["digit"] == "drawn"
    late = number(page)
    page.app.button_group(key="digit").set_value("8")
    page.run()
    assert page.link["digit"] == "8"
    draw(page, {"number": late, "strokes": ONE, "done": True})  # sent before the sample had come
    assert np.array_equal(layers(page)[1], expected(digits.sample_digits()["8"]))


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
        {"number": "0", "strokes": ONE},
        {"number": -1, "strokes": ONE},
        {"number": None, "strokes": [[0, 1e300, -1]]},
    ],
)
def test_nonsense_from_the_browser_changes_nothing(page: Any, drawing: Any) -> None:
    before = layers(page)[1]
    if isinstance(drawing, dict) and drawing.get("number", 0) is None:
        drawing["number"] = number(page)
    draw(page, drawing)
    assert np.array_equal(layers(page)[1], before)


def test_an_empty_canvas_is_an_empty_picture(visit: Open) -> None:
    page = visit("lenet")
    draw(page, {"number": number(page), "strokes": [], "done": True})
    assert not layers(page)[1].any()


def test_every_slider_distorts_and_says_how_far_it_may_go(visit: Open) -> None:
    page = visit("lenet", digit="4")
    for key, slider in SLIDERS.items():
        value = slider.values[-2]
        page.app.slider(key=key).set_value(value)
        page.run()
        assert np.array_equal(layers(page)[1], expected(digits.sample_digits()["4"], **{slider.field: value}))
        assert page.link[key] == str(value)
        said = [c.value for c in page.app.caption if c.value.startswith("Read as")]
        assert len(said) == len(SLIDERS)
        wrong = layers(page)[0]["outputs"]["answer"] != 4
        assert all(("not 4" in text) == wrong for text in said)
        page.app.button(key="undistorted").click()
        page.run()
        assert key not in page.link
    assert np.array_equal(layers(page)[1], expected(digits.sample_digits()["4"]))


def test_a_link_that_asks_for_what_does_not_exist_says_so(visit: Open) -> None:
    page = visit("lenet", digit="99", rotate="900")
    assert len(page.warnings) == 2
    assert "'99'" in page.warnings[0]
    assert np.array_equal(layers(page)[1], expected(digits.sample_digits()["7"]))
    assert "does not fit into a link" in visit("lenet", digit="drawn").warnings[0]


def test_a_picture_chosen_in_the_sidebar_is_read_and_leaves_with_the_page(visit: Open) -> None:
    page = visit("lenet")
    page.app.selectbox(key="sample").set_value("testcard")
    page.run()
    assert page.app.button_group(key="reads").value == PICTURE
    assert page.link["sample"] == "testcard"
    assert "digit" not in page.link
    assert page.components("draw") == []
    page.open("resnet")
    assert page.link["sample"] == "testcard"
    page.open("lenet")
    assert page.app.button_group(key="reads").value == PICTURE
    page.app.button_group(key="reads").set_value("Digit")
    page.run()
    assert page.link["digit"] == "7"


def test_a_photographed_digit_is_inverted_and_says_so(visit: Open) -> None:
    page = visit("lenet")
    ink = digits.ink_of(digits.sample_digits()["5"])
    file = BytesIO()
    Image.fromarray((220 - 180 * ink).astype(np.uint8)).save(file, "PNG")
    page.upload(file.getvalue())
    header, given = layers(page)
    assert any("Dark ink on light paper was inverted" in c.value for c in page.app.caption)
    assert given[0, 0] == 0
    assert given.max() > 200
    assert header["outputs"]["answer"] == 5


def test_the_drawing_survives_a_visit_to_another_page(visit: Open) -> None:
    page = visit("lenet")
    draw(page, {"number": number(page), "strokes": ONE, "done": True})
    page.open("resnet")
    page.open("lenet")
    assert np.array_equal(layers(page)[1], expected(digits.strokes_of(ONE) or ()))


def test_other_pages_keep_their_picture(visit: Open) -> None:
    page = visit("lenet", digit="2")
    page.open("resnet")
    assert page.link["sample"] == "cat"
    assert "digit" not in page.link
