"""A guided tour: a step is a view that the bar above the page names, and what to see there.

While a step is chosen, its values stand in for the defaults of the controls: the link `step=4` opens it, and says
besides only what the viewer changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import streamlit as st

from explorer.analysis.trace import Trace
from explorer.architectures.family import Family
from explorer.runtime.samples import samples
from explorer.ui.build_up import BUILD, build_up, built
from explorer.ui.components.navigation import go_to
from explorer.ui.components.stage import Told, Wish, stage
from explorer.ui.lesson import CAN_GO, LESSON, WITHOUT, lesson_text
from explorer.ui.link import Control, flag, lead, link_here, link_to, number, publish, rerun_page, reset, restore
from explorer.ui.section import Section
from explorer.ui.selection import SHOWN_IN
from explorer.ui.sidebar import SAMPLE
from explorer.ui.stops import LECTURE, NONE, SHOWN_BY, Stop, stops_of

ASKS = ("questions.name", "questions.predicted", "questions.seen")
STEP = "step"  # in the session and in the link; 0: none
PRESENT = flag("present", "Present", kept=True)
# What a step is a view of, the default for what it does not name; all else stays as the viewer has it.
VIEW = ("variant", *SHOWN_BY, "instrument", "diagrams", BUILD)


def step_control(stops: Sequence[Stop]) -> Control:
    """Which step is shown."""
    return number(STEP, "Step of the tour", 0, len(stops))


def follow(page: str) -> tuple[Stop, ...]:
    """Let the step that is chosen lead, of the page's tour or of a lesson; before any other control is restored."""
    restore((LECTURE,))
    stops = stops_of(page)
    restore((step_control(stops), PRESENT))
    stop = _chosen(stops)
    lead(stop.values if stop is not None and stop.page == page else {})
    return stops


def _chosen(stops: Sequence[Stop]) -> Stop | None:
    chosen = step_control(stops).value
    return stops[chosen - 1] if chosen else None


def go_on(page: str, stops: Sequence[Stop]) -> None:
    """Leave for the page that the chosen step is on; after what outlives a change of page was restored."""
    stop = _chosen(stops)
    if stop is not None and stop.page != page:
        go_to(stop.page, link_to(**{STEP: str(step_control(stops).value)}))
        st.stop()


BAR = "tour-bar"  # the fragment's key
ASKED = "lesson-asked"  # in the session: the box for a lesson's link is to be opened


def tour_bar(family: Family, stops: tuple[Stop, ...], trace: Trace, sections: tuple[Section, ...]) -> None:
    """The bar: step, text, next and previous; the keys of the page; presenting; the selected block, built up.

    `sections` are all that the page can have, for a lesson's link.
    """
    with st.container(key="tour"):
        _bar(family, stops, trace, sections)


@st.fragment(key=BAR)
def _bar(family: Family, stops: tuple[Stop, ...], trace: Trace, sections: tuple[Section, ...]) -> None:
    block = built(trace)
    now = Wish(step_control(stops).value, PRESENT.value, block.count)
    stage(
        _told(stops),
        now,
        noun=_noun(),
        idea=family.idea,
        pieces=len(block.pieces),
        lesson=bool(st.session_state[LESSON]),
        key=f"stage-{family.name}",
        on_wish=lambda wish: _take(stops, trace, now, wish),
        on_lesson=_lesson_asked,
    )
    if st.session_state.pop(ASKED, False):
        _lesson_box(family, stops, sections)
    publish()


def _told(stops: Sequence[Stop]) -> list[Told]:
    return [Told(stop.title, stop.text, stop.node, stop.look) for stop in stops]


def _noun() -> str:
    return "Lesson" if LECTURE.value else "Tour"


def _lesson_asked() -> None:
    """In a lesson everything is shown again; else one is made."""
    if st.session_state[LESSON]:
        st.session_state[LESSON] = ""
        rerun_page()
    st.session_state[ASKED] = True


def _some(kind: str, label: str, titles: Mapping[str, str], none: str) -> list[str]:
    key = f"lesson-{kind}"
    return st.multiselect(label, titles, format_func=titles.__getitem__, placeholder=none, key=key)


@st.dialog("Lesson link", width="medium")
def _lesson_box(family: Family, stops: tuple[Stop, ...], sections: tuple[Section, ...]) -> None:
    """What students see: whoever opens the link sees this page with nothing else on it, and can show everything."""
    kinds = {
        "sections": ("Sections", {s.name: s.title for s in sections}),
        "variants": ("Variants", {v.name: v.label for v in family.variants}),
        "samples": ("Samples", {s.id: s.title for s in samples()}),
    }
    shown = {kind: _some(kind, *labels, "All") for kind, labels in kinds.items()}
    without = _some(WITHOUT, "Without", CAN_GO, "Nothing hidden")
    titles = ["The view as it is", *(f"{number}. {stop.title}" for number, stop in enumerate(stops, 1))]
    first = st.selectbox("First", range(len(titles)), format_func=titles.__getitem__, key="lesson-first")
    says = link_to(**{STEP: str(first)}) if first else link_here()
    says = {LESSON: lesson_text(shown, without), **says, PRESENT.name: ""}
    st.code(f"{st.context.url}?{urlencode({name: text for name, text in says.items() if text})}", wrap_lines=True)


def tool_bar(page: str, stops: tuple[Stop, ...]) -> None:
    """The bar of a page without a tour, in a lesson; else only the keys of the page: presenting."""
    with st.container(key="tour"):
        _keys(page, stops)


@st.fragment(key=BAR)
def _keys(page: str, stops: tuple[Stop, ...]) -> None:
    now = Wish(step_control(stops).value, PRESENT.value, 0)
    stage(_told(stops), now, noun=_noun(), key=f"stage-{page}", on_wish=lambda wish: _take(stops, None, now, wish))
    publish()


def _take(stops: Sequence[Stop], trace: Trace | None, now: Wish, wish: Wish) -> None:
    PRESENT.set(wish.presenting)
    if wish.step != now.step and step_control(stops).accepts(wish.step):
        choose(wish.step)
    elif wish.build != now.build and trace is not None:
        build_up(trace, wish.build)
        st.rerun([BAR, *st.session_state[SHOWN_IN]])


def choose(step: int) -> None:
    """Show a step as its link does, whatever the viewer changed before; none ends the lesson; in a callback."""
    st.session_state[STEP] = step
    if not step:
        LECTURE.set(NONE)
    reset((*VIEW, *ASKS, *((SAMPLE.name,) if LECTURE.value else ())))
    rerun_page()
