"""The bar of a page's tour, the keys of the page, and what a presenter needs.

The browser shows at once what a key asks for and reports the whole wish; the server's answer says which wish it knows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from explorer.teaching.step import Look
from explorer.ui.components import component

_FOLDER = Path(__file__).parent
_STAGE = component(_FOLDER / "stage.js", _FOLDER / "stage.css")


@dataclass(frozen=True)
class Told:
    """What the bar tells of a step: `text` may have **bold** words; what to look at is on the screen or below it."""

    title: str
    text: str
    node: str
    look: Look


@dataclass(frozen=True)
class Wish:
    """What the viewer asked for: the step, 0 for none; whether to present; how many pieces of a block are shown."""

    step: int
    presenting: bool
    build: int


def stage(
    steps: Sequence[Told],
    now: Wish,
    *,
    key: str,
    on_wish: Callable[[Wish], None],
    noun: str = "Tour",
    idea: str = "",
    pieces: int = 0,
    lesson: bool = False,
    on_lesson: Callable[[], None] = lambda: None,
) -> None:
    """Show the bar.

    Args:
        steps: of the tour; without any the bar itself is not shown.
        now: what is shown at present.
        key: of the component.
        on_wish: called with what the viewer asks for, before the run that this causes.
        noun: what the steps are of.
        idea: what the bar says while no step is chosen.
        pieces: how many the block that is shown can be built up from.
        lesson: whether the page shows only part of itself.
        on_lesson: called when the viewer asks for a lesson's link, or in a lesson for the whole page.
    """
    presses = f"{key}-presses"

    def take() -> None:
        wish, count = _wish_in((st.session_state.get(key) or {}).get("wish"))
        if wish is not None:
            st.session_state[presses] = count
            on_wish(wish)

    data = {
        "steps": [asdict(step) for step in steps],
        **asdict(now),
        "noun": noun,
        "idea": idea,
        "pieces": pieces,
        "lesson": lesson,
        "presses": st.session_state.get(presses, 0),
    }
    _STAGE(key=key, data=data, on_wish_change=take, on_lesson_change=on_lesson)


def _wish_in(reported: Any) -> tuple[Wish | None, int]:
    """The wish and how many there have been; None for what is none: a browser can send anything."""
    fields = {"step": int, "presenting": bool, "build": int, "presses": int}
    try:
        values = {name: reported[name] for name in fields}
    except (KeyError, TypeError):
        return None, 0
    if any(type(values[name]) is not kind for name, kind in fields.items()):
        return None, 0
    count = values.pop("presses")
    return Wish(**values), count
