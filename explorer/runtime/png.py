"""Feature maps as a picture: the grid, or the bars of a vector, with channel numbers and real values."""

from __future__ import annotations

import io
import math
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from explorer.runtime import colormaps
from explorer.runtime.maps import QuantizedMaps, VectorValues

Scale = Literal["map", "shared"]

_INK = (30, 30, 30)
_PAPER = (255, 255, 255)
_GREY = (140, 140, 140)
_FONT_SIZE = 16  # pixels, as all sizes here
_LINE = 22
_GAP = 14
_MARGIN = 20
_SMALLEST_MAP = 96  # smaller maps are enlarged by a whole factor
_BAR_AREA = (960, 320)  # width and height of a vector's bars


def draw_png(
    shown: QuantizedMaps | VectorValues,
    *,
    title: str = "",
    colouring: colormaps.Colouring = "auto",
    scale: Scale = "map",
) -> bytes:
    """Return a PNG, coloured as in the browser; the scale "shared" gives all maps the same limits."""
    if isinstance(shown, VectorValues):
        image = _draw_vector(shown, title)
    else:
        image = _draw_grid(shown, title, colouring, scale)
    file = io.BytesIO()
    image.save(file, format="PNG", optimize=True)
    return file.getvalue()


def colour(shown: QuantizedMaps, colouring: colormaps.Colouring = "auto", scale: Scale = "map") -> colormaps.ByteArray:
    """Return the shown maps as (K, H, W, 3) colours."""
    stats = shown.statistics
    table = colormaps.table(colouring, stats.signed)
    coloured = np.empty((*shown.values.shape, 3), dtype=np.uint8)
    for index, (low, high) in enumerate(zip(shown.low.tolist(), shown.high.tolist(), strict=True)):
        least, most = (stats.minimum.min(), stats.maximum.max()) if scale == "shared" else (low, high)
        first, last = colormaps.limits(float(least), float(most), table)
        levels = low + np.arange(256) / 255 * (high - low)
        positions = (levels - first) / (last - first) * 255 if last > first else np.zeros(256)
        coloured[index] = table[np.rint(positions).astype(int)][shown.values[index]]
    return coloured


def _draw_grid(shown: QuantizedMaps, title: str, colouring: colormaps.Colouring, scale: Scale) -> Image.Image:
    count, height, width = shown.values.shape
    factor = math.ceil(_SMALLEST_MAP / max(height, width))
    pitch_x = max(width * factor, _SMALLEST_MAP) + _GAP
    pitch_y = height * factor + 2 * _LINE + _GAP
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    image, draw = _canvas(max(columns * pitch_x, 640), rows * pitch_y + 4 * _LINE, title)
    for index, pixels in enumerate(colour(shown, colouring, scale)):
        x = _MARGIN + index % columns * pitch_x
        y = _MARGIN + 2 * _LINE + index // columns * pitch_y
        enlarged = pixels.repeat(factor, axis=0).repeat(factor, axis=1)
        image.paste(Image.fromarray(enlarged), (x, y))
        caption = f"#{shown.channels[index]}\n{shown.low[index]:.3g} to {shown.high[index]:.3g}"
        draw.multiline_text((x, y + height * factor + 2), caption, fill=_INK, font=_font(14), spacing=4)
    _draw_legend(image, draw, shown, colouring, scale)
    return image


def _draw_legend(
    image: Image.Image,
    draw: ImageDraw.ImageDraw,
    shown: QuantizedMaps,
    colouring: colormaps.Colouring,
    scale: Scale,
) -> None:
    stats = shown.statistics
    table = colormaps.table(colouring, stats.signed)
    top = image.height - _MARGIN - 2 * _LINE
    image.paste(Image.fromarray(table[None]).resize((256, _LINE - 4)), (_MARGIN, top))
    if scale == "shared":
        first, last = colormaps.limits(float(stats.minimum.min()), float(stats.maximum.max()), table)
        labels, words = [f"{first:.3g}", f"{last:.3g}"], "the same limits for all maps"
        zero = -first / (last - first) if last > first else -1.0
    elif table is colormaps.DIVERGING:
        labels, words, zero = ["-max|value|", "+max|value|"], "limits of each map by itself", 0.5
    else:
        labels, words, zero = ["min", "max"], "limits of each map by itself", -1.0
    below = top + _LINE
    draw.text((_MARGIN, below), labels[0], fill=_INK, font=_font())
    draw.text((_MARGIN + 256, below), labels[1], fill=_INK, font=_font(), anchor="ra")
    if 0.2 < zero < 0.8:  # nearer to the ends it would run into their labels
        draw.text((_MARGIN + 256 * zero, below), "0", fill=_INK, font=_font(), anchor="ma")
    bad = int(stats.non_finite.sum())
    words += f"; {bad:,} values are not finite" if bad else ""
    draw.text((_MARGIN + 276, top), words, fill=_INK, font=_font())


def _draw_vector(shown: VectorValues, title: str) -> Image.Image:
    width, height = _BAR_AREA
    image, draw = _canvas(width, height + 3 * _LINE, title)
    low, high = min(0.0, float(shown.values.min())), max(0.0, float(shown.values.max()))
    span = high - low or 1.0
    top, step = _MARGIN + 2 * _LINE, width / len(shown.values)
    zero = top + high / span * height
    for index, value in enumerate(shown.values.tolist()):
        x, end = _MARGIN + index * step, top + (high - value) / span * height
        bar = (x, min(zero, end), max(x, x + step - 1), max(zero, end))
        draw.rectangle(bar, fill=tuple(colormaps.DIVERGING[40 if value < 0 else 215].tolist()))
    draw.line((_MARGIN, zero, _MARGIN + width, zero), fill=_GREY)
    strongest = shown.strongest(6)
    values = dict(zip(shown.channels.tolist(), shown.values.tolist(), strict=True))
    words = "   ".join(f"#{channel}: {values[channel]:.3g}" for channel in strongest.tolist())
    limits = f"{len(values):,} values, {low:.3g} to {high:.3g}. Strongest:  {words}"
    draw.text((_MARGIN, top + height + 8), limits, fill=_INK, font=_font())
    return image


def _canvas(width: int, height: int, title: str) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (width + 2 * _MARGIN, height + 2 * _MARGIN), _PAPER)
    draw = ImageDraw.Draw(image)
    draw.text((_MARGIN, _MARGIN), title, fill=_INK, font=_font())
    return image, draw


def _font(size: int = _FONT_SIZE) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
