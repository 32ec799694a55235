"""What the home page begins with: networks at work, three ways in with a picture each, and the timeline."""

from __future__ import annotations

import base64
import itertools
import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from explorer import ASSETS
from explorer.analysis import designs
from explorer.analysis.cost import Convolution
from explorer.analysis.labelling import Bubble, places
from explorer.analysis.palette import INK, KINDS
from explorer.analysis.text import si
from explorer.analysis.types import Kind
from explorer.cards import Card, cards
from explorer.previews import PREVIEWS, drawn
from explorer.ui.components.navigation import go_to
from explorer.ui.link import link_back_to, link_to, plain, publish
from explorer.ui.window import BELOW

FIRST_5X5 = Convolution((192, 28, 28), 32, (5, 5))  # of GoogLeNet, in module 3a
DIRECT, REDUCED = designs.direct(FIRST_5X5), designs.bottleneck(FIRST_5X5, designs.BOTTLENECK)
SAVING = DIRECT.macs / REDUCED.macs
DIGIT = "2"  # of the sample digits, on the first card
MAX_GAP_YEARS = 3  # a longer time without a family is broken out of the axis
BROKEN_GAP_YEARS = 1.2  # how wide it is drawn
SAME_YEAR_YEARS = 0.36  # between two families of one year
MARGIN_YEARS = 0.5
MACS_DECADES = (4.5, 11.5)
HEIGHT_PX = 340
PLOT_HEIGHT_PX = 280  # without the axis
PLOT_WIDTHS_PX = (680, 850, 1000, 1180)
FONT_PX = 16
FONT = 'font-family="sans-serif" font-size="20"'
XMLNS = 'xmlns="http://www.w3.org/2000/svg"'


def _is_dark() -> bool:
    return bool(st.context.theme.type == "dark")


def _ink() -> str:
    """The colour of the page's text."""
    return KINDS["input"].dark_fill if _is_dark() else INK


def _colours(kind: Kind) -> tuple[str, str]:
    """Fill and stroke; the fill carries INK."""
    style = KINDS[kind]
    return (style.dark_fill, style.dark_stroke) if _is_dark() else (style.light_fill, style.light_stroke)


# ---- at work -----------------------------------------------------------------------------------------------


def at_work() -> None:
    """Four pictures of bundled networks at work, each a way to where it is from."""
    found = drawn()
    with st.container(horizontal=True, key="previews", gap="small"):
        for preview in PREVIEWS:
            card = next(c for c in cards() if c.name == preview.page)
            with st.container(key=f"preview-{preview.page}", gap=None):
                source = f"data:image/png;base64,{found['pictures'][preview.page]}"
                st.html(f'<img src="{source}" alt="{preview.alt}">')
                st.page_link(f"../pages/{preview.page}.py", label=preview.title, query_params=link_to(**preview.link))
                st.markdown(f"{card.default}, {card.year}")
    st.caption(f"Drawn by networks that come with the app, from the picture “{plain(found['sample'])}”.")


# ---- three ways in ------------------------------------------------------------------------------------------


def _digit() -> str:
    """One of the sample digits, as it is drawn."""
    strokes = json.loads((ASSETS / "digits" / "digits.json").read_text(encoding="utf-8"))[DIGIT]
    lines = []
    for stroke in strokes:  # 0 for the pen, then x and y of its points
        points = " ".join(f"{x},{y}" for x, y in zip(stroke[1::2], stroke[2::2], strict=True))
        lines.append(f'<polyline points="{points}"/>')
    pen = f'fill="none" stroke="{_ink()}" stroke-width="70" stroke-linecap="round" stroke-linejoin="round"'
    return f'<svg {XMLNS} viewBox="0 0 1000 1000"><g {pen}>{"".join(lines)}</g></svg>'


