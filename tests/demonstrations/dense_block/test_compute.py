"""Dense blocks: who made which maps, and who reads them."""

from __future__ import annotations

import pytest

from explorer.analysis.trace import trace_variant
from explorer.architectures import variant
from explorer.architectures.densenet import DenseNetConfig
from explorer.demonstrations.dense_block.compute import dense_blocks


@pytest.mark.parametrize("name", ["densenet121", "densenet161", "densenet40_cifar", "densenet_bc100_cifar"])
def test_the_state_grows_by_k_with_each_layer(name: str) -> None:
    trace, config = trace_variant(variant(name)), variant(name).config
    assert isinstance(config, DenseNetConfig)
    blocks = dense_blocks(trace)
    assert [b.layers for b in blocks] == list(config.layers)
    entering = config.stem_channels
    for number, block in enumerate(blocks, 1):
        assert block.path == f"dense_block{number}"
        assert block.channels == (entering, *[config.growth_rate] * block.layers)
        for layer in range(1, block.layers + 1):
            height, width = block.size
            assert trace.node(f"{block.path}.layer{layer}.cat").out_shape == (block.state(layer), height, width)
        entering = int((entering + block.layers * config.growth_rate) * config.compression)


def test_the_readers_read_all_maps_that_there_are() -> None:
    trace = trace_variant(variant("densenet121"))
    blocks = dense_blocks(trace)
    assert [b.readers[-1].title for b in blocks] == ["transition", "transition", "transition", "classifier"]
    assert blocks[-1].readers[-1].convolution == "head.fc"
    for block in blocks:
        assert len(block.readers) == block.layers + 1
        for reader in block.readers:
            assert trace.node(reader.convolution).in_shapes[0][0] == sum(block.channels[: reader.sources])


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "inception_resnet_v2", "vgg11"])
def test_other_networks_have_none(name: str) -> None:
    assert dense_blocks(trace_variant(variant(name))) == ()
