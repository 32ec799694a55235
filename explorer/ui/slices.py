"""Seconds of work, begun with a button and done a slice at a time, with its progress and a way out.

What a viewer presses ends a run of the whole page, but not that of a fragment: there, a click would wait for all of the
work. So each slice is a run of its own, and whatever is pressed comes in between.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from threading import enumerate as enumerate_threads
from time import monotonic, sleep
from typing import Any

import streamlit as st

from explorer.runtime.store import Kept
from explorer.runtime.turns import breathe
from explorer.ui.link import rerun_page
from explorer.ui.selection import SHOWN_IN

BEGUN = "long-work"  # in the session: which button was pressed last, and what about
PROMPT_S = 0.3  # what is this quick shows no progress
SLICE_S = 0.4  # of work in one run
LOOK_INTERVAL_S = 0.5  # between two runs
REST = 2  # of the time that the work took, at most
LOOK_S = 0.01
RUN_THREAD = "ScriptRunner.scriptThread"


@dataclass(frozen=True)
class Part:
    """A call of a kept function."""

    function: Kept[..., Any]
    arguments: tuple[Any, ...]

    @property
    def known(self) -> bool:
        return self.function.has(*self.arguments)

    def __call__(self) -> Any:
        return self.function(*self.arguments)


def in_slices(key: str, wish: Hashable, begin: str, parts: Sequence[Part], noun: str) -> list[Any] | None:
    """The results of all parts, once they are known; until then None, with a button that begins, or the progress.

    A viewer has one such work at a time: what is begun ends what was begun before.

    Args:
        key: of the button; that of the one that ends it is the same with "-cancel".
        wish: what it is about: with another wish, work that has begun ends.
        begin: says what the button does.
        parts: in their order.
        noun: what there are so many of as parts.
    """
    begun = key, wish
    if not all(part.known for part in parts) and st.session_state.get(BEGUN) != begun:
        st.button(begin, key=key, on_click=_set, args=(begun,))
        return None
    found = _first(parts, PROMPT_S)
    if len(found) == len(parts):
        return found
    _progress(begun, parts, noun)
    return None


def _set(begun: tuple[str, Hashable] | None) -> None:
    st.session_state[BEGUN] = begun
    st.rerun(st.session_state[SHOWN_IN])


def _first(parts: Sequence[Part], seconds: float) -> list[Any]:
    """The first results: all that are known, and what is computed in that time."""
    found: list[Any] = []
    end, worked = monotonic() + seconds, 0.0
    for part in parts:
        if not part.known:
            give_way(worked)
            if monotonic() > end:
                break
        begun = monotonic()
        found.append(part())
        worked = monotonic() - begun
    return found


def give_way(seconds: float) -> None:
    """Rest after so many seconds of long work while other runs are under way: they are what people wait for."""
    rested = monotonic() + REST * seconds
    while monotonic() < rested and others_run():
        breathe()
        sleep(LOOK_S)


def others_run() -> bool:
    """Whether a run of another session is under way, by the name that Streamlit gives its threads."""
    return sum(thread.name == RUN_THREAD for thread in enumerate_threads()) > 1


@st.fragment(run_every=LOOK_INTERVAL_S)
def _progress(begun: tuple[str, Hashable], parts: Sequence[Part], noun: str) -> None:
    if st.session_state.get(BEGUN) != begun:  # other work was begun, in a fragment that does not draw this one
        rerun_page()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Cancel", key=f"{begun[0]}-cancel", on_click=_set, args=(None,))
        bar = st.empty()
    for seconds in (0, SLICE_S):
        done = len(_first(parts, seconds))
        bar.progress(done / len(parts), f"{done} of {len(parts)} {noun}")
    if done == len(parts):
        rerun_page()
