"""Two networks side by side: where their maps have the same resolution, and by how much they differ.

Networks for inputs of different sizes have maps of different sides. What can be compared is by how much a side is
smaller than the input's: 28 of 224 and 35 of 299 are both an eighth, to the nearest power of two.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal

from explorer.analysis.trace import Block, Node, Stage, Trace
from explorer.analysis.types import Shape

Unit = Literal["number", "bytes", "pixels"]
LAYERS = ("convolution", "pointwise", "depthwise", "pooling", "linear")  # kinds whose numbers a paper lists


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
        Difference("All activations, float32", "bytes", *map(_activation_bytes, (first, second))),
        Difference("Receptive field of the last maps", "pixels", seen[0], seen[1]),
    )


def _activation_bytes(trace: Trace) -> int:
    """Of all outputs together, without those of heads for training only."""
    return sum(n.activation_bytes for n in trace.nodes if n.stage not in trace.auxiliary)


# ---- the operations of two blocks ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Alignment:
    """The operations of two blocks in their order, those that do the same side by side.

    Attributes:
        pairs: operations of both, first and second, that do the same.
        only_first: operations without a partner.
        only_second: the same of the other block.
    """

    pairs: tuple[tuple[Node, Node], ...]
    only_first: tuple[Node, ...]
    only_second: tuple[Node, ...]

    @property
    def altered(self) -> tuple[tuple[Node, Node], ...]:
        """Convolutions, poolings and linear layers of both that stride, group or widen otherwise."""
        return tuple((a, b) for a, b in self.pairs if a.kind in LAYERS and _numbers(a) != _numbers(b))

    def partner(self, side: int, name: str) -> str | None:
        """The other block's operation that does the same as this one of the first (side 0) or second block."""
        return next((pair[1 - side].name for pair in self.pairs if pair[side].name == name), None)


def aligned(first: Trace, second: Trace, blocks: tuple[Block, Block]) -> Alignment:
    """The longest common sequence of operations of a block of each, those with equal names preferred."""
    a, b = ([t.node(name) for name in block.nodes] for t, block in zip((first, second), blocks, strict=True))
    own = [[n.name.removeprefix(block.path) for n in nodes] for nodes, block in zip((a, b), blocks, strict=True)]
    # best[i][j]: how well a[i:] and b[j:] go together. An equal name is worth less than another pair.
    best = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]

    def gain(i: int, j: int) -> int:
        return len(a) + len(b) + (own[0][i] == own[1][j]) if _does(a[i]) == _does(b[j]) else 0

    for i in reversed(range(len(a))):
        for j in reversed(range(len(b))):
            together = gain(i, j) and gain(i, j) + best[i + 1][j + 1]
            best[i][j] = max(together, best[i + 1][j], best[i][j + 1])
    pairs, i, j = [], 0, 0
    while i < len(a) and j < len(b):
        if gain(i, j) and best[i][j] == gain(i, j) + best[i + 1][j + 1]:
            pairs.append((a[i], b[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    paired = {n.name for n, _ in pairs}, {n.name for _, n in pairs}
    alone = (tuple(n for n in nodes if n.name not in names) for nodes, names in zip((a, b), paired, strict=True))
    return Alignment(tuple(pairs), *alone)


def _does(node: Node) -> Hashable:
    """What kind of operation it is, whatever its numbers of maps."""
    return node.kind, node.type, node.kernel if node.kind != "gate" else None


def _numbers(node: Node) -> Hashable:
    return node.stride, node.groups if node.kind != "depthwise" else None, node.out_shape[0]
