"""One value of a 1x1 convolution, taken apart: a weighted sum over the channels at one position."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.analysis.trace import Node, Trace
from explorer.instruments.value.compute import Value, Values, value
from explorer.runtime.activations import Activations
from explorer.runtime.maps import FloatArray

ELEMENTWISE = ("normalization", "activation")


@dataclass(frozen=True)
class WeightedSum:
    """A value, the whole map that it stands in, and what normalization and activation make of it, by operation."""

    value: Value
    maps: FloatArray
    after: tuple[tuple[Node, float], ...]

    @property
    def inputs(self) -> Values:
        """The C numbers at the position."""
        inputs: Values = self.value.inputs[:, 0, 0]
        return inputs

    @property
    def weights(self) -> Values:
        """The filter's C weights."""
        assert self.value.made.weights is not None  # it is a sum
        weights: Values = self.value.made.weights[:, 0, 0]
        return weights

    @property
    def products(self) -> Values:
        return self.inputs * self.weights

    @property
    def position(self) -> tuple[int, int]:
        """Row and column in the input, which a stride makes others than in the output."""
        _, row, column = self.value.places[0, 0, 0].tolist()
        return row, column


def pointwise_nodes(trace: Trace) -> tuple[Node, ...]:
    """The ungrouped, unpadded 1x1 convolutions of a network, on maps: not those of gates."""
    return tuple(n for n in trace.nodes if n.kind == "pointwise" and n.groups == 1 and n.padding == (0, 0))


def weighted_sum(
    activations: Activations, trace: Trace, node: Node, channel: int, row: int, column: int
) -> WeightedSum:
    """Output `channel` of one of `pointwise_nodes` at (row, column). Raises NoSuchPlace outside of the map."""
    return WeightedSum(
        value=value(activations, node.name, (channel, row, column)),
        maps=activations.maps(node.name)[channel].numpy(),
        after=tuple((n, float(activations.maps(n.name)[channel, row, column])) for n in _elementwise(trace, node)),
    )


def _elementwise(trace: Trace, node: Node) -> list[Node]:
    """Normalization and activation that follow, one after the other, until something else reads the maps."""
    chain: list[Node] = []
    current = node
    while True:
        readers = [n for n in trace.nodes if current.name in n.inputs]
        if len(readers) != 1 or readers[0].kind not in ELEMENTWISE:
            return chain
        current = readers[0]
        chain.append(current)
