"""Home: every architecture at a glance, drawn from the catalogue."""

from __future__ import annotations

import streamlit as st

from explorer.analysis.text import si
from explorer.cards import Card, cards
from explorer.ui.components.diagram import clicked, diagram, link
from explorer.ui.components.navigation import go_to
from explorer.ui.home import timeline
from explorer.ui.link import link_back_to, link_to, publish


def show(card: Card) -> None:
    """One family: its idea, its figures and its strip of stages, each a way in."""
    idea, figures = st.columns(2, vertical_alignment="center", gap="medium")
    with idea:
        st.page_link(
            f"../pages/{card.name}.py", label=f"{card.title} ({card.year})", query_params=link_back_to(card.name)
        )
        st.markdown(card.idea)
    figures.caption(
        f"{card.default}: {card.depth} layers, {si(card.params)} parameters, {si(card.macs)} MACs; "
        f"{card.variants} variant{'s' * (card.variants > 1)}. {card.authors}."
    )
    node = clicked(f"{card.name}-home")
    if node:
        go_to(card.name, link_to(node=node))
    diagram(card, group=card.name, key=f"{card.name}-card", label=f"Stages of {card.default}", legend=False)
    link(group=card.name, key=f"{card.name}-home", node="", block="", stage="")


if __name__ == "__main__":
    st.title("CNN explorer", anchor=False)
    st.markdown(
        "Open an architecture, click through its block diagram, drop in a picture, and see every feature map and the "
        "cost of every layer. All figures are counted from the code that runs."
    )
    with st.container(horizontal=True):
        for page, label in (("compare", "Compare two networks"), ("convolution", "What a 1×1 convolution saves")):
            st.page_link(f"../pages/{page}.py", label=label, query_params=link_back_to(page))
    chosen = timeline(cards())
    if chosen:
        go_to(chosen.name, link_back_to(chosen.name))
    for card in cards():
        with st.container(border=True):
            show(card)
    publish()
