"""The component that draws rows of small pictures, each of what a channel looks for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.instruments.looks_for.compute import Pixels
from explorer.instruments.looks_for.sprites import Drawn, sent
from explorer.runtime.maps import Message
from explorer.ui.components import component

ANEW = "begun as a part of a sample: from noise it stayed below"
ANEW_MARK = " *"  # at such a picture's channel

_FOLDER = Path(__file__).parent
_UNITS = component(_FOLDER / "units.js", _FOLDER / "units.css")


@dataclass(frozen=True)
class Tile:
    """Words under a picture, what it is read aloud as, and whether its channel is dead."""

    words: str
    alt: str
    dead: bool = False


def tile(words: str, of: str, drawn: Drawn | None, channel: int) -> Tile:
    """What is under a channel's picture; `drawn`: what came with the app, if it did."""
    if drawn is not None and channel in drawn.dead:
        return Tile(f"{words} dead", f"{words}{of}: dead", dead=True)
    begun = ANEW_MARK if drawn is not None and channel in drawn.anew else ""
    return Tile(f"{words}{begun}", f"{words}{of}: what it looks for{f', {ANEW}' if begun else ''}")


@dataclass(frozen=True)
class Row:
    """Pictures, (N, side, side, 1 or 3), that lie together; without a title they fill the whole room."""

    name: str
    label: str
    tiles: Sequence[Tile]
    pixels: Pixels
    title: str = ""
    note: str = ""


def message(rows: Sequence[Row]) -> Message:
    """What the browser gets."""
    heads: list[dict[str, Any]] = []
    body = b""
    for row in rows:
        sheet, columns = sent(row.pixels)
        heads.append(
            {
                "name": row.name,
                "label": row.label,
                "title": row.title,
                "note": row.note,
                "columns": columns,
                "tiles": [vars(tile) for tile in row.tiles],
                "bytes": [len(body), len(body) + len(sheet)],
            }
        )
        body += sheet
    words = repr(heads).encode()
    return Message({"rows": heads, "digest": hashlib.sha256(words + body).hexdigest()}, body)


def units(shown: Message, *, key: str, on_picked_change: Callable[[], None], height: Any = "content") -> None:
    """Show the rows; the callback runs before the run that a click causes, and `picked` says on what."""
    _UNITS(key=key, data=shown.packed(), on_picked_change=on_picked_change, height=height)


def picked(key: str) -> tuple[str, int] | None:
    """The row's name and the picture's place in it, if the browser is to be believed."""
    reported = (st.session_state.get(key) or {}).get("picked")
    if not isinstance(reported, Mapping):
        return None
    row, index = reported.get("row"), reported.get("index")
    return (row, index) if isinstance(row, str) and type(index) is int and index >= 0 else None
