"""A guided tour: a step is a view that the bar above the page names, and what to see there.

While a step is chosen, its values stand in for the defaults of the controls: the link `step=4` opens it, and says
besides only what the viewer changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from explorer.analysis.trace import Trace
from explorer.architectures.family import Family
from explorer.ui.build_up import BUILD, build_up, built
from explorer.ui.components.stage import Look, Told, Wish, stage
from explorer.ui.link import Control, lead, number, publish, rerun_page, reset, restore
from explorer.ui.section import OPEN
from explorer.ui.selection import NODE, SHOWN_IN

STEP = "step"  # in the session and in the link; 0: none
PRESENT = Control(
    "present",
    "Present",
    {"1": True, "yes": True, "no": False}.get,
    lambda: False,
    lambda present: "yes" if present else "no",
    kept=True,
)
# What a step is a view of, the default for what it does not name; all else stays as the viewer has it.
VIEW = ("variant", NODE, OPEN, "instrument", "colour", "diagrams", "maps.beside", BUILD)


@dataclass(frozen=True)
class Step:
    """What to see: a `title` and a `text` of two lines at most, with **bold** words.

    `node`: the operation that it selects; `variant`: empty for the family's default; `section`: one below the screen;
    `look`: where the point is; `beside`: a second operation whose maps stand beside the first one's, on one scale;
    `colour`: what colours the nodes.
    """

    title: str
    node: str
    text: str
    variant: str = ""
    section: str = ""
    look: Look = "screen"
    beside: str = ""
    colour: str = ""

    def values(self, family: Family) -> dict[str, Any]:
        """Those of controls, by name, that make the view."""
        named = {"variant": self.variant or family.default, NODE: self.node, OPEN: self.section}
        named |= {"instrument": "maps", "maps.beside": self.beside, "colour": self.colour}
        return {name: value for name, value in named.items() if value}


def step_control(steps: Sequence[Step]) -> Control:
    """Which step is shown."""
    return number(STEP, "Step of the tour", 0, len(steps))


def follow(family: Family, steps: Sequence[Step]) -> None:
    """Let the step that is chosen lead; before any other control is restored."""
    restore((step_control(steps), PRESENT))
    lead(_led(family, steps, step_control(steps).value))


def _led(family: Family, steps: Sequence[Step], chosen: int) -> Mapping[str, Any]:
    return steps[chosen - 1].values(family) if chosen else {}


BAR = "tour-bar"  # the fragment's key


def tour_bar(family: Family, steps: tuple[Step, ...], trace: Trace) -> None:
    """The bar: step, text, next and previous; the keys of the page; presenting; the selected block, built up."""
    with st.container(key="tour"):
        _bar(family, steps, trace)


@st.fragment(key=BAR)
def _bar(family: Family, steps: tuple[Step, ...], trace: Trace) -> None:
    block = built(trace)
    now = Wish(step_control(steps).value, PRESENT.value, block.count)
    stage(
        [Told(s.title, s.text, s.node, s.look) for s in steps],
        now,
        idea=family.idea,
        pieces=len(block.pieces),
        key=f"stage-{family.name}",
        on_wish=lambda wish: _take(steps, trace, now, wish),
        on_lesson=lambda: None,
    )
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
