"""Questions that can be asked about many networks: what they ask about is found in the trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import product
from typing import Literal

import numpy as np
from PIL import Image

from explorer.analysis.compare import differences
from explorer.analysis.text import bytes_text, pair_text, percent_text, si, thousands
from explorer.analysis.trace import Stage, Trace, trace_variant
from explorer.architectures import variant
from explorer.runtime.edits import Edit
from explorer.runtime.maps import QuantizedMaps, show, statistics
from explorer.runtime.pictures import png_bytes
from explorer.runtime.png import colour
from explorer.teaching.question import Posed, Question, Subject, counted, posed, true_or_false
from explorer.teaching.step import View

Quantity = Literal["params", "macs", "memory"]
PICTURE_SIDE = 112  # pixels of an option's picture, or a little less
Find = Callable[[Trace], str | None]  # the operation that a question is about; None where there is none

_WORDS: dict[Quantity, tuple[str, Callable[[Stage], int], Callable[[float], str]]] = {
    "params": ("parameters", lambda s: s.params, si),
    "macs": ("multiply-accumulates (MACs)", lambda s: s.macs, si),
    "memory": ("activations, in bytes", lambda s: s.activation_bytes, lambda n: bytes_text(int(n))),
}


def most(quantity: Quantity) -> Question:
    """Which stage has most of what is counted; the diagrams then show it by their colour."""
    what, count, words = _WORDS[quantity]

    def pose(subject: Subject) -> Posed | None:
        t = subject.trace
        stages = sorted((s for s in t.stages if s.path not in t.auxiliary), key=count, reverse=True)
        if len(stages) < 3 or count(stages[0]) == count(stages[1]):
            return None
        first, second = stages[:2]
        total = sum(map(count, stages))
        return posed(
            subject,
            f"Which stage has the most {what}?",
            first.path,
            [s.path for s in stages[1:4]],
            f"{first.path} has {words(count(first)).strip()} of {words(total).strip()}, {second.path} "
            f"{words(count(second)).strip()}.",
            View(node=first.output, colour=quantity),
        )

    return Question(f"most-{quantity}", pose)


def maps_leaving(name: str, find: Find, text: str, wrong: Callable[[Trace, str], Iterable[int]], why: str) -> Question:
    """How many maps an operation gives.

    `text` and `why` may name the operation as {node}; `why` the number as {channels}, too.
    """

    def pose(subject: Subject) -> Posed | None:
        node = find(subject.trace)
        if node is None:
            return None
        channels = subject.trace.node(node).out_shape[0]
        return counted(
            subject,
            text.format(node=node),
            channels,
            wrong(subject.trace, node),
            why.format(node=node, channels=thousands(channels)),
            View(node=node),
        )

    return Question(name, pose)


def field_of(name: str, find: Find, why: str) -> Question:
    """How many pixels of the input one value of an operation can see."""

    def pose(subject: Subject) -> Posed | None:
        found = find(subject.trace)
        if found is None:
            return None
        node = subject.trace.node(found)
        height, width = node.receptive_field
        kernel = node.kernel or (1, 1)
        others = [kernel, (height + 2, width + 2), (height * 2 - 1, width * 2 - 1), node.rf_stride]
        return posed(
            subject,
            f"How many pixels of the input can one value of {node.name} see?",
            pair_text((height, width)),
            [pair_text(pair) for pair in others],
            why.format(node=node.name, field=pair_text((height, width))),
            View(node=node.name),
        )

    return Question(name, pose)


def mistake(
    name: str,
    number: int,
    true: str = "",
    shows: Callable[[Trace], View] = lambda t: View(),
    *,
    false: str = "",
    why: str = "",
) -> Question:
    """A statement about the family that is often written, or in its place a `true` one, and whether it is right.

    `number`: of the family's mistakes, from 0. `false` says the same in other words, `why` its correction in short.
    """

    def pose(subject: Subject) -> Posed:
        often = subject.family.mistakes[number]
        text = true or false or often.often_written
        return true_or_false(text, bool(true), why or often.correct, shows(subject.trace))

    return Question(name, pose)


def without(name: str, find: Find) -> Question:
    """What becomes of the first class when a unit is skipped: it is tried on this picture."""

    def pose(subject: Subject) -> Posed | None:
        path = find(subject.trace)
        return None if path is None else first_class(subject, f"Without {path}", (Edit(path, "skip"),))

    return Question(name, pose)


def picture_of(subject: Subject, node: str, channel: int) -> bytes:
    """One map of an operation as a PNG, coloured as in the grid of maps."""
    values = subject.activations(subject.run).maps(node).numpy()
    shown = show(values, statistics(values), np.array([channel]))
    image = Image.fromarray(colour(shown)[0]) if isinstance(shown, QuantizedMaps) else Image.new("RGB", (1, 1))
    factor = max(1, PICTURE_SIDE // max(image.size))
    return png_bytes(image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST))


def strongest(subject: Subject, node: str) -> int:
    """The channel of an operation with the largest standard deviation: one that shows something."""
    values = subject.activations(subject.run).maps(node).numpy()
    return int(values.reshape(len(values), -1).std(axis=1).argmax())


def first_class(subject: Subject, when: str, edits: tuple[Edit, ...]) -> Posed | None:
    """What becomes of the first class with these edits, which `when` puts in words."""
    if not subject.trained:
        return None
    run = subject.run.unedited
    before, after = subject.activations(run).answer, subject.activations(run.edited(*edits)).answer
    was = before.top(1)[0]
    now = 100 * float(after.probabilities[int(before.probabilities.argmax())])
    change = now - 100 * was.probability
    stays = after.first == was.label
    outcomes = {
        "It stays first and changes by less than 10 points": stays and abs(change) < 10,
        "It stays first, with at least 10 points less": stays and change <= -10,
        "It stays first, with at least 10 points more": stays and change >= 10,
        "Another class comes first": not stays,
    }
    right = next(text for text, happens in outcomes.items() if happens)
    return posed(
        subject,
        f"{when}, what happens to the first class, “{was.label}” ({percent_text(100 * was.probability)})?",
        right,
        [text for text in outcomes if text != right],
        f"“{was.label}” goes from {percent_text(100 * was.probability)} to {percent_text(now)}; first is now "
        f"“{after.first}”.",
        View(edits=edits),
    )


# ---- statements, and two networks --------------------------------------------------------------------------


def statement(
    name: str,
    text: str,
    holds: Callable[[Subject], bool | None],
    why: str,
    shows: Callable[[Trace], View] = lambda t: View(),
) -> Question:
    """Whether a statement is true is found out; None where it says nothing about the variant."""

    def pose(subject: Subject) -> Posed | None:
        true = holds(subject)
        return None if true is None else true_or_false(text, true, why, shows(subject.trace))

    return Question(name, pose)


_LABELS: dict[Quantity, str] = {"params": "Parameters", "macs": "MACs", "memory": "All activations, float32"}
_PLURALS: dict[Quantity, str] = {"params": "parameters", "macs": "MACs", "memory": "activations"}


def against(
    name: str, other: Callable[[str], str | None], first: Quantity, second: Quantity, *, noted: bool = False
) -> Question:
    """Whether a variant has more or less of two things than the `other` one that is named for it.

    `noted`: with what tells the other one from its namesakes.
    """

    def pose(subject: Subject) -> Posed | None:
        beside = other(subject.run.variant)
        if beside is None:
            return None
        own, its = subject.variant.title, variant(beside).label if noted else variant(beside).title
        found = {d.label: d for d in differences(subject.trace_of(beside), subject.trace)}
        a, b = (found[_LABELS[quantity]] for quantity in (first, second))

        def words(more: Iterable[str]) -> str:
            text = " and ".join(f"{m} {_PLURALS[q]}" for m, q in zip(more, (first, second), strict=True))
            return text[0].upper() + text[1:]

        numbers = [
            f"{_PLURALS[q]} {_WORDS[q][2](d.second).strip()} against {_WORDS[q][2](d.first).strip()}"
            for q, d in zip((first, second), (a, b), strict=True)
        ]
        right = words("more" if d.second > d.first else "fewer" if d.second < d.first else "as many" for d in (a, b))
        return posed(
            subject,
            f"What does {own} have, compared with {its}?",
            right,
            [words(more) for more in product(("more", "fewer"), repeat=2)],
            f"{subject.variant.title}: {', '.join(numbers)}.",
            View(section="layers", colour=first),
        )

    return Question(name, pose)


@lru_cache(maxsize=16)
def at_width(name: str, width: float) -> Trace:
    """The trace of a variant with so many times its channels."""
    return trace_variant(variant(name), width=width)
