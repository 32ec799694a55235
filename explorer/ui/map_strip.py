"""Rows of small maps as pictures, with captions and a legend of real values: cheap for the browser, also when large."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st
from PIL import Image

from explorer.runtime import colormaps
from explorer.runtime.images import png_bytes
from explorer.runtime.maps import FloatArray

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
    figures = "".join(
        _figure(values, caption, signed, strip)
        for values, caption, signed in zip(strip.maps, strip.captions, strip.signs, strict=True)
    )
    return (
        f'<div style="margin:.2em 0 .9em"><div style="font-weight:600">{escape(strip.title)}</div>'
        f'<div style="display:flex;flex-wrap:wrap;gap:6px 12px">{figures}</div>{_legends(strip)}</div>'
    )


def _figure(values: FloatArray, caption: str, signed: bool, strip: Strip) -> str:
    table = colormaps.table("auto", signed)
    low, high = float(values.min()) + 0.0, float(values.max()) + 0.0  # -0.0 would be written with its sign
    first, last = colormaps.limits(*(strip.limits or (low, high)), table)
    places = (values - first) / (last - first) * 255 if last > first else np.zeros_like(values)
    picture = Image.fromarray(np.rint(places).clip(0, 255).astype(np.uint8), "P")
    picture.putpalette(table.tobytes())
    data = base64.b64encode(png_bytes(picture)).decode()
    words = escape(caption) + ("" if strip.limits else f"<br>{low:.3g} to {high:.3g}")
    return (
        f'<figure style="margin:0;width:{SIDE}px"><img src="data:image/png;base64,{data}" '
        f'alt="{escape(strip.title)}, {escape(caption)}" width="{SIDE}" height="{SIDE}" '
        f'style="display:block;image-rendering:pixelated"><figcaption style="line-height:1.3">{words}</figcaption>'
        "</figure>"
    )


def _legends(strip: Strip) -> str:
    """A colour bar with its values; where each map has its own limits, one for each sort of map."""
    if not strip.legend:
        return ""
    bars = "".join(_legend(strip, signed) for signed in sorted(set(strip.signs)))
    return f'<div style="display:flex;flex-wrap:wrap;gap:6px 24px;margin-top:.3em">{bars}</div>'


def _legend(strip: Strip, signed: bool) -> str:
    table = colormaps.table("auto", signed)
    colours = ",".join("rgb({},{},{})".format(*colour) for colour in table[::15])
    if strip.limits:
        ends = [f"{limit:.3g}" for limit in colormaps.limits(*strip.limits, table)]
    else:
        ends = ["−largest", "+largest"] if signed else ["least", "largest of each"]
    middle = "<span>0</span>" if signed else ""
    return (
        f'<div style="width:{2 * SIDE}px;max-width:100%">'
        f'<div style="height:12px;background:linear-gradient(to right,{colours})"></div>'
        f'<div style="display:flex;justify-content:space-between"><span>{ends[0]}</span>{middle}<span>{ends[1]}</span>'
        "</div></div>"
    )
