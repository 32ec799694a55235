"""How wide a network is, block by block, and a spiral with its reconstruction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.analysis.palette import INK
from explorer.demonstrations.mobilenet.multipliers import Widths
from explorer.demonstrations.mobilenet.spiral import Recovered
from explorer.ui.charts import FONT, LEGEND, fill, shared, styled
from explorer.ui.map_figure import colour_scale


@shared
def profile(blocks: Sequence[Widths], dark: bool) -> go.Figure:
    """Bars around a middle line, as high as there are channels: between the blocks, and inside each."""
    figure = go.Figure()
    between = [(0.0, blocks[0].input, f"enter {blocks[0].block}")]
    between += [(2.0 * i, b.output, f"leave {b.block}") for i, b in enumerate(blocks, 1)]
    inside = [(2.0 * i - 1, b.filtered, f"are filtered in {b.block}") for i, b in enumerate(blocks, 1)]
    bars = (
        ("between the blocks", between, fill("pointwise", dark)),
        ("inside, depthwise", inside, fill("depthwise", dark)),
    )
    for name, numbers, colour in bars:
        positions, channels, words = zip(*numbers, strict=True)
        figure.add_bar(
            x=positions,
            y=channels,
            width=0.9,
            base=[-c / 2 for c in channels],
            name=name,
            customdata=words,
            marker_color=colour,
            marker_line={"width": 1, "color": INK},
            hovertemplate="%{y} channels %{customdata}<extra></extra>",
        )
    figure.update_xaxes(
        tickvals=[2 * i - 1 for i in range(1, len(blocks) + 1)], ticktext=[b.block for b in blocks], tickangle=-60
    )
    figure.update_yaxes(visible=False)
    figure.update_layout(legend=LEGEND)
    return styled(figure, dark, height=380, barmode="overlay")


@shared
def spirals(recovered: Recovered, dimensions: int, dark: bool) -> go.Figure:
    """The curve and its reconstruction; a point has the same colour in both."""
    titles = ("The spiral", f"Reconstructed from {dimensions} dimensions")
    figure = make_subplots(rows=1, cols=2, subplot_titles=titles, horizontal_spacing=0.08)
    for column, points in enumerate((recovered.curve, recovered.reconstruction), 1):
        figure.add_scatter(
            x=points[:, 0],
            y=points[:, 1],
            mode="markers",
            hoverinfo="skip",
            showlegend=False,
            row=1,
            col=column,
            marker={"size": 6, "color": np.arange(len(points)), "colorscale": colour_scale(signed=False)},
        )
        reach = 1.1 * float(np.abs(points).max())
        figure.update_xaxes(range=[-reach, reach], nticks=4, tickfont_size=FONT, constrain="domain", row=1, col=column)
        anchor = "x" if column == 1 else "x2"
        figure.update_yaxes(range=[-reach, reach], nticks=4, scaleanchor=anchor, constrain="domain", row=1, col=column)
    return styled(figure, dark, height=360, dragmode=False).update_layout(margin={"t": 40})
