"""What all charts share: the palette's colours, sizes that the last row can read, and how they stand on a page."""

from __future__ import annotations

import hashlib
import pickle
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ParamSpec

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from explorer.analysis.palette import INK, KINDS
from explorer.analysis.types import Kind
from explorer.runtime.maps import FloatArray
from explorer.runtime.store import kept
from explorer.ui.window import type_scale

FONT = 16
LEGEND = {"orientation": "h", "y": 1.02, "yanchor": "bottom"}
ROW = 34  # pixels of a bar and the space around it
SHOWN_CLASSES = 5  # of each answer
CLASS_BAR = 22  # pixels of one answer's bar for a class
CHART = {"displayModeBar": False}
# The properties of a figure that are lengths in pixels.
PIXELS = re.compile(
    r"font\.size$|^\.layout\.(height|margin\.[lrtb])$|marker\.(size|line\.width|pad\.[lrtb])$|line\.width$|minsize$|"
    r"thickness$|[xy]shift$|standoff$|annotations\.a[xy]$"
)

Panels = Sequence[tuple[str, Any, Kind]]
P = ParamSpec("P")


def shared(draw: Callable[P, go.Figure]) -> Callable[P, go.Figure]:
    """One figure for all viewers who are shown the same values. It must not be altered afterwards.

    Plotly checks each property that is set, which takes longer than all the rest of a page, and copies them all each
    time that the figure is sent: the copy is kept, too.
    """

    def drawn(*args: P.args, **named: P.kwargs) -> go.Figure:
        figure = draw(*args, **named)
        properties = figure.to_dict()
        vars(figure)["to_dict"] = lambda: properties
        vars(figure)["nbytes"] = len(figure.to_json())  # the store's bound is in bytes
        return figure

    return kept(key=partial(_digest, draw))(drawn)


def _digest(draw: Callable[..., go.Figure], *args: Any, **named: Any) -> bytes:
    """Equal digests mean equal values; equal values seldom have two digests, and are then drawn twice."""
    called = f"{draw.__module__}.{draw.__qualname__}", args, sorted(named.items())
    return hashlib.sha256(pickle.dumps(called)).digest()


def dark() -> bool:
    """Whether the page is dark."""
    return bool(st.context.theme.type == "dark")


def chart(figure: go.Figure, key: str, alt: str, **more: Any) -> Any:
    """A figure as large as the page's type, without the tools that a lecture does not need."""
    return st.plotly_chart(grown(figure, type_scale()), key=key, config=CHART, alt=alt, **more)


def grown(figure: go.Figure, scale: float) -> go.Figure:
    """The figure with everything that has a size in pixels so many times as large."""
    if scale == 1:
        return figure
    return go.Figure(_grown(figure.to_dict(), "", scale), _validate=False)


def _grown(part: Any, place: str, scale: float) -> Any:
    """A part of a figure's properties; arrays of values are not copied."""
    if isinstance(part, dict):
        return {name: _grown(value, f"{place}.{name}", scale) for name, value in part.items()}
    if isinstance(part, list | tuple) and part and isinstance(part[0], dict):
        return [_grown(item, place, scale) for item in part]
    if isinstance(part, list | tuple) and PIXELS.search(place):
        return [_grown(item, place, scale) for item in part]
    is_number = isinstance(part, int | float) and not isinstance(part, bool)
    return part * scale if is_number and PIXELS.search(place) else part


def fill(kind: Kind, dark: bool) -> str:
    """The colour of a bar."""
    return KINDS[kind].dark_fill if dark else KINDS[kind].light_fill


def stroke(kind: Kind, dark: bool) -> str:
    """The colour of a line, readable on the page."""
    return KINDS[kind].dark_stroke if dark else KINDS[kind].light_stroke


def styled(figure: go.Figure, dark: bool, height: int, **layout: Any) -> go.Figure:
    """The figure in the page's colours and sizes."""
    text = KINDS["input"].dark_fill if dark else INK
    font = {"size": FONT, "color": text}
    figure.update_annotations(font=font)
    figure.update_xaxes(tickfont=font, title_font=font)
    figure.update_yaxes(tickfont=font, title_font=font)
    figure.update_coloraxes(colorbar_tickfont=font)
    return figure.update_layout(
        **{"barmode": "stack", "bargap": 0.25} | layout,
        height=height,
        font=font,
        legend_font=font,
        hoverlabel_font_size=FONT,
        margin={"l": 10, "r": 10, "t": 26, "b": 8},
    )


