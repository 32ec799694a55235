"""The charts of the 1x1 convolution's page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from explorer.analysis.cost import Design
from explorer.analysis.palette import INK
from explorer.analysis.types import Kind
from explorer.demonstrations.pointwise.timing import Measurement
from explorer.demonstrations.pointwise.weighted_sum import WeightedSum
from explorer.ui.charts import FONT, LEGEND, Panels, bars_under_bars, fill, shared, stroke, styled
from explorer.ui.map_figure import SIDE_BAR, limits, map_figure


@shared
def width_curve(swept: Sequence[Design], chosen: Design, direct: Design, break_even: float, dark: bool) -> go.Figure:
    """Multiplications of bottlenecks by their width, against the direct convolution's."""
    # Also a bottleneck that is wider than the input lies on the line.
    points = sorted({(0, 0), *((d.layers[0].out_channels, d.macs) for d in (*swept, chosen))})
    widths, macs = zip(*points, strict=True)
    line, level = stroke("pointwise", dark), stroke("convolution", dark)
    figure = go.Figure()
    figure.add_scatter(
        x=widths,
        y=macs,
        mode="lines",
        line={"color": line, "width": 3},
        name="with a bottleneck",
        hovertemplate="%{x} maps: %{y:,} multiplications<extra></extra>",
    )
    figure.add_scatter(
        x=[0, widths[-1]],
        y=[direct.macs] * 2,
        mode="lines",
        name="direct",
        hoverinfo="skip",
        line={"color": level, "width": 3, "dash": "dash"},
    )
    figure.add_scatter(
        x=[chosen.layers[0].out_channels],
        y=[chosen.macs],
        mode="markers",
        name="chosen",
        marker={"size": 14, "color": line},
        hovertemplate="%{x} maps: %{y:,} multiplications<extra></extra>",
    )
    figure.add_vline(
        x=break_even,
        line_dash="dot",
        line_color=level,
        annotation_text=f"break-even {break_even:.1f}",
        annotation_position="bottom right" if break_even < 0.6 * widths[-1] else "bottom left",
    )
    figure.update_xaxes(title="bottleneck width (maps)", range=[0, 1.01 * widths[-1]])
    figure.update_yaxes(title="multiplications", rangemode="tozero")
    figure.update_layout(legend=LEGEND)
    return styled(figure, dark, height=330)


@shared
def speedups(measured: Sequence[Measurement], dark: bool) -> go.Figure:
    """How many times less than the first: multiplications, as counted, and time, as measured."""
    first, names = measured[0], [m.design.name for m in measured]
    figure = go.Figure()
    compared: tuple[tuple[str, list[float], Kind], ...] = (
        ("fewer multiplications", [first.design.macs / m.design.macs for m in measured], "convolution"),
        ("less time", [first.seconds / m.seconds for m in measured], "pooling"),
    )
    for name, ratios, kind in compared:
        figure.add_bar(
            x=ratios,
            y=names,
            orientation="h",
            name=name,
            marker_color=fill(kind, dark),
            text=[f"{r:.3g}×" for r in ratios],
            textposition="outside",
            textfont_size=FONT,
            constraintext="none",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.3g} times " + name + "<extra></extra>",
        )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(autorange="reversed", ticksuffix=" ")
    figure.update_layout(legend={**LEGEND, "traceorder": "normal"})
    return styled(figure, dark, height=len(measured) * 52 + 50, barmode="group")


@shared
def clickable_map(value: WeightedSum, row: int, column: int, dark: bool) -> go.Figure:
    """One map before normalization, its colours as in the grid of maps; every position can be clicked."""
    maps = value.maps
    scale = limits(float(maps.min()), float(maps.max()))
    figure = map_figure(maps, scale, hovertemplate=None, hoverinfo="skip", colorbar=SIDE_BAR)
    rows, columns = (axis.ravel() for axis in np.indices(maps.shape))
    figure.add_scatter(  # a heat map reports no clicks, points do
        x=columns,
        y=rows,
        mode="markers",
        marker={"size": 6, "opacity": 0},
        customdata=maps.ravel(),
        hovertemplate="row %{y}, column %{x}: %{customdata:.4g}<extra></extra>",
        showlegend=False,
        selected_marker_opacity=0,
        unselected_marker_opacity=0,
    )
    for width, colour in ((5, "#ffffff"), (2, INK)):  # seen on every colour
        figure.add_shape(
            type="rect",
            x0=column - 0.5,
            x1=column + 0.5,
            y0=row - 0.5,
            y1=row + 0.5,
            line={"width": width, "color": colour},
        )
    figure.update_layout(clickmode="event+select")
    return styled(figure, dark, height=370)


@shared
def products(value: WeightedSum, dark: bool) -> go.Figure:
    """The inputs, the weights and their products, channel under channel."""
    panels: Panels = (
        ("Inputs at this position", value.inputs, "activation"),
        ("× weights of the filter", value.weights, "pointwise"),
        ("= products, to be summed", value.products, "merge"),
    )
    return bars_under_bars(panels, "input channel", dark, height=440)
