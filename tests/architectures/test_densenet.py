from __future__ import annotations

import pytest
import torch
import torchvision

from explorer.architectures import variant
from explorer.architectures.densenet import DenseNet, DenseNetConfig
from tests.architectures.parity import assert_parity
from tests.traces import traced

IMAGENET = ("densenet121", "densenet161", "densenet169", "densenet201", "densenet264")
NAMES = (*IMAGENET, "densenet40_cifar", "densenet_bc100_cifar")


@pytest.mark.parametrize("name", ["densenet121", "densenet161", "densenet169", "densenet201"])
def test_parity_with_torchvision(name: str) -> None:
    # 64 px walks through the same layers as 224 in a twelfth of the time
    assert_parity(variant(name).build(), getattr(torchvision.models, name)(), (3, 64, 64))


def test_parity_of_264_with_torchvisions_class() -> None:
    oracle = torchvision.models.DenseNet(32, (6, 12, 64, 48), 64)
    assert_parity(variant("densenet264").build(), oracle, (3, 64, 64))


@pytest.mark.parametrize("name", NAMES)
def test_every_layer_adds_k_maps_to_those_that_entered(name: str) -> None:
    trace = traced(name)
    k = variant(name).config.growth_rate
    for stage in (s for s in trace.stages if s.path.startswith("dense_block")):
        for layer in stage.blocks:
            cat = trace.node(f"{layer.path}.cat")
            assert layer.output == cat.name
            assert cat.in_shapes[1][0] == k
            assert cat.out_shape[0] == layer.in_shape[0] + k
        assert stage.out_shape[0] == stage.in_shape[0] + k * len(stage.blocks)


def test_the_maps_that_entered_leave_unchanged() -> None:
    layer = variant("densenet40_cifar").build().dense_block2.layer3
    x = torch.randn(1, layer.bn.num_features, 8, 8)
    assert torch.equal(layer(x)[:, : x.shape[1]], x)


def test_passing_the_concatenation_on_is_the_papers_list_of_all_earlier_maps() -> None:
    block = variant("densenet_bc100_cifar").build(width=0.5).double().dense_block1
    x = torch.randn(1, 12, 8, 8, dtype=torch.float64)
    maps = [x]
    with torch.inference_mode():
        for layer in block:
            entering = torch.cat(maps, 1)
            maps.append(layer.conv(layer.relu(layer.bn(layer.bottleneck(entering)))))
        torch.testing.assert_close(block(x), torch.cat(maps, 1))


@pytest.mark.parametrize("name", NAMES)
def test_transitions_halve_the_maps_and_a_compressed_one_the_channels(name: str) -> None:
    trace = traced(name)
    theta = variant(name).config.compression
    transitions = [s for s in trace.stages if s.path.startswith("transition")]
    assert len(transitions) == len(variant(name).config.layers) - 1
    for t in transitions:
        assert t.out_shape == (int(t.in_shape[0] * theta), t.in_shape[1] // 2, t.in_shape[2] // 2)


def test_depth_is_the_number_in_the_name_but_for_264() -> None:
    assert [traced(name).depth for name in IMAGENET] == [121, 161, 169, 201, 265]


def test_an_odd_number_of_maps_is_rounded_down() -> None:
    config = DenseNetConfig((1, 1), growth_rate=3, stem_channels=2, stem="cifar")
    assert DenseNet(config).transition1.conv.out_channels == 2


def test_the_bottleneck_widens_at_first() -> None:
    trace = traced("densenet121")
    first = trace.node("dense_block1.layer1.bottleneck.conv")
    last = trace.node("dense_block1.layer6.bottleneck.conv")
    assert first.in_shapes[0][0] < first.out_shape[0] == last.out_shape[0] < last.in_shapes[0][0]


def test_parameters_are_saved_and_activations_are_not() -> None:
    dense, residual = traced("densenet201"), traced("resnet101")
    assert dense.params < residual.params / 2
    assert dense.activation_bytes > residual.activation_bytes


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"layers": ()}, "at least one layer"),
        ({"layers": (6, 0)}, "at least one layer"),
        ({"compression": 0}, "above 0 up to 1"),
        ({"compression": 1.5}, "above 0 up to 1"),
        ({"width": 0}, "positive"),
    ],
)
def test_impossible_configs_are_refused_with_a_reason(config: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        DenseNetConfig(**config)
