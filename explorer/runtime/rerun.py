"""A pass that goes another way: some operations replaced, everything that depends on them computed again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, fx

from explorer.runtime.activations import Activations, Recomputation
from explorer.runtime.device import forward_slot

Operation = Callable[[Tensor], Tensor]


class _Replaced(Recomputation):
    def __init__(self, graph: fx.GraphModule, replaced: Mapping[fx.Node, Operation]) -> None:
        super().__init__(graph)
        self.replaced = replaced

    def run_node(self, n: fx.Node) -> Any:
        if n in self.replaced:
            return self.replaced[n](self.env[n.all_input_nodes[0]])
        return super().run_node(n)


def logits_with(activations: Activations, replaced: Mapping[str, Operation]) -> Tensor:
    """The logits (N, classes), on the CPU, when the named operations of one input give something else.

    Each function is called with what the operation would read, on the network's device. It may answer for several
    passes at once: (1, ...) in, (N, ...) out. Raises KeyError for an operation that the network does not have.
    """
    network = activations.network
    chosen = {network.nodes[name]: operation for name, operation in replaced.items()}
    stale = set(chosen)
    for node in network.graph.graph.nodes:
        if stale.intersection(node.all_input_nodes):
            stale.add(node)
    kept = {node: value for node, value in activations.kept.items() if node not in stale}
    output = network.graph.graph.output_node().all_input_nodes[0]
    with forward_slot():
        value: Tensor = _Replaced(network.graph, chosen).values([output], kept)[output]
    return value.float().cpu()
