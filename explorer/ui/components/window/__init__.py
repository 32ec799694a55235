"""What only the browser knows: that it has painted, how large its type is, whether the sidebar shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any

import streamlit as st

from explorer.ui.components import component

SESSION = "session-token"  # in the session: tells it from others
_WINDOW = component(Path(__file__).with_name("window.js"))


def watch(key: str, on_change: Callable[[], None], kept: str) -> None:
    """Call `on_change` once the browser has painted what stands on the page, and when what it reports has changed.

    The tab keeps the text `kept` over a reload, and for the session of a server which takes a lost one's place.
    """
    session = st.session_state.setdefault(SESSION, token_hex(8))
    _WINDOW(key=key, data={"kept": kept, "session": session}, on_seen_change=on_change)


def seen(key: str) -> Mapping[str, Any]:
    """What it reported last: `rem`, the pixels of the root's type; `sidebar`, "shown" or "hidden"; `kept`, a text that
    the tab has kept and this session does not have.
    """
    reported = (st.session_state.get(key) or {}).get("seen")
    return reported if isinstance(reported, Mapping) else {}