def quick_figure(data: Sequence[dict[str, Any]], dark: bool, height: int, **layout: Any) -> go.Figure:
    """The same look for a figure whose properties are given as Plotly's JSON: they are not checked, tests do that.

    For figures that each click of each viewer needs anew: checking takes twenty times as long as everything else.
    """
    font = {"size": FONT, "color": KINDS["input"].dark_fill if dark else INK}
    axis = {"tickfont": font, "title": {"font": font}}
    look: dict[str, Any] = {
        "barmode": "stack",
        "bargap": 0.25,
        "height": height,
        "font": font,
        "legend": {"font": font},
        "hoverlabel": {"font": {"size": FONT}},
        "margin": {"l": 10, "r": 10, "t": 26, "b": 8},
        "xaxis": axis,
        "yaxis": axis,
    }
    merged = {name: _merged(look.get(name), value) for name, value in layout.items()}
    return go.Figure({"data": list(data), "layout": {**look, **merged}}, _validate=False)


def _merged(default: Any, value: Any) -> Any:
    """A dict's items over those of the default one, at all depths."""
    if not isinstance(default, dict) or not isinstance(value, dict):
        return value
    return {**default, **{name: _merged(default.get(name), item) for name, item in value.items()}}


def bars_under_bars(panels: Panels, what: str, dark: bool, height: int) -> go.Figure:
    """Rows of bars, (n,) values each with a title and a colour; `what` stands below each other in a column."""
    figure = make_subplots(
        rows=len(panels),
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.11,
        subplot_titles=[title for title, _, _ in panels],
    )
    for row, (_, values, kind) in enumerate(panels, 1):
        figure.add_bar(
            x=np.arange(len(values)),
            y=values,
            marker_color=stroke(kind, dark),
            marker_line_width=0,
            showlegend=False,
            hovertemplate=f"{what} %{{x}}: %{{y:.4g}}<extra></extra>",
            row=row,
            col=1,
        )
    figure.update_annotations(x=0, xanchor="left")
    figure.update_xaxes(title=what, row=len(panels), col=1)
    figure.update_yaxes(nticks=4)
    return styled(figure, dark, height=height, bargap=0)


@shared
def classes(answers: Mapping[str, FloatArray], names: Sequence[str], dark: bool) -> go.Figure:
    """The probabilities, (classes,) of each answer, of the best classes of all answers: a group of bars a class.

    The best of the first answer stands on top.
    """
    first, *_ = answers.values()
    best = {int(i) for p in answers.values() for i in np.argsort(-p, kind="stable")[:SHOWN_CLASSES]}
    order = sorted(best, key=lambda i: -first[i])
    kinds: tuple[Kind, ...] = ("normalization", "convolution", "merge")
    bars = [
        {
            "type": "bar",
            "orientation": "h",
            "x": [float(p[i]) for i in order],
            "y": list(range(len(order))),
            "name": title,
            "marker": {"color": stroke(kind, dark)},
            "text": [f"{p[i]:.1%}" for i in order],
            "textposition": "outside",
            "textfont": {"size": FONT},
            "constraintext": "none",
            "cliponaxis": False,
            "hoverinfo": "skip",
        }
        for (title, p), kind in zip(answers.items(), kinds, strict=False)
    ]
    ticks = {"tickvals": list(range(len(order))), "ticktext": [f"{names[i]} " for i in order]}
    return quick_figure(
        bars,
        dark,
        len(order) * (CLASS_BAR * len(answers) + 8) + 60,
        barmode="group",
        xaxis={"visible": False, "range": [0, 1.25], "fixedrange": True},  # room for the text of a long bar
        yaxis={**ticks, "autorange": "reversed", "automargin": True, "fixedrange": True},
        legend={**LEGEND, "traceorder": "normal"},
    )


@shared
def logits(before: FloatArray, after: FloatArray, dark: bool) -> go.Figure:
    """The logits of all classes, original across, altered up; unchanged ones lie on the line."""
    names = [f"class {i}" for i in range(len(before))]
    low, high = float(min(before.min(), after.min())), float(max(before.max(), after.max()))
    figure = go.Figure()
    figure.add_scatter(
        x=[low, high],
        y=[low, high],
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
        line={"color": stroke("normalization", dark), "width": 2},
    )
    figure.add_scatter(
        x=before,
        y=after,
        mode="markers",
        customdata=names,
        showlegend=False,
        marker={"size": 7, "color": fill("linear", dark), "line": {"width": 1, "color": INK}},
        hovertemplate="%{customdata}: %{x:.4g} becomes %{y:.4g}<extra></extra>",
    )
    figure.update_xaxes(title="original logit", tickfont_size=FONT, nticks=6)
    figure.update_yaxes(title="altered logit", tickfont_size=FONT, nticks=6)
    return styled(figure, dark, height=380)
