"""The colours of everything that is drawn: one hue per kind of operation, one ramp for quantities.

The hues follow Okabe and Ito (2008, "Color Universal Design"), adjusted so that all fills stay apart for
normal, deuteranopic, protanopic and tritanopic viewers, and so that one ink is readable on each of them in
both themes. A colour never stands alone: nodes, legends and tables also name the kind in words.
"""

from __future__ import annotations

from dataclasses import dataclass

from explorer.analysis.types import Kind


@dataclass(frozen=True)
class KindStyle:
    """Names and colours of one kind: fills carry `INK`; strokes reach 4.5:1 against the page's background."""

    label: str
    short: str  # in a legend of one line
    light_fill: str
    light_stroke: str
    dark_fill: str
    dark_stroke: str


@dataclass(frozen=True)
class Ramp:
    """A sequential scale, least to most; `none` marks zero, which has no place on a log scale."""

    none: str
    steps: tuple[str, ...]


INK = "#14171f"
"""Text on every fill of this module, in both themes."""

# Normalization and activation share a grey, so that the layers that do the work stand out.
_ELEMENTWISE = KindStyle("Normalization, activation", "Norm, activation", "#d7dbe2", "#6e7278", "#b3b6bc", "#d0d3d9")

KINDS: dict[Kind, KindStyle] = {
    "input": KindStyle("Input", "Input", "#ffffff", "#717171", "#e5e7ea", "#f7f8fa"),
    "convolution": KindStyle("Convolution", "Conv", "#659dfd", "#396eca", "#5086e5", "#71a3fb"),
    "pointwise": KindStyle("1×1 convolution", "1×1 conv", "#8fbed8", "#4a778f", "#0ba8c4", "#41c5e1"),
    "depthwise": KindStyle("Depthwise", "Depthwise", "#73e29f", "#0d804a", "#57e6a4", "#94ffc8"),
    "pooling": KindStyle("Pooling", "Pooling", "#fda900", "#9d6700", "#de9134", "#fdae54"),
    "normalization": _ELEMENTWISE,
    "activation": _ELEMENTWISE,
    "merge": KindStyle("Add, concatenate", "Add, concat", "#e87a43", "#bb5211", "#d1663c", "#f08258"),
    "linear": KindStyle("Fully connected", "FC", "#c57dc5", "#9b569c", "#e693fc", "#f1c2fe"),
    "gate": KindStyle("Gate", "Gate", "#f8dc46", "#816f00", "#cfca52", "#ece871"),
    "reshape": KindStyle("Reshape, dropout", "Reshape", "#83878d", "#696d72", "#81858b", "#9ca0a7"),
}

# Lines and bubbles that stand for families, one after the other: (light, dark), 3:1 at least to the page.
SERIES = (
    ("#396eca", "#71a3fb"),
    ("#bb5211", "#f08258"),
    ("#0d804a", "#57e6a4"),
    ("#9b569c", "#e693fc"),
    ("#816f00", "#ece871"),
    ("#14808f", "#41c5e1"),
    ("#b0305c", "#ff8fb1"),
    ("#6f4a24", "#d2a679"),
    ("#4b3fa8", "#a99bff"),
    ("#56606d", "#c3cad4"),
)

_STEPS = ("#ffffd9", "#e4f4b6", "#c2e6b4", "#8fd3b9", "#5fc0c2", "#45a9c6", "#3c90bf")
# In both themes "more" stands out more from the page.
RAMP_LIGHT = Ramp(none="#f1f2f4", steps=_STEPS)
RAMP_DARK = Ramp(none="#81858b", steps=_STEPS[::-1])


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two `#rrggbb` colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
