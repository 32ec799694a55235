"""What designs of convolutions cost, as bars whose parts are their layers."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from explorer.analysis.cost import Convolution, Design
from explorer.analysis.palette import INK, KINDS
from explorer.analysis.text import bytes_text, pair_text, si
from explorer.ui.charts import FONT, ROW, dark, fill, shared, styled

QUANTITIES = {"Multiplications": "macs", "Parameters": "params", "Activation memory": "activation_bytes"}
TOTAL_PX = 80  # to the right of the longest bar, for its total: on a phone, too


@shared
def comparison(designs: Sequence[Design], dark: bool) -> go.Figure:
    """Designs beside each other in three quantities; a bar's parts are its layers."""
    figure = make_subplots(rows=len(QUANTITIES), cols=1, subplot_titles=list(QUANTITIES), vertical_spacing=0.16)
    for row, attribute in enumerate(QUANTITIES.values(), 1):
        _stack(figure, designs, attribute, dark, row)
    figure.update_annotations(x=0, xanchor="left")
    return styled(figure, dark, height=len(QUANTITIES) * (len(designs) * ROW + 38)).update_layout(margin_r=TOTAL_PX)


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
    return styled(figure, dark, height=len(designs) * ROW + 20).update_layout(margin_r=TOTAL_PX)


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
