"""The chart of published accuracies against the operations that are counted here; each bubble is a link."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

import plotly.graph_objects as go
import streamlit as st

from explorer.analysis.accuracy import MISTAKES, RECORDS, Accuracy, Group, absent, counts
from explorer.analysis.labelling import Bubble, places
from explorer.analysis.palette import SERIES
from explorer.analysis.text import si
from explorer.analysis.words import explained
from explorer.architectures import families
from explorer.runtime.run import Run
from explorer.ui.below import corrections
from explorer.ui.charts import FONT, dark, shared, styled
from explorer.ui.charts import chart as draw
from explorer.ui.compare import NETWORKS
from explorer.ui.components.navigation import go_to
from explorer.ui.controls import segments, select, toggle
from explorer.ui.link import Control, choice, flag, link_to
from explorer.ui.section import Section

GROUPS: dict[Group, str] = {
    "paper": "Papers: one network, one crop",
    "library": "Library weights: one network, one crop",
    "more": "More: several crops, scales or networks",
}
SIGNS: dict[Group, str] = {"paper": "●", "library": "■", "more": "◇"}  # of LOOKS, beside the words
LOOKS: dict[Group, tuple[str, str]] = {
    "paper": ("circle", "solid"),
    "library": ("square", "dash"),
    "more": ("diamond-open", "dot"),
}
TICKS = [digit * power for power in (1e8, 1e9, 1e10) for digit in (1, 2, 5)]
MIN_BUBBLE_PX = 9  # diameters
MAX_BUBBLE_PX = 46
CHOSEN_OUTLINE_PX = 4
HEIGHT_PX = 470
PLOT_HEIGHT_PX = 370  # without axis and margins
PLOT_WIDTHS_PX = (540, 700, 900, 1150)  # from a small laptop with a sidebar on
MARGIN_DECADES = 0.2  # left and right of the bubbles, for their names
MARGIN_POINTS = 2.0  # of accuracy, above and below

MEASURE = choice("accuracy.measure", "Accuracy", {1: "Top-1", 5: "Top-5"})


def _shown_at_first(group: Group) -> Callable[[], bool]:
    """The papers' figures, and those with one of each chosen network: figures of one protocol can be compared."""

    def default() -> bool:
        has = {r.variant for r in RECORDS if r.group == group}
        return group == "paper" or has.issuperset(control.value for control in NETWORKS)

    return default


def _group_control(group: Group, label: str) -> Control:
    return replace(flag(f"accuracy.{group}", label), default=_shown_at_first(group))


SHOWN = {group: _group_control(group, label) for group, label in GROUPS.items()}


def _groups() -> list[Group]:
    return [group for group, control in SHOWN.items() if control.value]


