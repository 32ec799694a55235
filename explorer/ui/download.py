"""Files of the diagrams, to take away."""

from __future__ import annotations

from functools import partial
from typing import get_args

import streamlit as st

from explorer.analysis.trace import Node
from explorer.diagrams import Format, Zoom
from explorer.ui import cache
from explorer.ui.selection import selected


def download(name: str) -> None:
    """Files of the diagrams about the selected operation."""
    trace = cache.trace(name)
    node = selected(trace)
    zoom = st.selectbox("Download the diagram of", get_args(Zoom), key="download-zoom")
    drawing = cache.diagram(trace.variant, zoom, _part(zoom, node))
    with st.container(horizontal=True):
        for fmt in get_args(Format):
            st.download_button(
                fmt.upper(),
                partial(drawing.render, fmt, node.name),
                f"{trace.variant}-{zoom}.{fmt}",
                on_click="ignore",
                key=f"download-{fmt}",
            )


def _part(zoom: str, node: Node) -> str | None:
    """What a diagram at that zoom shows: the node's stage, its block, or everything."""
    return {"stage": node.stage or None, "block": node.block or None}.get(zoom)
