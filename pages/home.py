"""Home: every architecture at a glance, drawn from the catalogue."""

from __future__ import annotations

import streamlit as st

from explorer.analysis.text import si
from explorer.cards import Card, cards
from explorer.ui.components.diagram import clicked, diagram, link
from explorer.ui.home import timeline


def open_page(card: Card, node: str | None = None) -> None:
    """Leave for the family's page, with a node selected."""
    st.switch_page(f"../pages/{card.name}.py", query_params={"node": node} if node else {})


def show(card: Card) -> None:
    """One family: its idea, its figures and its strip of stages, each a way in."""
    idea, figures = st.columns(2, vertical_alignment="center", gap="medium")
    with idea:
        st.page_link(f"../pages/{card.name}.py", label=f"{card.title} ({card.year})")
        st.markdown(card.idea)
    figures.caption(
        f"{card.default}: {card.depth} layers, {si(card.params)} parameters, {si(card.macs)} MACs; "
        f"{card.variants} variant{'s' * (card.variants > 1)}. {card.authors}."
    )
    node = clicked(f"{card.name}-home")
    if node:
        open_page(card, node)
    diagram(card, group=card.name, key=f"{card.name}-card", label=f"Stages of {card.default}", legend=False)
    link(group=card.name, key=f"{card.name}-home", node="", block="", stage="")


st.title("CNN explorer", anchor=False)
st.markdown(
    "Open an architecture, click through its block diagram, drop in a picture, and see every feature map and the cost "
    "of every layer. All figures are counted from the code that runs."
)
with st.container(horizontal=True):
    st.page_link("../pages/compare.py", label="Compare two networks")
    st.page_link("../pages/convolution.py", label="What a 1×1 convolution saves")
chosen = timeline(cards())
if chosen:
    open_page(chosen)
for card in cards():
    with st.container(border=True):
        show(card)
