"""What a section says first: the result in one line; and what a network answers, beside what it answered before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from explorer.analysis.words import explained
from explorer.runtime.activations import Answer
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.charts import chart, classes, dark, logits
from explorer.ui.controls import select
from explorer.ui.link import AS_SELECTED, Control, choice, plain

CHANGE_HELP = (
    f"{explained('Logits', 'L2 norm')}\n\n"
    "Their change is the L2 norm of the difference relative to that of the original logits. At 100 % the difference is "
    "as large as the original."
)
CLASS_WIDTH = 190  # pixels of a box with the names of classes
NORM_HELP = "Sizes are L2 norms over all of the maps: the root of the sum of all squares."


def answer(text: str, help: str | None = None) -> None:
    """The result of an experiment, as Markdown, large enough for the last row; `help` explains its words."""
    st.subheader(text, anchor=False, help=help)


def change_of(before: Answer, after: Answer) -> str:
    """The first class before and after, as Markdown."""
    return f"{plain(before.first)} → {plain(after.first)}"


def class_control(run: Run, topic: str = "edit") -> Control:
    """The class that is looked at, as its losses: the answer, unless the viewer chose another."""
    return choice(
        f"{topic}.class", "Class", lambda: dict(enumerate(cache.network(run).classes)), follows=True, about=run.variant
    )


def chosen_class(run: Run, answered: Answer, topic: str = "edit") -> int:
    """That class, by its number."""
    chosen = class_control(run, topic).value
    return int(answered.probabilities.argmax()) if chosen == AS_SELECTED else int(chosen)


def class_box(run: Run, answered: Answer, topic: str = "edit", **more: Any) -> None:
    """The choice of that class."""
    first = f"{answered.first}, the answer"
    look: dict[str, Any] = {"width": CLASS_WIDTH, "label_visibility": "collapsed"} | more
    select(class_control(run, topic), unless_chosen=first, **look)


def answers(key: str, named: Mapping[str, Answer]) -> None:
    """The best classes of some answers of one network, side by side.

    An untrained network knows no classes: the logits of the last answer against those of the first.
    """
    first, *others = named.values()
    if first.classes:
        figure = classes({name: a.probabilities.numpy() for name, a in named.items()}, first.classes, dark())
        chart(figure, key, f"Probabilities of the best classes: {', '.join(named)}")
    else:
        figure = logits(first.logits.numpy(), (others or [first])[-1].logits.numpy(), dark())
        chart(figure, key, f"Logits of all classes: {', '.join(named)}")
