"""Maps in a Plotly figure: values on hover, colours as in the grid of maps, and a legend with real values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from explorer.runtime import colormaps
from explorer.runtime.maps import FloatArray
from explorer.ui.charts import FONT, shared, styled

Limits = tuple[float, float]  # the values of the first and the last colour
TITLE_SPACE = 0.3  # above a tile, of its height
GAP = 0.08  # between tiles, of their width
LEGEND_PX = 64  # below the tiles
SIDE_BAR = {"tickfont": {"size": FONT}, "thickness": 14, "nticks": 5}  # a colour bar at the right


def colour_scale(signed: bool) -> list[tuple[float, str]]:
    """The maps' colours for a chart: diverging for signed values."""
    return [(i / 255, "rgb({},{},{})".format(*colour)) for i, colour in enumerate(colormaps.table("auto", signed))]


def limits(low: float, high: float) -> Limits:
    """The values of the first and the last colour; where there are negative ones, 0 is in the middle."""
    return colormaps.limits(low, high, colormaps.table("auto", low < 0))


def legend(low: float, high: float) -> dict[str, object]:
    """A colour bar below the figure: its first and its last value, and 0 where it lies between them."""
    ticks = [low, 0.0, high] if low < 0 < high else [low, high]
    return {
        "orientation": "h",
        "y": 0,
        "yanchor": "top",
        "len": 0.9,
        "thickness": 12,
        "ypad": 8,
        "tickvals": ticks,
        "ticktext": [f"{tick:.3g}" for tick in ticks],
        "tickfont": {"size": FONT},
    }


def map_figure(values: npt.ArrayLike, scale: Limits, **heatmap: Any) -> go.Figure:
    """(H, W) values as squares, the first row on top, without axes; to be completed and styled. NaN is left out."""
    height, width = np.shape(values)
    low, high = scale
    figure = go.Figure()
    figure.add_heatmap(
        z=values,
        zmin=low,
        zmax=high,
        colorscale=colour_scale(low < 0),
        hoverongaps=False,
        **{"hovertemplate": "row %{y}, column %{x}: %{z:.4g}<extra></extra>"} | heatmap,
    )
    figure.update_xaxes(visible=False, constrain="domain", range=[-0.5, width - 0.5])
    figure.update_yaxes(visible=False, constrain="domain", range=[height - 0.5, -0.5], scaleanchor="x")
    return figure.update_layout(dragmode=False)


@shared
def heat(values: npt.ArrayLike, dark: bool, scale: Limits, height: int = 300) -> go.Figure:
    """One map, (H, W), between the limits; where the lower one is negative, 0 is in the middle."""
    return styled(map_figure(values, limits(*scale), colorbar=SIDE_BAR), dark, height=height)


@shared
def tiles(
    maps: FloatArray, titles: Sequence[str], dark: bool, columns: int, scale: Limits, height: int = 330
) -> go.Figure:
    """(n, H, W) maps side by side, each below its title, on one scale.

    All tiles are one picture, so that thirty of them cost the browser what one costs.
    """
    _, h, w = maps.shape
    rows = math.ceil(len(maps) / columns)
    lines = 1 + max((title.count("<br>") for title in titles), default=0)
    pitch_y, pitch_x = h + math.ceil(lines * TITLE_SPACE * h), w + max(1, round(GAP * w))
    picture = np.full((rows * pitch_y, columns * pitch_x - (pitch_x - w)), np.nan, dtype=np.float32)
    which = np.empty((*picture.shape, 3), dtype=object)
    positions = np.moveaxis(np.indices((h, w)), 0, -1)
    corners = [(i // columns * pitch_y + pitch_y - h, i % columns * pitch_x) for i in range(len(maps))]
    for (y, x), values, title in zip(corners, maps, titles, strict=True):
        picture[y : y + h, x : x + w] = values
        which[y : y + h, x : x + w, 0] = title
        which[y : y + h, x : x + w, 1:] = positions
    figure = map_figure(
        picture,
        scale,
        colorbar=legend(*scale),
        customdata=which,
        hovertemplate="%{customdata[0]}, row %{customdata[1]}, column %{customdata[2]}: %{z:.4g}<extra></extra>",
    )
    for (y, x), title in zip(corners, titles, strict=True):
        figure.add_annotation(
            x=x - 0.5,
            y=y - 0.5,
            text=title,
            showarrow=False,
            xanchor="left",
            yanchor="bottom",
            align="left",
            borderpad=0,
        )
    styled(figure, dark, height=height + LEGEND_PX)
    return figure.update_layout(margin={"t": 0, "b": LEGEND_PX})