def _show(run: Run) -> None:
    """The chart, what it leaves out, what is often wrong with such charts, and links for keyboard users."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="marked-networks"):
        top: Literal[1, 5] = segments(MEASURE, label_visibility="collapsed")
        st.markdown("Marked:", width="content")
        for control in NETWORKS:
            select(control, label_visibility="collapsed")
    with st.container(horizontal=True, gap="small", key="accuracy-groups"):
        for group, control in SHOWN.items():
            toggle(control, label=f"{SIGNS[group]} {control.label}")
    groups, chosen = _groups(), tuple(control.value for control in NETWORKS)
    shown = [r for r in RECORDS if r.group in groups and r.accuracy(top) is not None]
    event = draw(
        figure(shown, top, chosen, dark()),
        "accuracy",
        f"Top-{top} accuracy against multiply-accumulates",
        on_select="rerun",
        selection_mode="points",
    )
    points = event["selection"]["points"]
    if points:
        clicked = points[0]["customdata"][0]
        go_to(counts()[clicked].page, link_to(variant=clicked))
    st.caption(_left_out(top, groups, chosen))
    st.caption(
        "What to look for: networks above others at the same cost, and small bubbles that lie high. A colour is a "
        "family, a line joins networks of one design and one protocol; figures of different protocols must not be "
        "compared. MACs (logarithmic) and parameters (area) are of one network and one crop: a figure of several cost "
        "as many times more. Click a bubble to open its page."
    )
    corrections(MISTAKES)
    _links(shown)


def _left_out(top: Literal[1, 5], groups: Sequence[Group], chosen: Sequence[str]) -> str:
    """Which families, and which of the chosen networks, have no bubble, and why."""
    titles = {f.name: f.title for f in families()}
    sentences = []
    there = {r.variant for r in RECORDS if r.group in groups and r.accuracy(top) is not None}
    missing = [control.options()[name] for control, name in zip(NETWORKS, chosen, strict=True) if name not in there]
    if missing:
        sentences.append(f"No bubble of {' or '.join(dict.fromkeys(missing))}: it has no figure among those shown.")
    reasons = absent(titles, GROUPS, top, groups)
    if reasons:
        listed = "; ".join(f"{titles[page]} ({reason})" for page, reason in reasons.items())
        sentences.append(f"Families that are not shown: {listed}.")
    return " ".join(sentences)


@shared
def figure(shown: list[Accuracy], top: Literal[1, 5], chosen: tuple[str, ...], is_dark: bool) -> go.Figure:
    """A colour a family, a line a series; the chosen networks have a bold outline and their names."""
    chart, ink = go.Figure(), "#ffffff" if is_dark else "#000000"
    colours = {f.name: SERIES[i % len(SERIES)][is_dark] for i, f in enumerate(families())}
    series: defaultdict[tuple[Any, ...], list[Accuracy]] = defaultdict(list)
    for record in sorted(shown, key=lambda r: counts()[r.variant].macs):
        series[record.group, counts()[record.variant].page, *record.series].append(record)
    for (group, page, *_), records in series.items():
        symbol, dash = LOOKS[group]
        chart.add_scatter(
            x=[counts()[r.variant].macs for r in records],
            y=[r.accuracy(top) for r in records],
            mode="lines+markers",
            cliponaxis=False,
            showlegend=False,
            customdata=[[r.variant, hover(r)] for r in records],
            hovertemplate="%{customdata[1]}<extra></extra>",
            line={"color": colours[page], "width": 2, "dash": dash},
            marker={
                "symbol": symbol,
                "color": colours[page],
                "size": [_diameter(r) for r in records],
                "opacity": 0.85,
                "line": {
                    "width": [CHOSEN_OUTLINE_PX if r.variant in chosen else 1.5 for r in records],
                    "color": [ink if r.variant in chosen else colours[page] for r in records],
                },
            },
        )
    macs = [math.log10(counts()[r.variant].macs) for r in shown or RECORDS]
    accuracies = [r.accuracy(top) or 0 for r in shown] or [0.0, 100.0]
    across = min(macs) - MARGIN_DECADES, max(macs) + MARGIN_DECADES
    up = min(accuracies) - MARGIN_POINTS, max(accuracies) + MARGIN_POINTS
    chart.update_xaxes(title="MACs, one crop", type="log", tickvals=TICKS, tickformat="~s", showgrid=True, range=across)
    chart.update_yaxes(title=f"top-{top} accuracy (%)", range=up)
    styled(chart, is_dark, height=HEIGHT_PX)
    return _with_names(chart, shown, top, chosen, across, up)


def _with_names(
    chart: go.Figure,
    shown: Sequence[Accuracy],
    top: Literal[1, 5],
    chosen: Sequence[str],
    across: tuple[float, float],
    up: tuple[float, float],
) -> go.Figure:
    """Names of the chosen networks in bold, then of each family at its largest; none where there is no room."""
    points = [(math.log10(counts()[r.variant].macs), r.accuracy(top) or 0.0) for r in shown]
    bubbles = [
        Bubble(
            (x - across[0]) / (across[1] - across[0]),
            (y - up[0]) / (up[1] - up[0]) * PLOT_HEIGHT_PX,
            _diameter(r) / 2 + CHOSEN_OUTLINE_PX / 2,
        )
        for r, (x, y) in zip(shown, points, strict=True)
    ]
    titles = [counts()[r.variant].title for r in shown]
    families_of: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for i in sorted(range(len(shown)), key=lambda i: -counts()[shown[i].variant].params):
        families_of[counts()[shown[i].variant].page].append((i, titles[i]))
    marked = [i for i, r in enumerate(shown) if r.variant in chosen]
    others = [own for page, own in families_of.items() if page not in {counts()[shown[i].variant].page for i in marked}]
    wanted = [*([(i, titles[i])] for i in marked), *others]
    for i, place in places(bubbles, wanted, PLOT_WIDTHS_PX, PLOT_HEIGHT_PX).items():
        text = f"<b>{place.name}</b>" if i in marked else place.name
        chart.add_annotation(
            x=points[i][0],
            y=points[i][1],
            text=text,
            showarrow=place.apart,
            **({"ax": place.right, "ay": -place.up} if place.apart else {"xshift": place.right, "yshift": place.up}),
            arrowhead=0,
            arrowwidth=1,
            standoff=bubbles[i].radius,
            borderpad=0,
            font={"size": FONT, "color": chart.layout.font.color},
            arrowcolor=chart.layout.font.color,
        )
    return chart


def _diameter(record: Accuracy) -> float:
    """In pixels: a bubble's area is a network's parameters."""
    part = counts()[record.variant].params / max(c.params for c in counts().values())
    return MIN_BUBBLE_PX + (MAX_BUBBLE_PX - MIN_BUBBLE_PX) * math.sqrt(part)


def hover(record: Accuracy) -> str:
    """A figure with its protocol and its source."""
    c = counts()[record.variant]
    printed: tuple[tuple[Literal[1, 5], float | None], ...] = ((1, record.top1), (5, record.top5))
    found = [f"top-{k} {record.accuracy(k):g} % (error {e:g} %)" for k, e in printed if e is not None]
    return (
        f"<b>{c.title}</b><br>{', '.join(found)}<br>{record.protocol}<br>{record.data}<br>{record.source}<br>"
        f"{si(c.macs)} MACs, {si(c.params)} parameters, counted here"
    )


def _links(shown: list[Accuracy]) -> None:
    with st.container(horizontal=True, gap="small", key="cost-links"):
        for name in sorted({r.variant for r in shown}, key=lambda n: counts()[n].macs):
            c = counts()[name]
            st.page_link(f"../pages/{c.page}.py", label=c.title, query_params=link_to(variant=name))


def _show_printed(run: Run) -> None:
    """The figures of the chosen groups, as their sources print them."""
    st.table([_row(r) for r in RECORDS if r.group in _groups()], hide_index=True)


def _row(record: Accuracy) -> dict[str, Any]:
    c = counts()[record.variant]
    return {
        "network": c.title,
        "top-1 error (%)": _percent(record.top1),
        "top-5 error (%)": _percent(record.top5),
        "MACs": si(c.macs),
        "parameters": si(c.params),
        "protocol": record.protocol,
        "pictures": record.data,
        "source": record.source,
    }


def _percent(error: float | None) -> str:
    return "" if error is None else f"{error:g}"


def _introduce(run: Run) -> None:
    st.markdown(
        "Published accuracy against the operations that are counted here.", help=explained("Top-1, top-5", "MAC")
    )


TOP = Section("accuracy", "Accuracy against operations", _introduce)
CHART = Section("chart", "Chart", _show, lambda run: (MEASURE, *SHOWN.values()))
PRINTED = Section("printed", "All figures, as printed", _show_printed)
