"""Questions that can be asked about many networks: what they ask about is found in the trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

import numpy as np
from PIL import Image

from explorer.analysis.text import bytes_text, pair_text, percent_text, si, thousands
from explorer.analysis.trace import Stage, Trace
from explorer.runtime.edits import Edit
from explorer.runtime.maps import QuantizedMaps, show, statistics
from explorer.runtime.pictures import png_bytes
from explorer.runtime.png import colour
from explorer.teaching.question import Option, Posed, Question, Subject, counted, pictured, posed, true_or_false
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
            f"Which stage has the most {what}{', heads for training aside' if t.auxiliary else ''}?",
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
    """How many pixels of the input one value of an operation can see.

    `why` may name the operation as {node}, its {field}, and what its {kernel} reads: values that see {before} and lie
    {step} apart.
    """

    def pose(subject: Subject) -> Posed | None:
        found = find(subject.trace)
        if found is None:
            return None
        node = subject.trace.node(found)
        height, width = node.receptive_field
        kernel = node.kernel or (1, 1)
        sides = "" if height == width else ", height × width"
        source = subject.trace.node(node.inputs[0])
        before, (down, right) = source.receptive_field, source.rf_stride
        others = [
            (width, height),
            (before[0] + kernel[0] - 1, before[1] + kernel[1] - 1),  # how far apart they lie, forgotten
            kernel,
            (before[0] + kernel[0] * down, before[1] + kernel[1] * right),  # windows overlap: forgotten
            (before[0] * kernel[0], before[1] * kernel[1]),
            (height * 2 - 1, width * 2 - 1),
            node.rf_stride,
        ]
        return posed(
            subject,
            f"How many pixels of the input can one value of {node.name} see{sides}?",
            pair_text((height, width)),
            [pair_text(pair) for pair in others],
            why.format(
                node=node.name,
                field=pair_text((height, width)),
                kernel=pair_text(kernel),
                before=pair_text(before),
                step=down if down == right else pair_text((down, right)),
            ),
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


def first_class(subject: Subject, when: str, edits: tuple[Edit, ...], why: str = "") -> Posed | None:
    """What becomes of the first class with these edits, which `when` puts in words: it is tried on this picture.

    `why` may say more than the two probabilities.
    """
    if not subject.trained:
        return None
    run = subject.run.unedited
    before, after = subject.activations(run).answer, subject.activations(run.edited(*edits)).answer
    first, best = before.first, before.probabilities.argmax()
    was, now = (round(1000 * float(answer.probabilities[best])) for answer in (before, after))
    stays, change = after.first == first, now - was  # in tenths of a percent, as they are shown
    outcomes = {
        "Nothing: it stays the same to a tenth of a percent": stays and change == 0,
        "It stays first, less than 10 points up or down": stays and 0 < abs(change) < 100,
        "It stays first, 10 points or more up": stays and change >= 100,
        "It stays first, 10 points or more down": stays and change <= -100,
        "Another class comes first": not stays,
    }
    return Posed(
        f"{when}, what happens to the first class, “{first}” ({percent_text(was / 10)})?",
        tuple(map(Option, outcomes)),
        [*outcomes.values()].index(True),
        f"{why} “{first}” goes from {percent_text(was / 10)} to {percent_text(now / 10)}; first is "
        f"{'still' if stays else 'now'} “{after.first}”.".strip(),
        View(node=subject.trace.resolve(edits[0].node).name, edits=edits),
    )


def altered(name: str, find: Callable[[Subject], Edit | None], when: str, why: str = "") -> Question:
    """The same as a question; `when` may name what is altered as {node}."""

    def pose(subject: Subject) -> Posed | None:
        edit = find(subject) if subject.trained else None
        return None if edit is None else first_class(subject, when.format(node=edit.node), (edit,), why)

    return Question(name, pose)


def statement(
    name: str,
    text: str,
    holds: Callable[[Subject], bool | None],
    why: str | Callable[[Trace], str],
    shows: Callable[[Trace], View] = lambda t: View(),
) -> Question:
    """Whether a statement is true is found out; None where it says nothing about the variant."""

    def pose(subject: Subject) -> Posed | None:
        true = holds(subject)
        if true is None:
            return None
        reason = why if isinstance(why, str) else why(subject.trace)
        return true_or_false(text, true, reason, shows(subject.trace))

    return Question(name, pose)


def which_map(
    name: str,
    find: Callable[[Trace], Iterable[str]],
    text: str,
    why: str,
    pick: Callable[[Subject, str], int] = strongest,
) -> Question:
    """Which of some maps is the first operation's: one channel of all that `find` names.

    `text` and `why` may name the operation as {node} and the {channel}, which `pick` chooses.
    """

    def pose(subject: Subject) -> Posed | None:
        node, *others = [*find(subject.trace)] or [""]
        if not others:
            return None
        channel = pick(subject, node)
        return pictured(
            subject,
            text.format(node=node, channel=channel),
            picture_of(subject, node, channel),
            [picture_of(subject, other, channel) for other in others],
            why.format(node=node, channel=channel),
            View(node=node, beside=others[0]),
        )

    return Question(name, pose)


def of_both_signs(subject: Subject, node: str) -> int:
    """The channel of an operation with the most of both, negative and positive values: a ReLU changes it, not to 0."""
    values = subject.activations(subject.run).maps(node).numpy()
    flat = values.reshape(len(values), -1)
    return int(np.minimum(flat.clip(min=0).sum(axis=1), (-flat).clip(min=0).sum(axis=1)).argmax())


def with_those_before(trace: Trace, name: str, steps: int) -> tuple[str, ...]:
    """An operation and up to so many before it, as long as they have equally many maps: for `which_map`."""
    node = trace.node(name)
    before = trace.node(node.inputs[0])
    more = steps and before.out_shape[0] == node.out_shape[0]
    return (name, *(with_those_before(trace, before.name, steps - 1) if more else ()))


def whole_means(name: str, find: Find) -> Question:
    """What becomes of the first class when each of the last maps is its mean everywhere: nothing, if that is read."""

    def edit(subject: Subject) -> Edit | None:
        found = find(subject.trace)
        return Edit(found, "mean") if found else None

    return altered(
        name,
        edit,
        "With each map of {node} replaced by its mean",
        "The head reads nothing but the mean of each map.",
    )
