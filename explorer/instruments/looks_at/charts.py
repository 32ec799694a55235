"""Heat maps over the picture, and the curves that tell whether to believe them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go
from PIL import Image

from explorer.analysis.types import Kind
from explorer.instruments.looks_at.check import LIMIT, Check, shares
from explorer.instruments.looks_at.compute import HeatMap
from explorer.instruments.looks_at.picture import limits_of
from explorer.runtime import colormaps
from explorer.runtime.maps import FloatArray
from explorer.runtime.pictures import png_bytes
from explorer.ui.charts import LEGEND, quick_figure, shared, stroke
from explorer.ui.map_images import colour_bar, colour_line, data_uri, wrapped

CURVE_HEIGHT_PX = 300
COLOURS: tuple[Kind, ...] = ("convolution", "merge", "normalization")


def tile(png: bytes, side: int, title: str, found: HeatMap, width: str, small: bool = False) -> str:
    """The map over the input of `side` as a part of a page: title, if there is one, picture, colours with their values.

    `png` is the picture's file, `width` how wide it is as CSS says it; a `small` one has short numbers.
    """
    (_, high), more = limits_of(found, side)
    table = colormaps.table("auto", found.signed)
    if small:
        bar = colour_bar(table, (f"−{high:.1g}" if found.signed else "0", f"{high:.1g}"), 60)
    elif found.signed:
        bar = colour_bar(table, (f"{'≤' if more else ''}−{high:.2g}", f"{'≥' if more else ''}{high:.2g}"), 60)
    else:
        bar = colour_line(table, "0", f"{'≥ ' if more else ''}{high:.2g}", 60)
    return framed(png, title, width, bar)


def framed(png: bytes, title: str, width: str, below: str = "") -> str:
    """A picture with its title, `width` wide as CSS says it."""
    name = escape(title)
    caption = f'<figcaption style="line-height:1.3">{name}</figcaption>' if title else ""
    return (
        f'<figure style="margin:0;width:{width};flex:none">{caption}'
        f'<img src="{data_uri(png)}" alt="{name or "Heat map over the picture"}" '
        f'style="display:block;width:100%;aspect-ratio:1;height:auto">{below}</figure>'
    )


def side_by_side(tiles: Sequence[str]) -> str:
    return wrapped(tiles, ".375rem .75rem")


def grey_picture(values: FloatArray) -> bytes:
    """A file of (H, W) values from black to white."""
    most = float(values.max()) or 1.0
    return png_bytes(Image.fromarray(np.rint(255 * values / most).clip(0, 255).astype(np.uint8)))


@shared
def correlations(found: Check, depth: int, dark: bool) -> go.Figure:
    """How alike the maps are to that of the trained network, over the number of random layers."""
    lines = {"Sizes": found.sizes} | ({"With signs": found.signed} if found.signed else {})
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": name,
            "x": list(found.random),
            "y": [None if np.isnan(v) else v for v in values],
            "line": {"color": stroke(kind, dark), "width": 3},
            "marker": {"size": [14 if count == depth else 8 for count in found.random]},
            "hovertemplate": f"%{{x}} random layers, {name.lower()}: %{{y:.2f}}<extra></extra>",
        }
        for (name, values), kind in zip(lines.items(), COLOURS, strict=False)
    ]
    data += [
        _level(found, "Edges of the picture", found.edges, "dot", stroke("normalization", dark)),
        _level(found, f"Limit {LIMIT:g}", LIMIT, "dash", stroke("linear", dark)),
    ]
    return quick_figure(
        data,
        dark,
        CURVE_HEIGHT_PX,
        xaxis={"title": {"text": "random layers, from the top"}, "tickvals": list(found.random), "fixedrange": True},
        yaxis={"title": {"text": "rank correlation"}, "range": [-1.05 if found.signed else -0.55, 1.05], "nticks": 5},
        legend={**LEGEND, "traceorder": "normal"},
    )


def _level(found: Check, name: str, value: float, dash: str, colour: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [found.random[0], found.random[-1]],
        "y": [value, value],
        "line": {"color": colour, "width": 2, "dash": dash},
        "hovertemplate": f"{name}: %{{y:.2f}}<extra></extra>",
    }


@shared
def fading(curves: Mapping[str, FloatArray], what: str, coming: bool, dark: bool) -> go.Figure:
    """What the target is as pixels go, or come, by the order in which they do."""
    verb = "come" if coming else "go"
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": (100 * shares(len(values) - 1)).tolist(),
            "y": values.tolist(),
            "line": {"color": stroke(kind, dark), "width": 3, "dash": dash},
            "hovertemplate": f"{name}, %{{x:.0f}} % of the pixels: %{{y:.3g}}<extra></extra>",
        }
        for (name, values), kind, dash in zip(curves.items(), COLOURS, ("solid", "dash", "dot"), strict=False)
    ]
    return quick_figure(
        data,
        dark,
        CURVE_HEIGHT_PX,
        xaxis={"title": {"text": f"% of the pixels that {verb}"}, "fixedrange": True},
        yaxis={"title": {"text": what}, "rangemode": "tozero", "fixedrange": True},
        legend={**LEGEND, "traceorder": "normal"},
    )
