"""What flows where: the edges of a diagram, and which of them skip something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from explorer.analysis.trace import Block, Stage, Trace


@dataclass(frozen=True)
class Flow:
    """The edges that are drawn: the `inputs` of each operation, and which edges are `skips`.

    `shortcuts` are the operations on skipping branches (a projection); `bypassed` are those that they bypass.
    """

    inputs: dict[str, tuple[str, ...]]
    skips: frozenset[tuple[str, str]]
    shortcuts: frozenset[str]
    bypassed: frozenset[str]

    @classmethod
    def of(cls, trace: Trace) -> Flow:
        inputs = _drawn_inputs(trace)
        names = [node.name for node in trace.nodes]
        depth, origins = _depth_and_origins(names, inputs)
        skips: set[tuple[str, str]] = set()
        shortcuts: set[str] = set()
        bypassed: set[str] = set()
        for position, node in enumerate(trace.nodes):
            if node.kind != "merge" or node.type == "mul":
                continue  # the maps that a gate multiplies do not skip the gate
            deepest = max(inputs[node.name], key=depth.__getitem__)
            for source in inputs[node.name]:
                common = origins[source] & origins[deepest]
                if depth[source] == depth[deepest] or not common:
                    continue
                fork = common.bit_length() - 1  # the last operation from which both branches come
                if node.type == "cat" and names[fork] != source:
                    continue  # the short branches of an inception module do not skip the long ones
                after = [i for i in range(fork + 1, position) if origins[names[i]] >> fork & 1]
                branch = {names[i] for i in after if origins[source] >> i & 1}
                shortcuts |= branch
                bypassed |= {names[i] for i in after if origins[deepest] >> i & 1}
                skips.add((source, node.name))
                skips |= {(i, n) for n in branch for i in inputs[n] if i == names[fork] or i in branch}
        return cls(inputs, frozenset(skips), frozenset(shortcuts), frozenset(bypassed))

    def is_skipped(self, group: Stage | Block) -> bool:
        """Whether a skip connection bypasses something in the group."""
        return not self.bypassed.isdisjoint(group.nodes)


def _depth_and_origins(
    names: Sequence[str], inputs: dict[str, tuple[str, ...]]
) -> tuple[dict[str, int], dict[str, int]]:
    """For each operation, how many are on the longest path to it, and which lead to it (bit i: the i-th)."""
    depth: dict[str, int] = {}
    origins: dict[str, int] = {}
    for position, name in enumerate(names):
        depth[name] = 1 + max((depth[source] for source in inputs[name]), default=0)
        origins[name] = 1 << position
        for source in inputs[name]:
            origins[name] |= origins[source]
    return depth, origins


def _drawn_inputs(trace: Trace) -> dict[str, tuple[str, ...]]:
    """The inputs of each operation, with concat([a..k, l]) as concat([concat([a..k]), l]) where that exists.

    It is the same tensor, and with the hundreds of raw edges of a DenseNet Graphviz does not finish.
    """
    inputs: dict[str, tuple[str, ...]] = {}
    concats: dict[tuple[str, ...], str] = {}
    for node in trace.nodes:
        inputs[node.name] = node.inputs
        if node.type != "cat":
            continue
        for length in range(len(node.inputs) - 1, 0, -1):
            if node.inputs[:length] in concats:
                inputs[node.name] = (concats[node.inputs[:length]], *node.inputs[length:])
                break
        concats[node.inputs] = node.name
    return inputs
