"""What the bar above a page leads through: the steps of its tour, or a lesson's items, which lie on many pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from explorer.architectures import families, family
from explorer.teaching import about
from explorer.teaching.lesson import TOOLS, Item, Lesson, bundled
from explorer.teaching.shelf import heads
from explorer.teaching.step import Look, Step, View
from explorer.ui.edits import EDITS
from explorer.ui.lessons import LECTURE_OWN, OWN
from explorer.ui.link import NODE, choice
from explorer.ui.section import OPEN

SHOWN_BY = (NODE, OPEN, "colour", EDITS, "maps.beside")  # the controls that show a view
NONE = ""
PREDICT = "Predict first, alone. Then talk to your neighbour, and predict again."


def _titles() -> dict[str, str]:
    """Of all lessons that can be led here, by name."""
    own: Lesson | None = st.session_state.get(LECTURE_OWN)
    return {NONE: NONE, **{h.name: h.title for h in heads()}, **({} if own is None else {OWN: own.title})}


LECTURE = choice("lecture", "Lesson", _titles, kept=True)


def _led() -> Lesson | None:
    """The lesson that is led."""
    name = LECTURE.value
    return None if name == NONE else st.session_state[LECTURE_OWN] if name == OWN else bundled(name)


@dataclass(frozen=True)
class Stop:
    """A view to stop at: what the bar tells of it, and the values of controls, by name, that make it on its page."""

    page: str
    title: str
    text: str
    values: Mapping[str, Any]
    node: str = ""
    look: Look = "screen"


def values(view: View) -> dict[str, Any]:
    """Those of controls, by name, that show a view."""
    of_view = view.node, view.section, view.colour, view.edits, view.beside
    return {name: value for name, value in zip(SHOWN_BY, of_view, strict=True) if value}


def stops_of(page: str) -> tuple[Stop, ...]:
    """Those of the lesson that is led, else of the page's own tour; after `LECTURE` was restored."""
    lesson = _led()
    if lesson is not None:
        return tuple(map(_of_item, lesson.items))
    has_tour = any(f.name == page for f in families())
    return tuple(_of_step(page, step) for step in about.tour(page)) if has_tour else ()


def _of_step(page: str, step: Step, variant: str = "") -> Stop:
    beside = {"instrument": "questions", "questions.name": step.asks} if step.asks else {"instrument": "maps"}
    shown = {"variant": variant or step.variant or family(page).default, **beside, **values(step.view)}
    return Stop(page, step.title, step.text, shown, step.node, step.look)


def _of_item(item: Item) -> Stop:
    sample = {"sample": item.sample} if item.sample else {}
    minutes = f" ({item.minutes} min)"
    if item.step is not None:
        stop = _of_step(item.page, replace(item.step, asks=""), item.variant)  # a lesson has its own questions
        return Stop(stop.page, stop.title + minutes, stop.text, {**stop.values, **sample}, stop.node, stop.look)
    assert item.question is not None
    asked = {"questions.name": item.question.name, **sample}
    if item.page in TOOLS:
        return Stop(item.page, "Question" + minutes, PREDICT, {OPEN: "questions", **asked}, look="section")
    return Stop(item.page, "Question" + minutes, PREDICT, {"variant": item.network, "instrument": "questions", **asked})
