"""One value of a 1x1 convolution, taken apart: a weighted sum over the channels at one position."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import nn

from explorer.analysis.trace import Node, Trace
from explorer.runtime.activations import Activations
from explorer.runtime.maps import FloatArray

ELEMENTWISE = ("normalization", "activation")


@dataclass(frozen=True)
class WeightedSum:
    """The C input numbers at a position, the filter's C weights, and the sum of their products and the bias.

    `position` is (row, column) in the input, which a stride makes another than in the output. `network` is
    what the network itself has there, `maps` the whole map, and `after` the values that normalization and
    activation make of it, by operation.
    """

    inputs: FloatArray
    weights: FloatArray
    bias: float | None
    position: tuple[int, int]
    maps: FloatArray
    network: float
    after: tuple[tuple[Node, float], ...]

    @property
    def products(self) -> npt.NDArray[np.float64]:
        return self.inputs.astype(np.float64) * self.weights

    @property
    def total(self) -> float:
        return float(self.products.sum()) + (self.bias or 0.0)


def pointwise_nodes(trace: Trace) -> tuple[Node, ...]:
    """The ungrouped, unpadded 1x1 convolutions of a network, on maps: not those of gates."""
    return tuple(n for n in trace.nodes if n.kind == "pointwise" and n.groups == 1 and n.padding == (0, 0))


def weighted_sum(
    activations: Activations, trace: Trace, node: Node, channel: int, row: int, column: int
) -> WeightedSum:
    """Output `channel` of one of `pointwise_nodes` at (row, column). Raises IndexError outside of the map."""
    layer = activations.network.model.get_submodule(node.path)
    assert isinstance(layer, nn.Conv2d) and node.stride is not None  # a pointwise node is one
    before, own = activations.maps(node.inputs[0]).numpy(), activations.maps(node.name).numpy()
    position = row * node.stride[0], column * node.stride[1]
    return WeightedSum(
        inputs=before[:, position[0], position[1]],
        weights=layer.weight[channel, :, 0, 0].float().cpu().numpy(),
        bias=None if layer.bias is None else float(layer.bias[channel]),
        position=position,
        maps=own[channel],
        network=float(own[channel, row, column]),
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
