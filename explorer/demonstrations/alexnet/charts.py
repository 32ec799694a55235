"""The charts of AlexNet's page: a pixel's values before and after LRN, and logits under dropout."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from explorer.analysis.palette import INK
from explorer.analysis.types import Kind
from explorer.runtime.maps import FloatArray
from explorer.ui.charts import LEGEND, ROW, fill, shared, stroke, styled


@shared
def neighbours(channels: Sequence[int], before: FloatArray, after: FloatArray, dark: bool) -> go.Figure:
    """One pixel in neighbouring maps: its value before and after LRN."""
    figure = go.Figure()
    bars: tuple[tuple[str, FloatArray, Kind], ...] = (("before", before, "convolution"), ("after", after, "pooling"))
    for name, values, kind in bars:
        figure.add_bar(
            x=list(channels),
            y=values,
            name=name,
            marker_color=fill(kind, dark),
            marker_line={"width": 1, "color": INK},
            hovertemplate="map %{x}: %{y:.4g}<extra></extra>",
        )
    figure.update_xaxes(title="map", nticks=12)
    figure.update_yaxes(nticks=4, automargin=True)
    figure.update_layout(legend=LEGEND)
    return styled(figure, dark, height=300, barmode="group", dragmode=False)


@shared
def passes(
    logits: FloatArray, undropped: FloatArray, outputs: Sequence[int], names: Sequence[str], dark: bool
) -> go.Figure:
    """The logits of some `outputs`: in each of many passes, (passes, classes), and without dropout, (classes,)."""
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
        x=undropped[outputs],
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
