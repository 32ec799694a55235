"""Dense blocks: which layer made which of the maps that are passed on, and which maps the later layers use.

Huang et al., arXiv 1608.06993; the weights are those of its figure 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from explorer.analysis.trace import Node, Trace, trace_variant
from explorer.architectures.densenet import DenseNetConfig
from explorer.architectures.family import Variant
from explorer.runtime.maps import FloatArray
from explorer.runtime.weights.network import Network


@dataclass(frozen=True)
class Reader:
    """What reads the maps that there are so far: `title` names it in charts, `convolution` is its first layer.

    `sources` are the first so many of the block's sources: it reads all their maps.
    """

    title: str
    convolution: str
    sources: int


@dataclass(frozen=True)
class DenseBlock:
    """A dense block: `channels` are the maps of each source, first those that enter, then each layer's own.

    `readers` are its layers, and the transition or the classifier after it.
    """

    path: str
    output: str  # the operation that gives all its maps
    size: tuple[int, int]
    channels: tuple[int, ...]
    readers: tuple[Reader, ...]

    @property
    def layers(self) -> int:
        return len(self.channels) - 1

    @property
    def sources(self) -> tuple[str, ...]:
        """What computed the maps."""
        return ("input", *(f"layer {i + 1}" for i in range(self.layers)))

    def maps_after(self, layer: int) -> int:
        """How many maps there are after that layer; 0 asks for those that enter the block."""
        return sum(self.channels[: layer + 1])


def dense_blocks(trace: Trace) -> tuple[DenseBlock, ...]:
    """The dense blocks of a network, in order; none for other networks."""
    found = []
    for i, stage in enumerate(trace.stages):
        merges = [trace.node(block.output) for block in stage.blocks]
        if not all(_is_dense(n) for n in merges):
            continue
        readers = [
            Reader(f"layer {number}", _first_weights(trace, block.nodes), number)
            for number, block in enumerate(stage.blocks, 1)
        ]
        following = trace.stages[i + 1]
        name = "classifier" if i + 2 == len(trace.stages) else "transition"
        readers.append(Reader(name, _first_weights(trace, following.nodes), len(merges) + 1))
        height, width = stage.out_shape[1:]
        channels = (merges[0].in_shapes[0][0], *(n.in_shapes[1][0] for n in merges))
        found.append(DenseBlock(stage.path, stage.output, (height, width), channels, tuple(readers)))
    return tuple(found)


def _is_dense(node: Node) -> bool:
    """Whether it stacks what entered its block and one thing more."""
    return node.type == "cat" and len(node.inputs) == 2 and not node.inputs[0].startswith(f"{node.block}.")


def _first_weights(trace: Trace, names: tuple[str, ...]) -> str:
    """The first operation among `names` that mixes channels."""
    return next(n for n in names if trace.node(n).type in ("Conv2d", "Linear"))


def strongest_maps(values: FloatArray, block: DenseBlock, count: int) -> tuple[tuple[int, int], ...]:
    """The strongest map of up to `count` sources, evenly spaced: pairs of source and number of the map.

    `values` are the maps after the block's last layer, (C, H, W); strength is the mean absolute value.
    """
    strengths = np.abs(values).mean((1, 2))
    sources = np.unique(np.linspace(0, block.layers, min(count, block.layers + 1)).round().astype(int))
    found = []
    for source in sources.tolist():
        first = block.maps_after(source - 1) if source else 0
        found.append((source, first + int(strengths[first : block.maps_after(source)].argmax())))
    return tuple(found)


# ---- figure 5: the weights of each source ------------------------------------------------------------------


def source_weights(network: Network, block: DenseBlock) -> FloatArray:
    """Mean absolute weight from each source (row) to each reader (column), NaN where there is no connection.

    The mean goes over all weights that join the two: all filters and positions of the reader's first convolution (or
    linear layer), and all maps of the source. So a source with many maps doesn't count more than one with few.
    """
    table = np.full((len(block.channels), len(block.readers)), np.nan, dtype=np.float32)
    for column, reader in enumerate(block.readers):
        weight = network.model.get_submodule(reader.convolution).weight
        assert isinstance(weight, torch.Tensor)
        parts = weight.float().abs().cpu().split(block.channels[: reader.sources], dim=1)
        table[: reader.sources, column] = [float(part.mean()) for part in parts]
    return table


def relative(table: FloatArray) -> FloatArray:
    """Each column divided by its largest entry: layers whose weights are small altogether can be compared."""
    largest = np.nanmax(table, axis=0)
    return (table / np.where(largest > 0, largest, 1)).astype(np.float32)


# ---- growth rate and compression ---------------------------------------------------------------------------


def redesigned(variant: Variant, growth_rate: int, compression: float) -> Trace:
    """The same network with another growth rate k and compression; a stem of 2k maps stays one."""
    config: DenseNetConfig = variant.config
    changed: dict[str, Any] = {"growth_rate": growth_rate, "compression": compression}
    if has_stem_of_2k(config):
        changed["stem_channels"] = 2 * growth_rate
    return trace_variant(variant, **changed)


def has_stem_of_2k(config: DenseNetConfig) -> bool:
    """Whether the stem makes twice as many maps as a layer, as in the networks with bottlenecks."""
    return config.stem_channels == 2 * config.growth_rate
