"""Questions about a depthwise convolution and the 1×1 after it."""

from __future__ import annotations

import math
from dataclasses import replace

from explorer.analysis import designs
from explorer.analysis.cost import Design, convolution_of
from explorer.analysis.text import percent_text, si
from explorer.analysis.trace import Node, Trace
from explorer.runtime.edits import Edit
from explorer.teaching.common import picture_of, strongest
from explorer.teaching.question import Posed, Question, Subject, counted, pictured, posed
from explorer.teaching.step import View
from explorer.teaching.units import PICTURED_SIDE


def separable_pair(trace: Trace) -> tuple[Node, Node] | None:
    """A depthwise convolution of stride 1 and the 1×1 after it: the last pair on maps that show something."""
    found = None
    for block in (b for s in trace.stages for b in s.blocks):
        nodes = [trace.node(name) for name in block.nodes]
        for i, n in enumerate(nodes):
            mixing = next((m for m in nodes[i:] if m.kind == "pointwise"), None)
            if n.kind == "depthwise" and n.in_shapes[0] == n.out_shape and mixing is not None:
                found = (n, mixing) if found is None or n.out_shape[1] >= PICTURED_SIDE else found
    return found


def _title(depthwise: Node) -> str:
    """Where the pair is."""
    return depthwise.name.removesuffix(".conv").removesuffix(".depthwise")


def pair_designs(depthwise: Node, pointwise: Node) -> tuple[Design, Design]:
    """A standard convolution, and the pair in its place."""
    c = replace(convolution_of(depthwise), groups=1, bias=False, out_channels=pointwise.out_shape[0])
    return designs.standard(c), designs.depthwise_separable(c)


def separable_saving(name: str) -> Question:
    """How many times fewer MACs a separable pair needs."""

    def pose(subject: Subject) -> Posed | None:
        pair = separable_pair(subject.trace)
        if pair is None:
            return None
        depthwise, pointwise = pair
        full, separable = pair_designs(*pair)
        (channels, *_), (outputs, *_) = depthwise.out_shape, pointwise.out_shape
        kernel = (depthwise.kernel or (1, 1))[0]
        return counted(
            subject,
            f"A {kernel}×{kernel} from {channels} maps to {outputs}: about how many times fewer MACs does a separable "
            "pair need?",
            round(full.macs / separable.macs),
            [outputs, kernel, 2],
            f"{si(full.macs)} against {si(separable.macs)} MACs, {full.macs / separable.macs:.1f} times fewer: the "
            "kernel’s products are not repeated for every output map.",
            View(node=pointwise.name, colour="macs"),
            "times",
        )

    return Question(name, pose)


def depthwise_share(name: str) -> Question:
    """What part of a pair's MACs the depthwise convolution does."""

    def pose(subject: Subject) -> Posed | None:
        pair = separable_pair(subject.trace)
        if pair is None:
            return None
        depthwise, pointwise = pair
        whole = depthwise.macs + pointwise.macs
        area = math.prod(depthwise.kernel or (1, 1))
        share, forgotten = 100 * depthwise.macs / whole, 100 * area / (area + 1)
        return posed(
            subject,
            f"Of the MACs of the separable pair in {_title(depthwise)}, what part has the depthwise half?",
            percent_text(share),
            map(percent_text, (100 - share, 50.0, forgotten)),
            f"{area} products a value, against {pointwise.in_shapes[0][0]} of the 1×1: {si(depthwise.macs)} of "
            f"{si(whole)} MACs.",
            View(node=depthwise.name, colour="macs"),
        )

    return Question(name, pose)


def silenced_channel(name: str) -> Question:
    """How many maps change after the depthwise convolution and after the 1×1 when one of their inputs is silenced."""

    def pose(subject: Subject) -> Posed | None:
        pair = separable_pair(subject.trace)
        if pair is None:
            return None
        depthwise, pointwise = (n.name for n in pair)
        source = pair[0].inputs[0]
        channel = strongest(subject, source)
        edit = Edit(source, "zero", (channel,))
        run = subject.run.unedited
        before = subject.activations(run).several([depthwise, pointwise])
        after = subject.activations(run.edited(edit)).several([depthwise, pointwise])
        changed = [int((before[n] != after[n]).flatten(1).any(1).sum()) for n in (depthwise, pointwise)]
        filtered, mixed = len(before[depthwise]), len(before[pointwise])
        return posed(
            subject,
            f"One of {filtered} maps that {depthwise} filters is zeroed: how many of its own change, and how many of "
            "the 1×1’s?",
            f"{changed[0]}, then {changed[1]}",
            [f"{a}, then {b}" for a, b in ((1, 1), (filtered, mixed), (filtered, 1))],
            f"The depthwise convolution filters each map on its own: {changed[0]} changes. The 1×1 mixes all: "
            f"{changed[1]} of {mixed} change.",
            View(node=depthwise, edits=(edit,)),
        )

    return Question(name, pose)


def depthwise_picture(name: str) -> Question:
    """Which map is the depthwise convolution's: it still shows what entered, the 1×1's is a mixture."""

    def pose(subject: Subject) -> Posed | None:
        pair = separable_pair(subject.trace)
        if pair is None or not subject.trained:  # without training, a mixture looks like any map
            return None
        source, depthwise, pointwise = pair[0].inputs[0], pair[0].name, pair[1].name
        maps = subject.activations(subject.run).several([depthwise, pointwise])
        channel = int(maps[depthwise][: len(maps[pointwise])].flatten(1).std(1).argmax())
        return pictured(
            subject,
            f"Channel {channel} of {_title(pair[0])}: input, depthwise half’s, 1×1’s. Which is the depthwise half’s?",
            picture_of(subject, depthwise, channel),
            [picture_of(subject, node, channel) for node in (source, pointwise)],
            f"It filters map {channel} alone: both show the same things. Map {channel} of the 1×1 is a mixture of all.",
            View(node=depthwise, beside=source),
        )

    return Question(name, pose)
