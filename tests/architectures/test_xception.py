from __future__ import annotations

import pytest
import timm
import torch
from torch.nn import functional as F

from explorer.analysis.trace import trace_variant
from explorer.architectures import variant
from explorer.architectures.xception import SeparableConvolution, Xception, XceptionConfig
from tests.architectures.parity import assert_parity
from tests.traces import traced


def test_parity_with_timm() -> None:
    assert_parity(variant("xception").build(), timm.create_model("legacy_xception"), (3, 128, 128))


def test_fourteen_modules_all_but_the_first_and_last_have_a_shortcut() -> None:
    trace = traced("xception")
    modules = [b for s in trace.stages[:-1] for b in s.blocks]
    assert [m.path.rpartition(".")[2] for m in modules] == [f"module{i}" for i in range(1, 15)]
    assert [f"{m.path}.add" in m.nodes for m in modules] == [False] + [True] * 12 + [False]


def test_34_separable_convolutions_and_four_regular_shortcuts() -> None:
    trace = traced("xception")
    kinds = [n.kind for n in trace.nodes]
    assert kinds.count("depthwise") == 34
    shortcuts = [n for n in trace.nodes if n.name.endswith("shortcut.conv")]
    assert [n.stride for n in shortcuts] == [(2, 2)] * 4
    assert kinds.count("pointwise") == 34 + len(shortcuts)


def test_a_separable_convolution_is_a_regular_one_of_low_rank() -> None:
    separable = SeparableConvolution(XceptionConfig(), 4, 6).double()
    kernel = separable.pointwise.weight * separable.depthwise.weight.squeeze(1)
    x = torch.randn(1, 4, 9, 9, dtype=torch.float64)
    torch.testing.assert_close(separable(x), F.conv2d(x, kernel, padding=1))


def test_the_middle_flow_repeats_one_module() -> None:
    trace = traced("xception")
    assert len({b.signature for b in trace.stage("middle_flow").blocks}) == 1


def test_ablations_change_neither_parameters_nor_macs_but_for_the_shortcuts() -> None:
    published = traced("xception")
    activated = trace_variant(variant("xception"), intermediate_relu=True)
    chain = trace_variant(variant("xception"), residual=False)
    for quantity in ("params", "macs", "depth"):
        assert getattr(activated, quantity) == getattr(published, quantity)
    assert published.params - chain.params == sum(n.params for n in published.nodes if ".shortcut." in n.name)
    assert not any(n.type == "add" for n in chain.nodes)


def test_a_separable_convolution_has_a_relu_in_between_only_on_request() -> None:
    def layers(relu: bool) -> list[str]:
        network = Xception(XceptionConfig(width=0.1, intermediate_relu=relu))
        first = next(m for m in network.modules() if isinstance(m, SeparableConvolution))
        return [type(m).__name__ for m in first.children()]

    assert layers(False) == ["Conv2d", "Conv2d"]
    assert layers(True) == ["Conv2d", "ReLU", "Conv2d"]


def test_impossible_configs_are_refused_with_a_reason() -> None:
    with pytest.raises(ValueError, match="positive"):
        XceptionConfig(width=-1)
