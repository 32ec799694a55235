"""Residual units, and those of a plain network that can be left out: found in the trace of what runs.

He et al., arXiv 1512.03385.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from explorer.analysis.trace import Node, Trace

Shortcut = Literal["identity", "padding", "projection", "none"]


@dataclass(frozen=True)
class Unit:
    """A unit of a network, by its block's path.

    `sum` is the operation that adds; `residual` gives one of its terms, `shortcut` the other: the unit's input, or
    what a shortcut of option A, B or C makes of it. In a plain network `kind` is "none": `shortcut` is the unit's
    input, that nothing adds to `sum`, the unit's output.
    """

    path: str
    kind: Shortcut
    shortcut: str
    residual: str
    sum: str


def residual_units(trace: Trace) -> tuple[Unit, ...]:
    """The units that add what passes them by, in order; none for most networks.

    Of the two terms, the residual is the one with more convolutions before it in the unit.
    """
    units = []
    for n in trace.nodes:
        if n.type == "add" and len(n.inputs) == 2:
            terms = sorted(n.inputs, key=lambda name: _convolutions(trace, trace.node(name), n.block))
            shortcut = trace.node(terms[0])
            units.append(Unit(n.block, _kind(shortcut, n.block), shortcut.name, terms[1], n.name))
    return tuple(units)


def _convolutions(trace: Trace, node: Node, block: str) -> int:
    """How many convolutions lie on the longest way from the start of a block to a node."""
    if node.block != block:
        return 0
    before = max((_convolutions(trace, trace.node(name), block) for name in node.inputs), default=0)
    return before + (node.type == "Conv2d")


def _kind(shortcut: Node, block: str) -> Shortcut:
    if shortcut.block != block:
        return "identity"
    return "padding" if shortcut.kind == "reshape" else "projection"


def plain_units(trace: Trace) -> tuple[Unit, ...]:
    """Of a network without additions, the units whose output has the shape of their input: they can be left out."""
    blocks = [b for stage in trace.stages for b in stage.blocks if len(stage.blocks) > 1]
    return tuple(
        Unit(b.path, "none", trace.node(b.nodes[0]).inputs[0], b.output, b.output)
        for b in blocks
        if b.in_shape == b.out_shape and any(trace.node(name).type == "Conv2d" for name in b.nodes)
    )
