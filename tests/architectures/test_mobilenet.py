from __future__ import annotations

import csv
from pathlib import Path

import pytest
import timm
import torch
import torchvision
from torch import nn

from explorer.analysis.trace import trace_variant
from explorer.architectures import variant
from explorer.architectures.mobilenet import (
    MobileNetV1Config,
    MobileNetV2Config,
    MobileNetV3Config,
    round_channels,
)
from tests.architectures.parity import assert_parity
from tests.traces import traced

MULTIPLIERS = Path(__file__).resolve().parents[1] / "reference" / "mobilenet_v1_multipliers.csv"


@pytest.mark.parametrize(("alpha", "oracle"), [(1.0, "mobilenetv1_100"), (1.25, "mobilenetv1_125")])
def test_v1_parity_with_timm(alpha: float, oracle: str) -> None:
    assert_parity(variant("mobilenet_v1").build(width=alpha), timm.create_model(oracle), (3, 96, 96))


@pytest.mark.parametrize("name", ["mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small"])
def test_parity_with_torchvision(name: str) -> None:
    assert_parity(variant(name).build(), getattr(torchvision.models, name)(), (3, 96, 96))


@pytest.mark.parametrize("name", ["mobilenet_v2", "mobilenet_v3_large"])
def test_parity_with_torchvision_at_half_the_width(name: str) -> None:
    oracle = getattr(torchvision.models, name)(width_mult=0.5)
    assert_parity(variant(name).build(width=0.5), oracle, (3, 96, 96))


@pytest.mark.parametrize(("alpha", "resolution", "params", "macs"), [*csv.reader(MULTIPLIERS.open())][1:])
def test_width_and_resolution_multipliers(alpha: str, resolution: str, params: str, macs: str) -> None:
    trace = trace_variant(variant("mobilenet_v1"), int(resolution), width=float(alpha))
    assert (trace.params, trace.macs) == (int(params), int(macs))


def test_most_of_v1_is_pointwise() -> None:
    trace = traced("mobilenet_v1")
    pointwise, depthwise = (sum(n.macs for n in trace.nodes if n.kind == k) for k in ("pointwise", "depthwise"))
    assert pointwise / trace.macs == pytest.approx(0.949, abs=5e-4)
    assert depthwise / trace.macs == pytest.approx(0.0306, abs=5e-5)


def test_a_full_convolution_costs_1_over_1_by_n_plus_1_by_k2_times_the_pair() -> None:
    pair = traced("mobilenet_v1").block("stage4.2")
    full = traced("mobilenet_v1_full").block("stage4.2")
    assert full.out_shape == pair.out_shape == (512, 14, 14)
    assert full.macs / pair.macs == pytest.approx(1 / (1 / 512 + 1 / 9))


@pytest.mark.parametrize("name", ["mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small"])
def test_shortcuts_join_the_narrow_ends(name: str) -> None:
    trace = traced(name)
    blocks = [b for s in trace.stages for b in s.blocks if f"{b.path}.expand.conv" in b.nodes]
    sums = [trace.node(f"{b.path}.add") for b in blocks if f"{b.path}.add" in b.nodes]
    assert sums
    for node in sums:
        widest = max(trace.node(n).out_shape[0] for n in trace.block(node.block).nodes)
        assert node.out_shape[0] < widest
        assert {trace.node(i).type for i in node.inputs} <= {"BatchNorm2d", "add"}, "both ends are linear"


def test_only_v2s_first_block_does_not_expand() -> None:
    model = variant("mobilenet_v2").build()
    blocks = [m for name, m in model.named_modules() if type(m).__name__ == "InvertedResidual"]
    assert [b.expand is None for b in blocks] == [True] + [False] * (len(blocks) - 1)


def test_ablations_of_v2_change_what_they_name() -> None:
    published = traced("mobilenet_v2")
    clipped = trace_variant(variant("mobilenet_v2"), linear_bottleneck=False)
    chain = trace_variant(variant("mobilenet_v2"), shortcut=False)
    blocks = sum(len(s.blocks) for s in published.stages[1:-1])
    assert len(clipped.nodes) == len(published.nodes) + blocks
    assert published.params == clipped.params == chain.params
    assert not any(n.type == "add" for n in chain.nodes)


def test_gates_of_v3_are_a_quarter_wide_and_can_be_left_out() -> None:
    trace = traced("mobilenet_v3_large")
    squeezed = [n for n in trace.nodes if n.name.endswith("se.fc1")]
    assert all(n.out_shape[0] == round_channels(n.in_shapes[0][0] / 4) for n in squeezed)
    without = trace_variant(variant("mobilenet_v3_large"), squeeze_excitation=False)
    gates = sum(n.params for n in trace.nodes if n.kind == "gate")
    assert without.params == trace.params - gates < trace.params
    assert without.depth == trace.depth


def test_hard_swish_only_in_the_deeper_half_of_v3() -> None:
    trace = traced("mobilenet_v3_large")
    first = {n.type for s in trace.stages[1:4] for n in map(trace.node, s.nodes) if n.kind == "activation"}
    second = {n.type for s in trace.stages[4:] for n in map(trace.node, s.nodes) if n.kind == "activation"}
    assert (first, second) == ({"ReLU"}, {"Hardswish"})


@pytest.mark.parametrize(("channels", "rounded"), [(1, 8), (10, 16), (12, 16), (18, 24), (20, 24), (32, 32)])
def test_channels_are_multiples_of_eight_and_lose_at_most_a_tenth(channels: int, rounded: int) -> None:
    assert round_channels(channels) == rounded


def test_relu6_clips_at_six() -> None:
    activation = variant("mobilenet_v1").build().stem.relu6
    assert torch.equal(activation(torch.tensor([-1.0, 3.0, 9.0])), torch.tensor([0.0, 3.0, 6.0]))
    assert isinstance(activation, nn.ReLU6)


@pytest.mark.parametrize("config", [MobileNetV1Config, MobileNetV2Config, MobileNetV3Config])
def test_impossible_configs_are_refused_with_a_reason(config: type) -> None:
    with pytest.raises(ValueError, match="alpha must be positive"):
        config(width=0)
