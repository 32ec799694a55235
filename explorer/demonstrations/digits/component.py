"""The component on which a digit is drawn, and the one that shows what all layers compute from it.

Strokes are the browser's: they are only reported. What it begins with travels in its data, with a number that
changes when it has to begin with something else; reports that name another number are late ones, and ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from explorer.demonstrations.digits.compute import CANVAS, ERASER, MAX_POINTS, MAX_STROKES, PEN, Strokes, strokes_of
from explorer.ui.components import component

_FOLDER = Path(__file__).parent
_STYLE = _FOLDER / "draw.css"
_DRAW = component(_FOLDER / "draw.js", _STYLE)
_LAYERS = component(_FOLDER / "layers.js", _STYLE)


@dataclass(frozen=True)
class Drawn:
    """What was drawn, and whether the pen is up."""

    strokes: Strokes
    done: bool


def draw(strokes: Strokes, number: int, *, sample: bool, key: str, on_change: Callable[[], None]) -> None:
    """Show the canvas, beginning with `strokes` whenever `number` is another than before.

    The first stroke that is drawn on a `sample` clears it. `on_change` is called for each report.
    """
    data = {
        "number": number,
        "strokes": [stroke.as_list() for stroke in strokes],
        "sample": sample,
        "canvas": CANVAS,
        "widths": [PEN, ERASER],
        "most": [MAX_STROKES, MAX_POINTS],
    }
    _DRAW(key=key, data=data, on_drawing_change=on_change)


def drawn(reported: object, number: int) -> Drawn | None:
    """What a canvas that began with `number` reported; None where that is nothing, or nonsense.

    Such a report is `{"drawing": {"number": 0, "strokes": [[0, 500, 200, 500, 800]], "done": True}}`.
    """
    drawing = reported.get("drawing") if isinstance(reported, Mapping) else None
    if not isinstance(drawing, Mapping) or type(drawing.get("number")) is not int or drawing["number"] != number:
        return None
    strokes = strokes_of(drawing.get("strokes"))
    return None if strokes is None else Drawn(strokes, drawing.get("done") is True)


def layers(message: bytes, *, key: str) -> None:
    """Show one message of `explorer.demonstrations.digits.all_layers.message`."""
    _LAYERS(key=key, data=message)
