"""A few maps in one Plotly figure, on one scale: values on hover, and a legend with real values."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from explorer.runtime import colormaps
from explorer.runtime.maps import FloatArray
from explorer.ui.charts import FONT, shared, styled
from explorer.ui.map_charts import colour_scale

Limits = tuple[float, float]
TITLE_SPACE = 0.3  # of a map's height, above it
GAP = 0.08
LEGEND_SPACE = 64  # pixels below the maps


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


@shared
def tiles(
    maps: FloatArray, titles: Sequence[str], dark: bool, columns: int, scale: Limits, height: int = 330
) -> go.Figure:
    """(n, H, W) maps side by side, each below its title; `scale` are the lowest and the highest value of the colours.

    All tiles are one picture, so that thirty of them cost the browser what one costs.
    """
    _, h, w = maps.shape
    rows = math.ceil(len(maps) / columns)
    lines = 1 + max((title.count("<br>") for title in titles), default=0)
    pitch_y, pitch_x = h + math.ceil(lines * TITLE_SPACE * h), w + max(1, round(GAP * w))
    picture = np.full((rows * pitch_y, columns * pitch_x - (pitch_x - w)), np.nan, dtype=np.float32)
    which = np.empty((*picture.shape, 3), dtype=object)
    positions = np.moveaxis(np.indices((h, w)), 0, -1)
    figure = go.Figure()
    for i, (values, title) in enumerate(zip(maps, titles, strict=True)):
        y, x = i // columns * pitch_y + pitch_y - h, i % columns * pitch_x
        picture[y : y + h, x : x + w] = values
        which[y : y + h, x : x + w, 0] = title
        which[y : y + h, x : x + w, 1:] = positions
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
    low, high = scale
    figure.add_heatmap(
        z=picture,
        zmin=low,
        zmax=high,
        colorscale=colour_scale(low < 0),
        colorbar=legend(low, high),
        hoverongaps=False,
        customdata=which,
        hovertemplate="%{customdata[0]}, row %{customdata[1]}, column %{customdata[2]}: %{z:.4g}<extra></extra>",
    )
    figure.update_xaxes(visible=False, constrain="domain", range=[-0.5, picture.shape[1] - 0.5])
    figure.update_yaxes(visible=False, scaleanchor="x", constrain="domain", range=[picture.shape[0] - 0.5, -0.5])
    styled(figure, dark, height=height + LEGEND_SPACE)
    return figure.update_layout(dragmode=False, margin={"t": 0, "b": LEGEND_SPACE})
