"""The parallel branches of a block that ends in a concatenation: what each costs, and what its 1x1 saves."""

from __future__ import annotations

from dataclasses import dataclass, replace

from explorer.analysis import cost, designs
from explorer.analysis.cost import Design
from explorer.analysis.text import pair_text
from explorer.analysis.trace import Node, Trace


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
        """What it does, one after the other: "1×1 → 5×5"; what stands side by side is joined by "and"."""
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
    for n in reversed(inside):  # operations stand behind their inputs
        if n.name in needed:
            needed.update(n.inputs)
    return tuple(n for n in inside if n.name in needed)


def without_reduction(branch: Branch) -> tuple[Design, Design] | None:
    """A branch's convolutions as they are, and the last one alone on all maps that the first one reads.

    None for a branch that isn't a 1x1 convolution and a larger one behind it. Only convolutions are counted:
    a BN has the same parameters in both.
    """
    match branch.windows:
        case (Node(kind="pointwise") as first, Node(kind="convolution") as second):
            reduce, large = cost.convolution_of(first), cost.convolution_of(second)
            alone = designs.direct(replace(large, in_shape=reduce.in_shape))
            return Design(branch.title, (reduce, large)), alone
    return None
