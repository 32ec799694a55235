"""The parallel branches of a block that ends in a concatenation: what each costs, and what its 1x1 saves.

And the auxiliary heads of networks that have such blocks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import takewhile

from explorer.analysis import cost, designs
from explorer.analysis.cost import Design
from explorer.analysis.text import pair_text
from explorer.analysis.trace import Node, Trace
from explorer.runtime.weights.bundled import Bundled


@dataclass(frozen=True)
class Branch:
    """The operations that lead to one input of a concatenation, in order.

    `first` is the number of its first map among the stacked ones.
    """

    nodes: tuple[Node, ...]
    first: int

    @property
    def output(self) -> Node:
        return self.nodes[-1]

    @property
    def channels(self) -> int:
        return self.output.out_shape[0]

    @property
    def params(self) -> int:
        return sum(n.params for n in self.nodes)

    @property
    def macs(self) -> int:
        return sum(n.macs for n in self.nodes)

    @property
    def pools(self) -> bool:
        """Whether it begins with a pooling."""
        return self.windows[0].kind == "pooling"

    @property
    def windows(self) -> tuple[Node, ...]:
        """Its convolutions and poolings."""
        return tuple(n for n in self.nodes if n.kernel)

    @property
    def title(self) -> str:
        """Its windows in order: "1×1 → 5×5"; those side by side are joined by "and"."""
        depth: dict[str, int] = {}
        steps: dict[int, list[str]] = {}
        for n in self.nodes:
            depth[n.name] = max((depth.get(i, 0) for i in n.inputs), default=0) + bool(n.kernel)
            if n.kernel:
                word = "pooling " if n.kind == "pooling" else ""
                steps.setdefault(depth[n.name], []).append(word + pair_text(n.kernel))
        return " → ".join(" and ".join(step) for step in steps.values())


@dataclass(frozen=True)
class Module:
    """A block with parallel branches, and the operation that stacks what they make."""

    path: str
    merge: Node
    branches: tuple[Branch, ...]

    @property
    def in_channels(self) -> int:
        """The maps that all branches read."""
        return self.branches[0].nodes[0].in_shapes[0][0]

    @property
    def params(self) -> int:
        return sum(b.params for b in self.branches)

    @property
    def macs(self) -> int:
        return sum(b.macs for b in self.branches)


def modules(trace: Trace) -> tuple[Module, ...]:
    """The blocks of a network with branches that read the same maps, in order; none for most networks.

    A concatenation inside a branch belongs to that branch.
    """
    found = []
    for block in (b for stage in trace.stages for b in stage.blocks):
        inside = [trace.node(name) for name in block.nodes]
        merges = [n for n in inside if n.type == "cat"]
        if not merges:
            continue
        branches, first = [], 0
        for name in merges[-1].inputs:
            branches.append(Branch(_leading_to(name, inside), first))
            first += trace.node(name).out_shape[0]
        if all(branch.nodes for branch in branches):  # a DenseNet's layer stacks its own input: no branch
            found.append(Module(block.path, merges[-1], tuple(branches)))
    return tuple(found)


def _leading_to(name: str, inside: list[Node]) -> tuple[Node, ...]:
    """The operations among `inside` on which `name` depends, and itself, in order."""
    needed = {name}
    for n in reversed(inside):  # operations come after their inputs
        if n.name in needed:
            needed.update(n.inputs)
    return tuple(n for n in inside if n.name in needed)


# ---- reductions --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reductions:
    """The branches of a 1x1 convolution and a larger one after it, each with the larger one alone on all maps.

    Only convolutions are counted: a BN has the same parameters in both.
    """

    pairs: tuple[tuple[Design, Design], ...]

    @property
    def saved_params(self) -> int:
        return sum(alone.params - reduced.params for reduced, alone in self.pairs)

    @property
    def saved_macs(self) -> int:
        return sum(alone.macs - reduced.macs for reduced, alone in self.pairs)


def reductions(module: Module) -> Reductions:
    """What the 1x1 convolutions of a module save."""
    return Reductions(tuple(pair for branch in module.branches if (pair := without_reduction(branch))))


def without_reduction(branch: Branch) -> tuple[Design, Design] | None:
    """A branch's convolutions as they are, and the last one alone on all maps that the first one reads.

    None for a branch that isn't a 1x1 convolution and a larger one after it.
    """
    match branch.windows:
        case (Node(kind="pointwise") as first, Node(kind="convolution") as second):
            reduce, large = cost.convolution_of(first), cost.convolution_of(second)
            alone = designs.direct(replace(large, in_shape=reduce.in_shape))
            return Design(branch.title, (reduce, large)), alone
    return None


# ---- auxiliary heads ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Head:
    """A classifier: `scores` is the operation that gives the classes' scores, `reads` the one before its stage."""

    stage: str
    scores: str
    reads: str
    params: int
    macs: int


def heads(trace: Trace) -> tuple[Head, ...]:
    """The auxiliary heads in order, and the main one last; only the main one for most networks."""
    found = []
    for path in (*trace.auxiliary, trace.output.stage):
        stage = trace.stage(path)
        scores = trace.classifier if path == trace.output.stage else stage.output
        found.append(Head(path, scores, trace.node(stage.nodes[0]).inputs[0], stage.params, stage.macs))
    return tuple(found)


def epochs_with_heads(entry: Bundled) -> int:
    """In how many of the last epochs the auxiliary heads were trained: they need pictures of full size."""
    phases = entry.record()["recipe"]["phases"]
    last = takewhile(lambda phase: phase["build"].get("aux", True), reversed(phases))
    return sum(phase["epochs"] for phase in last)
