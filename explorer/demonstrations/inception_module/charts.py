"""The charts of an inception module."""

from __future__ import annotations

import plotly.graph_objects as go

from explorer.analysis.palette import INK
from explorer.analysis.text import thousands
from explorer.analysis.types import Kind
from explorer.demonstrations.inception_module.compute import Branch, Module
from explorer.ui.charts import FONT, ROW, fill, shared, styled

BRANCH_KINDS: tuple[Kind, ...] = ("pointwise", "convolution", "linear", "depthwise")  # fills, in order of the branches
MIN_LABELLED_SHARE = 0.1  # of a bar: a smaller part has no room for its number
LEGEND_HEIGHT_PX = 110


def _colour(module: Module, branch: Branch) -> Kind:
    if branch.pools:
        return "pooling"
    return BRANCH_KINDS[[b for b in module.branches if not b.pools].index(branch)]


@shared
def shares(module: Module, dark: bool) -> go.Figure:
    """Three bars of the same length, divided among the branches."""
    quantities = {
        "Maps": [b.channels for b in module.branches],
        "Parameters": [b.params for b in module.branches],
        "MACs": [b.macs for b in module.branches],
    }
    figure = go.Figure()
    for i, branch in enumerate(module.branches):
        counts = [values[i] for values in quantities.values()]
        parts = [count / sum(values) for count, values in zip(counts, quantities.values(), strict=True)]
        figure.add_bar(
            x=parts,
            y=list(quantities),
            orientation="h",
            name=branch.title,
            width=0.8,
            marker={"color": fill(_colour(module, branch), dark), "line": {"width": 1, "color": INK}},
            text=[f"{part:.0%}" if part >= MIN_LABELLED_SHARE else "" for part in parts],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            insidetextfont={"color": INK, "size": FONT},
            constraintext="none",
            customdata=[thousands(count) for count in counts],
            hovertemplate=f"{branch.title}: " + "%{customdata} (%{x:.1%})<extra></extra>",
        )
    figure.update_xaxes(visible=False, range=[0, 1])
    figure.update_yaxes(autorange="reversed", ticksuffix=" ")
    legend = {"orientation": "h", "y": -0.05, "yanchor": "top", "traceorder": "normal"}
    figure.update_layout(legend=legend)
    return styled(figure, dark, height=len(quantities) * ROW + LEGEND_HEIGHT_PX)
