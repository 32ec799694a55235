"""What the browser is sent of a value: the window's numbers and places, the sums, and the ways on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from explorer.analysis.trace import trace_variant
from explorer.instruments.value.compute import Value, readers, value
from explorer.instruments.value.message import message
from explorer.runtime.activations import Activations
from tests.instruments.value.test_compute import run


def sent(found: Value, **more: Any) -> dict[str, Any]:
    return message(found, more.pop("read_by", ()), **{"last": False, "wanted": None, "label": "", "way": (), **more})


@pytest.fixture(scope="module")
def activations() -> Activations:
    return run("resnet20_cifar")


def test_the_window_of_the_channel_that_counts_most_or_of_the_wanted_one(activations: Activations) -> None:
    found = value(activations, "conv2_x.0.conv1", (5, 9, 0))
    for wanted, shown in ((None, int(np.abs(found.sums).argmax())), (3, 3), (99, int(np.abs(found.sums).argmax()))):
        window = sent(found, wanted=wanted)["window"]
        inputs, weights, products = (np.array(table["values"]) for table in window["tables"])
        assert window["channel"] == shown
        assert np.allclose(inputs * weights, products, rtol=1e-4, atol=1e-6)
        assert products.sum() == pytest.approx(found.sums[shown], rel=1e-4)
        assert np.array(window["inside"]).tolist() == [[False, True, True]] * 3
        assert window["places"][2][1] == [shown, 10, 0]


def test_the_sums_are_by_size_and_the_others_are_one(activations: Activations) -> None:
    found = value(activations, "conv4_x.1.conv2", (5, 3, 3))
    sums = sent(found)["sums"]
    sizes = [abs(sum_) for _, sum_ in sums["shown"]]
    assert sizes == sorted(sizes, reverse=True)
    count, rest = sums["others"]
    assert count == len(found.sums) - len(sizes)
    assert sum(s for _, s in sums["shown"]) + rest == pytest.approx(found.made.result, abs=1e-4)


def test_what_has_no_window_has_ways_back(activations: Activations) -> None:
    for node, place, count in (("conv2_x.0.add", (0, 1, 2), 2), ("conv2_x.0.relu1", (0, 1, 2), 1)):
        parts = sent(value(activations, node, place))
        assert parts["window"] is None and parts["sums"] is None
        assert [chip["place"] for chip in parts["lists"][0]["chips"]] == [list(place)] * count
        assert (parts["curve"] is None) == (node != "conv2_x.0.relu1")


def test_the_largest_of_a_pool_and_the_own_channel_of_a_normalization_are_marked() -> None:
    alexnet = run("alexnet")
    found = value(alexnet, "conv1.pool", (2, 3, 4))
    window = sent(found)["window"]
    row, column = window["marked"]
    assert window["tables"][0]["values"][row][column] == pytest.approx(found.made.result, rel=1e-5)
    window = sent(value(alexnet, "conv1.norm", (1, 3, 4)))["window"]
    assert window["places"][0][window["marked"][1]] == [1, 3, 4]
    assert window["inside"] == [[False, True, True, True, True]]


def test_a_value_that_a_stride_steps_over_is_read_by_nobody() -> None:
    """The first 1 x 1 convolutions of a stage of ResNet-50 as published have stride 2."""
    resnet = run("resnet50_v1")
    shapes = {n.name: n.out_shape for n in trace_variant(resnet.network.variant).nodes}
    chips_of = []
    for place in ((0, 4, 6), (0, 4, 7)):
        read_by = readers(resnet.network, shapes, "conv2_x.2.relu3", place)
        chips_of.append(sent(value(resnet, "conv2_x.2.relu3", place), read_by=read_by)["lists"][-1]["chips"])
    assert [len(chips) for chips in chips_of] == [2, 0]
    assert chips_of[0][0]["place"][1:] == [2, 3]


def test_what_broken_weights_make_is_written_as_it_is(activations: Activations) -> None:
    found = value(activations, "conv2_x.0.conv1", (5, 9, 9))
    inputs = found.inputs.copy()
    inputs[0, 0, :2] = np.nan, np.inf
    parts = sent(replace(found, inputs=inputs), wanted=0)
    assert parts["window"]["tables"][0]["values"][0][:2] == ["nan", "inf"]
    json.dumps(parts, allow_nan=False)
