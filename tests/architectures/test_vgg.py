from __future__ import annotations

import pytest
import torch
import torchvision
from torch import nn

from explorer.analysis.trace import trace_variant
from explorer.architectures import variant
from explorer.architectures.vgg import VGG, VGGConfig
from tests.architectures.parity import assert_parity
from tests.traces import traced


def uninitialized(name: str) -> nn.Module:
    """Without the seconds that initializing so many weights takes: the oracle's replace them anyway."""
    with torch.device("meta"):
        network = variant(name).build()
    return network.to_empty(device="cpu")


@pytest.mark.parametrize("name", [f"vgg{n}{bn}" for n in (11, 13, 16, 19) for bn in ("", "_bn")])
def test_parity_with_torchvision(name: str) -> None:
    # 64 px walks through the same layers as 224 in a twelfth of the time; adaptive pooling makes 7x7 of 2x2
    oracle = getattr(torchvision.models, name)(init_weights=False)
    assert_parity(uninitialized(name), oracle, (3, 64, 64))


def test_parity_with_torchvision_at_the_paper_size() -> None:
    assert_parity(uninitialized("vgg11"), torchvision.models.vgg11(init_weights=False), (3, 224, 224))


def test_c_is_d_with_1x1_as_the_last_convolution_of_three_stages() -> None:
    oracle = torchvision.models.vgg16(init_weights=False)
    for i, channels in [(14, 256), (21, 512), (28, 512)]:  # conv3_3, conv4_3, conv5_3
        assert oracle.features[i].kernel_size == (3, 3)
        oracle.features[i] = nn.Conv2d(channels, channels, 1)
    assert_parity(uninitialized("vgg16_c"), oracle, (3, 64, 64))


@pytest.mark.parametrize("name", ["vgg11", "vgg13", "vgg16", "vgg16_c", "vgg19", "vgg16_bn"])
def test_only_pooling_changes_the_size_and_only_a_stages_first_convolution_the_channels(name: str) -> None:
    nodes = [n for n in traced(name).nodes[1:] if n.stage.startswith("conv")]
    for n in nodes:
        (channels_in, *size_in), (channels_out, *size_out) = n.in_shapes[0], n.out_shape
        assert size_out == ([s // 2 for s in size_in] if n.kind == "pooling" else size_in)
        assert channels_out == channels_in or n.name.endswith(".conv1")
    assert [n.out_shape for n in nodes if n.kind == "pooling"] == [
        (64, 112, 112),
        (128, 56, 56),
        (256, 28, 28),
        (512, 14, 14),
        (512, 7, 7),
    ]


def test_three_3x3_see_as_much_as_one_7x7() -> None:
    t = traced("vgg16")
    before, after = t.node("conv2.pool"), t.node("conv3.conv3")
    assert after.receptive_field[0] - before.receptive_field[0] == (7 - 1) * before.rf_stride[0]


def test_other_sizes_pass_through_adaptive_pooling() -> None:
    t = trace_variant(variant("vgg16"), 300)
    assert t.node("conv5.pool").out_shape == (512, 9, 9)
    assert t.node("fc6.pool").out_shape == (512, 7, 7)


@pytest.mark.parametrize(
    ("config", "sentence"), [({"configuration": "F"}, "A, B, C, D, E, not F"), ({"width": -1}, "positive")]
)
def test_impossible_configs_are_refused_with_a_reason(config: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        VGGConfig(**config)


def test_narrow_and_with_other_classes() -> None:
    network = VGG(VGGConfig("A", width=1 / 16, num_classes=10)).eval()
    assert network(torch.zeros(1, 3, 32, 32)).shape == (1, 10)
    assert network.fc7.linear.in_features == 4096 // 16
