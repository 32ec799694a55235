"""What only the browser knows: that it has painted, how large its type is, whether the sidebar shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.ui.components import component

_WINDOW = component(Path(__file__).with_name("window.js"))


def watch(key: str, on_change: Callable[[], None], kept: str, on_kept: Callable[[], None]) -> None:
    """Call `on_change` once the browser has painted what stands on the page, and when what it reports has changed.

    The tab keeps the text `kept` over a reload: `on_kept` is called when there is one that this session does not have.
    """
    _WINDOW(key=key, data={"kept": kept}, on_seen_change=on_change, on_kept_change=on_kept)


def seen(key: str) -> Mapping[str, Any]:
    """What it reported last: `rem`, the pixels of the root's type, and `sidebar`, "shown" or "hidden"."""
    reported = (st.session_state.get(key) or {}).get("seen")
    return reported if isinstance(reported, Mapping) else {}


def text_kept(key: str) -> str:
    """The text that the tab has kept; empty where it has none."""
    text = (st.session_state.get(key) or {}).get("kept")
    return text if isinstance(text, str) else ""
