"""The component that draws a value's parts: windows, channels' sums, curves, and the ways on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.ui.components import component

_FOLDER = Path(__file__).parent
_PARTS = component(_FOLDER / "parts.js", _FOLDER / "parts.css")


def parts(
    message: Mapping[str, Any],
    *,
    key: str,
    on_picked_change: Callable[[], None],
    on_input_change: Callable[[], None],
    on_back_change: Callable[[], None],
) -> None:
    """Show a value's parts; `message` is that of `explorer.instruments.value.message`, with colours and picture.

    Each callback runs before the run that a click causes; `clicked` says on what.
    """
    _PARTS(
        key=key,
        data=dict(message),
        on_picked_change=on_picked_change,
        on_input_change=on_input_change,
        on_back_change=on_back_change,
        height="stretch",
    )


def clicked(key: str, what: str) -> object:
    """What was clicked, if the browser is to be believed.

    "picked": a value, by node, channel, row, column; "input": an input channel; "back": the number of a step.
    """
    return (st.session_state.get(key) or {}).get(what)
