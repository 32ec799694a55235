"""The component on which a digit is drawn, and the one that shows what all layers make of it.

Strokes are the browser's: they are only reported. What it begins with travels in its data, with a number that
changes when it shall begin anew; reports that name another number are late ones, and ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.demonstrations.digits.compute import CANVAS, ERASER, MOST_POINTS, MOST_STROKES, PEN, Strokes, strokes_of
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


def draw(strokes: Strokes, number: int, *, key: str) -> None:
    """Show the canvas, beginning with `strokes` whenever `number` is another than before."""
    data = {
        "number": number,
        "strokes": [stroke.as_list() for stroke in strokes],
        "canvas": CANVAS,
        "widths": [PEN, ERASER],
        "most": [MOST_STROKES, MOST_POINTS],
    }
    # The callback also declares the state; without one Streamlit would not report it.
    _DRAW(key=key, data=data, on_drawing_change=lambda: None)


def drawn(key: str, number: int) -> Drawn | None:
    """What the canvas `key` reported last since it began with `number`; None where that is nothing, or nonsense.

    A test without a browser draws by setting
    `session_state[key] = {"drawing": {"number": 0, "strokes": [[0, 500, 200, 500, 800]], "done": True}}`.
    """
    reported: Any = (st.session_state.get(key) or {}).get("drawing")
    if not isinstance(reported, Mapping) or type(reported.get("number")) is not int or reported["number"] != number:
        return None
    strokes = strokes_of(reported.get("strokes"))
    return None if strokes is None else Drawn(strokes, reported.get("done") is True)


def layers(message: bytes, *, key: str) -> None:
    """Show one message of `explorer.demonstrations.digits.all_layers.message`."""
    _LAYERS(key=key, data=message)
