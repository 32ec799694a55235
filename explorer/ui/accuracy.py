"""The chart of published accuracies against the operations that are counted here; each bubble is a link."""

from __future__ import annotations

import math
from typing import Any, Literal

import plotly.graph_objects as go
import streamlit as st

from explorer.analysis.accuracy import RECORDS, Accuracy, Group, counts
from explorer.analysis.text import si
from explorer.analysis.types import Kind
from explorer.architectures import family
from explorer.runtime.run import Run
from explorer.ui.charts import CHART, FONT, LEGEND, dark, fill, shared, stroke, styled
from explorer.ui.components.navigation import go_to
from explorer.ui.controls import segments, toggle
from explorer.ui.link import choice, flag, link_to
from explorer.ui.section import Section

GROUPS: dict[Group, str] = {
    "paper": "Papers: one network, one crop",
    "library": "Library weights: one network, one crop",
    "more": "Competitions: more crops or networks",
}
SYMBOLS: dict[Group, tuple[str, Kind]] = {
    "paper": ("circle", "convolution"),
    "library": ("square", "depthwise"),
    "more": ("diamond-open", "merge"),
}
TICKS = [digit * power for power in (1e8, 1e9, 1e10) for digit in (1, 2, 5)]
MIN_BUBBLE_PX = 9  # diameters
MAX_BUBBLE_PX = 46

MEASURE = choice("accuracy.measure", "Accuracy", {1: "Top-1", 5: "Top-5"})
SHOWN = {group: flag(f"accuracy.{group}", label, group == "paper") for group, label in GROUPS.items()}


def _show(run: Run) -> None:
    """The chart, what it leaves out, links for keyboard users, and a table."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        top: Literal[1, 5] = segments(MEASURE, label_visibility="collapsed")
        groups = [group for group, control in SHOWN.items() if toggle(control)]
    shown = [r for r in RECORDS if r.group in groups and r.accuracy(top) is not None]
    st.markdown(
        "Published accuracy against the operations that are counted here. What to look for: networks that lie above "
        "others at the same cost, and small bubbles that lie high. The axis of operations is logarithmic."
    )
    event = st.plotly_chart(
        figure(shown, top, dark()),
        key="accuracy",
        on_select="rerun",
        selection_mode="points",
        config=CHART,
        alt=f"Top-{top} accuracy against multiply-accumulates",
    )
    points = event["selection"]["points"]
    if points:
        clicked = points[0]["customdata"][0]
        go_to(counts()[clicked].page, link_to(variant=clicked))
    st.caption(
        "MACs and parameters (the area of a bubble) are counted here, for one network and one crop: a competition's "
        "figure cost as many times more as it took networks and crops. FLOPs = 2 × MACs. Figures of different "
        "protocols must not be compared. Click a bubble to open its page."
    )
    _links(shown)
    with st.expander("All figures, as printed"):
        st.dataframe([_row(r) for r in RECORDS if r.group in groups], hide_index=True, key="accuracy-printed")


@shared
def figure(shown: list[Accuracy], top: Literal[1, 5], is_dark: bool) -> go.Figure:
    """One set of bubbles a group, and a name for each family at its best of the first group."""
    bubbles = go.Figure()
    largest = max(c.params for c in counts().values())
    named: set[str] = set()
    for group, (symbol, kind) in SYMBOLS.items():
        records = sorted((r for r in shown if r.group == group), key=lambda r: -(r.accuracy(top) or 0))
        if not records:
            continue
        found = [counts()[r.variant] for r in records]
        names = []
        for c in found:
            names.append("" if c.page in named else family(c.page).title)
            named.add(c.page)
        bubbles.add_scatter(
            x=[c.macs for c in found],
            y=[r.accuracy(top) for r in records],
            name=GROUPS[group],
            mode="markers+text",
            cliponaxis=False,
            text=names,
            textposition="top center",
            textfont_size=FONT,
            customdata=[[r.variant, hover(r)] for r in records],
            hovertemplate="%{customdata[1]}<extra></extra>",
            marker={
                "symbol": symbol,
                "color": fill(kind, is_dark) if group != "more" else stroke(kind, is_dark),
                "size": [
                    MIN_BUBBLE_PX + (MAX_BUBBLE_PX - MIN_BUBBLE_PX) * math.sqrt(c.params / largest) for c in found
                ],
                "opacity": 0.85,
                "line": {"width": 2 if group == "more" else 1, "color": stroke(kind, is_dark)},
            },
        )
    macs = [math.log10(counts()[r.variant].macs) for r in shown or RECORDS]
    bubbles.update_xaxes(
        title="MACs, one crop",
        type="log",
        tickvals=TICKS,
        tickformat="~s",
        showgrid=True,
        range=[min(macs) - 0.35, max(macs) + 0.35],  # room for the names on a phone
    )
    bubbles.update_yaxes(title=f"top-{top} accuracy (%)")
    bubbles.update_layout(legend={**LEGEND, "itemsizing": "constant"})
    return styled(bubbles, is_dark, height=520)


def _diameter(part: float) -> float:
    """In pixels, of a bubble whose area is this part of the largest one's."""
    return MIN_BUBBLE_PX + (MAX_BUBBLE_PX - MIN_BUBBLE_PX) * math.sqrt(part)


def hover(record: Accuracy) -> str:
    """A figure with its protocol and its source."""
    c = counts()[record.variant]
    errors = [f"top-{k} error {e:g} %" for k, e in ((1, record.top1), (5, record.top5)) if e is not None]
    return (
        f"<b>{c.title}</b><br>{', '.join(errors)}<br>{record.protocol}<br>{record.data}<br>{record.source}<br>"
        f"{si(c.macs)} MACs, {si(c.params)} parameters, counted here"
    )


def _links(shown: list[Accuracy]) -> None:
    with st.container(horizontal=True, gap="small", key="cost-links"):
        for name in sorted({r.variant for r in shown}, key=lambda n: counts()[n].macs):
            c = counts()[name]
            st.page_link(f"../pages/{c.page}.py", label=c.title, query_params=link_to(variant=name))


def _row(record: Accuracy) -> dict[str, Any]:
    c = counts()[record.variant]
    return {
        "network": c.title,
        "top-1 error (%)": record.top1,
        "top-5 error (%)": record.top5,
        "MACs": si(c.macs),
        "parameters": si(c.params),
        "protocol": record.protocol,
        "pictures": record.data,
        "source": record.source,
    }


ACCURACY = Section("accuracy", "Accuracy against operations", _show, lambda run: (MEASURE, *SHOWN.values()))
