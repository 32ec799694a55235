"""A heat map in its colours over the picture."""

from __future__ import annotations

import numpy as np
from PIL import Image

from explorer.instruments.looks_at.compute import HeatMap, stretched
from explorer.runtime import colormaps

SIDE = 224  # pixels of a picture, at least
PERCENT = 99.5  # of the pixels have their own colours: a few of a gradient are many times as large as all others
Limits = tuple[float, float]  # the values of the first and the last colour


def limits_of(found: HeatMap, side: int) -> tuple[Limits, bool]:
    """The values of the first and the last colour, and whether there are larger ones."""
    sizes = np.abs(found.values)
    most = float(sizes.max())
    reach = float(np.percentile(sizes, PERCENT)) if found.values.shape == (side, side) else most
    reach = reach or most
    return (-reach if found.signed else 0.0, reach), reach < most


def over(picture: Image.Image, found: HeatMap, percent: int) -> Image.Image:
    """The map in its colours over the picture, at this opacity."""
    side = picture.width
    (low, high), _ = limits_of(found, side)
    shown = max(side, SIDE)
    table = colormaps.table("auto", found.signed)
    values = stretched(found.values, side)
    heat = Image.fromarray(table[colormaps.places(values, low, high)])
    size = (shown, shown)
    below = picture.convert("RGB").resize(size, Image.Resampling.BICUBIC)
    return Image.blend(below, heat.resize(size, Image.Resampling.NEAREST), percent / 100)
