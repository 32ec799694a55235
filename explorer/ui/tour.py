"""A guided tour: a step is a view that the bar above the page names, and what to see there.

While a step is chosen, its values stand in for the defaults of the controls: the link `step=4` opens it, and says
besides only what the viewer changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from explorer.analysis.trace import Trace
from explorer.architectures.family import Family
from explorer.runtime.samples import samples
from explorer.teaching.step import Step, View
from explorer.ui.build_up import BUILD, build_up, built
from explorer.ui.components.stage import Told, Wish, stage
from explorer.ui.edits import EDITS
from explorer.ui.lesson import CAN_GO, LESSON, WITHOUT, lesson_text
from explorer.ui.link import NODE, Control, flag, lead, link_here, link_to, number, publish, rerun_page, reset, restore
from explorer.ui.section import OPEN, Section
from explorer.ui.selection import SHOWN_IN

STEP = "step"  # in the session and in the link; 0: none
PRESENT = flag("present", "Present", kept=True)
# What a step is a view of, the default for what it does not name; all else stays as the viewer has it.
VIEW = ("variant", NODE, OPEN, "instrument", "colour", "diagrams", "maps.beside", BUILD, EDITS)


def values(view: View) -> dict[str, Any]:
    """Those of controls, by name, that show a view."""
    named: dict[str, Any] = {NODE: view.node, OPEN: view.section, "colour": view.colour, EDITS: view.edits}
    named["maps.beside"] = view.beside
    return {name: value for name, value in named.items() if value}


def step_control(steps: Sequence[Step]) -> Control:
    """Which step is shown."""
    return number(STEP, "Step of the tour", 0, len(steps))


def follow(family: Family, steps: Sequence[Step]) -> None:
    """Let the step that is chosen lead; before any other control is restored."""
    restore((step_control(steps), PRESENT))
    lead(_led(family, steps, step_control(steps).value))


def _led(family: Family, steps: Sequence[Step], chosen: int) -> Mapping[str, Any]:
    if not chosen:
        return {}
    step = steps[chosen - 1]
    return {"variant": step.variant or family.default, "instrument": "maps", **values(step.view)}


BAR = "tour-bar"  # the fragment's key
ASKED = "lesson-asked"  # in the session: the box for a lesson's link is to be opened


def tour_bar(family: Family, steps: tuple[Step, ...], trace: Trace, sections: tuple[Section, ...]) -> None:
    """The bar: step, text, next and previous; the keys of the page; presenting; the selected block, built up.

    `sections` are all that the page can have, for a lesson's link.
    """
    with st.container(key="tour"):
        _bar(family, steps, trace, sections)


@st.fragment(key=BAR)
def _bar(family: Family, steps: tuple[Step, ...], trace: Trace, sections: tuple[Section, ...]) -> None:
    block = built(trace)
    now = Wish(step_control(steps).value, PRESENT.value, block.count)
    stage(
        [Told(s.title, s.text, s.node, s.look) for s in steps],
        now,
        idea=family.idea,
        pieces=len(block.pieces),
        lesson=bool(st.session_state[LESSON]),
        key=f"stage-{family.name}",
        on_wish=lambda wish: _take(steps, trace, now, wish),
        on_lesson=_lesson_asked,
    )
    if st.session_state.pop(ASKED, False):
        _lesson_box(family, steps, sections)
    publish()


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
def _lesson_box(family: Family, steps: tuple[Step, ...], sections: tuple[Section, ...]) -> None:
    """What students see: whoever opens the link sees this page with nothing else on it, and can show everything."""
    kinds = {
        "sections": ("Sections", {s.name: s.title for s in sections}),
        "variants": ("Variants", {v.name: v.label for v in family.variants}),
        "samples": ("Samples", {s.id: s.title for s in samples()}),
    }
    shown = {kind: _some(kind, *labels, "All") for kind, labels in kinds.items()}
    without = _some(WITHOUT, "Without", CAN_GO, "Nothing hidden")
    titles = ["The view as it is", *(f"{number}. {step.title}" for number, step in enumerate(steps, 1))]
    first = st.selectbox("First", range(len(titles)), format_func=titles.__getitem__, key="lesson-first")
    says = link_to(**{STEP: str(first)}) if first else link_here()
    says = {LESSON: lesson_text(shown, without), **says, PRESENT.name: ""}
    st.code(f"{st.context.url}?{urlencode({name: text for name, text in says.items() if text})}", wrap_lines=True)


@st.fragment(key=BAR)
def page_keys() -> None:
    """The keys of a page without a tour: presenting."""
    stage((), Wish(0, PRESENT.value, 0), key="stage", on_wish=lambda wish: PRESENT.set(wish.presenting))
    publish()


def _take(steps: Sequence[Step], trace: Trace, now: Wish, wish: Wish) -> None:
    PRESENT.set(wish.presenting)
    if wish.step != now.step and step_control(steps).accepts(wish.step):
        choose(wish.step)
    elif wish.build != now.build:
        build_up(trace, wish.build)
        st.rerun([BAR, *st.session_state[SHOWN_IN]])


def choose(step: int) -> None:
    """Show a step as its link does, whatever the viewer changed before; in a callback."""
    st.session_state[STEP] = step
    reset(VIEW)
    rerun_page()
