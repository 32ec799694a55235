from __future__ import annotations

from functools import partial

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models.googlenet import GoogLeNet as TorchvisionGoogLeNet
from torchvision.models.googlenet import Inception, InceptionAux

from explorer.analysis.trace import TraceError, trace_variant
from explorer.architectures import variant
from explorer.architectures.googlenet import MODULES, GoogLeNet, GoogLeNetConfig, InceptionModule
from tests.architectures.parity import assert_parity
from tests.traces import traced


class AllOutputs(nn.Module):
    """The outputs of a network with auxiliary classifiers side by side: main, aux1, aux2."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        self.model.training = isinstance(self.model, TorchvisionGoogLeNet)  # torchvision returns its heads only then
        logits, *heads = self.model(x)
        if isinstance(self.model, TorchvisionGoogLeNet):
            heads = heads[::-1]  # it names aux2 first
        return torch.cat([logits, *heads], 1)


def test_parity_with_torchvision_without_auxiliary_heads() -> None:
    theirs = torchvision.models.googlenet(aux_logits=False, init_weights=False)
    assert_parity(variant("googlenet_bn").build(aux=False), theirs, (3, 96, 96))


@pytest.mark.parametrize("size", [96, 224])
def test_parity_with_torchvision_with_auxiliary_heads(size: int) -> None:
    theirs = torchvision.models.googlenet(aux_logits=True, init_weights=False)
    assert_parity(AllOutputs(variant("googlenet_bn").build()), AllOutputs(theirs), (3, size, size))


def conv_relu(in_channels: int, out_channels: int, **window: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(in_channels, out_channels, **window), nn.ReLU())


def test_parity_of_the_published_network_with_torchvision_put_right() -> None:
    """torchvision's network with what the paper has: biases for BN, LRN, the 5x5 and the 3x3 pooling."""
    blocks = [conv_relu, partial(Inception, conv_block=conv_relu), InceptionAux]
    theirs = TorchvisionGoogLeNet(aux_logits=False, init_weights=False, blocks=blocks)
    for module in theirs.modules():
        if isinstance(module, Inception):
            small = module.branch3[1][0]
            module.branch3[1] = conv_relu(small.in_channels, small.out_channels, kernel_size=5, padding=2)
    theirs.maxpool1 = nn.Sequential(theirs.maxpool1, PaperLRN())
    theirs.conv3 = nn.Sequential(theirs.conv3, PaperLRN())
    theirs.maxpool4 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
    assert_parity(variant("googlenet").build(aux=False), theirs, (3, 96, 96))


class PaperLRN(nn.Module):
    """x / (1 + 1e-4 / 5 * sum of squares over five neighbouring channels) ** 0.75, written out."""

    def forward(self, x: Tensor) -> Tensor:
        squares = F.pad(x.square(), (0, 0, 0, 0, 2, 2))
        neighbours = sum(squares[:, i : i + x.shape[1]] for i in range(5))
        return x / (1 + 1e-4 / 5 * neighbours) ** 0.75


def test_a_module_stacks_its_branches_in_the_order_of_the_table() -> None:
    module = InceptionModule(GoogLeNetConfig(), 192, MODULES["3a"]).eval()
    x = torch.randn(1, 192, 9, 9)
    slabs = module(x).split([64, 128, 32, 32], dim=1)
    assert torch.equal(slabs[0], module.conv1x1(x))
    assert torch.equal(slabs[1], module.conv3x3(module.conv3x3_reduce(x)))
    assert torch.equal(slabs[2], module.conv5x5(module.conv5x5_reduce(x)))
    assert torch.equal(slabs[3], module.pool_proj(F.max_pool2d(x, 3, 1, 1)))


