"""The charts of the VGG demonstrations: windows on the network's input, and where its parameters sit."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from explorer.analysis.palette import INK
from explorer.analysis.text import pair_text
from explorer.demonstrations.vgg.receptive_field import Field
from explorer.demonstrations.vgg.shares import Part
from explorer.ui.charts import FONT, fill, shared, styled
from explorer.ui.map_images import data_uri

HEIGHT_PX = 460
MARGIN = 0.35  # around the largest window when zoomed in, as a part of its size
MIN_MARGIN_PX = 3.0
MIN_FONT_PX = 16  # of a part's name; where it does not fit, it is left to the hover and the table of layers


@shared
def windows(picture: bytes, input_size: tuple[int, int], fields: Sequence[Field], zoomed: bool) -> go.Figure:
    """The input, (height, width), under the windows of all layers; the last one is the strongest."""
    figure = go.Figure(go.Image(source=data_uri(picture), hoverinfo="skip"))
    for field in fields:
        last = field is fields[-1]
        top, left, bottom, right = field.edges
        for line_width, colour in ((7 if last else 4, INK), (4 if last else 2, fill(field.node.kind, dark=True))):
            figure.add_scatter(  # seen on every picture: a bright line on a dark one
                x=[left, right, right, left, left],
                y=[top, top, bottom, bottom, top],
                mode="lines",
                line={"color": colour, "width": line_width},
                showlegend=False,
                hovertemplate=f"{field.node.name}: {pair_text(field.size)} pixels<extra></extra>",
            )
    top, left, bottom, right = fields[-1].edges
    height, width = input_size
    if zoomed:
        margin = max(MIN_MARGIN_PX, MARGIN * (bottom - top))
    else:
        margin = 0.0
        top, left = min(top, -0.5), min(left, -0.5)
        bottom, right = max(bottom, height - 0.5), max(right, width - 0.5)
    figure.update_xaxes(visible=False, constrain="domain", range=[left - margin, right + margin])
    figure.update_yaxes(visible=False, constrain="domain", scaleanchor="x", range=[bottom + margin, top - margin])
    return styled(figure, dark=True, height=HEIGHT_PX, dragmode=False, plot_bgcolor="#00000000", hovermode="closest")


@shared
def treemap(parts: Sequence[Part], unit: str, dark: bool) -> go.Figure:
    """The whole, its stages, their layers; a click on a part enlarges it."""
    whole = parts[0]
    figure = go.Figure(
        go.Treemap(
            ids=[f"{p.parent}/{p.path}" for p in parts],
            parents=["" if p is whole else f"{'' if p.kind is None else whole.path}/{p.parent}" for p in parts],
            labels=[p.path for p in parts],
            values=[p.amount for p in parts],
            branchvalues="total",
            marker={
                "colors": [fill(p.kind or "input", dark) for p in parts],
                "line": {"width": 1, "color": INK},
                "pad": {"t": 32, "l": 3, "r": 3, "b": 3},
            },
            texttemplate="%{label}<br>%{value:,}",
            hovertemplate="%{label}: %{value:,} " + unit + ", %{percentRoot:.2%} of all<extra></extra>",
            textfont={"size": FONT, "color": INK},
            pathbar={"textfont": {"size": FONT, "color": INK}, "thickness": 26},
        )
    )
    return styled(figure, dark, height=HEIGHT_PX, uniformtext={"minsize": MIN_FONT_PX, "mode": "hide"})
