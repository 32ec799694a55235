"""The charts of a residual unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from explorer.analysis.types import Kind
from explorer.analysis.units import Unit
from explorer.demonstrations.residual_unit.compute import Change, Norms, Without
from explorer.ui.charts import LEGEND, fill, quick_figure, shared, stroke, styled

# A line's colour and dash: with shortcuts, without.
WITH: tuple[Kind, str] = ("merge", "solid")
WITHOUT: tuple[Kind, str] = ("convolution", "dash")
Line = tuple[str, bool]  # its name, and whether its network has shortcuts


@shared
def ratios(units: Sequence[Unit], norms: Sequence[Norms], chosen: Unit, dark: bool) -> go.Figure:
    """The residual's norm over the shortcut's, unit by unit; the chosen unit has a frame."""
    kinds: tuple[tuple[str, bool, Kind], ...] = (
        ("identity shortcut", True, "merge"),
        ("another shortcut", False, "pointwise"),
    )
    bars = []
    for name, identity, kind in kinds:
        shown = [(u, n) for u, n in zip(units, norms, strict=True) if (u.kind == "identity") == identity]
        outline = {"width": [3 if u == chosen else 0 for u, _ in shown], "color": stroke("input", dark)}
        bar = {
            "type": "bar",
            "x": [u.path for u, _ in shown],
            "y": [n.ratio for _, n in shown],
            "name": name,
            "marker": {"color": fill(kind, dark), "line": outline},
            "customdata": [(n.residual, n.shortcut) for _, n in shown],
            "hovertemplate": "%{x}: %{customdata[0]:.4g} / %{customdata[1]:.4g} = %{y:.1%}<extra></extra>",
        }
        bars.append(bar)
    return quick_figure(
        bars,
        dark,
        320,
        xaxis={"categoryorder": "array", "categoryarray": [u.path for u in units]},
        yaxis={"title": {"text": "residual / shortcut"}, "rangemode": "tozero", "nticks": 5, "tickformat": ".0%"},
        legend={**LEGEND, "traceorder": "normal"},
    )


@shared
def changes(lines: Mapping[Line, Sequence[Change]], dark: bool) -> go.Figure:
    """How much each block's output changes, from the removed unit on."""
    figure = go.Figure()
    for (name, shortcuts), found in lines.items():
        kind, dash = WITH if shortcuts else WITHOUT
        figure.add_scatter(
            x=[c.block for c in found],
            y=[c.relative for c in found],
            name=name,
            mode="lines+markers",
            line={"color": stroke(kind, dark), "width": 3, "dash": dash},
            marker_size=8,
            showlegend=True,
            hovertemplate="%{x}: %{y:.1%}<extra>" + name + "</extra>",
        )
    figure.update_yaxes(title="change", rangemode="tozero", tickformat=".0%", nticks=6)
    return styled(figure, dark, height=380).update_layout(legend=LEGEND)


@shared
def removals(lines: Mapping[Line, Sequence[Without]], chosen: str, dark: bool) -> go.Figure:
    """How much the logits change without each unit, a bar a network; those of the chosen unit have a frame."""
    bars = []
    for (name, shortcuts), found in lines.items():
        kind, _ = WITH if shortcuts else WITHOUT
        outline = {"width": [3 if w.unit == chosen else 0 for w in found], "color": stroke("input", dark)}
        bar = {
            "type": "bar",
            "x": [w.unit for w in found],
            "y": [w.relative for w in found],
            "name": name,
            "marker": {"color": stroke(kind, dark), "line": outline},
            "unselected": {"marker": {"opacity": 1}},  # a click chooses, and dims nothing
            "hovertemplate": "without %{x}: %{y:.0%}<extra>" + name + "</extra>",
        }
        bars.append(bar)
    return quick_figure(
        bars,
        dark,
        320,
        barmode="group",
        showlegend=True,
        xaxis={"fixedrange": True},
        yaxis={"rangemode": "tozero", "tickformat": ".0%", "nticks": 6, "fixedrange": True},
        legend={**LEGEND, "traceorder": "normal"},
    )
