"""Small pictures and colour bars as HTML: cheap for the browser, where a chart's hover values are not needed."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape

from PIL import Image

from explorer.runtime.colormaps import ByteArray
from explorer.runtime.pictures import png_bytes


def data_uri(png: bytes) -> str:
    """A PNG file as an address that holds it."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def figure(picture: Image.Image, side: int, alt: str, *captions: str) -> str:
    """A picture, stretched to a square of `side` pixels, above lines of text."""
    return (
        f'<figure style="margin:0;min-width:{side}px"><img src="{data_uri(png_bytes(picture))}" alt="{escape(alt)}" '
        f'width="{side}" height="{side}" style="display:block;image-rendering:pixelated">'
        f'<figcaption style="line-height:1.3">{"<br>".join(map(escape, captions))}</figcaption></figure>'
    )


def wrapped(parts: Iterable[str], gap: str, style: str = "") -> str:
    """Parts of a page side by side, in as many rows as they need."""
    return f'<div style="display:flex;flex-wrap:wrap;gap:{gap};{style}">{"".join(parts)}</div>'


def colour_bar(table: ByteArray, words: Sequence[str], width: int) -> str:
    """(n, 3) colours from left to right, with words spread below them: of the first colour, ..., of the last."""
    colours = ",".join("rgb({},{},{})".format(*colour) for colour in table[:: max(1, len(table) // 16)])
    spread = "".join(f"<span>{escape(word)}</span>" for word in words)
    return (
        f'<div style="width:{width}px;max-width:100%">'
        f'<div style="height:14px;background:linear-gradient(to right,{colours})"></div>'
        f'<div style="display:flex;justify-content:space-between">{spread}</div></div>'
    )
