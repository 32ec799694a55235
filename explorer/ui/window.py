"""The viewer's window: what a page needs to know of it, and whether its sidebar is hidden."""

from __future__ import annotations

import streamlit as st

from explorer.ui import room
from explorer.ui.components.window import seen, watch
from explorer.ui.link import CONTROLS, NODE, choice, publish

SCREEN = "screen"  # the key of the fragment with the diagrams and the selected operation
BELOW = "below"  # the key of the fragment with the open section
PAINTED = "screen-painted"  # in the session: the browser has painted a screen; the first section waits for that
REM = "rem"  # in the session: the pixels of the root's type
DEFAULT_REM = 16
SHOWN = "shown"
HIDDEN = "hidden"
WIDTH_PX = 240  # of the sidebar

SIDEBAR = choice("sidebar", "Sidebar", (SHOWN, HIDDEN), kept=True)
_KEY = "window"


def place_sidebar() -> None:
    """Hide the sidebar where the link says so; after `restore`."""
    st.set_page_config(initial_sidebar_state="collapsed" if SIDEBAR.value == HIDDEN else WIDTH_PX)


@st.fragment
def follow_window() -> None:
    """Take what the browser reports; once a page, after its sections."""
    watch(_KEY, _take, room.text())
    publish()


def _take() -> None:
    state, reported = st.session_state, seen(_KEY)
    SIDEBAR.set(reported.get("sidebar"))
    rem = reported.get("rem")
    changed = isinstance(rem, int | float) and rem != state.get(REM, DEFAULT_REM)
    if changed:
        state[REM] = rem
    kept = reported.get("kept")
    if kept and isinstance(kept, str) and room.ticket() is None:
        state[PAINTED] = True
        room.take_back(kept)
    if changed or not state.get(PAINTED):
        state[PAINTED] = True
        with_screen = changed and NODE in state[CONTROLS]  # an instrument has charts, too, which the type enlarges
        st.rerun([SCREEN, BELOW] if with_screen else BELOW)


def type_scale() -> float:
    """How much larger the page's type is than at 1280 px; 1.0 until the browser has said."""
    return float(st.session_state.get(REM, DEFAULT_REM)) / DEFAULT_REM
