"""Which earlier maps the layers of a dense block use: figure 5 of Huang et al., arXiv 1608.06993."""

from __future__ import annotations

import numpy as np
import torch

from explorer.demonstrations.dense_block.compute import DenseBlock
from explorer.runtime.maps import FloatArray
from explorer.runtime.weights.network import Network


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
