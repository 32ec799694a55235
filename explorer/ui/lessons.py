"""The lessons on the home page: each opens with one press, as a presentation; handouts; a lecturer's own file."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from explorer.teaching.shelf import heads
from explorer.ui.link import link_to, plain

if TYPE_CHECKING:
    from explorer.teaching.lesson import Item, Lesson

LECTURE_OWN = "lecture-own"  # in the session: the lesson that this viewer has brought
OWN = "own"  # its name
MOST_MB = 1
FORMAT = """\
    # Shortcuts
    8 minutes, second year

    ## resnet, question residual (5 min)
    Say: Predict alone first.

    ## resnet, step What it adds (3 min)
"""


def lesson_shelf() -> None:
    """A card for each lesson, and one for a lecturer's own."""
    with st.container(horizontal=True, key="lessons", gap="small"):
        for head in heads():
            with st.container(border=True, key=f"lesson-{head.name}"):
                _card(head.name, head.page, head.title, head.length)
        own: Lesson | None = st.session_state.get(LECTURE_OWN)
        if own is not None:
            with st.container(border=True, key=f"lesson-{OWN}"):
                _card(OWN, own.items[0].page, own.title, f"{own.minutes} minutes, {own.audience}".rstrip(", "))
        _own_lesson()


def _card(name: str, page: str, title: str, length: str) -> None:
    opened = link_to(lecture=name, step="1", present="yes")
    st.page_link(f"../pages/{page}.py", label=plain(title), query_params=opened)
    st.markdown(plain(length))
    with st.container(horizontal=True, gap="small"):
        for label, presenter in (("Handout", False), ("With notes", True)):
            st.download_button(
                label,
                partial(_handout, name, presenter, st.session_state.get(LECTURE_OWN)),
                f"{name}{'-notes' if presenter else ''}.html",
                on_click="ignore",
                key=f"handout-{name}-{presenter}",
                help="For the presenter: with what to say" if presenter else "To print: answers at the end",
            )


def _handout(name: str, presenter: bool, own: Lesson | None) -> str:
    from explorer.runtime.device import best_device, long_work
    from explorer.teaching.handout import of_lesson
    from explorer.teaching.lesson import bundled
    from explorer.teaching.question import Subject
    from explorer.ui import cache

    lesson = own if name == OWN else bundled(name)
    assert lesson is not None
    device = str(best_device())

    def subject(item: Item) -> Subject:
        run, *beside = item.runs(device)
        return Subject(run, cache.trace, cache.activations, *beside)

    with long_work():  # seconds of passes and drawings
        return of_lesson(lesson, subject, presenter=presenter)


@st.fragment
def _own_lesson() -> None:
    """A text file that a lecturer has written; a wrong one is told its line."""
    with st.popover("Your own lesson", key="lesson-own", on_change="rerun") as box:
        if not box.open:
            return
        st.markdown("A text file of steps and questions:")
        st.code(FORMAT, language=None)
        given = st.file_uploader("Lesson (.txt)", key="lesson-file", max_upload_size=MOST_MB)
        if given is None:
            return
        from explorer.teaching.lesson import LessonError, parse

        try:
            lesson = parse(given.getvalue().decode(errors="replace"))
        except LessonError as error:
            st.error(plain(str(error)))
            return
        if st.session_state.get(LECTURE_OWN) != lesson:
            st.session_state[LECTURE_OWN] = lesson
            st.rerun()
        st.success("It stands among the lessons now. Only here: a reload loses it.")
