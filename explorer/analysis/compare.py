"""Two networks side by side: where their maps have the same resolution, and by how much they differ.

Networks for inputs of different sizes have maps of different sides. What can be compared is by how much a side is
smaller than the input's: 28 of 224 and 35 of 299 are both an eighth, to the nearest power of two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from explorer.analysis.trace import Node, Stage, Trace
from explorer.analysis.types import Shape

Unit = Literal["number", "bytes", "pixels"]


@dataclass(frozen=True)
class Level:
    """A network at one resolution, `reduction` times smaller than the input, a power of two.

    `node` makes the last maps of this resolution; `stages` are those whose output has it, and the sums are theirs.
    """

    reduction: int
    node: Node
    stages: tuple[Stage, ...]

    @property
    def params(self) -> int:
        return sum(s.params for s in self.stages)

    @property
    def macs(self) -> int:
        return sum(s.macs for s in self.stages)

    @property
    def activation_bytes(self) -> int:
        return sum(s.activation_bytes for s in self.stages)


@dataclass(frozen=True)
class Difference:
    """One quantity of both networks."""

    label: str
    unit: Unit
    first: int
    second: int

    @property
    def ratio(self) -> float:
        """How many times the first the second is."""
        return self.second / self.first


def reduction(trace: Trace, shape: Shape) -> int | None:
    """How many times smaller than the input maps of this shape are, as a power of two; None for vectors."""
    if len(shape) < 3 or min(shape[1:]) == 1:
        return None
    return int(2 ** round(math.log2(trace.input_size[1] / shape[1])))


def levels(trace: Trace) -> dict[int, Level]:
    """The resolutions of a network's maps, the input's left out, the finest first."""
    stages = [s for s in trace.stages if s.path not in trace.auxiliary]
    last: dict[int, Node] = {}
    for outputs in (
        [n for s in stages for n in map(trace.node, s.nodes)],
        [trace.node(b.output) for s in stages for b in s.blocks],  # preferred: no branch of the next block
    ):
        last |= {level: n for n in outputs if (level := reduction(trace, n.out_shape))}
    return {
        level: Level(level, last[level], tuple(s for s in stages if reduction(trace, s.out_shape) == level))
        for level in sorted(last)
    }


def differences(first: Trace, second: Trace) -> tuple[Difference, ...]:
    """What the networks cost, how deep they are, and how far their last maps see."""
    seen = [list(levels(t).values())[-1].node.receptive_field[0] for t in (first, second)]
    return (
        Difference("Parameters", "number", first.inference_params, second.inference_params),
        Difference("MACs", "number", first.inference_macs, second.inference_macs),
        Difference("Weight layers", "number", first.depth, second.depth),
        Difference("Side of the input", "pixels", first.input_size[1], second.input_size[1]),
        Difference("All activations, float32", "bytes", first.activation_bytes, second.activation_bytes),
        Difference("Receptive field of the last maps", "pixels", seen[0], seen[1]),
    )
