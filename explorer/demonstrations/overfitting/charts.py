"""Learning by heart, seen: accuracy on seen and unseen pictures by epoch; answers to altered and to noisy ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explorer.analysis.palette import INK
from explorer.analysis.types import Kind
from explorer.demonstrations.overfitting.compute import STRENGTHS, Answers, Noise
from explorer.runtime.weights.overfitting import Trained
from explorer.ui.charts import FONT, LEGEND, fill, shared, stroke, styled

SEEN, UNSEEN = "pictures it was trained on", "pictures it never saw"
NETWORK_KINDS: tuple[Kind, ...] = ("normalization", "convolution", "merge")  # the order in which networks are shown
CURVES_HEIGHT = 360
STRIP_ROW = 84  # pixels of a network's strip of points
JITTER = 0.32  # of a strip's height, up and down
ANSWER_ROW = 46  # pixels of a network's bar of answers
NOISE_HEIGHT = 320


@shared
def curves(networks: dict[str, Trained], losses: bool, dark: bool) -> go.Figure:
    """A panel for each network: accuracy or loss by epoch on pictures that it saw and on others; the gap is filled."""
    figure = make_subplots(rows=1, cols=len(networks), shared_yaxes=True, subplot_titles=list(networks))
    for column, curve in enumerate(networks.values(), 1):
        seen, unseen = (curve.seen_loss, curve.unseen_loss) if losses else (curve.seen, curve.unseen)
        lines: tuple[tuple[str, tuple[float, ...], Kind], ...] = (
            (SEEN, seen, "linear"),
            (UNSEEN, unseen, "convolution"),
        )
        for name, values, kind in lines:
            figure.add_scatter(
                x=list(range(1, len(values) + 1)),
                y=list(values),
                name=name,
                mode="lines",
                legendgroup=name,
                showlegend=column == 1,
                line={"color": stroke(kind, dark), "width": 3, "dash": "solid" if name == UNSEEN else "dot"},
                fill="tonexty" if name == UNSEEN else "none",
                fillcolor="rgba(128, 128, 128, 0.18)",
                hovertemplate="epoch %{x}: %{y:.2f}" if losses else "epoch %{x}: %{y:.1f} %",
                row=1,
                col=column,
            )
    figure.update_xaxes(title="Epoch")
    figure.update_yaxes(rangemode="tozero")
    figure.update_yaxes(title="Loss (cross-entropy)" if losses else "Accuracy (%)", col=1)
    if not losses:
        figure.update_yaxes(range=[0, 102], dtick=20)
    styled(figure, dark, CURVES_HEIGHT, legend=LEGEND | {"y": 1.14})
    return figure.update_layout(margin={"l": 64, "r": 10, "t": 76, "b": 56})


@shared
def certainty(networks: Sequence[Answers], dark: bool) -> go.Figure:
    """A point for each altered picture: how probable the network finds what it says of the unaltered one."""
    figure = go.Figure()
    for row, (network, kind) in enumerate(zip(networks, NETWORK_KINDS, strict=False)):
        values = network.certainty
        heights = row + JITTER * np.random.default_rng(0).uniform(-1, 1, len(values))
        same = network.altered.argmax(1) == network.first
        for symbol, chosen in (("circle", same), ("x", ~same)):
            figure.add_scatter(
                x=values[chosen].tolist(),
                y=heights[chosen].tolist(),
                mode="markers",
                showlegend=False,
                marker={
                    "symbol": symbol,
                    "size": 9,
                    "color": fill(kind, dark),
                    "line": {"width": 1, "color": stroke(kind, dark)},
                },
                hovertemplate=f"{network.named}: %{{x:.1%}}<extra></extra>",
            )
        figure.add_scatter(
            x=[float(network.plain[network.first])] * 2,
            y=[row - 0.42, row + 0.42],
            mode="lines",
            showlegend=False,
            line={"color": stroke(kind, dark), "width": 4},
            hovertemplate="unaltered: %{x:.1%}<extra></extra>",
        )
    figure.update_xaxes(range=[-0.02, 1.03], tickformat=".0%", title="Probability of that answer")
    figure.update_yaxes(
        tickvals=list(range(len(networks))),
        ticktext=_in_two_lines(networks),
        range=[len(networks) - 0.5, -0.5],
        automargin=True,
        zeroline=False,
        showgrid=False,
    )
    height = STRIP_ROW * len(networks) + 90
    return styled(figure, dark, height, dragmode=False).update_layout(margin={"b": 60})


@shared
def answers(networks: Sequence[Answers], dark: bool) -> go.Figure:
    """A bar for each network: how many of the altered pictures get which answer, its answer to the unaltered first."""
    figure = go.Figure()
    for row, (network, kind) in enumerate(zip(networks, NETWORK_KINDS, strict=False)):
        shares = network.shares
        order = [network.named, *(name for name in shares if name != network.named)]
        for i, name in enumerate(order):
            count = shares.get(name, 0)
            figure.add_bar(
                x=[count],
                y=[row],
                orientation="h",
                showlegend=False,
                marker={
                    "color": fill(kind if i == 0 else "input", dark),
                    "line": {"width": 1, "color": INK},
                },
                text=[f"{name} {count}"],
                textposition="inside",
                insidetextanchor="middle",
                textangle=0,
                textfont={"size": FONT, "color": INK},
                hovertemplate=f"{name}: {count}<extra></extra>",
            )
    figure.update_xaxes(range=[0, 100], visible=False)
    figure.update_yaxes(
        tickvals=list(range(len(networks))),
        ticktext=_in_two_lines(networks),
        autorange="reversed",
        automargin=True,
    )
    fits = {"minsize": FONT, "mode": "hide"}  # a name that a part has no room for is in its hover text only
    return styled(figure, dark, ANSWER_ROW * len(networks) + 40, dragmode=False, uniformtext=fits)


@shared
def noise(networks: Sequence[Noise], dark: bool) -> go.Figure:
    """How probable each network's answer stays while the noise grows."""
    figure = go.Figure()
    for network, kind in zip(networks, NETWORK_KINDS, strict=False):
        figure.add_scatter(
            x=list(STRENGTHS),
            y=list(network.certainty),
            name=network.title,
            mode="lines+markers",
            line={"color": stroke(kind, dark), "width": 3},
            marker={"size": 9},
            hovertemplate=f"{network.named}: %{{y:.1%}} at ±%{{x}}",
        )
    figure.update_xaxes(title="Standard deviation of the noise, in grey levels of 255", tickvals=list(STRENGTHS))
    figure.update_yaxes(range=[0, 1.03], tickformat=".0%", title="Mean probability")
    styled(figure, dark, NOISE_HEIGHT, legend=LEGEND)
    return figure.update_layout(margin={"l": 70, "r": 10, "t": 40, "b": 60})


def _in_two_lines(networks: Sequence[Answers]) -> list[str]:
    """Their titles, narrow enough for a telephone."""
    return [f"{network.title.replace(' ', '<br>', 1)} " for network in networks]
