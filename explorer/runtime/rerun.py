"""A pass that goes another way: some values altered, everything that depends on them computed again."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor, fx

from explorer.runtime.activations import Activations, Recomputation
from explorer.runtime.device import forward_slot, synchronize

Operation = Callable[[Tensor], Tensor]


class _Rerun(Recomputation):
    """Runs the network with some operations replaced, and the outputs of others altered."""

    def __init__(
        self, graph: fx.GraphModule, replaced: Mapping[fx.Node, Operation], alterations: Mapping[fx.Node, Operation]
    ) -> None:
        super().__init__(graph)
        self.replaced, self.alterations = replaced, alterations

    def run_node(self, n: fx.Node) -> Any:
        if n in self.replaced:
            return self.replaced[n](self.env[n.all_input_nodes[0]])
        value = super().run_node(n)
        return self.alterations[n](value) if n in self.alterations else value


def altered(activations: Activations, alterations: Mapping[str, Operation]) -> Activations:
    """The same picture with altered outputs, by the operations that give them, as gates are; the rest follows.

    Only what depends on them runs again. A gate behind an altered one is computed from what reaches it. Raises
    KeyError for an operation that the network does not have.
    """
    network = activations.network
    values, milliseconds = _rerun(activations, [*network.boundaries, network.scores], {}, alterations)
    logits = values[network.scores][0].float().cpu()
    boundaries = {node: values[node] for node in network.boundaries}
    return replace(activations, kept=boundaries, logits=logits, milliseconds=milliseconds)


def logits_with(activations: Activations, replaced: Mapping[str, Operation]) -> Tensor:
    """The logits (N, classes), on the CPU, when the named operations of one input give something else.

    Each function is called with what the operation would read, on the network's device. It may answer for several
    passes at once: (1, ...) in, (N, ...) out. Raises KeyError for an operation that the network does not have.
    """
    scores = activations.network.scores
    return _rerun(activations, [scores], replaced, {})[0][scores].float().cpu()


def relative_change(before: Tensor, after: Tensor) -> float:
    """The L2 norm of the difference over that of `before`; 0 where both are zero."""
    difference, norm = float((after - before).norm()), float(before.norm())
    return difference / norm if norm else (float("inf") if difference else 0.0)


def _rerun(
    activations: Activations, wanted: Collection[fx.Node], replaced: Mapping[str, Operation],
    alterations: Mapping[str, Operation],
) -> tuple[dict[fx.Node, Tensor], float]:  # fmt: skip
    """The wanted values, and the milliseconds that they took."""
    network = activations.network
    instead = {network.nodes[name]: operation for name, operation in replaced.items()}
    after = {network.nodes[name]: operation for name, operation in alterations.items()}
    stale = {*instead, *after}
    for node in network.graph.graph.nodes:
        if stale.intersection(node.all_input_nodes):
            stale.add(node)
    kept = {node: value for node, value in activations.kept.items() if node not in stale}
    with forward_slot():
        synchronize(network.device)
        start = time.perf_counter()
        values = _Rerun(network.graph, instead, after).values(wanted, kept)
        synchronize(network.device)
    return values, 1000 * (time.perf_counter() - start)
