"""The charts of batch normalization: one channel's values, and the spread of all values along the depth."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explorer.analysis.types import Kind
from explorer.runtime.maps import FloatArray
from explorer.ui.charts import LEGEND, quick_figure, shared, stroke

BINS = 40
ROUNDING = 1e-6  # of a standard deviation: a mean below is 0 but for float32
HISTOGRAM_PX = 140  # of one of them, with its title
DEPTH_PX = 320
MAX_TICKS = 6  # powers of ten
# As the bars of the answers beside them: as it is, the picture's own statistics, without.
LINES: tuple[tuple[Kind, str], ...] = (("normalization", "solid"), ("convolution", "dash"), ("merge", "dot"))


@shared
def histograms(named: Mapping[str, FloatArray], dark: bool) -> go.Figure:
    """The values of some maps (H, W), one map below the other, on one axis.

    The bins of each share out its own range, so that maps with the same pattern have the same outline.
    """
    kinds: tuple[Kind, ...] = ("merge", "normalization", "convolution")  # as the lines: what comes in is "without"
    rows = len(named)
    bars: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    layout: dict[str, Any] = {"xaxis": {"anchor": f"y{rows}", "nticks": 6, "title": {"text": "value"}}}
    for row, ((title, values), kind) in enumerate(zip(named.items(), kinds, strict=False), 1):
        counts, edges = np.histogram(values, BINS)
        top = 1 - (row - 1) / rows
        axis = "" if row == 1 else str(row)
        layout[f"yaxis{axis}"] = {
            "domain": [top - 0.95 / rows, top - 0.36 / rows],
            "visible": False,
            "fixedrange": True,
        }
        bars.append(
            {
                "type": "bar",
                "x": (edges[:-1] + edges[1:]) / 2,
                "y": counts / values.size,
                "width": np.diff(edges),
                "yaxis": f"y{axis}",
                "marker": {"color": stroke(kind, dark), "line": {"width": 0}},
                "customdata": np.stack([edges[:-1], edges[1:]], axis=-1),
                "hovertemplate": "%{customdata[0]:.3g} to %{customdata[1]:.3g}: %{y:.1%}<extra></extra>",
                "showlegend": False,
            }
        )
        mean, deviation = float(values.mean()), float(values.std())
        mean = mean if abs(mean) > ROUNDING * deviation else 0.0
        numbers = f"mean {mean:.3g}, standard deviation {deviation:.3g}"
        notes.append(_title(f"<b>{title}</b><br>{numbers}", top))
    return quick_figure(bars, dark, rows * HISTOGRAM_PX + 60, bargap=0, barmode="overlay", annotations=notes, **layout)


def _title(text: str, top: float) -> dict[str, Any]:
    place = {"xref": "paper", "yref": "paper", "x": 0, "y": top, "xanchor": "left", "yanchor": "top"}
    return {**place, "text": text, "align": "left", "showarrow": False}


@shared
def spreads(lines: Mapping[str, Mapping[str, float]], order: Sequence[str], shown: str, dark: bool) -> go.Figure:
    """The standard deviation of what leaves each layer, by name, on a log axis; a ring marks the layer that is shown.

    Numbers that no float32 holds end a line.
    """
    place = {name: i for i, name in enumerate(order, 1)}
    found = []
    for (title, values), (kind, dash) in zip(lines.items(), LINES, strict=True):
        names = list(values)
        found.append(
            {
                "type": "scatter",
                "mode": "lines+markers" if len(names) == 1 else "lines",
                "x": [place[name] for name in names],
                "y": [_on_log_axis(values[name]) for name in names],
                "name": title,
                "line": {"color": stroke(kind, dark), "width": 3, "dash": dash},
                "text": names,
                "hovertemplate": "%{text}: %{y:.3g}<extra>" + title + "</extra>",
                "showlegend": True,
            }
        )
    first = next(iter(lines.values()))
    ring = {"symbol": "circle-open", "size": 14, "color": stroke("input", dark), "line": {"width": 3}}
    found.append(
        {
            "type": "scatter",
            "mode": "markers",
            "x": [place[shown]],
            "y": [_on_log_axis(first[shown])],
            "marker": ring,
            "hoverinfo": "skip",
            "showlegend": False,
        }
    )
    return quick_figure(
        found,
        dark,
        DEPTH_PX,
        xaxis={"title": {"text": "batch normalization, first to last"}, "nticks": 6},
        yaxis={"title": {"text": "standard deviation"}, "type": "log", **_ticks(lines.values())},
        legend=LEGEND,
    )


def _ticks(lines: Iterable[Mapping[str, float]]) -> dict[str, Any]:
    """A log axis by 1, 2, 5, or by fewer where there are many powers of ten: Plotly's own are smaller between those."""
    shown = [y for values in lines for value in values.values() if (y := _on_log_axis(value)) is not None] or [1.0]
    low, high = math.floor(math.log10(min(shown))), math.ceil(math.log10(max(shown)))
    powers = range(low, high + 1, math.ceil((high - low + 1) / MAX_TICKS))
    steps = (1, 2, 5) if high - low <= 2 else (1, 3) if high - low == 3 else (1,)
    ticks = [step * 10.0**power for power in powers for step in steps]
    return {"tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks]}


def _on_log_axis(value: float) -> float | None:
    return value if math.isfinite(value) and value > 0 else None
