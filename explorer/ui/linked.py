"""State in the link: a pasted link shows the same view.

Streamlit's own binding writes a select box's labels into the address and drops values that do not exist without a
word; links here carry short names, and what does not exist is said.
"""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st


def seed(key: str, options: Collection[str], default: str, what: str) -> str:
    """Give the widget `key`, before it is drawn, its value from the link, once; return its current value.

    A sentence on the page tells of a link's value that is none of the `options`.
    """
    current = st.session_state.get(key)
    if current not in options:
        asked = st.query_params.get(key)
        if asked is not None and asked not in options:
            st.warning(f"There is no {what} called {asked!r}; {default} is shown.")
        current = st.session_state[key] = asked if asked in options else default
    return str(current)


def keep(key: str, value: str | int | None) -> None:
    """Write a value into the link; None, for what is standard, takes it out."""
    if value is None:
        st.query_params.pop(key, None)
    elif st.query_params.get(key) != str(value):
        st.query_params[key] = str(value)
