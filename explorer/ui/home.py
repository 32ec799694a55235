"""The timeline of the home page."""

from __future__ import annotations

import math

import streamlit as st

from explorer.analysis.palette import KINDS
from explorer.analysis.text import si
from explorer.cards import Card


def timeline(shown: tuple[Card, ...]) -> Card | None:
    """Years against MACs, a bubble a family, its area the parameters; returns the family that was clicked.

    The years without a family (there are thirteen after LeNet-5) are left out, so that the others have room for names.
    """
    import plotly.graph_objects as go  # a third of a second: not before the first home page

    style = KINDS["pointwise"]
    largest = max(c.params for c in shown)
    heaviest = {c.year: c.macs for c in sorted(shown, key=lambda c: c.macs)}
    figure = go.Figure(
        go.Scatter(
            x=[str(c.year) for c in shown],
            y=[c.macs for c in shown],
            text=[c.title for c in shown],
            customdata=[[c.default, si(c.params), si(c.macs), c.depth] for c in shown],
            mode="markers+text",
            # Two families of a year: one name above, one below.
            textposition=["top center" if c.macs == heaviest[c.year] else "bottom center" for c in shown],
            textfont_size=16,
            marker={
                "size": [12 + 30 * math.sqrt(c.params / largest) for c in shown],
                "color": style.dark_stroke if st.context.theme.type == "dark" else style.light_stroke,
            },
            hovertemplate="<b>%{customdata[0]}</b> (%{x})<br>%{customdata[1]} parameters<br>%{customdata[2]} MACs<br>"
            "%{customdata[3]} layers<extra></extra>",
        )
    )
    figure.update_layout(
        height=340,
        margin={"l": 80, "r": 20, "t": 10, "b": 40},
        xaxis={"type": "category", "tickfont_size": 16},
        yaxis={
            "type": "log",
            "range": [4.5, 11.5],
            "dtick": 1,
            "tickformat": "~s",
            "tickfont_size": 16,
            "title": "MACs",
            "title_font_size": 16,
        },
        hoverlabel_font_size=16,
        showlegend=False,
    )
    event = st.plotly_chart(
        figure, key="timeline", on_select="rerun", selection_mode="points", config={"displayModeBar": False}
    )
    picked = event["selection"]["point_indices"]
    return shown[picked[0]] if picked else None
