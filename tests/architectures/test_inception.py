from __future__ import annotations

import pytest
import timm
import torch
import torchvision
from torch import Tensor, nn

from explorer.analysis.trace import trace_variant
from explorer.architectures import variant
from explorer.architectures.inception import (
    Branch,
    Conv,
    InceptionConfig,
    InceptionResNetA,
    InceptionResNetV2,
    InceptionResNetV2Config,
    InceptionV3Config,
)
from tests.architectures.parity import assert_parity, randomize_statistics
from tests.traces import traced

SMALL = (3, 107, 107)  # 11x11, 5x5 and 2x2 maps instead of 35x35, 17x17 and 8x8


class BothOutputs(nn.Module):
    """Main and auxiliary outputs of an Inception-v3 side by side."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        # torchvision returns its head only while training
        self.model.training = isinstance(self.model, torchvision.models.Inception3)
        return torch.cat(tuple(self.model(x)), 1)


def test_v3_parity_with_torchvision_without_auxiliary_head() -> None:
    theirs = torchvision.models.inception_v3(aux_logits=False, init_weights=False)
    assert_parity(variant("inception_v3").build(aux=False), theirs, SMALL)


def test_v3_parity_with_torchvision_with_auxiliary_head() -> None:
    theirs = torchvision.models.inception_v3(aux_logits=True, init_weights=False)
    assert_parity(BothOutputs(variant("inception_v3").build()), BothOutputs(theirs), (3, 299, 299))


@pytest.mark.parametrize("name", ["inception_v4", "inception_resnet_v2"])
def test_parity_with_timm(name: str) -> None:
    assert_parity(variant(name).build(), timm.create_model(name), SMALL)


def test_the_auxiliary_head_looks_at_the_last_17x17_maps() -> None:
    t = traced("inception_v3")
    assert t.auxiliary == ("aux",)
    assert t.node("aux.pool1").inputs == ("mixed6.6e.cat",)
    assert t.output.name == "head.fc"


def test_only_5b_to_5d_of_the_released_v3_have_a_5x5() -> None:
    nodes = trace_variant(variant("inception_v3"), aux=False).nodes
    assert {n.block for n in nodes if n.kind == "convolution" and n.kernel == (5, 5)} == {
        "mixed5.5b",
        "mixed5.5c",
        "mixed5.5d",
    }


@pytest.mark.parametrize("name", ["inception_v3", "inception_v4", "inception_resnet_v2"])
def test_no_filter_is_7x7(name: str) -> None:
    kernels = {n.kernel for n in traced(name).nodes if n.kind == "convolution"}
    assert (7, 7) not in kernels
    assert {(1, 7), (7, 1)} <= kernels


def test_v4_has_no_residual_connections_and_inception_resnet_has_one_a_module() -> None:
    assert not any(n.type == "add" for n in traced("inception_v4").nodes)
    t = traced("inception_resnet_v2")
    added = {s.path: sum(t.node(n).type == "add" for n in s.nodes) for s in t.stages}
    assert added == {"stem": 0, "inception_a": 10, "inception_b": 20, "inception_c": 10, "head": 0}


def test_modules_of_v4_are_those_of_figure_9() -> None:
    t = traced("inception_v4")
    counts = {s: len(t.stage(s).blocks) for s in ("inception_a", "inception_b", "inception_c")}
    assert counts == {"inception_a": 4, "inception_b": 1 + 7, "inception_c": 1 + 3}
    assert t.stage("stem").out_shape == t.stage("inception_a").out_shape == (384, 35, 35)
    assert t.stage("inception_b").out_shape == (1024, 17, 17)
    assert t.stage("inception_c").out_shape == (1536, 8, 8)


def test_a_residual_module_adds_its_scaled_branches_to_its_input() -> None:
    module = randomize_statistics(InceptionResNetA(InceptionConfig(), 320, scale=0.17)).eval()
    x = torch.randn(1, 320, 5, 5)
    residual = module.expand(module.branches(x))
    torch.testing.assert_close(module(x), (x + 0.17 * residual).relu())


def test_the_scale_of_the_residuals_is_an_option() -> None:
    config = InceptionResNetV2Config(residual_scale=(1.0, 0.5, 0.25), width=0.0625)
    model = InceptionResNetV2(config)
    assert [
        model.inception_a.a1.scale.factor,
        model.inception_b.b1.scale.factor,
        model.inception_c.c1.scale.factor,
    ] == [1, 0.5, 0.25]
    assert model.inception_c.c10.relu is None


def test_a_fork_gives_both_convolutions_the_same_maps() -> None:
    c = InceptionConfig()
    fork = Branch(c, 4, [(Conv(8, (1, 3)), Conv(8, (3, 1)))]).eval().conv1
    x = torch.randn(1, 4, 6, 6)
    assert torch.equal(fork(x), torch.cat([fork.fork1(x), fork.fork2(x)], 1))
    assert fork(x).shape == (1, 16, 6, 6)


@pytest.mark.parametrize("config", [InceptionConfig, InceptionV3Config, InceptionResNetV2Config])
def test_a_width_that_is_not_positive_is_refused(config: type[InceptionConfig]) -> None:
    with pytest.raises(ValueError, match="positive"):
        config(width=0)


@pytest.mark.parametrize("name", ["inception_v3", "inception_v4", "inception_resnet_v2"])
def test_any_width_keeps_the_branches_together(name: str) -> None:
    assert trace_variant(variant(name), width=0.3).output.out_shape == (1000,)
