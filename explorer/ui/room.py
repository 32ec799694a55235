"""The presenter's side of a room: the right to it, which this session keeps, how to get in, what was voted."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

import segno
import streamlit as st

from explorer.hall.rooms import Refused, Result, State, Ticket, rooms
from explorer.ui.link import rerun_page

TICKET = "room"  # in the session: the presenter's right
LOOPBACK = ("localhost", "127.0.0.1", "::1")
DOOR = "room-door-asked"  # in the session: the box with the way in is to be opened
QR_SCALE = 12  # pixels of a module in the picture
QR_SIDE = 400  # pixels on the page
R = TypeVar("R")


def ticket() -> Ticket | None:
    """This session's right to a room, if it has opened one."""
    held: Ticket | None = st.session_state.get(TICKET)
    return held


def state() -> State | None:
    """What the hall sees of this session's room; None where there is none any more."""
    held = ticket()
    return None if held is None else tried(rooms().state, held.code)


def text() -> str:
    """The right to the room in one line, for the tab to keep over a reload; empty without one."""
    held = ticket()
    return "" if held is None else f"{held.code} {held.secret}"


def take_back(kept: str) -> None:
    """Take the right to a room from what the tab has kept, if the room is still there."""
    code, _, secret = kept.partition(" ")
    found = Ticket(code, secret)
    try:
        rooms().touch(found)
    except Refused:
        return
    st.session_state[TICKET] = found
    rerun_page()


def tried(act: Callable[..., R], *arguments: object) -> R | None:
    """Do something with the room; a refusal is said on the page."""
    try:
        return act(*arguments)
    except Refused as error:
        st.toast(str(error))
        return None


def begin() -> None:
    """Open a room; for a button's callback."""
    opened = tried(rooms().open)
    if opened is not None:
        st.session_state[TICKET] = opened
        rerun_page()  # the tab is to keep it


def end() -> None:
    """End this session's room; for a button's callback."""
    held = st.session_state.pop(TICKET, None)
    if held is not None:
        tried(rooms().end, held)
    rerun_page()


def address(code: str) -> str:
    """Where the audience finds the room: on the host by which the presenter's browser found the app."""
    parts = urlsplit(st.context.url or "")
    return f"{parts.scheme}://{parts.netloc}/hall/{code}"


def ask_for_door() -> None:
    """Show how to get into the room; for a button's callback."""
    st.session_state[DOOR] = True


def door() -> None:
    """The box with the way into the room, where it has been asked for; in a fragment."""
    held = ticket()
    if st.session_state.pop(DOOR, False) and held is not None:
        _door(held)


@st.dialog("Join", width="large")
def _door(held: Ticket) -> None:
    """The way into the room, as large as a hall needs it; its results; its end."""
    where = address(held.code)
    with st.container(key="room-join", horizontal=True, vertical_alignment="center"):
        st.image(qr_code(where), width=QR_SIDE)
        with st.container():
            st.title(held.code, anchor=False)
            st.markdown(f"`{where}`")
    if urlsplit(where).hostname in LOOPBACK:
        st.caption(
            "Only this computer finds it there. Serve with `HOST=0.0.0.0`, and open the app by the machine’s name."
        )
    results = tried(rooms().results, held)
    st.download_button(
        "Results as CSV",
        csv_of(results or []),
        f"room-{held.code}.csv",
        on_click="ignore",
        disabled=not results,
        key="room-results",
    )
    st.button("End the room", key="room-end", on_click=end)


@st.cache_data(max_entries=32, show_spinner=False)
def qr_code(text: str) -> bytes:
    """A PNG of the text as a QR code, black on white in either theme: phones read nothing else as well."""
    file = io.BytesIO()
    segno.make(text, error="m").save(file, kind="png", scale=QR_SCALE, border=3)
    return file.getvalue()


def csv_of(results: list[Result]) -> str:
    """The room's results: a line for each option of each question and round."""
    file = io.StringIO()
    table = csv.writer(file)
    table.writerow(("asked at (UTC)", "round", "question", "option", "votes", "right"))
    for result in results:
        for number, (option, count) in enumerate(zip(result.options, result.counts, strict=True)):
            right = "" if result.right is None else "yes" if number == result.right else "no"
            table.writerow((result.asked_at, result.round, _cell(result.text), _cell(option), count, right))
    return file.getvalue()


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text
