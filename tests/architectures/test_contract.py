"""What every variant of every family must satisfy, so that trace, diagrams and maps work without special cases."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import fields
from pathlib import Path

import pytest

from explorer.analysis.graph import operations_of
from explorer.analysis.trace import trace_variant, without_data
from explorer.architectures import UnknownVariant, catalogue, families, family_of, variant
from tests.traces import built, traced

VARIANTS = tuple(catalogue())
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", VARIANTS)
def test_every_operation_lies_in_a_stage_and_has_a_rule(name: str) -> None:
    trace = traced(name)
    assert trace.unruled == ()
    assert all(node.stage for node in trace.nodes[1:])
    assert len({node.name for node in trace.nodes}) == len(trace.nodes)


@pytest.mark.parametrize("name", VARIANTS)
def test_no_operation_overwrites_a_map_and_every_activation_is_a_module(name: str) -> None:
    model = built(name)
    assert not any(getattr(m, "inplace", False) for m in model.modules())
    assert not model.training
    nodes = operations_of(model).nodes
    used = [str(n.target) for n in nodes if n.op == "call_module"]
    assert len(used) == len(set(used)), "a module that runs twice hides one of its two maps"
    called = {str(n.target) for n in nodes if n.op == "call_function"}
    assert not any("relu" in c or "sigmoid" in c for c in called), "an activation is a module with a name"


@pytest.mark.parametrize("name", VARIANTS)
def test_width_multiplier(name: str) -> None:
    # with ten classes: MobileNet V2 keeps the width of its last features, and a thousand classes would hide the rest
    full = without_data(variant(name), num_classes=10)
    quarter = trace_variant(variant(name), num_classes=10, width=0.25)
    assert [n.name for n in quarter.nodes] == [n.name for n in traced(name).nodes]
    assert quarter.params < sum(p.numel() for p in full.parameters()) / 4
    assert quarter.output.out_shape == (10, *traced(name).output.out_shape[1:])


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
    counted = getattr(traced(claim.variant), claim.quantity)
    assert counted == pytest.approx(claim.value, rel=claim.tolerance)


def test_unknown_variants_get_suggestions() -> None:
    with pytest.raises(UnknownVariant, match="resnet50") as error:
        variant("resnet55")
    assert str(error.value).startswith("There is no variant called 'resnet55'")
