"""The weights of convolutions and linear layers as pictures: by what an output channel multiplies its inputs.

Weights are signed, so they are drawn with the diverging colours and symmetric limits: 0 is neutral. Only the kernels of
a first layer, which read red, green and blue, can also be drawn as small colour pictures: there 0 is mid-grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from PIL import Image
from torch import Tensor, nn

from explorer.analysis.trace import Node, Trace
from explorer.architectures.lenet import PartialConvolution
from explorer.runtime import colormaps
from explorer.runtime.colormaps import ByteArray
from explorer.runtime.maps import FloatArray, GridHeader, Message, Order, encode_page, statistics
from explorer.runtime.pictures import png_bytes
from explorer.runtime.weights.network import Network

Overview = Literal["rgb", "filters", "matrix"]

TYPES = ("Conv2d", "Linear", "PartialConvolution")  # of operations that have kernels
MOST_WEIGHTS = 2**22  # of a matrix that is drawn whole
MOST_PIXELS = 1024  # of either side of its picture


@dataclass(frozen=True)
class Kernels:
    """The kernels of one operation, one for each output channel: (inputs, height, width) weights.

    `sources` are the input channels that a kernel reads: all `inputs` of them, those of its group, or, of LeNet-5's C3,
    those of the connection table. A linear layer is a 1x1 convolution of a 1x1 map.
    """

    filters: Sequence[FloatArray]
    sources: Sequence[Sequence[int]]
    inputs: int

    @property
    def outputs(self) -> int:
        return len(self.filters)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of a kernel."""
        return self.filters[0].shape[1], self.filters[0].shape[2]

    @property
    def count(self) -> int:
        """How many weights there are, biases not counted."""
        return sum(f.size for f in self.filters)

    @cached_property
    def reach(self) -> float:
        """The largest absolute weight: the limit of a scale that all kernels share."""
        return max(float(np.abs(f).max()) for f in self.filters)

    @property
    def one_each(self) -> bool:
        """Whether each kernel reads a single channel: of a depthwise convolution, or a first layer on grey pictures."""
        return all(len(read) == 1 for read in self.sources)

    @property
    def overview(self) -> Overview | None:
        """How all kernels can be drawn in one picture; None where there is no good way."""
        if self.size == (1, 1):
            return "matrix" if self.count <= MOST_WEIGHTS else None
        if self.one_each:
            return "filters"
        return "rgb" if self.inputs == 3 and all(len(read) == 3 for read in self.sources) else None

    def matrix(self) -> FloatArray:
        """The weights of 1x1 kernels as (outputs, inputs of a kernel)."""
        return np.stack([f[:, 0, 0] for f in self.filters])


def kernels(network: Network, node: str) -> Kernels:
    """The kernels of an operation of the network that runs. Raises KeyError for one whose type is none of `TYPES`."""
    layer = network.module(network.nodes[node])
    if isinstance(layer, PartialConvolution):
        filters = [_array(layer.get_parameter(f"maps.{output}.weight"))[0] for output in range(len(layer.table))]
        return Kernels(filters, layer.table, 1 + max(map(max, layer.table)))
    if isinstance(layer, nn.Linear):
        sources = [range(layer.in_features)] * layer.out_features
        return Kernels(list(_array(layer.weight)[:, :, None, None]), sources, layer.in_features)
    if isinstance(layer, nn.Conv2d):
        read, written = layer.in_channels // layer.groups, layer.out_channels // layer.groups
        groups = [range(g * read, (g + 1) * read) for g in range(layer.groups)]
        sources = [groups[output // written] for output in range(layer.out_channels)]
        return Kernels(list(_array(layer.weight)), sources, layer.in_channels)
    raise KeyError(node)


def _array(weight: Tensor) -> FloatArray:
    values: FloatArray = weight.detach().float().cpu().numpy()
    return values


def feeding(trace: Trace, node: Node) -> tuple[Node, ...]:
    """The operations with kernels whose values reach `node` past operations without; the latest first."""
    wanted, found = set(node.inputs), []
    for before in reversed(trace.nodes):  # operations stand in the order in which they run
        if before.name in wanted:
            if before.type in TYPES:
                found.append(before)
            else:
                wanted.update(before.inputs)
    return tuple(found)


# ---- pictures ----------------------------------------------------------------------------------------------


def rgb_kernels(weight: FloatArray) -> tuple[ByteArray, float]:
    """Kernels that read red, green and blue, (outputs, 3, height, width), as pictures (outputs, height, width, 3).

    All share one scale: -reach is 0, no weight is mid-grey, +reach is 255. Returns the pictures and the reach.
    """
    reach = float(np.abs(weight).max()) or 1.0
    return np.rint(127.5 + 127.5 / reach * weight.transpose(0, 2, 3, 1)).astype(np.uint8), reach


def matrix_png(matrix: FloatArray, reach: float) -> tuple[bytes, tuple[int, int]]:
    """A matrix as a picture in the diverging colours from -reach to reach, and the (rows, columns) behind a pixel.

    A pixel for several weights shows the one with the largest absolute value.
    """
    block = (-(-matrix.shape[0] // MOST_PIXELS), -(-matrix.shape[1] // MOST_PIXELS))
    shown = _strongest(_strongest(matrix, block[0]).T, block[1]).T
    places = np.rint(127.5 + 127.5 / (reach or 1.0) * shown).astype(np.uint8)
    return png_bytes(Image.fromarray(colormaps.DIVERGING[places])), block


def _strongest(matrix: FloatArray, rows: int) -> FloatArray:
    """Of each `rows` rows, column by column, the value with the largest absolute one."""
    starts = np.arange(0, len(matrix), rows)
    high, low = np.maximum.reduceat(matrix, starts), np.minimum.reduceat(matrix, starts)
    return np.where(high >= -low, high, low)


def message(k: Kernels, output: int | None, node: str, order: Order = "index", page: int = 0) -> Message:
    """One page of kernels for the component that shows maps: of `output`, one for each channel that it reads.

    None means the kernels of all output channels, which is for those that read one channel each. The scale that maps
    share goes up to the layer's largest weight.
    """
    values = np.concatenate(k.filters) if output is None else k.filters[output]
    header = GridHeader(node=node, minimum=-k.reach, maximum=k.reach, signed=True)
    if output is not None:
        header["numbers"] = list(k.sources[output])
    return encode_page(values, statistics(values), header, order, page)
