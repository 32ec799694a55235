"""Questions that can be asked about many networks: what they ask about is found in the trace."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Literal

import numpy as np
from PIL import Image

from explorer.analysis.cost import convolution_of
from explorer.analysis.text import bytes_text, pair_text, percent_text, si, thousands
from explorer.analysis.trace import Node, Stage, Trace
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


def parameters_of(
    name: str, find: Find, shows: Callable[[str], View] = lambda node: View(node=node, colour="params")
) -> Question:
    """How many parameters a convolution has."""

    def pose(subject: Subject) -> Posed | None:
        found = find(subject.trace)
        if found is None:
            return None
        c = convolution_of(subject.trace.node(found))
        channels, maps = c.in_shape[0], c.out_channels
        groups = f" in {c.groups} groups" if c.groups > 1 else ""
        each = f"{thousands(c.products)} weights" + (" and a bias" if c.bias else "")
        return counted(
            subject,
            f"{found}: {maps} filters of {pair_text(c.kernel)}{groups}, {channels} {_maps(channels)} in, "
            f"{'with' if c.bias else 'no'} biases. How many parameters?",
            c.params,
            [
                replace(c, groups=1).params,  # the groups, forgotten
                maps * (math.prod(c.kernel) + c.bias),  # the channels, forgotten
                replace(c, bias=not c.bias).params,
                c.macs,
                c.products + c.bias,  # one filter
            ],
            f"{maps} filters of {each}: {thousands(c.params)}, the same at all {pair_text(c.out_shape[1:])} positions.",
            shows(found),
        )

    return Question(name, pose)


def side_of(name: str, find: Find) -> Question:
    """How large the maps of a convolution are."""

    def pose(subject: Subject) -> Posed | None:
        found = find(subject.trace)
        if found is None:
            return None
        c = convolution_of(subject.trace.node(found))
        inside, kernel, stride, side = c.in_shape[1], c.kernel[0], c.stride[0], c.out_shape[1]
        margin = c.margins[0][0]
        padding = f"padding {margin}" if margin else "no padding"
        others = [inside // stride, -(-inside // stride), side - 1, side + 1, inside + 2 * margin - kernel + 1]
        return posed(
            subject,
            f"{found}: {pair_text(c.kernel)}, stride {stride}, {padding}, on {pair_text(c.in_shape[1:])}. How large "
            "are its maps?",
            pair_text((side, side)),
            [pair_text((n, n)) for n in others],
            f"({inside} + 2·{margin} − {kernel}) / {stride}, rounded down, + 1 = {side}.",
            View(node=found),
        )

    return Question(name, pose)


def dense_share(name: str = "dense-share") -> Question:
    """The share of the fully connected layers in the MACs, where they hold most of the parameters."""

    def pose(subject: Subject) -> Posed | None:
        t = subject.trace
        layers = [n for n in t.nodes if n.params and n.kind != "normalization" and n.stage not in t.auxiliary]
        dense = [n for n in layers if n.type == "Linear"]
        params, macs = sum(n.params for n in dense), sum(n.macs for n in dense)
        of_params, of_macs = 100 * params / t.inference_params, 100 * macs / t.inference_macs
        if of_params < 50:
            return None
        return posed(
            subject,
            f"Fully connected layers hold {percent_text(of_params)} of the parameters. And of the MACs?",
            percent_text(of_macs),
            map(percent_text, (of_params, 100 - of_macs, 100 - of_params, 100 * len(dense) / len(layers))),
            f"{si(macs)} of {si(t.inference_macs)} MACs: their weights are used once each, a convolution’s at every "
            "position.",
            View(node=max(dense, key=lambda n: n.params).name, colour="macs"),
        )

    return Question(name, pose)


def without_pooling(name: str, find: Find) -> Question:
    """How many parameters a fully connected layer would have without the pooling that it reads."""

    def pose(subject: Subject) -> Posed | None:
        found = find(subject.trace)
        if found is None:
            return None
        layer = subject.trace.node(found)
        pool = source_of(subject.trace, layer)
        if pool.kind != "pooling" or pool.in_shapes[0] == pool.out_shape:
            return None
        channels, height, width = pool.in_shapes[0]
        units = layer.out_shape[0]
        values = channels * height * width
        return counted(
            subject,
            f"Without {pool.name} before it, how many parameters would {found} have?",
            (values + 1) * units,
            [layer.params, (channels * height * pool.out_shape[2] + 1) * units, (height * width + 1) * units],
            f"It would read {height}×{width}×{channels} = {thousands(values)} values; it reads "
            f"{thousands(layer.in_shapes[0][0])}, and has {thousands(layer.params)}.",
            View(node=pool.name, colour="params"),
        )

    return Question(name, pose)


def reduction_saves(name: str, find: Find, shows: View | None = None, variant: str = "") -> Question:
    """How many times the MACs a convolution would have without the 1×1 that reduces the maps before it.

    `variant`: whose; empty for the one that is shown.
    """

    def pose(subject: Subject) -> Posed | None:
        t = subject.trace_of(variant) if variant else subject.trace
        found = find(t)
        reduce = source_of(t, t.node(found)) if found else None
        if found is None or reduce is None or reduce.in_shapes[0][0] <= reduce.out_shape[0]:
            return None
        c = convolution_of(t.node(found))
        channels, fewer = reduce.in_shapes[0][0], reduce.out_shape[0]
        direct, macs = replace(c, in_shape=(channels, *c.in_shape[1:])).macs, c.macs + reduce.macs
        ratios = [direct / macs, channels / fewer, channels / c.out_channels, math.prod(c.kernel)]
        right, *wrong = (f"{ratio:.1f} times as many" for ratio in ratios)
        kernel = pair_text(c.kernel)
        return posed(
            subject,
            f"{channels} maps, a 1×1 makes {fewer}, a {kernel} then {c.out_channels}. "
            f"How many MACs would the {kernel} alone take?",
            right,
            wrong,
            f"{si(direct)} MACs against {si(reduce.macs)} of the 1×1 and {si(c.macs)} of the {kernel}.",
            shows or View(node=reduce.name, colour="macs"),
        )

    return Question(name, pose)


def concatenated(name: str, find: Find) -> Question:
    """How many maps leave a concatenation."""

    def pose(subject: Subject) -> Posed | None:
        found = find(subject.trace)
        if found is None:
            return None
        node = subject.trace.node(found)
        branches, maps = [shape[0] for shape in node.in_shapes], node.out_shape[0]
        poolings = [t.name for t in map(subject.trace.node, node.inputs) if t.kind == "pooling"]
        entering = subject.trace.block(node.block).in_shape[0]
        trained = [n for n, name in zip(branches, node.inputs, strict=True) if name not in poolings]
        beside = f", a pooling of the {entering} that enter" if poolings else ""
        return counted(
            subject,
            f"{node.block}: branches of {_and(trained)} maps{beside}. How many maps leave it?",
            maps,
            [max(branches), sum(trained), entering, entering + maps, maps // len(branches)],
            f"They are stacked: {' + '.join(map(str, branches))} = {maps}. A sum would need equally many.",
            View(node=found),
        )

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


def behind(trace: Trace, name: str, steps: int) -> tuple[str, ...]:
    """An operation and up to so many before it, as long as they have equally many maps: for `which_map`."""
    node = trace.node(name)
    before = trace.node(node.inputs[0])
    more = steps and before.out_shape[0] == node.out_shape[0]
    return (name, *(behind(trace, before.name, steps - 1) if more else ()))


def whole_means(name: str, find: Find) -> Question:
    """What becomes of the first class when each of the last maps is its mean everywhere: nothing, if that is read."""

    def edit(subject: Subject) -> Edit | None:
        found = find(subject.trace)
        return Edit(found, "mean") if found else None

    return altered(
        name,
        edit,
        "With the mean of each map of {node} all over it",
        "The head reads nothing but the mean of each map.",
    )


def heads_share(name: str = "heads") -> Question:
    """The share of the parameters that lies in the heads for training only."""

    def pose(subject: Subject) -> Posed | None:
        t = subject.trace
        heads = [t.stage(path) for path in t.auxiliary]
        if not heads:
            return None
        params, macs = sum(s.params for s in heads), sum(s.macs for s in heads)
        shares = (params / t.params, macs / t.macs, 1 - params / t.params, params / t.inference_params)
        right, *wrong = (percent_text(100 * share) for share in shares)
        largest = max((t.node(n) for s in heads for n in s.nodes), key=lambda n: n.params)
        return posed(
            subject,
            f"What share of all parameters lies in heads for training only ({', '.join(t.auxiliary)})?",
            right,
            wrong,
            f"{si(params)} of {si(t.params)}; {largest.name} alone has {si(largest.params)}. Of the MACs: {wrong[0]}.",
            View(node=largest.name, section="heads", colour="params"),
        )

    return Question(name, pose)


def at_twice_the_side(name: str, find: Find, text: str, shows: Callable[[str], View]) -> Question:
    """What a convolution would cost on maps of twice the side. `text` may name the operation as {node}."""

    def pose(subject: Subject) -> Posed | None:
        found = find(subject.trace)
        if found is None:
            return None
        c = convolution_of(subject.trace.node(found))
        channels, height, width = c.in_shape
        larger = replace(c, in_shape=(channels, 2 * height, 2 * width))
        params, macs = larger.params // c.params, larger.macs // c.macs
        if larger.macs % c.macs:  # an odd side and a stride
            return None

        def words(params: int, macs: int) -> str:
            return f"Parameters {_times(params)}, MACs {_times(macs)}"

        return posed(
            subject,
            text.format(node=found),
            words(params, macs),
            [words(*pair) for pair in ((macs, macs), (macs, 1), (1, 2), (1, 1)) if pair != (params, macs)],
            f"{thousands(c.params)} parameters serve any size of maps; {si(c.macs)} MACs become {si(larger.macs)}.",
            shows(found),
        )

    return Question(name, pose)


def _times(factor: int) -> str:
    return f"×{factor}" if factor > 1 else "the same"


def source_of(trace: Trace, node: Node) -> Node:
    """What an operation reads, before activations, normalizations, dropout and the like."""
    source = trace.node(node.inputs[0])
    return source_of(trace, source) if source.kind in ("activation", "normalization", "reshape") else source


def _maps(count: int) -> str:
    return "map" if count == 1 else "maps"


def _and(numbers: Iterable[int]) -> str:
    *most_of_them, last = map(str, numbers)
    return f"{', '.join(most_of_them)} and {last}" if most_of_them else last
