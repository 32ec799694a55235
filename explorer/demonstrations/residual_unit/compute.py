"""Residual units at work: what passes by, what is added, and what becomes of a picture when a unit is removed.

He et al., arXiv 1512.03385; removing units at test time after Veit, Wilber, Belongie, arXiv 1605.06431.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from explorer.analysis.trace import Block, Trace
from explorer.analysis.units import Unit
from explorer.runtime import colormaps
from explorer.runtime.activations import Activations, Recomputation, logits_with, relative_change
from explorer.runtime.device import forward_slot
from explorer.runtime.maps import FloatArray, pack

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
