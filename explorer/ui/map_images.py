"""Rows of small maps as pictures, with captions and a legend of real values: cheap for the browser, also when large."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st
from PIL import Image

from explorer.runtime import colormaps
from explorer.runtime.maps import FloatArray
from explorer.ui.pictures import colour_bar, figure, wrapped

SIDE = 116  # pixels of a picture on the page
Limits = tuple[float, float]


@dataclass(frozen=True)
class Strip:
    """(H, W) maps with a caption each. All have the colours' `limits`, or, where it is None, each its own."""

    title: str
    maps: Sequence[FloatArray] | FloatArray
    captions: Sequence[str]
    limits: Limits | None = None
    legend: bool = True

    @property
    def signs(self) -> tuple[bool, ...]:
        """Of each map, whether its colours are those of signed values."""
        return tuple(bool((m.min() if self.limits is None else self.limits[0]) < 0) for m in self.maps)


def common(*maps: FloatArray) -> Limits:
    """Limits that all these maps can share."""
    return min(float(m.min()) for m in maps), max(float(m.max()) for m in maps)


def strips(*shown: Strip) -> None:
    """Draw them, one below the other; on a narrow screen each wraps."""
    st.html("".join(map(html, shown)))


def html(strip: Strip) -> str:
    """One strip as a part of a page."""
    figures = (
        _figure(values, caption, signed, strip)
        for values, caption, signed in zip(strip.maps, strip.captions, strip.signs, strict=True)
    )
    title = f'<div style="font-weight:600">{escape(strip.title)}</div>'
    return f'<div style="margin:.2em 0 .9em">{title}{wrapped(figures, "6px 12px")}{_legends(strip)}</div>'


def _figure(values: FloatArray, caption: str, signed: bool, strip: Strip) -> str:
    table = colormaps.table("auto", signed)
    low, high = float(values.min()) + 0.0, float(values.max()) + 0.0  # -0.0 would be written with its sign
    first, last = colormaps.limits(*(strip.limits or (low, high)), table)
    places = (values - first) / (last - first) * 255 if last > first else np.zeros_like(values)
    picture = Image.fromarray(np.rint(places).clip(0, 255).astype(np.uint8), "P")
    picture.putpalette(table.tobytes())
    own = () if strip.limits else (f"{low:.3g} to {high:.3g}",)
    return figure(picture, SIDE, f"{strip.title}, {caption}", caption, *own)


def _legends(strip: Strip) -> str:
    """A colour bar with its values; where each map has its own limits, one for each sort of map."""
    if not strip.legend:
        return ""
    return wrapped((_legend(strip, signed) for signed in sorted(set(strip.signs))), "6px 24px", "margin-top:.3em")


def _legend(strip: Strip, signed: bool) -> str:
    table = colormaps.table("auto", signed)
    if strip.limits:
        low, high = (f"{limit:.3g}" for limit in colormaps.limits(*strip.limits, table))
    else:
        low, high = ("−largest", "+largest") if signed else ("least", "largest of each")
    return colour_bar(table, (low, "0", high) if signed else (low, high), 2 * SIDE)
