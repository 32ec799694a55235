"""What stands above a drawing in a file: a title, and what its colours mean."""

from __future__ import annotations

import html
from collections.abc import Iterable

from explorer.analysis.palette import KINDS, RAMP_LIGHT
from explorer.analysis.types import Kind
from explorer.diagrams.drawing import LINE, table
from explorer.diagrams.scale import Scale

TITLE_SIZE = 22  # px
SWATCH_SIZE = 16  # px


def heading(title: str, legend: str) -> str:
    """Graphviz' HTML-like label of a title, a text, over a legend, cells."""
    rows = [f'<TD><FONT POINT-SIZE="{TITLE_SIZE}">{html.escape(title)}</FONT></TD>'] if title else []
    if legend:
        rows.append(f"<TD>{table([legend], border='0', cellborder='0', cellspacing='3', cellpadding='2')}</TD>")
    return table(rows, border="0", cellborder="0", cellspacing="0", cellpadding="4")


def kinds_legend(kinds: Iterable[Kind]) -> str:
    """The kinds by their fills; two that share a style share an entry."""
    shown = set(kinds)
    styles = dict.fromkeys(style for kind, style in KINDS.items() if kind in shown)
    return "".join(_swatch(style.light_fill, style.light_stroke) + _text(style.label) for style in styles)


def scale_legend(scale: Scale) -> str:
    """What is counted, its ramp, and the numbers at both ends."""
    low, high = scale.ends
    ramp = "".join(_swatch(colour, LINE) for colour in RAMP_LIGHT.steps)
    return f"{_text(scale.label)}{_swatch(RAMP_LIGHT.none, LINE)}{_text('none')}{_text(low)}{ramp}{_text(high)}"


def _swatch(fill: str, stroke: str) -> str:
    size = f'WIDTH="{SWATCH_SIZE}" HEIGHT="{SWATCH_SIZE}" FIXEDSIZE="TRUE"'
    return f'<TD {size} BGCOLOR="{fill}" COLOR="{stroke}" BORDER="1"></TD>'


def _text(text: str) -> str:
    return f"<TD>{html.escape(text)}</TD>"
