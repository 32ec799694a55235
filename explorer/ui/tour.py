"""A guided tour in the sidebar: what to look at on a page, one click each."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from explorer.architectures.family import Family
from explorer.ui.section import OPEN
from explorer.ui.selection import NODE


@dataclass(frozen=True)
class Step:
    """A `title` for the button, the `node` that it selects, and what to see.

    `variant`: empty for the default; `section`: one to open below the screen, by its name.
    """

    title: str
    node: str
    text: str
    variant: str = ""
    section: str = ""


def tour(family: Family, steps: tuple[Step, ...]) -> None:
    """The steps, for the sidebar; the chosen one selects its node and shows its text."""
    st.subheader("Tour", anchor=False)
    place = st.container()
    for number, step in enumerate(steps, 1):
        st.button(f"{number}. {step.title}", key=f"tour-{number}", type="tertiary", on_click=_go, args=(family, step))
        if st.session_state.get("tour") == (family.name, step.title):
            place.info(f"**{step.title}.** {step.text}")


def _go(family: Family, step: Step) -> None:
    state = st.session_state
    state["variant"] = step.variant or family.default
    state[NODE] = step.node
    state["instrument"] = "maps"  # what the texts are about
    if step.section:
        state[OPEN] = step.section
    state["tour"] = (family.name, step.title)
