"""Squeeze-and-excitation recomputed from the captured tensors; what altered gates do; what gates cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explorer.analysis.trace import Trace, trace_variant
from explorer.architectures import catalogue, variant
from explorer.architectures.blocks import SqueezeExcitation
from explorer.demonstrations.gates import compute as gates
from explorer.demonstrations.gates.compute import GateBlock, gate_activity, gate_blocks
from explorer.runtime.activations import Activations, capture, relative_change
from explorer.runtime.edits import Edit, edited
from explorer.runtime.maps import unpack
from explorer.runtime.weights.network import load_network
from tests.traces import traced

NAMES = ["se_resnet18", "se_googlenet", "mobilenet_v3_small"]
GATED = {
    "se_resnet18",
    "se_resnet34",
    "se_resnet50",
    "se_resnet101",
    "se_resnet152",
    "se_googlenet",
    "senet154",
    "mobilenet_v3_large",
    "mobilenet_v3_small",
}


@cache
def captured(name: str) -> Activations:
    v = variant(name)
    generator = torch.Generator().manual_seed(0)
    network = load_network(v)
    # Gates of a fresh network are all about 0.5: spread them, so that a mix-up shows.
    for module in network.model.modules():
        if isinstance(module, SqueezeExcitation):
            module.fc2.weight *= 8
            module.fc2.bias += torch.randn(module.fc2.bias.shape, generator=generator)
    return capture(network, torch.randn(1, *v.input_size, generator=generator))


@cache
def blocks(name: str) -> tuple[GateBlock, ...]:
    return gate_blocks(traced(name))


def module(name: str, block: GateBlock) -> SqueezeExcitation:
    found = captured(name).network.model.get_submodule(block.path)
    assert isinstance(found, SqueezeExcitation)
    return found


def test_every_squeeze_and_excitation_is_found() -> None:
    for name, v in catalogue().items():
        with torch.device("meta"):
            model = v.build()
        paths = [path for path, m in model.named_modules() if isinstance(m, SqueezeExcitation)]
        assert [b.path for b in blocks(name)] == paths
        assert bool(paths) == (name in GATED)


@pytest.mark.parametrize("name", NAMES)
def test_the_numbers_are_the_papers_formulas(name: str) -> None:
    a = captured(name)
    for block in blocks(name):
        se, r = module(name, block), gate_activity(a, block)
        maps = a.maps(block.maps)
        assert tuple(maps.shape) == block.shape
        squeeze = maps.mean((1, 2))
        hidden = torch.relu(se.fc1.weight[:, :, 0, 0] @ squeeze + se.fc1.bias)
        excitation = se.fc2.weight[:, :, 0, 0] @ hidden + se.fc2.bias
        if name.startswith("mobilenet"):
            gate, kind = torch.clip(excitation + 3, 0, 6) / 6, "Hardsigmoid"
        else:
            gate, kind = 1 / (1 + torch.exp(-excitation)), "Sigmoid"
        assert block.kind == kind
        computed = {"squeeze": squeeze, "hidden": hidden, "excitation": excitation, "gate": gate}
        for part, expected in computed.items():
            assert np.allclose(getattr(r, part), expected, rtol=1e-4, atol=1e-5), (block.path, part)
        assert np.ptp(r.gate) > 0.05
        assert torch.equal(a.maps(block.output), torch.from_numpy(r.gate)[:, None, None] * maps)
        assert len(r.hidden) == block.hidden_channels
        assert block.reduction == block.channels / se.fc1.out_channels


def test_ranks_count_from_the_most_open_gate() -> None:
    block = blocks("se_resnet18")[0]
    r = replace(gate_activity(captured("se_resnet18"), block), gate=np.array([0.2, 0.9, 0.9, 0.5], np.float32))
    assert [r.rank(c) for c in range(4)] == [4, 1, 1, 3]


def test_reading_gates_runs_nothing_again(monkeypatch: pytest.MonkeyPatch) -> None:
    a = captured("se_resnet18")
    monkeypatch.setattr("explorer.runtime.activations.Recomputation", None)
    vectors = gates.gates_of(a, blocks("se_resnet18"))
    assert [len(v) for v in vectors] == [b.channels for b in blocks("se_resnet18")]


def test_a_record_holds_plain_numbers() -> None:
    a = captured("mobilenet_v3_small")
    block = next(b for b in blocks("mobilenet_v3_small") if b.channels == 120)
    assert gates.record(a, block) == {
        "node": f"{block.path}.gate",
        "channels": 120,
        "reduction": 120 / 32,
        "squeeze": gate_activity(a, block).squeeze.tolist(),
        "gate": gate_activity(a, block).gate.tolist(),
    }
    assert gates.record(captured("se_resnet18"), blocks("se_resnet18")[0])["reduction"] == 16


# ---- alterations -------------------------------------------------------------------------------------------

ALTERATIONS = (
    Edit("", "value", number=1.0),
    Edit("", "mean"),
    Edit("", "shuffle", number=3),
    Edit("", "invert"),
    Edit("", "value", (5,), 0.9),
)


def altered(a: Activations, edit: Edit, found: Sequence[GateBlock]) -> Activations:
    """The pass with this edit of all these gates."""
    return edited(a, [replace(edit, node=b.gate) for b in found], traced(a.network.variant.name))


def test_inverting_twice_changes_nothing() -> None:
    a, block = captured("se_resnet18"), blocks("se_resnet18")[2]
    once = altered(a, Edit("", "invert"), [block])
    assert torch.allclose(once.maps(block.gate), 1 - a.maps(block.gate))
    assert relative_change(a.logits, once.logits) > 1e-3
    assert relative_change(a.logits, altered(once, Edit("", "invert"), [block]).logits) < 1e-5


class _Replaced(nn.Module):
    """The slow and obvious alteration: a module in the place of the gate."""

    def __init__(self, gate: nn.Module, alteration: Edit) -> None:
        super().__init__()
        self.gate, self.alteration = gate, alteration

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.alteration(self.gate(x))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("alteration", ALTERATIONS, ids=str)
@pytest.mark.parametrize("everywhere", [True, False])
def test_an_altered_pass_is_that_of_a_network_with_other_gates(name: str, alteration: Edit, everywhere: bool) -> None:
    a, found = captured(name), blocks(name)
    chosen = found if everywhere else (found[len(found) // 2],)
    after = altered(a, alteration, chosen)
    model = a.network.variant.build()
    model.load_state_dict(a.network.model.state_dict())
    for b in chosen:
        se = model.get_submodule(b.path)
        se.gate = _Replaced(se.gate, alteration)
    with torch.inference_mode():
        out = model(a.kept[a.network.nodes["input"]])
    assert torch.allclose(after.logits, out[0], rtol=1e-4, atol=1e-5)
    assert relative_change(a.logits, after.logits) > 0
    for b in chosen:  # what is recomputed inside the block keeps the altered gate
        gate = after.maps(b.gate)
        assert torch.equal(after.maps(b.output), gate * after.maps(b.maps))
    assert after.kept.keys() == a.kept.keys()


@pytest.mark.parametrize("name", ["se_resnet18", "se_resnet50", "se_googlenet"])
def test_gates_of_1_are_the_network_without_gates(name: str) -> None:
    a = captured(name)
    after = altered(a, ALTERATIONS[0], blocks(name))
    v = a.network.variant
    ablations = {"squeeze_excitation": None}
    if name == "se_resnet18":
        ablations["relu_before_gate"] = False
    plain = v.build(**ablations)
    own = a.network.model.state_dict()
    plain.load_state_dict({key: own[key] for key in plain.state_dict()})
    if name == "se_resnet18":  # its residual has a ReLU besides the gate
        for path, m in list(plain.named_modules()):
            if path.endswith("bn2"):
                plain.get_submodule(path.rpartition(".")[0]).bn2 = nn.Sequential(m, nn.ReLU())
    with torch.inference_mode():
        expected = plain(a.kept[a.network.nodes["input"]])[0]
    assert torch.allclose(after.logits, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.gpu
@pytest.mark.parametrize("alteration", ALTERATIONS, ids=str)
def test_gpu_agrees_with_the_cpu(alteration: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cuda.matmul, "allow_tf32", False)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    cpu, found = captured("se_resnet18"), blocks("se_resnet18")
    gpu = capture(cpu.network.to(torch.device("cuda")), cpu.kept[cpu.network.nodes["input"]])
    expected, after = altered(cpu, alteration, found), altered(gpu, alteration, found)
    assert after.device.type == "cuda"
    assert relative_change(expected.logits, after.logits) < 1e-3


def test_relative_change() -> None:
    assert relative_change(torch.tensor([3.0, 4.0]), torch.tensor([3.0, 5.0])) == pytest.approx(0.2)
    assert relative_change(torch.zeros(2), torch.zeros(2)) == 0
    assert relative_change(torch.zeros(2), torch.ones(2)) == float("inf")


# ---- many blocks, many pictures ----------------------------------------------------------------------------


def test_rows_of_different_lengths_are_resampled_without_losing_a_number() -> None:
    short, long = np.arange(3, dtype=np.float32), np.arange(10, dtype=np.float32)
    cells = gates.resample([short, long], most_columns=4)
    assert cells.values[0].tolist() == [0, 0, 1, 2]
    assert cells.first[1].tolist() == [0, 2, 5, 7]
    assert cells.count[1].tolist() == [2, 3, 2, 3]
    assert cells.values[1].tolist() == [0.5, 3, 5.5, 8]
    assert (cells.values[1] * cells.count[1]).sum() == long.sum()
    assert gates.resample([short, short]).values.tolist() == [short.tolist()] * 2


def test_average_spread_and_difference_over_pictures() -> None:
    pictures = [[np.array([0.0, 1.0]), np.array([0.5])], [np.array([1.0, 1.0]), np.array([0.5])]]
    assert [v.tolist() for v in gates.average(pictures)] == [[0.5, 1], [0.5]]
    assert gates.spread(pictures) == [0.25, 0]
    assert gates.mean_difference(*pictures) == [0.5, 0]


# ---- messages ----------------------------------------------------------------------------------------------


def test_a_blocks_message_holds_its_vectors_and_maps() -> None:
    a, block = captured("se_resnet18"), blocks("se_resnet18")[1]
    r = gate_activity(a, block)
    message = gates.block_message(a, r)
    header, body = message.header, message.body
    channels, height, width = block.shape
    assert (header["path"], tuple(header["shape"]), header["hidden"]) == (block.path, block.shape, len(r.hidden))
    vectors = np.frombuffer(body, "<f4", 4 * channels + len(r.hidden))
    squeeze, hidden, gate, low, high = np.split(vectors, np.cumsum([channels, len(r.hidden), channels, channels]))
    assert np.array_equal(squeeze, r.squeeze) and np.array_equal(hidden, r.hidden)
    assert np.array_equal(gate, r.gate)
    quantized = np.frombuffer(body, np.uint8, offset=vectors.nbytes).reshape(channels, height, width)
    span = (high - low)[:, None, None]
    values = low[:, None, None] + quantized / 255 * span
    assert (np.abs(values - a.maps(block.maps).numpy()) <= span / 509 + 1e-6).all()


def test_pairs_begin_with_the_chosen_channel_and_share_a_scale() -> None:
    a, block = captured("se_resnet18"), blocks("se_resnet18")[1]
    after = altered(a, Edit("", "zero", (9,)), [block])
    pairs = gates.pairs(a, after, block, first=4, count=3)
    header, body = unpack(pairs.message)
    assert header["channels"] == [4, 9]  # of the others, 9 alone has changed
    assert header["gates"][1][1] == 0 != header["gates"][0][1]
    values = np.frombuffer(body, np.uint8).reshape(2, 2, *block.shape[1:])
    assert np.array_equal(values[0, 0], values[0, 1])
    low, high = header["low"][1], header["high"][1]
    assert np.abs(low + values[1, 1] / 255 * (high - low)).max() <= (high - low) / 509
    old, new = a.maps(block.output), after.maps(block.output)
    assert pairs.change == pytest.approx(float((new - old).norm() / old.norm()))


@pytest.mark.parametrize("alteration", [*ALTERATIONS[:-1], Edit("", "value", (3,), 0.0)], ids=str)
def test_an_effect_is_that_of_the_altered_pass(alteration: Edit) -> None:
    a, (block, *others) = captured("se_resnet18"), blocks("se_resnet18")
    for chosen in ([block], [block, *others]):
        after = altered(a, alteration, chosen)
        found = gates.effect(a, after, block, 3)
        assert found.change == relative_change(a.logits, after.logits) > 0
        assert torch.equal(found.after.logits, after.logits) and torch.equal(found.before.logits, a.logits)
        header, _ = unpack(found.pairs.message)
        assert header["channels"][0] == 3
        assert header["gates"][1][0] == pytest.approx(float(after.maps(block.gate)[3]))


# ---- cost --------------------------------------------------------------------------------------------------


def share(gated: Trace, bare: Trace, what: str) -> float:
    return getattr(gated, what) / getattr(bare, what) - 1


def test_what_gates_add_to_resnet50_v1() -> None:
    v = variant("se_resnet50")
    bare = gates.trace_without_gates(v)
    gated = gates.trace_with_reduction(v, 16)
    assert bare.inference_params == traced("resnet50_v1").inference_params == 25_557_032
    assert (gated.params, gated.macs) == (28_088_024, 3_860_488_192)
    assert share(gated, bare, "params") == pytest.approx(0.099, abs=5e-5)
    assert share(gated, bare, "macs") == pytest.approx(0.00065, abs=5e-6)


@pytest.mark.parametrize("r", [2, 16, 64])
def test_the_added_parameters_follow_the_papers_formula(r: int) -> None:
    """2/r * sum of N_s * C_s^2, and the biases that the formula leaves out (section 4)."""
    v = variant("se_resnet50")
    added = gates.trace_with_reduction(v, r).params - gates.trace_without_gates(v).params
    stages = {256: 3, 512: 4, 1024: 6, 2048: 3}
    assert added == sum(n * (2 * c * c // r + c + c // r) for c, n in stages.items())


@pytest.mark.parametrize("name", sorted(GATED))
def test_every_gated_variant_exists_without_gates(name: str) -> None:
    v = variant(name)
    bare, gated = gates.trace_without_gates(v), trace_variant(v)
    assert gate_blocks(bare) == ()
    assert gated.params - bare.params == sum(n.params for n in gated.nodes if n.kind == "gate")
    assert gates.has_reduction(v) == (not name.startswith("mobilenet"))


def test_the_hard_sigmoid_is_torchs() -> None:
    """The formula that the page prints."""
    x = torch.linspace(-5, 5, 101)
    assert torch.allclose(torch.clip(x + 3, 0, 6) / 6, F.hardsigmoid(x))
