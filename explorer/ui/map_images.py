"""Small maps and pictures as HTML, with captions and colour bars: cheap for the browser, without values on hover."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st
from PIL import Image

from explorer.runtime import colormaps
from explorer.runtime.colormaps import ByteArray
from explorer.runtime.maps import FloatArray
from explorer.runtime.pictures import png_bytes

STRIP_SIDE_REM = 7.25  # of a map
BAR_COLOURS = 17  # of a colour bar, between which the browser blends
Limits = tuple[float, float]


@dataclass(frozen=True)
class Strip:
    """(H, W) maps with a caption each, `side` rem wide; all within the colours' `limits`, or each its own."""

    title: str
    maps: Sequence[FloatArray] | FloatArray
    captions: Sequence[str]
    limits: Limits | None = None
    legend: bool = True
    side: float = STRIP_SIDE_REM

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
    shown = (
        _map(values, caption, signed, strip)
        for values, caption, signed in zip(strip.maps, strip.captions, strip.signs, strict=True)
    )
    title = f'<div style="font-weight:600">{escape(strip.title)}</div>'
    return f'<div style="margin:.2em 0 .9em">{title}{wrapped(shown, ".375rem .75rem")}{_legends(strip)}</div>'


def _map(values: FloatArray, caption: str, signed: bool, strip: Strip) -> str:
    low, high = float(values.min()) + 0.0, float(values.max()) + 0.0  # -0.0 would be written with its sign
    picture = map_picture(values, strip.limits or (low, high), signed)
    own = () if strip.limits else (f"{low:.3g} to {high:.3g}",)
    return captioned(picture, strip.side, f"{strip.title}, {caption}", caption, *own)


def map_picture(values: FloatArray, limits: Limits, signed: bool) -> Image.Image:
    """A (H, W) map in its colours, a pixel a value."""
    table = colormaps.table("auto", signed)
    picture = Image.fromarray(colormaps.places(values, *colormaps.limits(*limits, table)), "P")
    picture.putpalette(table.tobytes())
    return picture


def _legends(strip: Strip) -> str:
    """A colour bar with its values; where each map has its own limits, one for each sort of map."""
    if not strip.legend:
        return ""
    return wrapped((_legend(strip, signed) for signed in sorted(set(strip.signs))), ".375rem 1.5rem", "margin-top:.3em")


def _legend(strip: Strip, signed: bool) -> str:
    table = colormaps.table("auto", signed)
    if strip.limits:
        low, high = (f"{limit:.3g}" for limit in colormaps.limits(*strip.limits, table))
    else:
        low, high = ("−largest", "+largest") if signed else ("least", "largest of each")
    return colour_bar(table, (low, "0", high) if signed else (low, high), 2 * STRIP_SIDE_REM)


def data_uri(png: bytes) -> str:
    """A PNG file as an address that holds it."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def captioned(picture: Image.Image, side: float, alt: str, *captions: str) -> str:
    """A picture, stretched to a square of `side` rem, above lines of text."""
    return (
        f'<figure style="margin:0;min-width:{side}rem"><img src="{data_uri(png_bytes(picture))}" alt="{escape(alt)}" '
        f'style="display:block;width:{side}rem;height:{side}rem;image-rendering:pixelated">'
        f'<figcaption style="line-height:1.3">{"<br>".join(map(escape, captions))}</figcaption></figure>'
    )


def wrapped(parts: Iterable[str], gap: str, style: str = "") -> str:
    """Parts of a page side by side, in as many rows as they need."""
    return f'<div style="display:flex;flex-wrap:wrap;gap:{gap};{style}">{"".join(parts)}</div>'


def colour_bar(table: ByteArray, words: Sequence[str], width: float) -> str:
    """(n, 3) colours, `width` rem from left to right, with words spread below, from the first to the last."""
    spread = "".join(f"<span>{escape(word)}</span>" for word in words)
    return (
        f'<div style="width:{width}rem;max-width:100%"><div style="height:.875rem;{_gradient(table)}"></div>'
        f'<div style="display:flex;justify-content:space-between">{spread}</div></div>'
    )


def colour_line(table: ByteArray, low: str, high: str, width: float) -> str:
    """(n, 3) colours between the words for the first and the last, in one line of at most `width` rem."""
    return (
        f'<div style="display:flex;align-items:center;gap:.375rem;max-width:{width}rem"><span>{escape(low)}</span>'
        f'<div style="flex:1;height:1.125rem;{_gradient(table)}"></div><span>{escape(high)}</span></div>'
    )


def _gradient(table: ByteArray) -> str:
    shown = table[np.linspace(0, len(table) - 1, BAR_COLOURS).round().astype(int)]
    colours = ",".join("rgb({},{},{})".format(*colour) for colour in shown)
    return f"background:linear-gradient(to right,{colours})"


def small_pictures(pictures: ByteArray, captions: Sequence[str], what: str, side: float) -> str:
    """(K, H, W, 3) colours as squares of `side` rem, in as many rows as they need."""
    shown = (
        captioned(Image.fromarray(picture), side, f"{what} {caption}", caption)
        for picture, caption in zip(pictures, captions, strict=True)
    )
    return wrapped(shown, ".375rem .5rem")
