"""Parts add up to their parents, and to the numbers that are known of VGG."""

from __future__ import annotations

import pytest
import torch

from explorer.architectures import family, variant
from explorer.demonstrations.vgg.shares import Quantity, parts, pooled_head_params
from tests.traces import traced


@pytest.mark.parametrize("name", [v.name for v in family("vgg").variants])
def test_parts_add_up_to_all_parameters_of_the_modules(name: str) -> None:
    whole, *rest = parts(traced(name), "params")
    stages, layers = [p for p in rest if p.kind is None], [p for p in rest if p.kind]
    with torch.device("meta"):
        model = variant(name).build()
    assert whole.amount == sum(p.numel() for p in model.parameters())
    assert {p.parent for p in stages} == {whole.path}
    for stage in stages:
        own = sum(p.numel() for p in model.get_submodule(stage.path).parameters())
        assert stage.amount == own == sum(p.amount for p in layers if p.parent == stage.path)
    for layer in layers:
        assert layer.amount == sum(p.numel() for p in model.get_submodule(layer.path).parameters())


@pytest.mark.parametrize(("quantity", "dense"), [("params", 0.894), ("macs", 0.008)])
def test_the_parameters_of_vgg16_are_in_the_dense_layers_and_the_work_is_not(quantity: Quantity, dense: float) -> None:
    whole, *rest = parts(traced("vgg16"), quantity)
    found = sum(p.amount for p in rest if p.kind == "linear")
    assert found / whole.amount == pytest.approx(dense, abs=5e-4)


def test_a_pooled_head_of_vgg16() -> None:
    trace = traced("vgg16")
    whole, *rest = parts(trace, "params")
    assert {p.path: p.amount for p in rest}["fc6.linear"] == 102_764_544
    assert pooled_head_params(trace) == 513_000
    assert whole.amount - sum(p.amount for p in rest if p.kind == "linear") == 14_714_688
