"""The mean absolute weights of figure 5: from weights that are known, and of an untrained network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from explorer.analysis.trace import trace_variant
from explorer.architectures import variant
from explorer.demonstrations.dense_block.compute import DenseBlock, dense_blocks
from explorer.demonstrations.dense_block.weights import relative, source_weights
from explorer.runtime.weights.network import Network, load_network


def loaded(name: str) -> tuple[Network, tuple[DenseBlock, ...]]:
    return load_network(variant(name)), dense_blocks(trace_variant(variant(name)))


@pytest.mark.parametrize("name", ["densenet40_cifar", "densenet_bc100_cifar"])
def test_weights_that_are_known_come_back(name: str) -> None:
    """Each reader's weights from source s are ±(s + 1)/10: that is their mean without the sign."""
    network, blocks = loaded(name)
    for block in blocks:
        for reader in block.readers:
            weight = network.model.get_parameter(f"{reader.convolution}.weight")
            made_by = np.repeat(np.arange(len(block.channels)), block.channels)[: weight.shape[1]]
            size = torch.from_numpy((made_by + 1) / 10).float()
            sign = torch.sign(weight)
            weight.copy_(sign * size.reshape(1, -1, *[1] * (weight.ndim - 2)))
        table = source_weights(network, block)
        for column, reader in enumerate(block.readers):
            expected = (np.arange(reader.sources) + 1) / 10
            assert np.allclose(table[: reader.sources, column], expected)
            assert np.isnan(table[reader.sources :, column]).all()


def test_untrained_weights_are_alike_for_all_sources_and_each_column_has_its_own_size() -> None:
    network, blocks = loaded("densenet121")
    for block in blocks:
        table = source_weights(network, block)
        shares = relative(table)
        assert np.nanmax(shares) == 1
        assert (np.nanmax(shares, axis=0) == 1).all()
        assert np.nanmin(shares) > 0.85  # even, but for chance
        total = float(network.model.get_parameter(f"{block.readers[-1].convolution}.weight").abs().sum())
        outputs = network.model.get_parameter(f"{block.readers[-1].convolution}.weight").shape[0]
        assert float((table[:, -1] * block.channels).sum()) * outputs == pytest.approx(total, rel=1e-4)


def test_a_column_of_zeros_stays_one() -> None:
    table = np.array([[0, 2], [np.nan, 1]], dtype=np.float32)
    assert np.array_equal(relative(table), np.array([[0, 1], [np.nan, 0.5]], dtype=np.float32), equal_nan=True)
