"""Files of the diagrams, to take away."""

from __future__ import annotations

from functools import partial
from typing import get_args
from urllib.parse import urlencode

import streamlit as st

from explorer.analysis.trace import Node
from explorer.architectures import variant as variant_called
from explorer.diagrams import Format, Zoom
from explorer.diagrams.scale import ColourBy
from explorer.runtime.device import long_work
from explorer.runtime.run import Run
from explorer.teaching.handout import of_view
from explorer.teaching.question import Subject
from explorer.ui import cache
from explorer.ui.controls import PERSIST
from explorer.ui.link import link_here
from explorer.ui.selection import selected

WHAT: dict[Zoom, str] = {
    "network": "All stages",
    "stage": "The stage",
    "block": "The block",
    "operations": "All operations",
}
PARTS = ("Title", "Legend", "Selection")


def download(name: str, colour_by: ColourBy) -> None:
    """Files of the diagrams about the selected operation, in light colours: of kinds, or of a cost as on the page."""
    trace = cache.trace(name)
    node = selected(trace)
    zoom = st.selectbox("Download as a file", WHAT, format_func=WHAT.__getitem__, key="download-zoom")
    parts = st.pills(
        "With", PARTS, default=PARTS[:2], selection_mode="multi", key="download-parts", persist_state=PERSIST
    )
    part = _part(zoom, node)
    drawing = cache.diagram(name, zoom, part, colour_by)
    title = " · ".join([variant_called(name).title, *([part] if part else [])])
    file = "-".join([name, zoom, *([part] if part else []), *([colour_by] if colour_by != "kind" else [])])
    with st.container(horizontal=True):
        for fmt in get_args(Format):
            render = partial(
                drawing.render,
                fmt,
                node.name if "Selection" in parts else None,
                title=title if "Title" in parts else "",
                legend="Legend" in parts,
            )
            st.download_button(fmt.upper(), render, f"{file}.{fmt}", on_click="ignore", key=f"download-{fmt}")


def handout(run: Run, colour_by: ColourBy) -> None:
    """The view as a page to print: diagrams, maps, figures, questions, and the answers at the end."""
    trace, beside = cache.trace(run.variant), st.session_state["maps.beside"]
    node = selected(trace).name
    link = f"{st.context.url}?{urlencode(link_here())}" if link_here() else str(st.context.url)
    about = {"colour": colour_by, "beside": beside if beside in trace else "", "link": link}

    def page() -> str:
        with long_work():  # seconds of passes and drawings
            return of_view(Subject(run, cache.trace, cache.activations), node, **about)

    st.download_button(
        "Handout to print (HTML)",
        page,
        f"{run.variant}-{node}.html",
        on_click="ignore",
        key="handout",
        help="One file, for paper or offline: diagrams, maps, figures, questions with the answers at the end",
    )


def _part(zoom: Zoom, node: Node) -> str | None:
    """What a diagram at that zoom shows: the node's stage, its block, or everything."""
    parts: dict[Zoom, str] = {"stage": node.stage, "block": node.block}
    return parts.get(zoom) or None
