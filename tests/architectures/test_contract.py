"""What every variant of every family must satisfy, so that trace, diagrams and maps work without special cases."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import fields
from pathlib import Path

import pytest
import torch
from torch import nn

from explorer.analysis.graph import graph_of
from explorer.analysis.trace import trace_variant
from explorer.architectures import UnknownVariant, catalogue, families, family_of, variant

VARIANTS = tuple(catalogue())
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", VARIANTS)
def test_every_operation_lies_in_a_stage_and_has_a_rule(name: str) -> None:
    trace = trace_variant(variant(name))
    assert trace.unruled == ()
    assert all(node.stage for node in trace.nodes[1:])
    assert len({node.name for node in trace.nodes}) == len(trace.nodes)


@pytest.mark.parametrize("name", VARIANTS)
def test_no_operation_overwrites_a_map(name: str) -> None:
    with torch.device("meta"):
        model = variant(name).build()
    assert not any(getattr(m, "inplace", False) for m in model.modules())
    assert not model.training
    used = [str(n.target) for n in graph_of(model).graph.nodes if n.op == "call_module"]
    assert len(used) == len(set(used)), "a module that runs twice hides one of its two maps"


@pytest.mark.parametrize("name", VARIANTS)
def test_width_multiplier(name: str) -> None:
    # with ten classes: MobileNet V2 keeps the width of its last features, and a thousand classes would hide the rest
    full = trace_variant(variant(name), num_classes=10)
    quarter = trace_variant(variant(name), num_classes=10, width=0.25)
    assert [n.name for n in quarter.nodes] == [n.name for n in full.nodes]
    assert quarter.params < full.params / 4
    assert quarter.output.out_shape == full.output.out_shape


@pytest.mark.parametrize("family", families(), ids=lambda f: f.name)
def test_a_family_says_what_a_page_needs(family) -> None:
    assert family.name == importlib.import_module(f"explorer.architectures.{family.name}").__name__.rpartition(".")[2]
    assert (ROOT / "pages" / f"{family.name}.py").is_file()
    assert family.variant(family.default) in family.variants
    assert family.idea.endswith(".")
    assert family.sources
    assert family.mistakes
    for v in family.variants:
        assert family_of(v.name) is family
        documented = inspect.getsource(inspect.getmodule(type(v.config)))
        assert all(f"{f.name}:" in documented for f in fields(v.config))


@pytest.mark.parametrize(
    "claim", [pytest.param(c, id=c.label) for f in families() for c in f.claims if c.quantity is not None]
)
def test_claims_agree_with_the_trace(claim) -> None:
    counted = getattr(trace_variant(variant(claim.variant)), claim.quantity)
    assert counted == pytest.approx(claim.value, rel=claim.tolerance)


def test_unknown_variants_get_suggestions() -> None:
    with pytest.raises(UnknownVariant, match="resnet50") as error:
        variant("resnet55")
    assert str(error.value).startswith("There is no variant called 'resnet55'")


def test_modules_are_named_for_every_activation() -> None:
    for v in catalogue().values():
        with torch.device("meta"):
            model = v.build()
        called = {str(n.target) for n in graph_of(model).graph.nodes if n.op == "call_function"}
        assert not any("relu" in c or "sigmoid" in c for c in called), v.name
        assert isinstance(model, nn.Module)
