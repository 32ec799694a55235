from __future__ import annotations

import pytest
import timm
import torch
from torch import nn

from explorer.analysis.trace import trace_variant
from explorer.architectures import variant
from explorer.architectures.blocks import SqueezeExcitation
from explorer.architectures.resnet import ResNetConfig
from explorer.architectures.senet import SENet154Config
from tests.architectures.parity import assert_parity, randomize_statistics
from tests.traces import traced

SE_RESNETS = ("se_resnet18", "se_resnet34", "se_resnet50", "se_resnet101", "se_resnet152")


@pytest.mark.parametrize("name", SE_RESNETS)
def test_parity_with_timm(name: str) -> None:
    assert_parity(variant(name).build(), timm.create_model(f"legacy_{name.replace('_', '')}"), (3, 96, 96))


def test_parity_of_senet154_with_timm() -> None:
    assert_parity(variant("senet154").build(), timm.create_model("legacy_senet154"), (3, 64, 64))


def test_parity_at_the_paper_size() -> None:
    assert_parity(variant("se_resnet18").build(), timm.create_model("legacy_seresnet18"), (3, 224, 224))


def test_a_gate_scales_whole_maps_by_a_function_of_their_means() -> None:
    torch.manual_seed(0)
    se = SqueezeExcitation(8, 2)
    x = torch.randn(2, 8, 5, 7)
    gates = torch.sigmoid(se.fc2(torch.relu(se.fc1(x.mean((2, 3), keepdim=True)))))
    assert gates.shape == (2, 8, 1, 1)
    torch.testing.assert_close(se(x), x * gates)
    assert (se(x).abs() <= x.abs()).all(), "a gate only attenuates"


@pytest.mark.parametrize("name", ["se_resnet50", "se_googlenet", "senet154"])
def test_an_open_gate_leaves_the_ungated_network(name: str) -> None:
    gated = variant(name).build(width=0.25)
    plain = randomize_statistics(variant(name).build(width=0.25, squeeze_excitation=None))
    missing, unexpected = gated.load_state_dict(plain.state_dict(), strict=False)
    assert not unexpected
    assert all(".se." in name for name in missing)
    for module in gated.modules():
        if isinstance(module, SqueezeExcitation):
            nn.init.zeros_(module.fc2.weight)
            nn.init.constant_(module.fc2.bias, 50.0)  # the sigmoid is 1
    x = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(gated(x), plain(x))


@pytest.mark.parametrize("name", [*SE_RESNETS, "senet154"])
def test_the_gate_sits_on_the_residual_before_the_addition(name: str) -> None:
    trace = traced(name)
    sums = [n for n in trace.nodes if n.type == "add"]
    assert sums
    for node in sums:
        residual, identity = (trace.node(i) for i in node.inputs)
        assert residual.name == f"{node.block}.se.mul"
        assert identity.kind != "gate"


@pytest.mark.parametrize("preactivation", [False, True])
@pytest.mark.parametrize("depth", [18, 50])
def test_every_unit_of_every_resnet_takes_a_gate(depth: int, preactivation: bool) -> None:
    base = variant("resnet18")
    trace = trace_variant(base, depth=depth, preactivation=preactivation, squeeze_excitation=16, width=0.25)
    units = [b for s in trace.stages if s.path.startswith("conv") for b in s.blocks]
    assert all(f"{u.path}.se.mul" in u.nodes for u in units)


def test_gates_are_shown_as_gates_and_do_not_count_as_depth() -> None:
    trace = traced("se_resnet50")
    inside = [n for n in trace.nodes if ".se." in n.name]
    assert {n.type for n in inside} == {"AdaptiveAvgPool2d", "Conv2d", "ReLU", "Sigmoid", "mul"}
    assert {n.kind for n in inside} == {"gate"}
    assert trace.depth == traced("resnet50_v1").depth


def test_gates_cost_parameters_and_hardly_any_macs() -> None:
    gated, plain = traced("se_resnet50"), traced("resnet50_v1")
    assert gated.params - plain.params == sum(n.params for n in gated.nodes if n.kind == "gate") == 2_530_992
    assert gated.macs - plain.macs == 2_514_944


@pytest.mark.parametrize("name", [*SE_RESNETS, "se_googlenet", "senet154"])
def test_every_gate_squeezes_to_a_sixteenth(name: str) -> None:
    reduced = [n for n in traced(name).nodes if n.name.endswith(".se.fc1")]
    assert reduced
    assert all(n.out_shape == (n.in_shapes[0][0] // 16, 1, 1) for n in reduced)


def test_senet154_is_grouped_and_projects_by_3x3_where_it_shrinks() -> None:
    trace = traced("senet154")
    assert {n.groups for n in trace.nodes if n.name.endswith(".conv2") and n.stage != "stem"} == {64}
    shortcuts = [(n.kernel, n.stride) for n in trace.nodes if n.name.endswith("shortcut.conv")]
    assert shortcuts == [((1, 1), (1, 1))] + [((3, 3), (2, 2))] * 3


def test_senet154_without_gates_has_the_same_depth() -> None:
    without = trace_variant(variant("senet154"), squeeze_excitation=None)
    assert without.depth == traced("senet154").depth
    assert not any(n.kind == "gate" for n in without.nodes)


@pytest.mark.parametrize(
    ("config", "options", "sentence"),
    [
        (ResNetConfig, {"squeeze_excitation": 0}, "by 1 or more"),
        (ResNetConfig, {"depth": 18, "relu_before_gate": True}, "ReLU before the gate"),
        (ResNetConfig, {"squeeze_excitation": 16, "relu_before_gate": True}, "ReLU before the gate"),
        (SENet154Config, {"squeeze_excitation": 0}, "by 1 or more"),
        (SENet154Config, {"width": 0}, "positive"),
    ],
)
def test_impossible_configs_are_refused_with_a_reason(config: type, options: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        config(**options)
