"""What moves while a network learns: curves over the steps, and the sizes of gradients and updates by layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explorer.analysis.palette import SERIES
from explorer.demonstrations.learning.compute import Point, Rates, Score, Size
from explorer.ui.charts import LEGEND, quick_figure

TRAINING, FRESH, UNSEEN = "training", "new drawings", "other handwriting"  # the lines
HEIGHT_PX = 270
SIZES_HEIGHT_PX = 250
LEAST_STEPS = 100  # on the axis of steps
DECADES = (-4.0, 1.0)  # that the axis of sizes shows at least


def losses(points: Sequence[Point], changes: Sequence[tuple[int, Rates]], dark: bool) -> go.Figure:
    """The mean loss over the steps."""
    return _curves(points, changes, lambda score: score.loss, "loss", {"rangemode": "tozero"}, dark)


def accuracies(points: Sequence[Point], changes: Sequence[tuple[int, Rates]], dark: bool) -> go.Figure:
    """The percentage of drawings that are read right, over the steps."""
    return _curves(points, changes, lambda score: score.accuracy, "right (%)", {"range": [0, 102]}, dark)


def _curves(
    points: Sequence[Point],
    changes: Sequence[tuple[int, Rates]],
    value: Callable[[Score], float],
    title: str,
    axis: dict[str, Any],
    dark: bool,
) -> go.Figure:
    """A line for each kind of drawings; an upright one where the rates changed."""
    scores: dict[str, list[tuple[int, Score | None]]] = {
        TRAINING: [(p.step, p.training) for p in points],
        FRESH: [(p.step, p.fresh) for p in points],
        UNSEEN: [(p.step, p.unseen) for p in points],
    }
    data = []
    for (name, line), colours in zip(scores.items(), SERIES, strict=False):
        known = [(step, value(score)) for step, score in line if score is not None]
        if known or name == TRAINING:
            data.append(
                {
                    "type": "scatter",
                    "mode": "lines+markers",
                    "name": name,
                    "x": [step for step, _ in known],
                    "y": [number for _, number in known],
                    "line": {"color": colours[dark], "width": 2, "dash": "dot" if name == TRAINING else "solid"},
                    "marker": {"size": 5},
                    "showlegend": True,
                    "hovertemplate": f"step %{{x}}: %{{y:.3g}}<extra>{name}</extra>",
                }
            )
    last = max(LEAST_STEPS, points[-1].step)
    shapes = [
        {
            "type": "line",
            "x0": step,
            "x1": step,
            "y0": 0,
            "y1": 1,
            "yref": "paper",
            "line": {"dash": "dot", "width": 1, "color": SERIES[-1][dark]},
        }
        for step, _ in changes[1:]
    ]
    return quick_figure(
        data,
        dark,
        HEIGHT_PX,
        xaxis={"title": {"text": "step"}, "range": [0, last * 1.02], "nticks": 6, "fixedrange": True},
        yaxis={"title": {"text": title}, "nticks": 6, "fixedrange": True, **axis},
        legend=LEGEND,
        shapes=shapes,
    )


def gradients(sizes: Sequence[Size], dark: bool) -> go.Figure:
    """The norm of each layer's gradient."""
    return _by_layer([(s.layer, s.gradient) for s in sizes], "‖gradient‖", "", dark, SERIES[0])


def updates(sizes: Sequence[Size], dark: bool) -> go.Figure:
    """The norm of each layer's update, in percent of that of its weights."""
    shown = [(s.layer, None if s.relative is None else 100 * s.relative) for s in sizes]
    return _by_layer(shown, "update (% of weights)", " %", dark, SERIES[1])


def _by_layer(
    values: Sequence[tuple[str, float | None]], title: str, unit: str, dark: bool, colours: tuple[str, str]
) -> go.Figure:
    """A point for each layer on a log axis, with its value; zeros, which have no place there, are only said."""
    names = [name.upper() for name, _ in values]
    logs = [np.log10(v) if v is not None and 0 < v < np.inf else None for _, v in values]
    known = [float(d) for d in logs if d is not None]
    low, high = np.floor(min([*known, DECADES[0]])), np.ceil(max([*known, DECADES[1]]) + 0.6)
    line = {
        "type": "scatter",
        "mode": "lines+markers+text",
        "x": names,
        "y": [None if d is None else 10**d for d in logs],
        "text": [_text(v, unit) for _, v in values],
        "textposition": "top center",
        "textfont": {"size": 16},
        "cliponaxis": False,
        "line": {"color": colours[dark], "width": 2},
        "marker": {"size": 8},
        "showlegend": False,
        "hovertemplate": f"%{{x}}: %{{y:.4g}}{unit}<extra></extra>",
    }
    zeros = {
        "type": "scatter",
        "mode": "text",
        "x": names,
        "y": [10**low if d is None else None for d in logs],
        "text": ["0" if v == 0 else "–" for _, v in values],
        "textposition": "top center",
        "textfont": {"size": 16},
        "showlegend": False,
        "hoverinfo": "skip",
    }
    return quick_figure(
        [line, zeros],
        dark,
        SIZES_HEIGHT_PX,
        xaxis={"fixedrange": True, "range": [-0.5, len(names) - 0.5], "type": "category"},
        yaxis={
            "type": "log",
            "range": [low, high],
            "dtick": int(np.ceil((high - low) / 5)),
            "exponentformat": "power",
            "title": {"text": title},
            "fixedrange": True,
        },
    )


def _text(value: float | None, unit: str) -> str:
    return "" if not value else f"{value:.2g}{unit}"
