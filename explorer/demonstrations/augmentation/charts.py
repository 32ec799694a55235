"""The chart of the ten-crop test."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from explorer.analysis.palette import INK
from explorer.ui.charts import FONT, ROW, fill, shared, styled


@shared
def by_crop(names: Sequence[str], values: Sequence[float], dark: bool) -> go.Figure:
    """A number for each crop as bars, first on top."""
    figure = go.Figure()
    figure.add_bar(
        x=list(values),
        y=list(names),
        orientation="h",
        marker_color=fill("linear", dark),
        marker_line={"width": 1, "color": INK},
        text=[f"{v:.3%}" for v in values],
        textposition="outside",
        textfont_size=FONT,
        cliponaxis=False,
        hoverinfo="skip",
    )
    figure.update_xaxes(visible=False, range=[0, 1.25 * (max(values) or 1)])
    figure.update_yaxes(autorange="reversed", automargin=True, ticksuffix=" ")
    return styled(figure, dark, height=len(names) * ROW + 40, dragmode=False)
