from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
import torch
from torch import fx

from explorer.architectures import catalogue, variant
from explorer.runtime.activations import Activations, capture, slope
from explorer.runtime.edits import Edit, edited
from explorer.runtime.sizes import nbytes_of
from explorer.runtime.weights.network import Network, load_network
from tests.traces import traced

# One of each kind of unit, at full width: the maps of all others are made by the same few lines.
NAMES = ["resnet18", "plain18", "resnet34_a", "preact_resnet50", "resnet20_cifar"]


@cache
def network(name: str) -> Network:
    return load_network(variant(name))


@cache
def captured(name: str) -> Activations:
    generator = torch.Generator().manual_seed(0)
    return capture(network(name), torch.randn(1, *variant(name).input_size, generator=generator))


class _All(fx.Interpreter):
    """Every operation's output, the slow and obvious way."""

    def run_node(self, n: fx.Node) -> object:
        out = super().run_node(n)
        if n.op != "output":
            self.seen[n.meta["name"]] = out[0]
        return out


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_has_the_maps_that_a_full_pass_computes(name: str) -> None:
    a = captured(name)
    runner = _All(a.network.graph)
    runner.seen = {}
    with torch.inference_mode():
        runner.run(a.kept[a.network.nodes["input"]])
    assert runner.seen.keys() == a.network.nodes.keys()
    for node, expected in runner.seen.items():
        assert torch.equal(a.maps(node), expected), node
    assert torch.equal(a.logits, list(runner.seen.values())[-1])


@pytest.mark.parametrize("name", NAMES)
def test_the_network_itself_gives_the_same_logits(name: str) -> None:
    a = captured(name)
    with torch.inference_mode():
        assert torch.equal(a.network.model(a.kept[a.network.nodes["input"]])[0], a.logits)


def test_only_what_blocks_exchange_is_kept() -> None:
    a = captured("resnet18")
    kept = {n.meta["name"] for n in a.kept}
    assert kept == {
        "input",
        "stem.pool",
        "conv2_x.0.relu2",
        "conv2_x.1.relu2",
        "conv3_x.0.relu2",
        "conv3_x.1.relu2",
        "conv4_x.0.relu2",
        "conv4_x.1.relu2",
        "conv5_x.0.relu2",
        "conv5_x.1.relu2",
        "head.fc",
    }
    everything = sum(a.maps(n).nbytes for n in a.network.nodes)
    assert nbytes_of(a) < everything / 3


def test_the_sum_of_a_unit_is_its_two_inputs_added() -> None:
    a = captured("resnet18")
    assert torch.equal(a.maps("conv3_x.0.add"), a.maps("conv3_x.0.bn2") + a.maps("conv3_x.0.shortcut.bn"))
    assert torch.equal(a.maps("conv3_x.1.add"), a.maps("conv3_x.1.bn2") + a.maps("conv3_x.0.relu2"))


def test_unknown_operations_are_refused() -> None:
    with pytest.raises(KeyError):
        captured("resnet18").maps("conv9_x")


def test_untrained_networks_are_the_same_each_time_and_name_no_class() -> None:
    again = capture(load_network(variant("resnet18")), captured("resnet18").kept[network("resnet18").nodes["input"]])
    assert torch.equal(again.logits, captured("resnet18").logits)
    top = again.top()
    assert len(top) == 5
    assert all("untrained" in p.label for p in top)
    assert [p.probability for p in top] == sorted((p.probability for p in top), reverse=True)
    assert sum(p.probability for p in again.top(1000)) == pytest.approx(1, abs=1e-4)


def test_loading_leaves_the_global_random_state_alone() -> None:
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    load_network(variant("resnet20_cifar"))
    assert torch.equal(torch.rand(1), expected)


def test_a_full_gpu_falls_back_to_the_cpu_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    n = network("resnet20_cifar")

    def full(self: Network) -> object:
        raise torch.OutOfMemoryError("CUDA out of memory")

    on_gpu = Network(n.variant, n.weights, n.model, torch.device("cuda"), n.classes)
    on_cpu = capture(n, torch.zeros(1, 3, 32, 32))
    monkeypatch.setattr(
        "explorer.runtime.activations.synchronize", lambda device: full(n) if device.type == "cuda" else None
    )
    monkeypatch.setattr(torch.Tensor, "to", lambda self, *a, **k: self)
    monkeypatch.setattr("explorer.runtime.device.describe", lambda device: "a small GPU")
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    a = capture(on_gpu, torch.zeros(1, 3, 32, 32))
    assert a.note == "There was too little memory on a small GPU, so the CPU was used."
    assert a.device.type == "cpu"
    assert torch.equal(a.logits, on_cpu.logits)


def test_a_way_back_that_does_not_fit_the_gpu_is_gone_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    n = network("resnet20_cifar")
    a = edited(captured("resnet20_cifar"), [Edit("conv3_x.0.relu1", "scale", (), 2.0)], traced("resnet20_cifar"))

    def first(network: Network, logits: torch.Tensor) -> torch.Tensor:
        if network.device.type != "cpu":
            raise torch.OutOfMemoryError("CUDA out of memory")
        return logits[:, 0]

    expected = slope(a, "conv2_x.0.relu2", "head.fc", first)
    assert expected.gradient.abs().max() > 0
    on_gpu = replace(a, network=Network(n.variant, n.weights, n.model, torch.device("cuda"), n.classes))
    kept = {on_gpu.network.nodes[node.meta["name"]]: value for node, value in a.kept.items()}
    before = {on_gpu.network.nodes[node.meta["name"]]: value for node, value in a.changes.before.items()}
    on_gpu = replace(on_gpu, kept=kept, changes=replace(a.changes, before=before))
    monkeypatch.setattr("explorer.runtime.activations.synchronize", lambda device: None)
    monkeypatch.setattr("explorer.runtime.device.describe", lambda device: "a small GPU")
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    found = slope(on_gpu, "conv2_x.0.relu2", "head.fc", first)
    assert torch.equal(found.value, expected.value) and torch.equal(found.gradient, expected.gradient)


@pytest.mark.gpu
def test_gpu_goes_back_as_the_cpu_does() -> None:
    v = variant("resnet20_cifar")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    x = torch.randn(1, *v.input_size, generator=torch.Generator().manual_seed(0))
    cpu, gpu = (
        slope(capture(load_network(v, device=torch.device(d)), x), "input", "head.fc", lambda _, logits: logits[:, 0])
        for d in ("cpu", "cuda")
    )
    assert (gpu.gradient - cpu.gradient).abs().max() <= 1e-3 * cpu.gradient.abs().max()


@pytest.mark.gpu
@pytest.mark.parametrize("name", catalogue())
def test_gpu_agrees_with_the_cpu(name: str) -> None:
    v = variant(name)
    x = torch.randn(1, *v.input_size, generator=torch.Generator().manual_seed(0))
    cpu = capture(load_network(v), x)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    gpu = capture(load_network(v, device=torch.device("cuda")), x)
    assert gpu.device.type == "cuda"
    scale = cpu.logits.abs().max()
    assert (gpu.logits - cpu.logits).abs().max() <= 1e-3 * scale
    node = list(gpu.network.nodes)[len(gpu.network.nodes) // 2]
    assert gpu.maps(node).shape == cpu.maps(node).shape
