"""The easel: where a brush is in the picture, and what is reported after each stroke."""

from __future__ import annotations

from dataclasses import asdict
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from explorer.instruments.paint.compute import Frame, Stroke, seen, strokes_from
from explorer.runtime.maps import pack
from explorer.runtime.preprocessing import IMAGENET
from tests.js.conftest import Modules

BRUSH = "instruments/paint/brush.js"
PAINT = "instruments/paint/paint.js"
STYLE = "instruments/paint/paint.css"
SIDE = 60
WHOLE = Frame(0, 0, SIDE)
PIXEL = """(canvas, [x, y]) => [...canvas.getContext("2d").getImageData(x, y, 1, 1).data].slice(0, 3)"""


@pytest.mark.parametrize("size", [(300, 200), (200, 300)])
def test_places_on_the_canvas_are_places_in_the_picture_and_back(modules: Modules, size: tuple[int, int]) -> None:
    frame = seen(size, IMAGENET)
    middle = modules.call(BRUSH, "toPicture", [0.5, 0.5], asdict(frame), size)
    assert middle == pytest.approx([0.5, 0.5])
    corner = modules.call(BRUSH, "toPicture", [0, 0], asdict(frame), size)
    assert corner == pytest.approx([frame.left / size[0], frame.top / size[1]])
    assert modules.call(BRUSH, "toCanvas", corner, asdict(frame), size) == pytest.approx([0, 0])
    assert modules.call(BRUSH, "toPicture", [-9, 9], asdict(frame), size) == [0, 1]
    assert modules.call(BRUSH, "radiusOnCanvas", 0.1, asdict(frame), size) == pytest.approx(20 / 175)


def test_only_what_the_picture_lacks_is_drawn_over_it(modules: Modules) -> None:
    one, two, other = (Stroke("grey", 0.1, ((x, 0.5),)).as_dict() for x in (0.1, 0.2, 0.3))
    rounded = one | {"points": [0.10001, 0.5]}
    assert modules.call(BRUSH, "missing", [rounded, two], [one]) == [two]
    assert modules.call(BRUSH, "missing", [one], [one, two]) == []  # undone
    assert modules.call(BRUSH, "missing", [one, other], [one, two]) == []


def file(colour: str) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (SIDE, SIDE), colour).save(buffer, "PNG")
    return buffer.getvalue()


def message(number: int = 0, strokes: tuple[Stroke, ...] = (), **more: Any) -> bytes:
    """A blue picture, and a red brush."""
    picture = file("blue")
    header = {
        "number": number,
        "strokes": [stroke.as_dict() for stroke in strokes],
        "split": len(picture),
        "frame": asdict(WHOLE),
        "size": [SIDE, SIDE],
        "brush": "grey",
        "radius": 0.1,
        "sample": "",
        "most": [3, 40],
        "label": "A picture",
    }
    return pack(header | more, picture + file("red"))


@pytest.fixture
def easel(stage: Modules) -> Modules:
    stage.mount(PAINT, message(), STYLE)
    stage.page.wait_for_function(
        """() => document.querySelector("div").shadowRoot.querySelector("canvas").width === 60"""
    )
    return stage


def drawing(easel: Modules) -> Any:
    name, value = easel.reports[-1]
    assert name == "drawing"
    return value


def test_a_stroke_is_seen_at_once_and_reported_when_it_ends(easel: Modules) -> None:
    canvas, mouse = easel.locator("canvas"), easel.page.mouse
    box: Any = canvas.bounding_box()
    mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.5 * box["height"])
    mouse.down()
    mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.5 * box["height"], steps=4)
    assert not easel.reports
    assert canvas.evaluate(PIXEL, [30, 30]) == [255, 0, 0]
    assert canvas.evaluate(PIXEL, [30, 40]) == [0, 0, 255]
    mouse.up()
    (stroke,) = drawing(easel)["strokes"]
    assert stroke["points"][:2] == pytest.approx([0.2, 0.5], abs=0.01)
    assert stroke["points"][-2:] == pytest.approx([0.8, 0.5], abs=0.05)
    assert (stroke["brush"], stroke["radius"]) == ("grey", 0.1)
    easel.receive(message(strokes=strokes_from(drawing(easel)["strokes"])))
    easel.page.wait_for_timeout(50)
    assert canvas.evaluate(PIXEL, [30, 30]) == [0, 0, 255]  # the painted picture has the last word


def test_keys_move_the_brush_dab_and_undo(easel: Modules) -> None:
    canvas = easel.locator("canvas")
    canvas.focus()
    for key in ("ArrowRight", "ArrowDown", "Space", "ArrowLeft", "Enter"):
        canvas.press(key)
    first, second = (stroke["points"] for stroke in drawing(easel)["strokes"])
    assert first == pytest.approx([0.6, 0.6]) and second == pytest.approx([0.5, 0.6])
    assert canvas.evaluate(PIXEL, [36, 36]) == [255, 0, 0]
    canvas.press("u")
    assert [stroke["points"] for stroke in drawing(easel)["strokes"]] == [first]
    for _ in range(4):
        canvas.press(" ")
    assert len(drawing(easel)["strokes"]) == 3  # no more than the server takes
    easel.page.get_by_role("button", name="Undo").click()
    assert len(drawing(easel)["strokes"]) == 2
    easel.page.get_by_role("button", name="Clear").click()
    assert drawing(easel) == {"number": 0, "strokes": []}
    assert easel.page.get_by_role("button", name="Undo").is_disabled()


def test_another_number_begins_anew(easel: Modules) -> None:
    canvas = easel.locator("canvas")
    canvas.press("Enter")
    dab = Stroke("blur", 0.1, ((0.1, 0.1),))
    easel.receive(message(1, (dab,), brush="blur"))
    easel.page.wait_for_timeout(50)
    assert canvas.evaluate(PIXEL, [30, 30]) == [0, 0, 255]
    canvas.press("Enter")
    assert drawing(easel)["number"] == 1
    assert [stroke["brush"] for stroke in drawing(easel)["strokes"]] == ["blur", "blur"]
