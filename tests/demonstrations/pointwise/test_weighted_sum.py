"""A value of a 1x1 convolution is the weighted sum over the channels: of the network's own numbers."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

from explorer.analysis.trace import Trace, trace_variant
from explorer.architectures import variant
from explorer.demonstrations.pointwise.weighted_sum import pointwise_nodes, weighted_sum
from explorer.instruments.value.compute import NoSuchPlace
from explorer.runtime.activations import Activations, capture
from explorer.runtime.pictures import load_image
from explorer.runtime.preprocessing import model_input, preprocessing_for
from explorer.runtime.samples import sample
from explorer.runtime.weights.network import load_network
from tests.traces import traced


@cache
def run(name: str) -> tuple[Activations, Trace]:
    v = variant(name)
    x = model_input(load_image(sample("cat").path).image, preprocessing_for(v.input_size)).tensor
    return capture(load_network(v), x), trace_variant(v)


CASES = [
    ("googlenet", "inception3.3a.conv5x5_reduce.conv", 5, 11, 20),
    ("resnet50", "conv2_x.1.conv1", 63, 0, 55),
    ("resnet50", "conv3_x.0.shortcut.conv", 100, 27, 3),  # stride 2
    ("se_resnet18", "conv4_x.0.shortcut.conv", 1, 13, 13),
]


@pytest.mark.parametrize(("name", "node", "channel", "row", "column"), CASES)
def test_the_sum_is_the_networks_own_value(name: str, node: str, channel: int, row: int, column: int) -> None:
    activations, trace = run(name)
    n = trace.node(node)
    value = weighted_sum(activations, trace, n, channel, row, column)
    assert len(value.inputs) == len(value.weights) == n.in_shapes[0][0]
    assert value.value.made.result == pytest.approx(value.value.network, rel=1e-4, abs=1e-5)
    assert value.maps.shape == n.out_shape[1:]
    assert value.value.network == value.maps[row, column]
    inputs = activations.maps(n.inputs[0])[:, value.position[0], value.position[1]]
    assert np.array_equal(value.inputs, inputs.numpy())
    assert value.position == (row * n.stride[0], column * n.stride[1])


def test_a_bias_is_added() -> None:
    activations, trace = run("googlenet")
    node = trace.node("inception3.3a.conv5x5_reduce.conv")
    layer = activations.network.model.get_submodule(node.path)
    assert isinstance(layer, nn.Conv2d) and layer.bias is not None
    value = weighted_sum(activations, trace, node, 3, 0, 0)
    assert value.value.made.bias == layer.bias[3].item()
    assert value.value.made.result == pytest.approx(value.products.sum() + layer.bias[3].item())
    assert weighted_sum(*run("resnet50"), run("resnet50")[1].node("conv2_x.1.conv1"), 0, 0, 0).value.made.bias is None


def test_normalization_and_activation_follow() -> None:
    activations, trace = run("resnet50")
    value = weighted_sum(activations, trace, trace.node("conv2_x.1.conv1"), 7, 20, 30)
    assert [n.name for n, _ in value.after] == ["conv2_x.1.bn1", "conv2_x.1.relu1"]
    normalized, activated = (v for _, v in value.after)
    bn = activations.network.model.get_submodule("conv2_x.1.bn1")
    standardized = (value.value.network - bn.running_mean[7]) / torch.sqrt(bn.running_var[7] + bn.eps)
    expected = standardized * bn.weight[7] + bn.bias[7]
    assert normalized == pytest.approx(expected.item(), rel=1e-4, abs=1e-6)
    assert activated == max(normalized, 0.0)


def test_what_follows_ends_where_something_else_reads() -> None:
    activations, trace = run("resnet50")
    value = weighted_sum(activations, trace, trace.node("conv2_x.1.conv3"), 0, 0, 0)
    assert [n.name for n, _ in value.after] == ["conv2_x.1.bn3"]  # then the sum


def test_only_ungrouped_convolutions_of_maps_are_offered() -> None:
    names = [n.name for n in pointwise_nodes(traced("se_resnet18"))]
    assert names == [f"conv{stage}_x.0.shortcut.conv" for stage in (3, 4, 5)]  # the gates' are not on maps
    assert pointwise_nodes(traced("vgg16")) == ()


def test_a_position_outside_is_refused() -> None:
    activations, trace = run("googlenet")
    with pytest.raises(NoSuchPlace):
        weighted_sum(activations, trace, trace.node("inception3.3a.conv5x5_reduce.conv"), 0, 28, 0)
