"""Dense blocks: who made which maps, who reads them, and the mean absolute weights of figure 5."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from explorer.analysis.trace import trace_variant
from explorer.architectures import variant
from explorer.architectures.densenet import DenseNetConfig
from explorer.demonstrations.dense_block.compute import (
    DenseBlock,
    dense_blocks,
    redesigned,
    relative,
    source_weights,
    strongest_maps,
)
from explorer.runtime.weights.network import Network, load_network
from tests.traces import traced


@pytest.mark.parametrize("name", ["densenet121", "densenet161", "densenet40_cifar", "densenet_bc100_cifar"])
def test_the_state_grows_by_k_with_each_layer(name: str) -> None:
    trace, config = traced(name), variant(name).config
    assert isinstance(config, DenseNetConfig)
    blocks = dense_blocks(trace)
    assert [b.layers for b in blocks] == list(config.layers)
    entering = config.stem_channels
    for number, block in enumerate(blocks, 1):
        assert block.path == f"dense_block{number}"
        assert block.channels == (entering, *[config.growth_rate] * block.layers)
        for layer in range(1, block.layers + 1):
            height, width = block.size
            assert trace.node(f"{block.path}.layer{layer}.cat").out_shape == (block.maps_after(layer), height, width)
        entering = int((entering + block.layers * config.growth_rate) * config.compression)


def test_the_readers_read_all_maps_that_there_are() -> None:
    trace = traced("densenet121")
    blocks = dense_blocks(trace)
    assert [b.readers[-1].title for b in blocks] == ["transition", "transition", "transition", "classifier"]
    assert blocks[-1].readers[-1].convolution == "head.fc"
    for block in blocks:
        assert len(block.readers) == block.layers + 1
        for reader in block.readers:
            assert trace.node(reader.convolution).in_shapes[0][0] == sum(block.channels[: reader.sources])


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "inception_resnet_v2", "vgg11"])
def test_other_networks_have_none(name: str) -> None:
    assert dense_blocks(traced(name)) == ()


# ---- figure 5 ----------------------------------------------------------------------------------------------


def loaded(name: str) -> tuple[Network, tuple[DenseBlock, ...]]:
    return load_network(variant(name)), dense_blocks(traced(name))


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


# ---- maps, and other designs -------------------------------------------------------------------------------


def test_the_strongest_map_of_each_source_is_one_that_it_made() -> None:
    block = dense_blocks(traced("densenet_bc100_cifar"))[0]
    values = torch.randn(216, 4, 4, generator=torch.Generator().manual_seed(2)).numpy()
    strengths = np.abs(values).mean((1, 2))
    found = dict(strongest_maps(values, block, 12))
    assert len(found) == 12 and found[0] == strengths[:24].argmax() and found[16] == 204 + strengths[204:].argmax()
    for layer, number in found.items():
        if layer:
            own = range(24 + 12 * (layer - 1), 24 + 12 * layer)
            assert number in own and strengths[number] == strengths[own.start : own.stop].max()
    assert len(strongest_maps(values, block, 99)) == 17


def test_a_stem_of_2k_maps_stays_one() -> None:
    changed = redesigned(variant("densenet_bc100_cifar"), 24, 1.0)
    assert changed == trace_variant(variant("densenet_bc100_cifar"), growth_rate=24, stem_channels=48, compression=1.0)
    plain = redesigned(variant("densenet40_cifar"), 20, 0.5)
    assert plain == trace_variant(variant("densenet40_cifar"), growth_rate=20, compression=0.5)
