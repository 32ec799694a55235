"""Batch normalization against torch's own, in training and at inference, and against networks that never had it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from explorer.architectures import variant
from explorer.demonstrations.batch_norm import compute
from explorer.demonstrations.batch_norm.compute import Layer, layers
from explorer.runtime.activations import Activations, capture, relative_change
from explorer.runtime.weights.network import Network, load_network
from tests.traces import traced

SMALL = ("resnet20_cifar", "densenet40_cifar")  # normalization after convolutions, and before them
# All, and those that a convolution comes right before; auxiliary heads have some of their own.
COUNTS = {
    "resnet34": (36, 36),
    "preact_resnet50": (50, 33),
    "densenet121": (121, 59),
    "densenet40_cifar": (39, 0),
    "googlenet_bn": (57, 57),
    "vgg16_bn": (13, 13),
    "vgg16": (0, 0),
}


@cache
def captured(name: str) -> Activations:
    """A random picture in a network whose BN differs from channel to channel, so that a mix-up shows."""
    v = variant(name)
    generator = torch.Generator().manual_seed(0)
    network = load_network(v)
    for module in network.model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight, module.running_var):
                tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
            for tensor in (module.bias, module.running_mean):
                tensor.copy_(torch.randn(tensor.shape, generator=generator) / 4)
    return capture(network, torch.randn(1, *v.input_size, generator=generator))


def layer_of(name: str, node: str) -> Layer:
    return next(layer for layer in layers(traced(name)) if layer.name == node)


def logits_of(a: Activations, change: Callable[[nn.Module], None]) -> Tensor:
    """Of the same picture in a changed copy of the network, run as a module."""
    model = deepcopy(a.network.model)
    change(model)
    (x,) = (value for node, value in a.kept.items() if node.op == "placeholder")
    with torch.inference_mode():
        logits: Tensor = model(x)[0]
    return logits


def without(*names: str) -> Callable[[nn.Module], None]:
    def change(model: nn.Module) -> None:
        for path in names:
            model.set_submodule(path, nn.Identity())

    return change


def in_training(*names: str) -> Callable[[nn.Module], None]:
    def change(model: nn.Module) -> None:
        for path in names:
            model.get_submodule(path).train()

    return change


# ---- which layers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COUNTS)
def test_all_batch_normalizations_of_a_network_are_found(name: str) -> None:
    found = layers(traced(name))
    assert (len(found), sum(layer.convolution is not None for layer in found)) == COUNTS[name]
    assert all(traced(name).node(layer.name).inputs == (layer.source,) for layer in found)


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ("conv2_x.0.bn1", "conv2_x.0.bn1"),
        ("conv2_x.0.conv2", "conv2_x.0.bn2"),
        ("conv2_x.1.add", "conv2_x.1.bn2"),
        ("conv3_x.0.shortcut.conv", "conv3_x.0.shortcut.bn"),
        ("conv3_x.0.add", "conv3_x.0.shortcut.bn"),
        ("head.fc", "conv5_x.1.bn2"),
        ("input", "stem.bn"),
    ],
)
def test_the_nearest_lies_in_the_same_block(node: str, expected: str) -> None:
    trace = traced("resnet18")
    assert compute.nearest(trace, layers(trace), trace.node(node)).name == expected


# ---- one channel -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "node"), [(SMALL[0], "conv3_x.1.bn2"), (SMALL[1], "dense_block2.layer3.bn")])
def test_a_channel_is_what_torch_computes(name: str, node: str) -> None:
    a, layer, number = captured(name), layer_of(name, node), 5
    c = compute.channel(a, layer, number)
    x, bn = a.maps(layer.source), deepcopy(a.network.model.get_submodule(node))
    with torch.inference_mode():
        assert np.allclose(c.after, bn(x[None])[0, number], atol=1e-5)
        assert np.allclose(c.own, bn.train()(x[None])[0, number], atol=1e-5)
    assert np.array_equal(c.before, x[number])
    assert np.allclose(c.factor * c.before + c.shift, c.after, atol=1e-5)
    assert c.next_mean == pytest.approx(float(bn.running_mean[number]), rel=1e-4)  # torch has just made that step
    assert c.own.mean() == pytest.approx(c.beta, abs=1e-5)
    assert c.own.std() == pytest.approx(c.gamma, rel=1e-4)
    assert (c.mean, c.variance) == pytest.approx(
        (float(x[number].mean()), float(x[number].var(correction=0))), rel=1e-4
    )


def test_a_batch_is_normalized_over_pictures_rows_and_columns() -> None:
    torch.manual_seed(0)
    x, gamma, beta = 3 * torch.randn(4, 6, 5, 7) + 2, torch.rand(6), torch.randn(6)
    expected = nn.functional.batch_norm(x, None, None, gamma, beta, training=True, eps=0.001)
    assert torch.allclose(compute.by_own_statistics(gamma, beta, 0.001)(x), expected, atol=1e-6)


def test_an_untrained_network_has_learned_and_stored_nothing() -> None:
    network = load_network(variant(SMALL[0]))
    found = layers(traced(SMALL[0]))
    assert compute.fresh(network, found)
    for parameter in ("weight", "bias", "running_mean", "running_var"):
        touched = Network(network.variant, network.weights, deepcopy(network.model), network.device)
        touched.model.get_submodule(found[-1].name).state_dict()[parameter][0] = 0.5
        assert not compute.fresh(touched, found), parameter


# ---- altered and left out ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("everywhere", [False, True])
def test_altered_layers_make_another_network(name: str, everywhere: bool) -> None:
    a, found = captured(name), layers(traced(name))
    names = [layer.name for layer in found] if everywhere else [found[len(found) // 2].name]
    for instead, change in (("nothing", without), ("own", in_training)):
        outcome = compute.outcome(a, found, names, instead)
        expected = logits_of(a, change(*names))
        assert torch.allclose(outcome.answer.logits, expected, rtol=1e-3, atol=1e-3 * float(expected.abs().max()))
        assert outcome.moved == pytest.approx(relative_change(a.logits, expected), rel=1e-3)
        assert outcome.moved > 0.01 and outcome.finite
        first = [layer.name for layer in found].index(names[0])
        assert list(outcome.spread) == [layer.name for layer in found[first:]]


def test_as_it_is_the_network_is_itself() -> None:
    a, found = captured(SMALL[0]), layers(traced(SMALL[0]))
    outcome = compute.as_it_is(a, found)
    assert outcome.moved == 0
    assert torch.equal(outcome.answer.logits, a.logits)
    expected = {layer.name: float(a.maps(layer.name).std(correction=0)) for layer in found}
    assert outcome.spread == pytest.approx(expected, rel=1e-4)


def test_with_their_own_statistics_all_layers_spread_as_gamma_and_beta_say() -> None:
    a, found = captured(SMALL[0]), layers(traced(SMALL[0]))
    outcome = compute.outcome(a, found, [layer.name for layer in found], "own")
    for name, spread in outcome.spread.items():
        bn = a.network.model.get_submodule(name)
        assert spread**2 == pytest.approx(float((bn.weight**2).mean() + bn.bias.var(correction=0)), rel=1e-2)


def test_numbers_that_outgrow_float32_give_no_answer() -> None:
    a, found = captured(SMALL[0]), layers(traced(SMALL[0]))
    network = Network(a.network.variant, a.network.weights, deepcopy(a.network.model), a.device)
    for layer in found:
        assert layer.convolution is not None
        network.model.get_submodule(layer.convolution).weight *= 1e4
    (x,) = (value for node, value in a.kept.items() if node.op == "placeholder")
    outcome = compute.outcome(capture(network, x), found, [layer.name for layer in found], "nothing")
    assert not outcome.finite


def test_a_spread_is_right_for_numbers_whose_squares_are_none() -> None:
    values = torch.tensor([-1.0, 1.0, 3.0, 5.0])
    expected = float(values.std(correction=0))
    assert compute.standard_deviation(1e30 * values) == pytest.approx(1e30 * expected, rel=1e-5)
    assert compute.standard_deviation(1e-30 * values) == pytest.approx(1e-30 * expected, rel=1e-5)
    assert compute.standard_deviation(torch.zeros(3)) == 0


# ---- folded ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("groups", "bias"), [(1, False), (1, True), (4, False)])
def test_a_folded_convolution_does_the_work_of_both(groups: int, bias: bool) -> None:
    torch.manual_seed(0)
    convolution = nn.Conv2d(4, 8, (1, 3), stride=2, padding=(0, 1), groups=groups, bias=bias).eval()
    bn = nn.BatchNorm2d(8, eps=0.001).requires_grad_(False).eval()
    for values in bn.state_dict().values():
        values.copy_(torch.rand(values.shape) + 0.5)
    x = torch.randn(2, 4, 9, 9)
    with torch.inference_mode():
        out = compute.folded(convolution, bn)(x)
        assert torch.allclose(out, bn(convolution(x)), atol=1e-5)
        assert torch.allclose(out, fuse_conv_bn_eval(convolution, bn)(x), atol=1e-6)


def test_folding_changes_nothing_but_the_last_digits() -> None:
    a, found = captured(SMALL[0]), layers(traced(SMALL[0]))
    assert compute.fold(a, found[3:4]) < 1e-5
    assert 0 < compute.fold(a, found) < 1e-5
    before = captured(SMALL[1])
    assert compute.fold(before, layers(traced(SMALL[1]))) == 0  # there is none that folds


def test_biases_are_told() -> None:
    with torch.device("meta"):
        vgg = Network(variant("vgg11_bn"), "untrained", variant("vgg11_bn").build(), torch.device("meta"))
    assert compute.has_bias(vgg, layers(traced("vgg11_bn"))[0])
    assert not compute.has_bias(captured(SMALL[0]).network, layers(traced(SMALL[0]))[0])
    assert not compute.has_bias(captured(SMALL[1]).network, layers(traced(SMALL[1]))[0])
