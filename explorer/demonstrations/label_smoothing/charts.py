"""The loss against how far the right logit is above the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from explorer.analysis.types import Kind
from explorer.demonstrations.label_smoothing.compute import Targets
from explorer.ui.charts import LEGEND, shared, stroke, styled

HEIGHT_PX = 340
LARGEST_LEAD = 16.0
COLOURS: tuple[Kind, ...] = ("convolution", "gate")


@shared
def losses(targets: Sequence[Targets], shown: float | None, dark: bool) -> go.Figure:
    """A line for each, with a mark where it is least; upright, the `shown` network's lead, if there is one."""
    figure = go.Figure()
    leads = np.linspace(0, max(LARGEST_LEAD, shown or 0), 161)
    for t, kind in zip(targets, COLOURS, strict=False):
        colour = stroke(kind, dark)
        name = f"ε = {t.epsilon:g}"
        figure.add_scatter(x=leads, y=t.loss(leads), name=name, line={"color": colour}, hovertemplate="%{y:.3f}")
        if np.isfinite(t.best_lead):
            least = t.loss(np.array([t.best_lead]))
            figure.add_scatter(
                x=[t.best_lead],
                y=least,
                name=f"{name}: least",
                mode="markers",
                marker={"color": colour, "size": 12, "symbol": "diamond"},
                hovertemplate="least at %{x:.2f}",
            )
    if shown is not None:
        figure.add_vline(shown, line={"dash": "dot", "color": stroke("input", dark)})
        figure.add_annotation(
            x=shown, y=1, yref="paper", text="this picture", showarrow=False, xanchor="left", xshift=4
        )
    figure.update_xaxes(title="lead: right logit above the others")
    figure.update_yaxes(title="loss", rangemode="tozero")
    styled(figure, dark, HEIGHT_PX, legend=LEGEND)
    return figure.update_layout(margin={"l": 64, "t": 26, "b": 56})
