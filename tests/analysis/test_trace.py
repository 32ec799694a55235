from __future__ import annotations

import csv
import json
import math
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from explorer.analysis.table import layer_text
from explorer.analysis.trace import Trace, TraceError, graph_of, trace, trace_variant
from explorer.architectures import catalogue, variant

TESTS = Path(__file__).resolve().parents[1]
COUNTS = {k: v for f in sorted((TESTS / "reference").glob("*.json")) for k, v in json.loads(f.read_text()).items()}
TABLES = sorted((TESTS / "reference" / "layers").glob("*.csv"))


@cache
def traced(name: str) -> Trace:
    return trace_variant(variant(name))


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
        (r["type"], shape(r["in_shape_CHW"]), shape(r["out_shape_CHW"]), window(r["kernel"]), window(r["stride"]),
         window(r["padding"]), r["groups"], int(r["params"]), int(r["macs"]))
        for r in csv.DictReader(file.open())
        if r["type"] in types
    ]  # fmt: skip
    ours = [
        (n.type, n.in_shapes[0], n.out_shape, n.kernel or (), n.stride or (), n.padding or (),
         str(n.groups) if n.groups else "", n.params, n.macs)
        for n in traced(file.stem).nodes
        if n.type in types and n.stage not in traced(file.stem).auxiliary
    ]  # fmt: skip
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


@pytest.mark.parametrize("name", catalogue())
def test_macs_are_half_of_what_torch_counts(name: str) -> None:
    with torch.device("meta"):
        model = variant(name).build()
        with FlopCounterMode(display=False) as counter:
            model(torch.empty(1, *variant(name).input_size))
    assert 2 * traced(name).macs == counter.get_total_flops()


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


def receptive_field_by_gradient(model: nn.Module, size: int) -> tuple[int, int]:
    """First and last input row that influence the middle output position: every weight positive, no cancelling."""
    for p in model.parameters():
        nn.init.constant_(p, 0.01)
    x = torch.ones(1, 3, size, size, requires_grad=True)
    out = model(x)
    out[0, 0, out.shape[2] // 2, out.shape[3] // 2].backward()
    assert x.grad is not None
    rows = x.grad[0].abs().sum(dim=(0, 2)).nonzero().flatten()
    return int(rows.min()), int(rows.max())


@pytest.mark.parametrize("node", ["stem.conv", "conv2_x.1.relu2", "conv3_x.0.add", "conv3_x.1.conv2"])
def test_receptive_field_covers_what_the_gradient_reaches(node: str) -> None:
    v = variant("resnet18")
    size = 160
    n = trace_variant(v, size).node(node)
    model = v.build(width=0.25).double()
    for m in model.modules():  # average instead of max: every input counts, not only the largest
        if isinstance(m, nn.MaxPool2d):
            model.stem.pool = nn.AvgPool2d(m.kernel_size, m.stride, m.padding)

    class Upto(torch.fx.Interpreter):
        def run_node(self, fx_node):
            out = super().run_node(fx_node)
            if fx_node.meta["name"] == node:
                self.seen = out
            return out

    class Wanted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, x):
            runner = Upto(graph_of(self.model))
            runner.run(x.double())
            return runner.seen

    first, last = receptive_field_by_gradient(Wanted(), size)
    middle = n.out_shape[1] // 2
    centre = n.rf_start[0] + middle * n.rf_stride[0]
    assert (first, last) == (centre - (n.receptive_field[0] - 1) / 2, centre + (n.receptive_field[0] - 1) / 2)


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


def test_what_the_rules_do_not_know_is_listed_and_what_forward_ignores_too() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.PixelShuffle(2))
            self.spare = nn.Linear(2, 2)

        def forward(self, x):
            return self.body(x)

    with torch.device("meta"):
        model = Odd()
    t = trace(model, (3, 8, 8))
    assert t.unruled == ("body.1",)
    assert t.unused_parameters == ("spare.weight", "spare.bias")
    assert t.params == sum(math.prod(p.shape) for p in model.parameters())


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


def test_tracing_disturbs_no_other_thread() -> None:
    """fx replaces nn.Module's methods for all threads while it traces: here, others run and trace just then."""
    running = variant("resnet20_cifar").build()
    x = torch.randn(1, 3, 32, 32)
    originals = (nn.Module.__call__, nn.Module.__getattr__)

    def run() -> torch.Tensor:
        with torch.inference_mode():
            return running(x)

    expected = run()
    with ThreadPoolExecutor(2) as pool:

        class Meanwhile(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.body = nn.Sequential(nn.Conv2d(3, 4, 3))

            def forward(self, x):
                results.append(pool.submit(run).result())
                results.append(pool.submit(trace_variant, variant("resnet18")))
                return self.body(x)

        results: list = []
        graph = graph_of(Meanwhile())
        assert torch.equal(results[0], expected)
        assert results[1].result() == traced("resnet18")
    assert [n.meta["name"] for n in graph.graph.nodes] == ["input", "body.0", "output"]
    assert (nn.Module.__call__, nn.Module.__getattr__) == originals
    assert torch.equal(run(), expected)
