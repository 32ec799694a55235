"""Questions about single layers, on their shapes and what they cost: convolutions, poolings, stacks, linear layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace

from explorer.analysis.cost import convolution_of
from explorer.analysis.text import pair_text, percent_text, si, thousands
from explorer.analysis.trace import Node, Trace
from explorer.runtime.weights.network import narrowed_variant
from explorer.teaching.common import Find
from explorer.teaching.question import Posed, Question, Subject, counted, posed
from explorer.teaching.step import View


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


def products_of(name: str, find: Find) -> Question:
    """How many products make one value of a convolution; one in the middle of the first map is then taken apart."""

    def pose(subject: Subject) -> Posed | None:
        found = find(subject.trace)
        if found is None:
            return None
        c = convolution_of(subject.trace.node(found))
        _, height, width = c.out_shape
        window = math.prod(c.kernel)
        narrow = narrowed_variant(subject.variant, subject.run.weights) != subject.variant and c.products > window
        return counted(
            subject,
            f"{found}: {pair_text(c.kernel)} on {c.in_shape[0]} {_maps(c.in_shape[0])}, {c.out_channels} maps out. How "
            "many products make one value?",
            c.products,
            [window, c.in_shape[0], window * c.in_shape[0], c.products * c.out_channels, window * height * width],
            f"{pair_text(c.kernel)} positions of {thousands(c.products // window)} "
            f"{_maps(c.products // window)}: {thousands(c.products)}."
            + (" The network that runs here is narrower, and needs fewer." if narrow else ""),
            View(node=found, value=(0, height // 2, width // 2)),
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


def source_of(trace: Trace, node: Node) -> Node:
    """What an operation reads, before activations, normalizations, dropout and the like."""
    source = trace.node(node.inputs[0])
    return source_of(trace, source) if source.kind in ("activation", "normalization", "reshape") else source


def _times(factor: int) -> str:
    return f"×{factor}" if factor > 1 else "the same"


def _maps(count: int) -> str:
    return "map" if count == 1 else "maps"


def _and(numbers: Iterable[int]) -> str:
    *most_of_them, last = map(str, numbers)
    return f"{', '.join(most_of_them)} and {last}" if most_of_them else last
