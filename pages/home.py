"""Home: every architecture at a glance, drawn from the catalogue."""

from __future__ import annotations

import streamlit as st

from explorer.analysis.text import si
from explorer.analysis.words import WORDS, explained
from explorer.cards import Card, cards
from explorer.ui.app.deep_links import UNKNOWN_PAGE
from explorer.ui.components.diagram import clicked, diagram, link
from explorer.ui.components.navigation import go_to
from explorer.ui.home import at_work, timeline, ways_in
from explorer.ui.lessons import lesson_shelf
from explorer.ui.link import MAX_QUOTED, Control, link_back_to, link_to, publish, restore
from explorer.ui.window import follow_window

TOOLS = (
    ("compare", "Compare two networks"),
    ("accuracy", "Accuracy against cost"),
    ("convolution", "The 1×1 convolution"),
)


def _no_page(text: str) -> None:
    raise ValueError(f"there is no page “{text[:MAX_QUOTED]}”")


UNKNOWN = Control(UNKNOWN_PAGE, "Page", _no_page)


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
        f"{card.variants} variant{'s' * (card.variants > 1)}. {card.authors}.",
        help=explained("Parameter", "MAC"),
    )
    node = clicked(f"{card.name}-home")
    if node:
        go_to(card.name, link_to(node=node))
    diagram(card, group=card.name, key=f"{card.name}-card", label=f"Stages of {card.default}", legend=False)
    link(group=card.name, key=f"{card.name}-home", node="", block="", stage="")


if __name__ == "__main__":
    restore((UNKNOWN,))
    with st.container(key="tool-title"):
        st.title("CNN explorer", anchor=False)
    st.markdown(
        "Convolutional networks that can be opened: click through their diagrams, give them a picture, see every map "
        "and the cost of every layer. All figures come from the code that runs."
    )
    at_work()
    ways_in()
    st.markdown("**Lessons** open as a presentation: steps, and questions to predict the answer of before it is shown.")
    lesson_shelf()
    with st.container(horizontal=True, key="tool-links"):
        for page, label in TOOLS:
            st.page_link(f"../pages/{page}.py", label=label, query_params=link_back_to(page))
        st.markdown("[Words that are used here](#words)", width="content")
    st.markdown(
        "**When, and at which cost?** Each bubble is a family of networks. The higher it lies, the more one picture "
        "costs: each line is ten times the one below it. The larger it is, the more parameters it has.",
        help=explained("MAC", "Parameter"),
    )
    timeline(cards())
    for card in cards():
        with st.container(border=True):
            show(card)
    st.header("Words", anchor="words")
    st.markdown("\n".join(f"- **{word}**: {sentence}" for word, sentence in WORDS.items()))
    follow_window()
    publish()
