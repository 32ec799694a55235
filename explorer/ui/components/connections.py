"""The component of LeNet-5's table of connections: point at a map, and the maps that it reads light up."""

from __future__ import annotations

from pathlib import Path

import streamlit as st


def _source(*names: str) -> str:
    return "\n".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in names)


_CONNECTIONS = st.components.v2.component(
    "cnn_explorer.connections",
    css=_source("connections.css"),
    js=_source("maps_common.js", "map_paint.js", "connections.js"),
)


def connections(payload: bytes, *, key: str) -> None:
    """Show one message of `explorer.runtime.lenet.links_message`."""
    _CONNECTIONS(key=key, data=payload)
