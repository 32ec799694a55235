"""The charts of the cost calculator: Plotly figures in the palette's colours, readable from the last row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from explorer.analysis.cost import Convolution, Design
from explorer.analysis.palette import INK, KINDS
from explorer.analysis.text import bytes_text, pair_text, si
from explorer.analysis.types import Kind
from explorer.demonstrations.pointwise.timing import Measurement
from explorer.demonstrations.pointwise.weighted_sum import WeightedSum
from explorer.runtime import colormaps
from explorer.ui.charts import FONT, LEGEND, ROW, Panels, bars_under_bars, dark, fill, shared, stroke, styled

QUANTITIES = {"Multiplications": "macs", "Parameters": "params", "Activation memory": "activation_bytes"}
TOTAL = 80  # pixels to the right of the longest bar, for its total: on a phone, too


@shared
def comparison(designs: Sequence[Design], dark: bool) -> go.Figure:
    """Designs beside each other in three quantities; a bar's parts are its layers."""
    figure = make_subplots(rows=len(QUANTITIES), cols=1, subplot_titles=list(QUANTITIES), vertical_spacing=0.16)
    for row, attribute in enumerate(QUANTITIES.values(), 1):
        _stack(figure, designs, attribute, dark, row)
    figure.update_annotations(x=0, xanchor="left")
    return styled(figure, dark, height=len(QUANTITIES) * (len(designs) * ROW + 38)).update_layout(margin_r=TOTAL)


def legend(*designs: Design) -> None:
    """The kinds of layers in the bars, by colour."""
    kinds = dict.fromkeys(layer.kind for design in designs for layer in design.layers)
    swatch = '<span style="background:{};border:1px solid;padding:0 .6em;margin-right:.35em"></span>{}'
    st.html(
        '<div style="display:flex;flex-wrap:wrap;gap:.2em 1.2em">'
        + "".join(f"<span>{swatch.format(fill(k, dark()), KINDS[k].label)}</span>" for k in kinds)
        + "</div>"
    )


@shared
def bars(designs: Sequence[Design], dark: bool) -> go.Figure:
    """The multiplications of designs, first on top; a bar's parts are its layers."""
    figure = make_subplots()
    _stack(figure, designs, "macs", dark, 1)
    return styled(figure, dark, height=len(designs) * ROW + 20).update_layout(margin_r=TOTAL)


def _stack(figure: go.Figure, designs: Sequence[Design], attribute: str, dark: bool, row: int) -> None:
    text = bytes_text if attribute == "activation_bytes" else si
    totals = [getattr(design, attribute) for design in designs]
    for design in designs:
        for layer in design.layers:
            value = getattr(layer, attribute)
            figure.add_bar(
                x=[value],
                y=[design.name],
                orientation="h",
                marker_color=fill(layer.kind, dark),
                marker_line={"width": 1, "color": INK},
                showlegend=False,
                hovertemplate=f"{layer_text(layer)}<br>{text(value)}<extra></extra>",
                row=row,
                col=1,
            )
    figure.add_scatter(
        x=totals,
        y=[d.name for d in designs],
        mode="text",
        text=[f" {text(t)}" for t in totals],
        textposition="middle right",
        textfont_size=FONT,
        hoverinfo="skip",
        showlegend=False,
        cliponaxis=False,
        row=row,
        col=1,
    )
    figure.update_xaxes(range=[0, max(totals)], visible=False, row=row, col=1)
    figure.update_yaxes(autorange="reversed", ticksuffix=" ", row=row, col=1)


def layer_text(layer: Convolution) -> str:
    """A layer in words: "5×5, 192 → 32"."""
    name = "Depthwise " if layer.kind == "depthwise" else ""
    return f"{name}{pair_text(layer.kernel)}, {layer.in_shape[0]} → {layer.out_channels}"


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
def practice(measured: Sequence[Measurement], dark: bool) -> go.Figure:
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
def map_picture(value: WeightedSum, row: int, column: int, dark: bool) -> go.Figure:
    """One map before normalization, its colours as in the grid of maps; every position can be clicked."""
    maps = value.maps
    colours = colormaps.table("auto", bool(maps.min() < 0))
    low, high = colormaps.limits(float(maps.min()), float(maps.max()), colours)
    scale = [[i / 255, "rgb({},{},{})".format(*colours[i])] for i in range(256)]
    figure = go.Figure()
    figure.add_heatmap(
        z=maps,
        zmin=low,
        zmax=high,
        colorscale=scale,
        hoverinfo="skip",
        colorbar={"tickfont": {"size": FONT}, "thickness": 14, "nticks": 5},
    )
    rows, columns = (axis.ravel() for axis in np.indices(maps.shape))
    figure.add_scatter(  # a click on a heat map tells nothing, on a point it does
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
    figure.update_xaxes(visible=False, constrain="domain", range=[-0.5, maps.shape[1] - 0.5])
    figure.update_yaxes(visible=False, scaleanchor="x", range=[maps.shape[0] - 0.5, -0.5])
    figure.update_layout(clickmode="event+select", dragmode=False)
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
