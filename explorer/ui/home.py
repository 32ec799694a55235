"""What the home page shows of each family, kept as files so that home needs no torch.

`assets/gallery/FAMILY.json` is written by `python -m explorer assets` from the trace, and a test compares the two. A
family without a file is computed when home is drawn.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import streamlit as st

from explorer import ROOT
from explorer.analysis.element import Element
from explorer.analysis.palette import KINDS
from explorer.analysis.text import si

FOLDER = ROOT / "assets" / "gallery"


@dataclass(frozen=True)
class Card:
    """A family on the home page; the figures are those of its default variant."""

    name: str
    title: str
    year: int
    authors: str
    idea: str
    default: str
    variants: int
    params: int
    macs: int
    depth: int
    drawing: dict[str, Any]  # the strip of stages: its SVG, and what each element tells

    def svg(self) -> str:
        """The strip, as the diagram component draws it."""
        return str(self.drawing["svg"])

    @property
    def elements(self) -> dict[str, Element]:
        return {name: Element(**{**e, "lines": tuple(e["lines"])}) for name, e in self.drawing["elements"].items()}


def card(name: str) -> Card:
    """The card of a family, from its trace."""
    from explorer.analysis.trace import trace_variant
    from explorer.architectures import family
    from explorer.diagrams import network_diagram  # torch, pygraphviz: not for home

    f = family(name)
    variant = f.variant(f.default)
    t = trace_variant(variant)
    strip = network_diagram(t)
    drawing = {"svg": strip.svg(), "elements": {k: asdict(e) for k, e in strip.elements.items()}}
    counts = {"variants": len(f.variants), "params": t.inference_params, "macs": t.inference_macs, "depth": t.depth}
    return Card(f.name, f.title, f.year, f.authors, f.idea, variant.title, **counts, drawing=drawing)


@cache
def cards() -> tuple[Card, ...]:
    """The cards of all families that have a page, oldest first."""
    modules = {file.stem for file in (ROOT / "explorer" / "architectures").glob("*.py")}
    names = sorted(file.stem for file in (ROOT / "pages").glob("*.py") if file.stem in modules)
    found = []
    for name in names:
        file = FOLDER / f"{name}.json"
        found.append(Card(**json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else card(name))
    return tuple(sorted(found, key=lambda c: (c.year, c.title)))


def timeline(shown: tuple[Card, ...]) -> Card | None:
    """Years against MACs, a bubble a family, its area the parameters; returns the family that was clicked.

    The years without a family (there are thirteen after LeNet-5) are left out, so that the others have room for names.
    """
    import plotly.graph_objects as go  # a third of a second: not before the first home page

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
                "color": KINDS["pointwise"].light_stroke,
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
