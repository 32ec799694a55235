"""The component on which the picture is painted over.

Strokes are the browser's: they are only reported. What it begins with travels in its message, with a number that
changes when it has to begin with something else; reports that name another number are late ones, and ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from explorer.instruments.paint.compute import MOST_POINTS, MOST_STROKES, Brush, Frame, Stroke, strokes_from
from explorer.runtime.maps import pack
from explorer.ui.components import component

_FOLDER = Path(__file__).parent
_PAINT = component(_FOLDER / "paint.js", _FOLDER / "paint.css")


@dataclass(frozen=True)
class Easel:
    """What stands on it.

    Attributes:
        number: of its beginnings.
        strokes: those of the picture.
        picture: a file of the painted one, as the network sees it.
        layer: a file of what the brush shows where it goes, in the same size.
        frame, size: of the whole picture, the square that is seen, and width and height, in pixels.
        brush, radius, sample: as in the strokes to come.
        label: read aloud.
    """

    number: int
    strokes: tuple[Stroke, ...]
    picture: bytes
    layer: bytes
    frame: Frame
    size: tuple[int, int]
    brush: Brush
    radius: float
    sample: str
    label: str


def paint(easel: Easel, *, key: str, on_change: Callable[[], None]) -> None:
    """Show the picture and the brush; `on_change` is called after each stroke, undo and clearing."""
    header = {
        "number": easel.number,
        "strokes": [stroke.as_dict() for stroke in easel.strokes],
        "split": len(easel.picture),
        "frame": asdict(easel.frame),
        "size": easel.size,
        "brush": easel.brush,
        "radius": easel.radius,
        "sample": easel.sample,
        "most": [MOST_STROKES, MOST_POINTS],
        "label": easel.label,
    }
    _PAINT(key=key, data=pack(header, easel.picture + easel.layer), on_drawing_change=on_change)


def reported_strokes(reported: object, number: int) -> tuple[Stroke, ...] | None:
    """What an easel that began with `number` reported; None where that is nothing."""
    drawing = reported.get("drawing") if isinstance(reported, Mapping) else None
    if not isinstance(drawing, Mapping) or type(drawing.get("number")) is not int or drawing["number"] != number:
        return None
    return strokes_from(drawing.get("strokes"))
