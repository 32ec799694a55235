"""The charts of a dense block."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go

from explorer.analysis.palette import INK
from explorer.analysis.trace import Trace
from explorer.demonstrations.dense_block.compute import DenseBlock
from explorer.runtime.maps import FloatArray
from explorer.ui.charts import LEGEND, ROW, fill, shared, styled
from explorer.ui.map_figure import SIDE_BAR, colour_scale

HEIGHT_PX = 400
MAX_TICKS = 8  # on an axis
MAX_OUTLINED_LAYERS = 32  # outlines of more would hide the colours


@shared
def growth(block: DenseBlock, dark: bool) -> go.Figure:
    """The maps after each layer, divided by who made them; grey are those that entered the block."""
    names = _numbers(block)
    colours = [colour for _, colour in colour_scale(False)]
    figure = go.Figure()
    for source, (channels, title) in enumerate(zip(block.channels, block.sources, strict=True)):
        colour = fill("activation", dark)
        if source:
            colour = colours[round(255 * (source - 1) / max(1, block.layers - 1))]
        first = block.maps_after(source) - channels
        figure.add_bar(
            x=names[source:],
            y=[channels] * (len(names) - source),
            name=title,
            marker_color=colour,
            marker_line={"width": 0.5 if block.layers <= MAX_OUTLINED_LAYERS else 0, "color": INK},
            showlegend=False,
            hovertemplate=f"made by {title}: maps {first} to {first + channels - 1}<extra></extra>",
        )
    figure.update_xaxes(
        title="after layer",
        type="category",
        categoryarray=names,
        tickangle=0,
        tickvals=names[:: math.ceil(len(names) / MAX_TICKS)],
    )
    figure.update_yaxes(title="maps", nticks=6)
    return styled(figure, dark, height=HEIGHT_PX, bargap=0.12)


def _numbers(block: DenseBlock) -> list[str]:
    """The sources' names on an axis."""
    return ["in", *(str(i + 1) for i in range(block.layers))]


@shared
def use(block: DenseBlock, table: FloatArray, dark: bool) -> go.Figure:
    """Sources by readers; cells without a connection stay empty."""
    last = block.readers[-1].title
    sources = _numbers(block)
    readers = [*sources[1:], last[0].upper()]
    titles = [[(source, reader.title) for reader in block.readers] for source in block.sources]
    figure = go.Figure()
    figure.add_heatmap(
        z=table,
        x=readers,
        y=sources,
        customdata=titles,
        zmin=0,
        zmax=float(np.nanmax(table)),
        colorscale=colour_scale(False),
        hoverongaps=False,
        hovertemplate="%{customdata[0]} → %{customdata[1]}: %{z:.4g}<extra></extra>",
        colorbar=SIDE_BAR,
    )
    step = math.ceil(block.layers / MAX_TICKS)
    figure.update_xaxes(
        title=f"read by layer, {last[0].upper()}: {last}",
        type="category",
        tickangle=0,
        tickvals=[*readers[:-1:step], readers[-1]],
    )
    figure.update_yaxes(title="made by layer", type="category", autorange="reversed", tickvals=sources[::step])
    return styled(figure, dark, height=HEIGHT_PX)


@shared
def by_stage(traces: dict[str, Trace], dark: bool) -> go.Figure:
    """The MACs of each stage, network by network."""
    figure = go.Figure()
    colours = fill("activation", dark), fill("convolution", dark)
    for (label, trace), colour in zip(traces.items(), colours, strict=False):
        figure.add_bar(
            x=[s.macs for s in trace.stages],
            y=[s.path for s in trace.stages],
            orientation="h",
            name=label,
            marker={"color": colour, "line": {"width": 1, "color": INK}},
            hovertemplate="%{y}: %{x:,} MACs<extra></extra>",
        )
    figure.update_xaxes(title="MACs", nticks=6, exponentformat="SI")
    figure.update_yaxes(autorange="reversed", ticksuffix=" ")
    figure.update_layout(legend={**LEGEND, "traceorder": "normal"})
    return styled(figure, dark, height=len(next(iter(traces.values())).stages) * ROW + 110, barmode="group")
