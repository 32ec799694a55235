"""Parts of a page of which one is shown at a time: only that one is computed and sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from explorer.runtime.run import Run
from explorer.ui.controls import segments
from explorer.ui.edits import current
from explorer.ui.link import Control, choice, publish
from explorer.ui.selection import SHOWN_IN
from explorer.ui.window import BELOW, PAINTED, SCREEN

OPEN = "section"
WAITING_HEIGHT_PX = 400  # kept free meanwhile


@dataclass(frozen=True)
class Section:
    """A part below the screen, or an instrument on it.

    Attributes:
        name: in the link.
        title: in the bar of names.
        show: draws it for a run.
        controls: what can be set in it, for a run; names begin with that of its folder and a dot.
        follows: it shows something of the selected operation, so each click in a diagram draws it again.
        available: whether a network has what it shows.
        head: of an instrument, what stands beside the names of all instruments instead of the maps' title.
    """

    name: str
    title: str
    show: Callable[[Run], None]
    controls: Callable[[Run], Sequence[Control]] = lambda run: ()
    follows: bool = False
    available: Callable[[Run], bool] = lambda run: True
    head: Callable[[Run], None] | None = None


def controls_of(sections: Sequence[Section], run: Run) -> list[Control]:
    """The controls of all of them; sections of one folder may share some."""
    found = {c.name: c for section in sections for c in section.controls(run)}
    return list(found.values())


def open_control(sections: Sequence[Section]) -> Control:
    """Which of them is open: at first the first one."""
    return choice(OPEN, "Section", {s.name: s.title for s in sections})


def open_section(sections: Sequence[Section]) -> Section:
    """The one that is open."""
    return next((s for s in sections if s.name == st.session_state[OPEN]), sections[0])


@st.fragment(key=BELOW)
def below(sections: tuple[Section, ...], run: Run) -> None:
    """The bar of names, and the open section under it."""
    with st.container(key="section-bar"):
        segments(open_control(sections), label_visibility="collapsed")
    section, run = open_section(sections), current(run)
    st.session_state[SHOWN_IN] = [SCREEN, BELOW] if section.follows else [SCREEN]
    with st.container(key=f"section-{section.name}"):
        if st.session_state.get(PAINTED):
            section.show(run)
        else:  # its charts bring a library whose loading keeps the browser from painting anything for a second
            st.container(height=WAITING_HEIGHT_PX, border=False, key="waiting")
    publish()