def _box(x: int, width: int, text: str, kind: Kind) -> str:
    fill, stroke = _colours(kind)
    return (
        f'<rect x="{x}" y="52" width="{width}" height="36" rx="5" fill="{fill}" stroke="{stroke}" stroke-width="2"/>'
        f'<text x="{x + width / 2}" y="76" text-anchor="middle" fill="{INK}">{text}</text>'
    )


def _shortcut() -> str:
    """Two convolutions, and the shortcut around them to the sum."""
    _, line = _colours("merge")
    return (
        f'<svg {XMLNS} viewBox="0 0 240 96" {FONT}><path d="M4,70H236" stroke="{_ink()}" stroke-width="2"/>'
        f'<path d="M16,70C16,0 188,-6 195,44" fill="none" stroke="{line}" stroke-width="4" stroke-dasharray="9 6"/>'
        f'<path d="M186,38L196,52L204,37Z" fill="{line}"/>'
        f"{_box(34, 62, '3×3', 'convolution')}{_box(108, 62, '3×3', 'convolution')}{_box(180, 30, '+', 'merge')}</svg>"
    )


def _savings() -> str:
    """The multiplications of GoogLeNet's first 5×5, direct and after a 1×1, as bars on one scale."""
    bars = []
    for row, design in enumerate((DIRECT, REDUCED)):
        x, top = 0.0, 12 + 54 * row
        for layer in design.layers:
            width = 165 * layer.macs / DIRECT.macs
            fill, stroke = _colours(layer.kind)
            shape = f'x="{x:.1f}" y="{top}" width="{width:.1f}" height="38"'
            bars.append(f'<rect {shape} fill="{fill}" stroke="{stroke}" stroke-width="2"/>')
            x += width
        bars.append(f'<text x="{x + 8:.1f}" y="{top + 27}" fill="{_ink()}">{si(design.macs)}</text>')
    return f'<svg {XMLNS} viewBox="-2 0 242 120" {FONT}>{"".join(bars)}</svg>'


@dataclass(frozen=True)
class WayIn:
    """A card: what one can do, where, and a picture of it."""

    title: str
    text: str
    page: str
    picture: Callable[[], str]  # as SVG
    alt: str
    link: dict[str, str] = field(default_factory=dict)


WAYS_IN = (
    WayIn(
        "Draw a digit",
        "LeNet-5 reads it while you draw, and shows what each layer makes of it.",
        "lenet",
        _digit,
        "A handwritten digit",
    ),
    WayIn(
        "What a shortcut does",
        "A lesson in steps: ResNet adds a unit's input to what the unit computes. See the sum.",
        "resnet",
        _shortcut,
        "Two convolutions, and a shortcut around them to a sum",
        {"step": "1"},
    ),
    WayIn(
        "What a 1×1 saves",
        f"The calculator: a 5×5 for {SAVING:.1f} times fewer multiplications, or with your own numbers.",
        "convolution",
        _savings,
        "The multiplications of a 5×5, without and with a 1×1 before it",
        {"section": "calculator"},
    ),
)


def ways_in() -> None:
    """The three cards."""
    for column, way in zip(st.columns(len(WAYS_IN), gap="medium"), WAYS_IN, strict=True):
        with column, st.container(border=True, key=f"way-in-{way.page}"):
            source = base64.b64encode(way.picture().encode()).decode()
            st.html(f'<img src="data:image/svg+xml;base64,{source}" alt="{way.alt}">')
            st.page_link(f"../pages/{way.page}.py", label=way.title, query_params=link_to(**way.link))
            st.markdown(way.text)


# ---- the timeline -------------------------------------------------------------------------------------------


def positions(years: Sequence[int]) -> dict[int, float]:
    """Where years stand on the axis: at their true distances, but for gaps that are broken out of it."""
    found: dict[int, float] = {}
    for year in sorted(set(years)):
        before = max(found, default=None)
        gap = 0 if before is None else year - before
        found[year] = (0 if before is None else found[before]) + (gap if gap <= MAX_GAP_YEARS else BROKEN_GAP_YEARS)
    return found


