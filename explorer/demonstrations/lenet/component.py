"""The component of LeNet-5's table of connections: point at a map, and the maps that it reads light up."""

from __future__ import annotations

import streamlit as st

from explorer.ui.components import source

_CONNECTIONS = st.components.v2.component(
    "cnn_explorer.connections",
    css=source("connections.css"),
    js=source("maps_common.js", "map_paint.js", "connections.js"),
)


def connections(payload: bytes, *, key: str) -> None:
    """Show one message of `explorer.demonstrations.lenet.compute.links_message`."""
    _CONNECTIONS(key=key, data=payload)
