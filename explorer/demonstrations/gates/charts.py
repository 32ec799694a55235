"""The gates of all blocks, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from explorer.analysis.palette import INK
from explorer.analysis.trace import Trace
from explorer.demonstrations.gates.compute import resample
from explorer.runtime.maps import FloatArray
from explorer.ui.charts import FONT, ROW, fill, shared, stroke, styled
from explorer.ui.map_figure import SIDE_BAR, colour_scale

BLOCK_ROW_PX = 22  # of a block in the charts of all blocks
QUARTILES = (0, 25, 50, 75, 100)


@shared
def heat_map(names: Sequence[str], vectors: Sequence[FloatArray], dark: bool, signed: bool = False) -> go.Figure:
    """Block by channel, first block on top: gates on the scale 0 to 1, or signed differences of them."""
    cells = resample(vectors)
    reach = max(float(np.abs(cells.values).max()), 1e-9) if signed else 1.0
    value = "%{z:+.4f}" if signed else "%{z:.4f}"
    last = cells.first + cells.count - 1
    figure = go.Figure(
        go.Heatmap(
            z=cells.values,
            y=list(names),
            zmin=-reach if signed else 0,
            zmax=reach,
            colorscale=colour_scale(signed),
            customdata=np.stack([cells.first, last], axis=-1).astype(np.int16),
            hovertemplate="%{y}, channels %{customdata[0]} to %{customdata[1]}: " + value + "<extra></extra>",
            colorbar={**SIDE_BAR, "exponentformat": "e"},
        )
    )
    figure.update_xaxes(visible=False)
    return _rows(figure, names, dark)


@shared
def distributions(names: Sequence[str], vectors: Sequence[FloatArray], dark: bool) -> go.Figure:
    """Each block's gates as a box: minimum, quartiles, maximum."""
    minimum, first, median, third, maximum = (
        [float(v) for v in column] for column in np.transpose([np.percentile(v, QUARTILES) for v in vectors])
    )
    colour = stroke("gate", dark)
    figure = go.Figure()
    figure.add_box(
        y=list(names),
        q1=first,
        median=median,
        q3=third,
        lowerfence=minimum,
        upperfence=maximum,
        orientation="h",
        line={"color": colour, "width": 2},
        fillcolor=fill("gate", dark),
        showlegend=False,
    )
    figure.update_xaxes(range=[0, 1], tickfont_size=FONT, nticks=6)
    return _rows(figure, names, dark)


@shared
def by_block(names: Sequence[str], values: Sequence[float], dark: bool) -> go.Figure:
    """One number a block as bars."""
    figure = go.Figure()
    figure.add_bar(
        x=list(values),
        y=list(names),
        orientation="h",
        marker_color=stroke("gate", dark),
        hovertemplate="%{y}: %{x:.4f}<extra></extra>",
    )
    figure.update_xaxes(tickfont_size=FONT, nticks=5, rangemode="tozero")
    return _rows(figure, names, dark)


def _rows(figure: go.Figure, names: Sequence[str], dark: bool) -> go.Figure:
    figure.update_yaxes(autorange="reversed", tickfont_size=FONT, ticksuffix=" ", automargin=True)
    styled(figure, dark, height=max(5, len(names)) * BLOCK_ROW_PX + 50)
    # The same room above and below, so that a block stands at one height in charts side by side.
    return figure.update_xaxes(automargin=False).update_layout(margin={"t": 10, "b": 40})


@shared
def added(trace: Trace, dark: bool) -> go.Figure:
    """The parameters of the gates, stage by stage."""
    totals: dict[str, int] = {}
    for node in trace.nodes:
        if node.kind == "gate":
            totals[node.stage] = totals.get(node.stage, 0) + node.params
    figure = go.Figure()
    figure.add_bar(
        x=list(totals.values()),
        y=list(totals),
        orientation="h",
        marker_color=fill("gate", dark),
        marker_line={"width": 1, "color": INK},
        text=[f"{n:,}" for n in totals.values()],
        textposition="outside",
        textfont_size=FONT,
        cliponaxis=False,
        hoverinfo="skip",
    )
    figure.update_xaxes(visible=False, range=[0, 1.35 * max(totals.values())])
    figure.update_yaxes(autorange="reversed", tickfont_size=FONT, ticksuffix=" ")
    return styled(figure, dark, height=len(totals) * ROW + 40)
