"""State in the link: a pasted link, a reload and the browser's Back show the view that they name.

Each run writes the link anew. What stands in it and was not written by the run before comes from a person, and
wins over what the session remembers.

Streamlit's own binding writes a select box's labels into the address and drops values that do not exist without
a word; links here carry short names, and what does not exist is said.
"""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

WRITTEN, ASKED, FOLLOWED = "link-written", "link-asked", "links-followed"
MAIN, BESIDE = "link-main", "link-beside"  # what `keep` and `beside` were given last


def read() -> None:
    """Find out what the link asks for; once in each run of a whole page, before anything is drawn.

    Not in the run of a fragment: of two quick clicks, the second may carry the link from before the first.
    """
    state, link = st.session_state, st.query_params.to_dict()
    state[ASKED] = link if link != state.get(WRITTEN) else {}
    state[FOLLOWED] = followed() + bool(state[ASKED])
    state[MAIN], state[BESIDE] = {}, {}


def asked(key: str) -> str | None:
    """What a person's link says of `key`, until `keep`; None where it says nothing, or nothing new."""
    value: str | None = st.session_state[ASKED].get(key)
    return value


def fresh() -> bool:
    """Whether a person's link is being followed: what it does not name has its first value, for Back to undo."""
    return bool(st.session_state[ASKED])


def followed() -> int:
    """How many links this session has followed: for the key of a component that begins anew with each."""
    count: int = st.session_state.get(FOLLOWED, 0)
    return count


def seed(key: str, options: Collection[str], default: str, what: str) -> str:
    """Give the widget `key`, before it is drawn, its value from the link or a first one; return its value.

    A sentence on the page tells of a link's value that is none of the `options`.
    """
    current: str = st.session_state.get(key, "")
    chosen: str = asked(key) or (current if current in options else default)
    if chosen not in options:
        st.warning(f"There is no {what} called {chosen!r}; {default} is shown.")
        chosen = default
    if chosen != current:
        st.session_state[key] = chosen
    return chosen


def seed_number(key: str, low: int, high: int, first: int) -> int:
    """As `seed`, for a whole number from `low` to `high`."""
    state, wish = st.session_state, asked(key)
    value: int = state.get(key, first)
    if wish and wish.isascii() and wish.removeprefix("-").isdecimal() and len(wish) < 6:
        value = int(wish)
    if not low <= value <= high:
        value = first
    if wish and wish != str(value):
        st.warning(f"The link asks for {key} {wish}, which does not exist; {value} is shown.")
    if state.get(key) != value:
        state[key] = value
    return value


def keep(**values: str | int | None) -> None:
    """Write what is shown into the link, all at once: each change is a step for the browser's Back.

    Everything that a link can ask for is given each time, None for what it shall not say.
    """
    st.session_state[MAIN] = values
    rewrite()


def beside(panel: str = "", /, **values: str | int | None) -> None:
    """What a panel below the screen shows: it stands in the link with what the page keeps, from its next `keep` on.

    In the run of a whole page, before that `keep`; a panel that runs alone calls `rewrite`. Of several panels on a
    page, each gives its own name.
    """
    st.session_state[BESIDE] = {**st.session_state[BESIDE], panel: values}


def rewrite() -> None:
    """Write the link anew: what the page kept last, and what its panels show now."""
    values = dict(st.session_state[MAIN])
    for shown in st.session_state[BESIDE].values():
        values |= shown
    link = {key: str(value) for key, value in values.items() if value is not None}
    if st.query_params.to_dict() != link:
        st.query_params.from_dict(link)
    st.session_state[WRITTEN] = link
    st.session_state[ASKED] = {}
