"""What can be done to an operation, and rankings against single edits."""

from __future__ import annotations

from functools import cache

import pytest
import torch

from explorer.analysis.trace import Trace, trace_variant
from explorer.architectures import variant
from explorer.instruments.edit import compute
from explorer.runtime.activations import Activations, capture, in_batches, relative_change
from explorer.runtime.edits import Edit, edited, parse
from explorer.runtime.pictures import load_image
from explorer.runtime.preprocessing import model_input
from explorer.runtime.samples import sample
from explorer.runtime.weights.network import BUNDLED, NARROW, load_network


@cache
def captured(name: str, weights: str) -> tuple[Activations, Trace]:
    network = load_network(variant(name), weights)
    seen = model_input(load_image(sample("church").path).image, network.preprocessing)
    return capture(network, seen.tensor), trace_variant(network.variant)


@pytest.mark.parametrize(
    ("name", "node", "expected"),
    [
        ("resnet34", "conv2_x.1.conv1", {"Silence", "By the mean", "× 50 %", "Skip conv2_x.1", "Skip this Conv2d"}),
        ("resnet34", "conv3_x.0.conv1", {"Silence", "By the mean", "× 50 %", "Skip conv3_x.0"}),  # another shape
        ("alexnet", "conv1.norm", {"Silence", "By the mean", "× 50 %", "Skip this LocalResponseNorm"}),
        (
            "se_resnet50",
            "conv2_x.0.se.gate",
            {"Silence", "By the mean", "× 50 %", "Gates to 1", "1 − gates", "Skip this Sigmoid", "Skip conv2_x.0"},
        ),
    ],
)
def test_what_is_offered_can_be_done(name: str, node: str, expected: set[str]) -> None:
    a, trace = captured(name, BUNDLED)
    found = compute.actions(trace, trace.node(node), (), 50)
    assert set(found) == expected
    for edit in found.values():
        assert parse(str(edit), trace) == edit
        assert not torch.equal(edited(a, [edit], trace).logits, a.logits)
    assert set(compute.actions(trace, trace.node(node), (1,), 50)) == expected | {"Keep only"}


def test_channels_are_ranked_by_what_each_alone_costs_the_class() -> None:
    a, trace = captured("resnet34", BUNDLED)
    node = "conv4_x.5.relu1"
    parts = in_batches(range(64), trace.inference_macs)
    found = compute.ranked(a, [e for part in parts for e in compute.without_channels(a, node, part)], chosen=4)
    before = float(a.answer.probabilities[4])
    assert sorted(loss.edit.channels[0] for loss in found) == list(range(64))
    assert [loss.size for loss in found] == sorted((loss.size for loss in found), reverse=True)
    for loss in (found[0], found[-1]):
        alone = edited(a, [loss.edit], trace).answer.probabilities[4]
        assert loss.probability == pytest.approx(float(alone), abs=1e-5)
        assert loss.size == pytest.approx(before - float(alone), abs=1e-5)


def test_an_untrained_network_is_ranked_by_how_much_the_logits_change() -> None:
    a, trace = captured("resnet18", NARROW)
    effects = [compute.without_block(a, trace, edit) for edit in compute.block_edits(trace)]
    found = compute.ranked(a, effects, chosen=0)
    assert {loss.probability for loss in found} == {None}
    largest = edited(a, [found[0].edit], trace)
    assert found[0].size == pytest.approx(relative_change(a.logits, largest.logits))


@pytest.mark.parametrize(("name", "blocks"), [("resnet34", 17), ("googlenet", 18), ("lenet5", 6), ("densenet121", 62)])
def test_every_block_before_the_classifier_is_left_out(name: str, blocks: int) -> None:
    _, trace = captured(name, BUNDLED)
    edits = compute.block_edits(trace)
    assert len(edits) == len(set(edits)) == blocks
    assert all(parse(str(edit), trace) == edit for edit in edits)
    assert {e.kind for e in edits if e.node.startswith("conv3_x")} <= {"skip"}


def test_a_ranking_of_an_edited_pass_keeps_its_edits() -> None:
    a, trace = captured("resnet34", BUNDLED)
    first = Edit("conv2_x.0", "skip")
    base = edited(a, [first], trace)
    (effect,) = compute.without_channels(base, "conv4_x.5.relu1", [3])
    both = edited(a, [first, effect.edit], trace)
    assert torch.allclose(effect.logits, both.logits, rtol=1e-4, atol=1e-5)