def test_auxiliary_heads_look_at_4a_and_4d_and_inference_does_without_them() -> None:
    with_heads, without = traced("googlenet"), trace_variant(variant("googlenet"), aux=False)
    assert with_heads.auxiliary == ("aux1", "aux2")
    assert with_heads.node("aux1.pool").inputs == ("inception4.4a.cat",)
    assert with_heads.node("aux2.pool").inputs == ("inception4.4d.cat",)
    assert with_heads.output == without.output
    assert (with_heads.inference_params, with_heads.inference_macs) == (without.params, without.macs)
    assert without.auxiliary == ()


def test_published_heads_need_the_published_size_and_torchvisions_do_not() -> None:
    with pytest.raises(TraceError, match=r"googlenet does not accept 128x128 images: it fails at aux1\.fc1"):
        trace_variant(variant("googlenet"), 128)
    assert trace_variant(variant("googlenet"), 128, aux=False).output.out_shape == (1000,)
    assert trace_variant(variant("googlenet_bn"), 128).output.out_shape == (1000,)


def test_four_max_poolings_and_one_convolution_halve_the_maps() -> None:
    nodes = trace_variant(variant("googlenet"), aux=False).nodes
    strided = [n for n in nodes if n.stride == (2, 2)]
    assert [n.type for n in strided] == ["Conv2d", "MaxPool2d", "MaxPool2d", "MaxPool2d", "MaxPool2d"]


def test_the_separable_first_layer_is_the_one_in_the_table() -> None:
    t = traced("googlenet_separable")
    layers = [t.node("stem.conv1.depthwise"), t.node("stem.conv1.pointwise")]
    assert [n.kind for n in layers] == ["depthwise", "pointwise"]
    assert sum(n.params for n in layers) - 64 == 2712  # without biases: the 2.7K of table 1
    assert round(sum(n.macs for n in layers) / 1e6) == 34


def test_the_bottleneck_before_conv2_reduces_nothing() -> None:
    node = traced("googlenet").node("stem.conv2_reduce.conv")
    assert node.in_shapes[0] == node.out_shape


def test_torchvisions_branch_called_5x5_holds_a_3x3() -> None:
    kernels = {name: traced(name).node("inception3.3a.conv5x5.conv").kernel for name in ("googlenet", "googlenet_bn")}
    assert kernels == {"googlenet": (5, 5), "googlenet_bn": (3, 3)}


@pytest.mark.parametrize(
    ("options", "params", "macs"),
    [
        ({"release": "torchvision"}, 7_005_832, 1_582_671_872),
        ({"squeeze_excitation": 16}, 7_478_655, 1_583_146_144),
    ],
    ids=["BN and a true 5x5", "SE"],
)
def test_options_equal_the_independent_counts(options: dict, params: int, macs: int) -> None:
    t = trace_variant(variant("googlenet"), aux=False, **options)
    assert (t.params, t.macs, t.depth) == (params, macs, 22)


def test_a_gate_weighs_the_stacked_maps_of_every_module() -> None:
    t = trace_variant(variant("googlenet"), squeeze_excitation=16)
    for stage in ("inception3", "inception4", "inception5"):
        for block in t.stage(stage).blocks:
            gated = [n for n in block.nodes if t.node(n).kind == "gate"]
            assert bool(gated) == (not block.path.endswith("pool"))
            assert t.node(block.output).out_shape == block.out_shape


@pytest.mark.parametrize(
    ("config", "sentence"),
    [({"width": 0}, "positive"), ({"squeeze_excitation": 0}, "1 or more")],
)
def test_impossible_configs_are_refused_with_a_reason(config: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        GoogLeNetConfig(**config)


def test_nearly_nine_times_fewer_parameters_than_alexnet() -> None:
    ratio = traced("alexnet").params / traced("googlenet").inference_params
    assert 8.5 < ratio < 9


def test_more_layers_than_vgg19() -> None:
    assert traced("googlenet").depth > traced("vgg19").depth


def test_any_width_keeps_the_branches_together() -> None:
    model = GoogLeNet(GoogLeNetConfig(width=0.3, aux=False, num_classes=7)).eval()
    assert model(torch.randn(1, 3, 64, 64)).shape == (1, 7)
