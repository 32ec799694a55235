"""One map or picture as a chart: each value to be pointed at, colours as in the grid of maps."""

from __future__ import annotations

import numpy.typing as npt
import plotly.graph_objects as go

from explorer.runtime import colormaps
from explorer.ui.charts import FONT, shared, styled


def colour_scale(signed: bool) -> list[tuple[float, str]]:
    """The maps' colours for a chart: diverging for signed values."""
    return [(i / 255, "rgb({},{},{})".format(*colour)) for i, colour in enumerate(colormaps.table("auto", signed))]


@shared
def heat(values: npt.ArrayLike, dark: bool, limits: tuple[float, float], height: int = 300) -> go.Figure:
    """(H, W) values between the `limits`; where the lower one is negative, 0 is in the middle. NaN is left out."""
    signed = limits[0] < 0
    low, high = colormaps.limits(*limits, colormaps.table("auto", signed))
    figure = go.Figure()
    figure.add_heatmap(
        z=values,
        zmin=low,
        zmax=high,
        colorscale=colour_scale(signed),
        hoverongaps=False,
        hovertemplate="row %{y}, column %{x}: %{z:.4g}<extra></extra>",
        colorbar={"tickfont": {"size": FONT}, "thickness": 14, "nticks": 5},
    )
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, scaleanchor="x", autorange="reversed", constrain="domain")
    return styled(figure, dark, height=height, dragmode=False)
