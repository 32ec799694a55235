"""Edits of a run: written and read, against networks with other weights or without a unit, and at random on all."""

from __future__ import annotations

import random
from collections.abc import Sequence
from copy import deepcopy
from functools import cache

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from explorer.analysis.trace import Node, Trace, trace_variant
from explorer.architectures import catalogue, variant
from explorer.runtime import activations as passes
from explorer.runtime import edits
from explorer.runtime.activations import Activations, capture
from explorer.runtime.edits import Edit, EditError, edited
from explorer.runtime.weights.network import NARROW, UNTRAINED, Network, can_be_narrow, load_network

RANDOM_EDITS = 1_000  # over the whole catalogue
AT_ONCE = 10
NAMES = ["resnet18", "googlenet", "densenet121", "mobilenet_v2", "se_resnet18", "lenet5"]


@cache
def captured(name: str) -> tuple[Activations, Trace]:
    """A random picture in the narrow network, and the network's trace."""
    v = variant(name)
    network = load_network(v, NARROW if can_be_narrow(v) else UNTRAINED)
    x = torch.randn(1, *v.input_size, generator=torch.Generator().manual_seed(0))
    return capture(network, x), trace_variant(network.variant)


def altered(name: str, *written: str) -> Activations:
    a, trace = captured(name)
    return edited(a, [edits.parse(text, trace) for text in written], trace)


# ---- written and read --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("conv2_x.0.relu1:3,5-7:zero", Edit("conv2_x.0.relu1", "zero", (3, 5, 6, 7))),
        ("conv2_x.0.relu1:7,5,6,3:keep", Edit("conv2_x.0.relu1", "keep", (3, 5, 6, 7))),
        ("conv2_x.0.relu1:scale=-0.5", Edit("conv2_x.0.relu1", "scale", (), -0.5)),
        ("conv2_x.1:mean", Edit("conv2_x.1.relu2", "mean")),  # a block stands for its output
        ("conv3_x.1:skip", Edit("conv3_x.1", "skip")),
    ],
)
def test_edits_are_read_and_written(written: str, expected: Edit) -> None:
    _, trace = captured("resnet18")
    found = edits.parse(written, trace)
    assert found == expected and edits.parse(str(found), trace) == found
    both = (found, Edit("input", "zero", (1,)))
    assert edits.parse_all(edits.text_of(both), trace) == both


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("conv9:zero", "conv9"),
        ("conv2_x.0.relu1", "no edit"),
        ("conv2_x.0.relu1:1:2:zero", "no edit"),
        ("conv2_x.0.relu1:melt", "melt"),
        ("conv2_x.0.relu1:64:zero", "0 to 15"),
        ("conv2_x.0.relu1:5-3:zero", "5-3"),
        ("conv2_x.0.relu1:x:zero", "“x”"),
        ("conv2_x.0.relu1:keep", "keep"),
        ("conv2_x.0.relu1:scale", "scale=2"),
        ("conv2_x.0.relu1:scale=nan", "between"),
        ("conv2_x.0.relu1:scale=1e9", "between"),
        ("conv2_x.0.relu1:zero=1", "no number"),
        ("conv2_x.0.relu1:shuffle=1.5", "seed"),
        ("conv2_x.0.relu1:1:shuffle=1", "all channels"),
        ("conv3_x.0.conv1:skip", "shape"),
        ("conv3_x:skip", "shape"),
        ("input:skip", "nothing comes before"),
        ("conv3_x.9:skip", "conv3_x.9"),
    ],
)
def test_what_is_no_edit_is_said_in_a_sentence(written: str, said: str) -> None:
    _, trace = captured("resnet18")
    with pytest.raises(EditError) as error:
        edits.parse(written, trace)
    assert said in str(error.value)


@given(st.text(max_size=60) | st.from_regex(r"conv[12](_x\.0)?\.[a-z0-9]{4,5}(:[0-9,-]{1,6})?:[a-z]{4}(=[0-9.]{1,3})?"))
def test_no_text_raises_anything_else(text: str) -> None:
    _, trace = captured("resnet18")
    try:
        found = edits.parse_all(text, trace)
    except EditError:
        return
    assert edits.parse_all(edits.text_of(found), trace) == found


