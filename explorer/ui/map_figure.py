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
from explorer.ui.charts import FONT, quick_figure, shared, styled
from explorer.ui.map_images import data_uri

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
    trace, axes = _squares(values, scale, **heatmap)
    return go.Figure({"data": [trace], "layout": axes}, _validate=False)


def over_picture(figure: go.Figure, picture: bytes, width: float, height: float) -> None:
    """Lay a picture under the squares of a figure; `width` and `height` are how many squares it is large."""
    figure.add_layout_image(
        source=data_uri(picture),
        xref="x",
        yref="y",
        x=-0.5,
        y=-0.5,
        sizex=width,
        sizey=height,
        sizing="stretch",
        layer="below",
    )


def _squares(values: npt.ArrayLike, scale: Limits, **heatmap: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The heat map, and the layout of its axes."""
    height, width = np.shape(values)
    low, high = scale
    trace = {
        "type": "heatmap",
        "z": np.asarray(values),
        "zmin": low,
        "zmax": high,
        "colorscale": colour_scale(low < 0),
        "hoverongaps": False,
        "hovertemplate": "row %{y}, column %{x}: %{z:.4g}<extra></extra>",
        **heatmap,
    }
    axis = {"visible": False, "constrain": "domain"}
    across = {**axis, "range": [-0.5, width - 0.5]}
    down = {**axis, "range": [height - 0.5, -0.5], "scaleanchor": "x"}
    return trace, {"xaxis": across, "yaxis": down, "dragmode": False}


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
    # Numbers, which are sent as they are: text for each pixel took longer than all else that a click does.
    positions = np.zeros((*picture.shape, 2), dtype=np.min_scalar_type(max(h, w)))
    own_positions = np.moveaxis(np.indices((h, w)), 0, -1)
    corners = [(i // columns * pitch_y + pitch_y - h, i % columns * pitch_x) for i in range(len(maps))]
    for (y, x), values in zip(corners, maps, strict=True):
        picture[y : y + h, x : x + w] = values
        positions[y : y + h, x : x + w] = own_positions
    trace, axes = _squares(
        picture,
        scale,
        colorbar=legend(*scale),
        customdata=positions,
        hovertemplate="row %{customdata[0]}, column %{customdata[1]}: %{z:.4g}<extra></extra>",
    )
    notes = [
        {
            "x": x - 0.5,
            "y": y - 0.5,
            "text": title,
            "showarrow": False,
            "xanchor": "left",
            "yanchor": "bottom",
            "align": "left",
            "borderpad": 0,
        }
        for (y, x), title in zip(corners, titles, strict=True)
    ]
    margin = {"t": 0, "b": LEGEND_PX}
    return quick_figure([trace], dark, height + LEGEND_PX, **axes, annotations=notes, margin=margin)
