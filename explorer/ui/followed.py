"""What the hall sees of the page, where it follows the presenter: the selection as pictures, and the link."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Lock
from urllib.parse import urlencode

import streamlit as st

from explorer.analysis.trace import Node
from explorer.architectures import variant
from explorer.diagrams import Zoom
from explorer.diagrams.labels import element_for
from explorer.hall.rooms import Kind, Refused, View, rooms
from explorer.runtime.maps import channels_per_page, page_of, show, statistics
from explorer.runtime.png import draw_png
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.link import PAGE, link_here
from explorer.ui.room import ticket

FOLLOWED = "room-followed"  # in the session: what the hall was shown last
OWN = ("present", "sidebar", "questions.name")  # what of the link is the presenter's own
QUESTIONS = "questions"  # the instrument, the section: nobody explores from there
MOST_SHOWN = 16  # maps in the hall's picture

_sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="room")
_waiting: dict[str, Callable[[], None]] = {}  # by code: the newest view that has not been sent
_lock = Lock()


def follow(run: Run, node: Node) -> None:
    """Let the hall follow what this session looks at; after `publish`. The pictures are drawn meanwhile."""

    def seen(link: str) -> View:
        pictures = tuple((rooms().keep(content, kind), alt, role) for content, kind, alt, role in _pictures(run, node))
        return View(link, f"{variant(run.variant).title} · {node.name}", _line(run, node), pictures)

    _follow(run.cache_key, seen)


def follow_tool(title: str) -> None:
    """The same of a page that is about no single architecture: its name, and the link."""
    _follow(title, lambda link: View(link, title))


def _follow(about: Hashable, seen: Callable[[str], View]) -> None:
    held = ticket()
    if held is None:
        return
    link = {name: text for name, text in link_here().items() if name not in OWN and text != QUESTIONS}
    here = f"/{st.session_state[PAGE]}?{urlencode(link)}".removesuffix("?")
    if st.session_state.get(FOLLOWED) == (held, here, about):
        return
    st.session_state[FOLLOWED] = held, here, about
    with _lock:
        _waiting[held.code] = lambda: rooms().follow(held, seen(here))
    _sender.submit(_send_newest, held.code)


def _send_newest(code: str) -> None:
    with _lock:
        send = _waiting.pop(code, None)
    if send is not None:
        with suppress(Refused):  # the room has ended: its presenter is told at the next press
            send()


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