# ---- one output --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (Edit("", "zero", (1, 3)), [0.125, 0, 0.75, 0]),
        (Edit("", "keep", (1, 3)), [0, 0.5, 0, 1]),
        (Edit("", "scale", (0,), 2.0), [0.25, 0.5, 0.75, 1]),
        (Edit("", "value", number=1.0), [1, 1, 1, 1]),
        (Edit("", "value", (2,), 0.25), [0.125, 0.5, 0.25, 1]),
        (Edit("", "mean"), [0.59375] * 4),
        (Edit("", "mean", (0,)), [0.59375, 0.5, 0.75, 1]),
        (Edit("", "invert"), [0.875, 0.5, 0.25, 0]),
    ],
    ids=str,
)
@pytest.mark.parametrize("shape", [(1, 4, 1, 1), (1, 4)])
def test_one_number_a_channel(edit: Edit, expected: list[float], shape: tuple[int, ...]) -> None:
    x = torch.tensor([0.125, 0.5, 0.75, 1.0]).reshape(shape)
    before = x.clone()
    assert edit(x).flatten().tolist() == expected and edit(x).shape == shape
    assert torch.equal(x, before)


def test_the_mean_of_a_map_is_its_own() -> None:
    x = torch.arange(16.0).reshape(1, 2, 2, 4)
    assert Edit("", "mean", (1,))(x).tolist() == [[x[0, 0].tolist(), [[11.5] * 4] * 2]]


def test_shuffling_permutes_and_depends_on_the_seed_alone() -> None:
    x = torch.rand(1, 64, 1, 1)
    first, again, other = (Edit("", "shuffle", number=s)(x) for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other) and not torch.equal(first, x)
    assert torch.equal(first.flatten().sort().values, x.flatten().sort().values)


# ---- a pass with edits -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "node"),
    [
        ("resnet18", "conv3_x.1.relu1"),
        ("densenet121", "dense_block2.layer3.relu"),
        ("mobilenet_v2", "stage3.1.expand.relu6"),  # read by a depthwise convolution
        ("googlenet", "inception3.3b.conv3x3_reduce.relu"),
        ("lenet5", "s2.tanh"),  # read by C3, whose maps read some channels each
    ],
)
def test_silencing_channels_is_zeroing_the_weights_that_read_them(name: str, node: str) -> None:
    a, trace = captured(name)
    readers = [n.path for n in trace.nodes if node in n.inputs]
    silenced = (1, 2)
    model = deepcopy(a.network.model)
    with torch.no_grad():
        for path in readers:
            _forget(model.get_submodule(path), silenced)
    n = a.network
    expected = capture(Network(n.variant, n.weights, model, n.device, n.classes), a.kept[n.nodes["input"]])
    found = altered(name, f"{node}:1-2:zero")
    assert torch.allclose(found.logits, expected.logits, rtol=1e-4, atol=1e-5)
    assert not torch.equal(found.logits, a.logits)
    maps = found.maps(node)
    assert not maps[list(silenced)].any() and torch.equal(maps[3:], a.maps(node)[3:])


def _forget(layer: nn.Module, channels: tuple[int, ...]) -> None:
    """Zero the weights of a convolution that read these channels."""
    if isinstance(layer, nn.Conv2d) and layer.groups == 1:
        layer.weight[:, list(channels)] = 0
    elif isinstance(layer, nn.Conv2d):  # depthwise
        layer.weight[list(channels)] = 0
    else:
        for table, own in zip(layer.table, layer.maps, strict=True):
            own.weight[:, [i for i, c in enumerate(table) if c in channels]] = 0


def test_a_skipped_stage_is_skipped_as_a_whole() -> None:
    after = altered("resnet18", "conv2_x:skip")
    assert torch.equal(after.maps("conv2_x.1.relu2"), captured("resnet18")[0].maps("stem.pool"))


def test_a_kept_channel_is_alone() -> None:
    a, _ = captured("resnet18")
    after = altered("resnet18", "conv2_x.1.relu2:5:keep")
    maps = after.maps("conv2_x.1.relu2")
    assert torch.equal(maps[5], a.maps("conv2_x.1.relu2")[5])
    assert not maps[[c for c in range(len(maps)) if c != 5]].any()


