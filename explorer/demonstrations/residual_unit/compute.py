"""Residual units at work: what passes by, what is added, and what becomes of a picture when a unit is removed.

He et al., arXiv 1512.03385; removing units at test time after Veit, Wilber, Belongie, arXiv 1605.06431.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from explorer.analysis.trace import Block, Node, Trace
from explorer.runtime import colormaps
from explorer.runtime.activations import Activations, Recomputation, altered, logits_with, relative_change
from explorer.runtime.device import forward_slot
from explorer.runtime.maps import FloatArray, pack

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


# ---- identity + residual = sum -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Terms:
    """A unit's maps for one picture, each (C, H, W): `shortcut` + `residual` = `sum`."""

    shortcut: Tensor
    residual: Tensor
    sum: Tensor


@dataclass(frozen=True)
class Norms:
    """L2 norms over all of a unit's maps."""

    shortcut: float
    residual: float
    sum: float

    @property
    def ratio(self) -> float:
        """The residual's norm, relative to the shortcut's."""
        return self.residual / self.shortcut if self.shortcut else float("inf")


def terms(activations: Activations, unit: Unit) -> Terms:
    """Both terms of a residual unit and their sum, as float32 on the CPU."""
    return Terms(*(value[0].float().cpu() for value in _values(activations, (unit.shortcut, unit.residual, unit.sum))))


def norms(activations: Activations, units: Sequence[Unit]) -> Iterator[Norms]:
    """The norms of residual units, one after the other; a forward slot is taken for each."""
    for unit in units:
        t = terms(activations, unit)
        yield Norms(float(t.shortcut.norm()), float(t.residual.norm()), float(t.sum.norm()))


def maps_message(maps: FloatArray, titles: Sequence[str]) -> bytes:
    """One channel of a unit's three maps, (3, H, W), for the browser: a header, then float32 numbers as they are.

    They have one scale, with 0 in its middle.
    """
    reach = float(np.abs(maps).max()) or 1.0
    colours = colormaps.as_text()["diverging"]
    header = {"titles": list(titles), "shape": maps.shape[1:], "limits": (-reach, reach), "colormap": colours}
    return pack(header, maps.astype("<f4").tobytes())


def _values(activations: Activations, names: Sequence[str]) -> list[Tensor]:
    """The values of some operations, with the batch dimension, where the network runs."""
    network = activations.network
    wanted = [network.nodes[name] for name in names]
    with forward_slot():
        values = Recomputation(network.graph).values(wanted, activations.kept)
    return [values[node] for node in wanted]


# ---- a unit removed ----------------------------------------------------------------------------------------


def without(activations: Activations, unit: Unit) -> Activations:
    """The same picture with a unit removed: only its shortcut goes on; of a plain unit, its input."""
    (passed,) = _values(activations, [unit.shortcut])
    after = altered(activations, {unit.sum: lambda _: passed})
    return replace(after, kept=after.kept | {after.network.nodes[unit.sum]: passed})  # else it would be added anew


@dataclass(frozen=True)
class Change:
    """How much a block's output changes: the L2 norm of the difference, relative to the original's."""

    block: str
    relative: float


def changes(before: Activations, after: Activations, trace: Trace, unit: Unit) -> tuple[Change, ...]:
    """The changes along the depth, from the removed unit to the logits."""
    blocks: list[Block] = [b for stage in trace.stages for b in stage.blocks]
    first = next(i for i, b in enumerate(blocks) if b.path == unit.path)
    found = []
    for block in blocks[first:]:
        node = before.network.nodes[block.output]
        if node in before.kept and block.output != trace.classifier:
            found.append(Change(block.path, relative_change(before.kept[node], after.kept[node])))
    return (*found, Change("logits", relative_change(before.logits, after.logits)))


@dataclass(frozen=True)
class Without:
    """What the loss of one unit does to a picture's logits: the change as above, and whether the first class stays."""

    unit: str
    relative: float
    same_class: bool


def without_each(activations: Activations, units: Sequence[Unit]) -> tuple[Without, ...]:
    """Each unit removed alone, all in one pass: where a unit gives its output, the batch gets a row without it.

    Takes the units in their order; each has to depend on all those before it, as in every network here.
    """
    shortcuts = _values(activations, [unit.shortcut for unit in units])
    alterations = {unit.sum: _with_row(row) for unit, row in zip(units, shortcuts, strict=True)}
    _, *rows = logits_with(activations, alterations=alterations)
    winner = int(activations.scores.argmax())
    return tuple(
        Without(
            unit.path,
            relative_change(activations.logits, logits),
            int(activations.network.scores(logits).argmax()) == winner,
        )
        for unit, logits in zip(units, rows, strict=True)
    )


def _with_row(row: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda rows: torch.cat([rows, row])
