"""What the hall sees of the page, where it follows the presenter: the selection as pictures, and the link."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from urllib.parse import urlencode

import streamlit as st

from explorer.analysis.trace import Node
from explorer.architectures import variant
from explorer.diagrams import Zoom
from explorer.diagrams.labels import element_for
from explorer.hall.rooms import Kind, Refused, Ticket, View, rooms
from explorer.runtime.maps import channels_per_page, page_of, show, statistics
from explorer.runtime.png import draw_png
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.link import PAGE, link_here
from explorer.ui.room import ticket

FOLLOWED = "room-followed"  # in the session: what the hall was shown last
OWN = ("present", "sidebar", "questions.name")  # what of the link is the presenter's own
MOST_SHOWN = 16  # maps in the hall's picture

_sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="room")
_waiting: dict[str, Callable[[], None]] = {}  # by code: the newest view that has not been sent
_lock = Lock()


def follow(run: Run, node: Node) -> None:
    """Let the hall follow what this session looks at; after `publish`. The pictures are drawn meanwhile."""
    held = ticket()
    if held is None:
        return
    page = st.session_state[PAGE]
    link = {name: text for name, text in link_here().items() if name not in OWN}
    here = f"/{page}?{urlencode(link)}" if link else f"/{page}"
    seen = (held, here, run.cache_key)
    if st.session_state.get(FOLLOWED) == seen:
        return
    st.session_state[FOLLOWED] = seen
    with _lock:
        _waiting[held.code] = lambda: _send(held, run, node, here)
    _sender.submit(_send_newest, held.code)


def _send_newest(code: str) -> None:
    with _lock:
        send = _waiting.pop(code, None)
    if send is not None:
        send()


def _send(held: Ticket, run: Run, node: Node, link: str) -> None:
    try:
        pictures = tuple((rooms().keep(content, kind), alt, role) for content, kind, alt, role in _pictures(run, node))
        title = f"{variant(run.variant).title} · {node.name}"
        rooms().follow(held, View(link, title, _line(run, node), pictures))
    except Refused:
        pass  # the room has ended: its presenter is told at the next press


def _line(run: Run, node: Node) -> str:
    return " · ".join(element_for(cache.trace(run.variant), node).lines)


def _pictures(run: Run, node: Node) -> list[tuple[bytes, Kind, str, str]]:
    """Strip and block with the operation outlined, and its first maps: content, kind, words, role."""
    title = variant(run.variant).title
    pictures: list[tuple[bytes, Kind, str, str]] = [
        (_svg(run.variant, "network", node.name), "image/svg+xml", f"Stages of {title}", "strip"),
        (_svg(run.variant, "block", node.name), "image/svg+xml", f"Operations around {node.name}", "block"),
        (_maps(run, node.name), "image/png", f"Maps of {node.name}", "maps"),
    ]
    return pictures


@cache.kept()
def _svg(name: str, zoom: Zoom, selected: str) -> bytes:
    return cache.diagram(name, zoom, selected if zoom == "block" else None).render("svg", selected)


@cache.kept()
def _maps(run: Run, node: str) -> bytes:
    values = cache.activations(run).maps(node).numpy()
    stats = statistics(values)
    most = min(MOST_SHOWN if not stats.is_vector else len(values), channels_per_page(*stats.shape[1:]))
    return draw_png(show(values, stats, page_of(stats.order(), 0, most)))