def across(years: Sequence[int]) -> list[float]:
    """The places of families of these years: those of one year stand side by side."""
    at, count, seen = positions(years), Counter(years), Counter[int]()
    found = []
    for year in years:
        found.append(at[year] + SAME_YEAR_YEARS * (seen[year] - (count[year] - 1) / 2))
        seen[year] += 1
    return found


@st.fragment(key=BELOW)
def timeline(shown: tuple[Card, ...]) -> None:
    """Years against MACs, a bubble a family, its area the parameters; a click opens the family's page."""
    from explorer.ui.charts import chart  # plotly takes a third of a second: not before the first home page

    event = chart(_years(shown), "timeline", "Years and costs", on_select="rerun", selection_mode="points")
    picked = event["selection"]["point_indices"]
    if picked:
        name = shown[picked[0]].name
        go_to(name, link_back_to(name))
    publish()


def _years(shown: tuple[Card, ...]) -> Any:
    """The figure of the timeline."""
    import plotly.graph_objects as go

    colour, text = _colours("pointwise")[1], _ink()
    largest = max(c.params for c in shown)
    years = positions([c.year for c in shown])
    x = across([c.year for c in shown])
    low, high = min(x) - MARGIN_YEARS, max(x) + MARGIN_YEARS
    diameters = [12 + 30 * math.sqrt(c.params / largest) for c in shown]
    figure = go.Figure(
        go.Scatter(
            x=x,
            y=[c.macs for c in shown],
            customdata=[[c.default, c.year, si(c.params), si(c.macs), c.depth] for c in shown],
            mode="markers",
            marker={"size": diameters, "color": colour, "opacity": 1},
            hovertemplate="<b>%{customdata[0]}</b> (%{customdata[1]})<br>%{customdata[2]} parameters<br>"
            "%{customdata[3]} MACs<br>%{customdata[4]} layers<extra></extra>",
        )
    )
    bubbles = [
        Bubble(
            (a - low) / (high - low),
            (math.log10(c.macs) - MACS_DECADES[0]) / (MACS_DECADES[1] - MACS_DECADES[0]) * PLOT_HEIGHT_PX,
            d / 2,
        )
        for a, c, d in zip(x, shown, diameters, strict=True)
    ]
    font = {"size": FONT_PX, "color": text}
    for i, place in places(
        bubbles, [[(i, c.title)] for i, c in enumerate(shown)], PLOT_WIDTHS_PX, PLOT_HEIGHT_PX
    ).items():
        figure.add_annotation(
            x=x[i],
            y=math.log10(shown[i].macs),
            text=place.name,
            showarrow=place.apart,
            **({"ax": place.right, "ay": -place.up} if place.apart else {"xshift": place.right, "yshift": place.up}),
            arrowhead=0,
            arrowwidth=1,
            arrowcolor=text,
            standoff=bubbles[i].radius,
            borderpad=0,
            font=font,
        )
    for before, after in itertools.pairwise(years):
        if after - before > MAX_GAP_YEARS:
            middle = (years[before] + years[after]) / 2
            note = f"// {after - before} years"
            figure.add_annotation(x=middle, y=0, yref="paper", text=note, showarrow=False, yanchor="top", font=font)
    figure.update_layout(
        height=HEIGHT_PX,
        margin={"l": 80, "r": 10, "t": 10, "b": 40},
        dragmode=False,
        xaxis={
            "range": (low, high),
            "tickvals": list(years.values()),
            "ticktext": list(map(str, years)),
            "tickfont": font,
            "showgrid": False,
            "zeroline": False,
        },
        yaxis={
            "type": "log",
            "range": MACS_DECADES,
            "dtick": 1,
            "tickformat": "~s",
            "tickfont": font,
            "title": {"text": "MACs", "font": font},
        },
        hoverlabel_font_size=FONT_PX,
        showlegend=False,
    )
    return figure
