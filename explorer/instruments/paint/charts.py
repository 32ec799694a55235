"""What the answer loses where a grey patch lies, over the picture."""

from __future__ import annotations

import plotly.graph_objects as go

from explorer.runtime.maps import FloatArray
from explorer.ui.charts import shared, styled
from explorer.ui.map_figure import legend, limits, map_figure, over_picture

HEIGHT_PX = 320
LEGEND_PX = 60


@shared
def losses(values: FloatArray, patch: int, picture: bytes, side: int, dark: bool) -> go.Figure:
    """(grid, grid) losses in percentage points, each where the middle of the patch was, over the input of `side`.

    No loss has no colour, also where nothing is gained.
    """
    grid, reach = len(values), float(abs(values).max()) or 1.0
    low, high = limits(-reach, reach)
    middles = [patch / 2 + i * (side - patch) / (grid - 1) - 0.5 for i in range(grid)]
    figure = map_figure(
        values,
        (low, high),
        x=middles,
        y=middles,
        opacity=0.6,
        colorbar=legend(low, high),
        hovertemplate="patch around row %{y:.0f}, column %{x:.0f}: −%{z:.3g} points<extra></extra>",
    )
    over_picture(figure, picture, side, side)
    figure.update_xaxes(range=[-0.5, side - 0.5])
    figure.update_yaxes(range=[side - 0.5, -0.5])
    styled(figure, dark, height=HEIGHT_PX + LEGEND_PX)
    return figure.update_layout(margin={"t": 0, "b": LEGEND_PX})
