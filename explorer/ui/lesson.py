"""A lesson: a link that shows only part of an architecture's page, for those who are to look at that part.

Its text is words with a space between them, each a kind and names after dots: "sections.sum.removal without.weights".
Of a kind that is named, only those names are offered; what is `without` is not there. Everybody can show everything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import streamlit as st

from explorer.architectures.family import Family
from explorer.runtime.samples import samples
from explorer.ui.link import CONTROLS, Control, is_led

LESSON = "lesson"
WITHOUT = "without"
# What a lesson can do without, by the control's name.
CAN_GO = {
    "colour": "Colouring",
    "view": "All operations, files",
    "instrument": "Instruments",
    "source": "Own pictures",
    "weights": "Weights",
    "device": "Device",
}


def lesson_control(family: Family, sections: Collection[str]) -> Control:
    """The lesson's text; empty where everything is shown. `sections` are the names of all that the page can have."""
    known: dict[str, Collection[str]] = {
        "sections": sections,
        "variants": [v.name for v in family.variants],
        "samples": [s.id for s in samples()],
        WITHOUT: CAN_GO,
    }

    def parse(text: str) -> str:
        kinds: set[str] = set()
        for word in text.split(" "):
            kind, *names = word.split(".")
            if kind not in known or kind in kinds or not names:
                raise ValueError(f"“{word}” is none of {', '.join(f'{k}.NAME' for k in known)}")
            if wrong := [name for name in names if name not in known[kind]]:
                raise ValueError(f"there is no “{wrong[0]}” among the {kind}")
            kinds.add(kind)
        return text

    return Control(LESSON, "Lesson", parse, lambda: "")


def lesson_text(shown: Mapping[str, Collection[str]], without: Collection[str]) -> str:
    """The text of a lesson that shows of some kinds only these names, and is without these controls."""
    kinds = {**shown, WITHOUT: without}
    return " ".join(".".join((kind, *names)) for kind, names in kinds.items() if names)


def _named(kind: str) -> Collection[str] | None:
    """The names that the lesson of this run gives a kind, if it names the kind."""
    control = st.session_state.get(CONTROLS, {}).get(LESSON)
    words = [word.split(".") for word in (control.value.split(" ") if control is not None else ())]
    return next((names for first, *names in words if first == kind), None)


def offered(kind: str, names: Iterable[str]) -> list[str]:
    """Which of the sections, variants or samples are offered: all, but in a lesson those that it names.

    What a step of the tour leads to always is.
    """
    named = _named(kind)
    return [name for name in names if named is None or name in named or is_led(name)]


def hidden(control: str) -> bool:
    """Whether the page is without a control, by its name."""
    return control in (_named(WITHOUT) or ())
