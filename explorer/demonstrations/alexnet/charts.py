"""The charts of AlexNet's page: a pixel's values before and behind LRN, logits under dropout, ten crops."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from explorer.analysis.palette import INK
from explorer.runtime.maps import FloatArray
from explorer.ui.charts import FONT, LEGEND, ROW, fill, shared, stroke, styled


@shared
def neighbours(channels: Sequence[int], before: FloatArray, after: FloatArray, dark: bool) -> go.Figure:
    """One pixel in neighbouring maps: its value before and behind LRN."""
    figure = go.Figure()
    for name, values, kind in (("before", before, "convolution"), ("behind", after, "pooling")):
        figure.add_bar(
            x=list(channels),
            y=values,
            name=name,
            marker_color=fill(kind, dark),  # type: ignore[arg-type]
            marker_line={"width": 1, "color": INK},
            hovertemplate="map %{x}: %{y:.4g}<extra></extra>",
        )
    figure.update_xaxes(title="map", nticks=12)
    figure.update_yaxes(nticks=4, automargin=True)
    figure.update_layout(legend=LEGEND)
    return styled(figure, dark, height=300, barmode="group", dragmode=False)


@shared
def passes(
    logits: FloatArray, whole: FloatArray, outputs: Sequence[int], names: Sequence[str], dark: bool
) -> go.Figure:
    """Of some outputs the logit in each of many passes, (passes, classes), and that without dropout, (classes,)."""
    figure = go.Figure()
    rows = np.repeat(np.array(names, dtype=object), len(logits))
    figure.add_scatter(
        x=logits[:, outputs].T.ravel(),
        y=rows,
        mode="markers",
        name="with a mask",
        hoverinfo="skip",
        marker={"size": 9, "opacity": 0.6, "color": fill("convolution", dark)},
    )
    figure.add_scatter(
        x=logits[:, outputs].mean(0),
        y=list(names),
        mode="markers",
        name="mean of these",
        marker={"size": 14, "symbol": "line-ns", "line": {"width": 4, "color": stroke("input", dark)}},
        hovertemplate="%{y}: mean %{x:.4g}<extra></extra>",
    )
    figure.add_scatter(
        x=whole[outputs],
        y=list(names),
        mode="markers",
        name="without dropout",
        marker={"size": 13, "symbol": "diamond", "color": fill("merge", dark), "line": {"width": 1, "color": INK}},
        hovertemplate="%{y}: %{x:.4g}<extra></extra>",
    )
    figure.update_xaxes(title="logit", nticks=6)
    figure.update_yaxes(autorange="reversed", automargin=True, ticksuffix=" ", type="category")
    figure.update_layout(legend=LEGEND)
    return styled(figure, dark, height=len(names) * ROW + 110, dragmode=False)


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
