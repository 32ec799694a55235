from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import torch
from torch import nn

from explorer.analysis.table import layer_text
from explorer.analysis.trace import Trace, TraceError, trace, trace_variant
from explorer.architectures import UnknownVariant, catalogue, variant
from tests.traces import traced

TESTS = Path(__file__).resolve().parents[1]
COUNTS = {k: v for f in sorted((TESTS / "reference").glob("*.json")) for k, v in json.loads(f.read_text()).items()}
TABLES = sorted((TESTS / "reference" / "layers").glob("*.csv"))


@pytest.mark.parametrize("name", COUNTS)
def test_totals_equal_the_independent_counts(name: str) -> None:
    expected = COUNTS[name]
    for quantity in {"params", "macs", "depth", "inference_params", "inference_macs"} & expected.keys():
        assert getattr(traced(name), quantity) == expected[quantity], quantity


@pytest.mark.parametrize("file", TABLES, ids=lambda f: f.stem)
def test_layers_equal_the_independent_table(file: Path) -> None:
    """Every layer with parameters, every pooling: shapes, window, parameters, MACs, in any order of branches.

    The tables are of inference: they do not have auxiliary heads.
    """

    def window(text: str) -> tuple[int, ...]:
        parts = tuple(int(p) for p in text.replace("(", "").replace(")", "").replace(", ", "x").split("x") if p)
        return parts * 2 if len(parts) == 1 else parts

    def shape(text: str) -> tuple[int, ...]:
        return tuple(int(p) for p in text.split("x"))

    types = {"Conv2d", "Linear", "BatchNorm2d", "MaxPool2d", "AvgPool2d", "PartialConvolution", "Subsampling"}
    expected = [
        (
            r["type"],
            shape(r["in_shape_CHW"]),
            shape(r["out_shape_CHW"]),
            window(r["kernel"]),
            window(r["stride"]),
            window(r["padding"]),
            r["groups"],
            int(r["params"]),
            int(r["macs"]),
        )
        for r in csv.DictReader(file.open())
        if r["type"] in types
    ]
    ours = [
        (
            n.type,
            n.in_shapes[0],
            n.out_shape,
            n.kernel or (),
            n.stride or (),
            n.padding or (),
            str(n.groups) if n.groups else "",
            n.params,
            n.macs,
        )
        for n in traced(file.stem).nodes
        if n.type in types and n.stage not in traced(file.stem).auxiliary
    ]
    assert sorted(ours) == sorted(expected)


@pytest.mark.parametrize("name", catalogue())
def test_golden_text(name: str, golden) -> None:
    golden(f"{name}.txt", layer_text(traced(name)))


@pytest.mark.parametrize("name", catalogue())
def test_sums(name: str) -> None:
    t = traced(name)
    assert sum(n.params for n in t.nodes) + sum_unused(t) == t.params
    for total in ("params", "macs", "activation_bytes"):
        by_stage = [getattr(s, total) for s in t.stages]
        by_block = [[getattr(b, total) for b in s.blocks] for s in t.stages]
        assert by_stage == [sum(b) for b in by_block]
        assert sum(by_stage) == sum(getattr(n, total) for n in t.nodes[1:])


def sum_unused(t: Trace) -> int:
    with torch.device("meta"):
        model = variant(t.variant).build()
    return sum(model.get_parameter(p).numel() for p in t.unused_parameters)


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "preact_resnet50", "plain18", "resnet20_cifar"])
def test_shapes_are_what_the_network_computes(name: str) -> None:
    v = variant(name)
    model = v.build(width=0.25)
    shapes: dict[str, tuple[int, ...]] = {}
    for path, module in model.named_modules():
        module.register_forward_hook(lambda m, i, o, path=path: shapes.__setitem__(path, tuple(o.shape[1:])))
    with torch.inference_mode():
        model(torch.randn(1, *v.input_size))
    narrow = trace_variant(v, width=0.25)
    assert {n.name: n.out_shape for n in narrow.nodes if n.name in shapes}.items() <= shapes.items()


@pytest.mark.parametrize(("size", "out"), [(32, 1), (97, 4), (224, 7), (512, 16)])
def test_any_size_that_the_network_accepts(size: int, out: int) -> None:
    t = trace_variant(variant("resnet50"), size)
    assert t.node("conv5_x.2.add").out_shape == (2048, out, out)
    assert t.output.out_shape == (1000,)


def test_a_size_that_the_network_refuses_names_the_operation() -> None:
    class Shrinking(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 7))

        def forward(self, x):
            return self.stem(x)

    with torch.device("meta"):
        model = Shrinking()
    with pytest.raises(TraceError, match=r"tiny does not accept 6x6 images: it fails at stem\.1"):
        trace(model, (3, 6, 6), "tiny")


def test_selection_of_a_group_is_its_output() -> None:
    t = traced("resnet50")
    assert t.resolve("conv3_x").name == "conv3_x.3.relu3"
    assert t.resolve("conv3_x.0").name == "conv3_x.0.relu3"
    assert t.resolve("conv3_x.0.add").name == "conv3_x.0.add"
    with pytest.raises(KeyError):
        t.resolve("conv9_x")
    with pytest.raises(KeyError):
        t.stage("conv9_x")


def test_folded_units_are_the_equal_ones() -> None:
    signatures = [b.signature for b in traced("resnet50").stage("conv4_x").blocks]
    assert signatures[0] != signatures[1]
    assert len(set(signatures[1:])) == 1


def test_a_variant_may_be_given_by_its_name() -> None:
    assert trace_variant("resnet18", width=0.5) == trace_variant(variant("resnet18"), width=0.5)
    with pytest.raises(UnknownVariant, match="resnet55"):
        traced("resnet55")


def test_what_an_operation_depends_on() -> None:
    trace = trace_variant(variant("googlenet"))
    before = trace.upstream("inception3.3a.cat")
    assert {"input", "stem.pool2", "inception3.3a.cat"} <= before
    assert "inception3.3b.cat" not in before
    assert not any(trace.node(name).stage in trace.auxiliary for name in trace.upstream(trace.classifier))
    assert all(set(trace.node(name).inputs) <= before for name in before)
