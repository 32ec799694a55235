"""The charts of LeNet-5's output: distances above the bitmaps that they are distances from, or logits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.analysis.palette import INK
from explorer.demonstrations.lenet.compute import BITMAP, Distances
from explorer.runtime.maps import FloatArray
from explorer.ui.charts import FONT, fill, shared, styled
from explorer.ui.map_figure import colour_scale

PITCH = 10  # columns of pixels from a bitmap to the next


@shared
def distances(d: Distances, dark: bool) -> go.Figure:
    """Each digit's distance as a bar, its bitmap below; the smallest in another colour."""
    rows, columns = BITMAP
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.65, 0.35], vertical_spacing=0.02)
    _bars(figure, d.values, d.nearest, dark)
    around = ((0, 0), (0, 0), (0, PITCH - columns))
    pixels = np.pad(d.codes, around, constant_values=np.nan).transpose(1, 0, 2).reshape(rows, -1)
    x = (np.arange(pixels.shape[1]) - columns // 2) / PITCH
    figure.add_heatmap(
        x=x,
        z=pixels,
        zmin=-1,
        zmax=1,
        colorscale=colour_scale(signed=True),
        showscale=False,
        hoverinfo="skip",
        row=2,
        col=1,
    )
    figure.update_yaxes(visible=False, row=1, col=1)
    figure.update_yaxes(visible=False, autorange="reversed", row=2, col=1)
    figure.update_xaxes(range=[-0.5, len(d.values) - 0.5], showgrid=False, zeroline=False)
    figure.update_xaxes(visible=False, row=1, col=1)
    figure.update_xaxes(tickvals=list(range(len(d.values))), row=2, col=1)
    return styled(figure, dark, height=360, dragmode=False, bargap=0.3)


@shared
def logits(values: FloatArray, names: Sequence[str], dark: bool) -> go.Figure:
    """Each output as a bar; the largest in another colour."""
    figure = make_subplots()
    _bars(figure, values, int(values.argmax()), dark)
    figure.update_xaxes(tickvals=list(range(len(values))), ticktext=list(names))
    figure.update_yaxes(visible=False)
    return styled(figure, dark, height=260, dragmode=False, bargap=0.3)


def _bars(figure: go.Figure, values: FloatArray, winner: int, dark: bool) -> None:
    colours = [fill("merge" if i == winner else "linear", dark) for i in range(len(values))]
    text = [f"<b>{v:.3g}</b>" if i == winner else f"{v:.3g}" for i, v in enumerate(values.tolist())]
    figure.add_bar(
        x=list(range(len(values))),
        y=values,
        marker_color=colours,
        marker_line={"width": 1, "color": INK},
        text=text,
        textposition="outside",
        textfont_size=FONT,
        textangle=0,
        cliponaxis=False,
        constraintext="none",
        hovertemplate="%{x}: %{y:.6g}<extra></extra>",
        showlegend=False,
        row=1,
        col=1,
    )