@pytest.mark.parametrize("name", NAMES)
def test_an_edit_that_changes_nothing_changes_no_bit(name: str) -> None:
    a, trace = captured(name)
    for node in (trace.nodes[0], trace.nodes[len(trace.nodes) // 3], trace.node(trace.classifier)):
        after = altered(name, f"{node.name}:scale=1")
        assert torch.equal(after.logits, a.logits)
        assert all(torch.equal(after.kept[n], value) for n, value in a.kept.items())


@pytest.mark.parametrize("name", NAMES)
def test_edits_of_different_operations_commute_and_come_in_any_steps(name: str) -> None:
    a, trace = captured(name)
    nodes = [trace.nodes[i].name for i in (0, len(trace.nodes) // 4, len(trace.nodes) // 2)]
    one, two, three = (
        edits.parse(f"{n}:0:{k}", trace) for n, k in zip(nodes, ("zero", "scale=3", "mean"), strict=True)
    )
    together = edited(a, [one, two, three], trace)
    for order in ([three, two, one], [two, one, three]):
        assert torch.equal(edited(a, order, trace).logits, together.logits)
        step_by_step = a
        for e in order:
            step_by_step = edited(step_by_step, [e], trace)
        assert torch.equal(step_by_step.logits, together.logits)
        assert all(torch.equal(step_by_step.maps(n), together.maps(n)) for n in nodes)


def test_two_edits_of_one_operation_apply_in_their_order() -> None:
    a, _ = captured("resnet18")
    once = altered("resnet18", "conv2_x.0.relu1:0:value=2", "conv2_x.0.relu1:0:scale=3")
    other = altered("resnet18", "conv2_x.0.relu1:0:scale=3", "conv2_x.0.relu1:0:value=2")
    assert once.maps("conv2_x.0.relu1")[0].unique().tolist() == [6]
    assert other.maps("conv2_x.0.relu1")[0].unique().tolist() == [2]
    assert torch.equal(a.maps("conv2_x.0.relu1")[1], once.maps("conv2_x.0.relu1")[1])


def test_only_what_depends_on_an_edit_runs_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    original = passes._Rerun.run_node

    def spy(self: passes._Rerun, n: torch.fx.Node) -> object:
        ran.append(n.meta["name"])
        return original(self, n)

    monkeypatch.setattr(passes._Rerun, "run_node", spy)
    a, trace = captured("googlenet")
    after = altered("googlenet", "inception5.5b:0:zero")
    assert ran and {trace.node(name).stage for name in ran} <= {
        "inception5",
        "head",
        trace.node(trace.classifier).stage,
    }
    early = a.network.nodes[trace.block("inception4.4a").output]
    assert after.kept[early] is a.kept[early]


def test_several_passes_at_once_are_each_alone() -> None:
    """Through a concatenation, whose other branches are the same in all of them; on top of another edit."""
    trace = captured("googlenet")[1]
    base = altered("googlenet", "stem.conv1:0:zero")
    node = next(n.name for n in trace.nodes if n.type == "Conv2d" and n.block == "inception3.3b")
    channels = range(trace.node(node).out_shape[0])
    rows = passes.logits_with(base, alterations={node: edits.silenced(channels)})
    assert len(rows) == len(channels)
    for c in channels:
        alone = altered("googlenet", "stem.conv1:0:zero", f"{node}:{c}:zero")
        assert torch.allclose(rows[c], alone.logits, rtol=1e-4, atol=1e-5)


def test_wide_networks_have_few_rows_in_a_pass() -> None:
    assert passes.in_batches(range(5), 10**10) == [range(n, n + 1) for n in range(5)]
    assert [len(part) for part in passes.in_batches(range(40), 10**6)] == [passes.MOST_ROWS] * 2 + [8]
    assert passes.in_batches((), 1) == []


def test_random_edits_give_finite_maps_of_the_right_shape_or_a_sentence() -> None:
    chance = random.Random(0)
    names = sorted(catalogue())
    passes_each = -(-RANDOM_EDITS // (AT_ONCE * len(names)))
    refused = 0
    for name in names:
        a, trace = captured(name)
        nodes = [n for n in trace.nodes if n.stage not in trace.auxiliary]
        for _ in range(passes_each):
            found: list[Edit] = []
            for _ in range(AT_ONCE):
                try:
                    found.append(edits.parse(_at_random(nodes, chance), trace))
                except EditError as error:
                    assert str(error).endswith((".", "?"))
                    refused += 1
            after = edited(a, found, trace)
            assert after.logits.shape == a.logits.shape and after.logits.isfinite().all(), (name, found)
            shown = chance.choice(nodes)
            maps = after.maps(shown.name)
            assert maps.shape == shown.out_shape and maps.isfinite().all(), (name, found, shown.name)
        captured.cache_clear()
    assert 0 < refused < RANDOM_EDITS / 4


def _at_random(nodes: Sequence[Node], chance: random.Random) -> str:
    node, kind = chance.choice(nodes), chance.choice(edits.KINDS)
    channels = [] if kind in edits.WHOLE else [chance.randrange(node.out_shape[0]) for _ in range(chance.randrange(4))]
    which = f":{edits.channels_text(channels)}" if channels else ""
    number = f"={chance.choice((0, 1, 2, 7))}" if kind in edits.NUMBERED else ""
    return f"{node.name}{which}:{kind}{number}"
