"""A guided tour in the sidebar: what to look at on a page, one click each."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from explorer.architectures.family import Family


@dataclass(frozen=True)
class Step:
    """A `title` for the button, the `node` that it selects, what to see, and the `variant` (empty: the default)."""

    title: str
    node: str
    text: str
    variant: str = ""


def tour(family: Family, steps: tuple[Step, ...]) -> None:
    """Draw the steps; the chosen one selects its node and tells its text."""
    with st.sidebar:
        st.subheader("Tour", anchor=False)
        told = st.container()
        for number, step in enumerate(steps, 1):
            st.button(
                f"{number}. {step.title}", key=f"tour-{number}", type="tertiary", on_click=_go, args=(family, step)
            )
            if st.session_state.get("tour") == (family.name, step.title):
                told.info(f"**{step.title}.** {step.text}")


def _go(family: Family, step: Step) -> None:
    st.session_state["variant"] = step.variant or family.default
    st.session_state["node"] = step.node
    st.session_state["panel"] = "maps"  # of which the steps tell
    st.session_state["tour"] = (family.name, step.title)
