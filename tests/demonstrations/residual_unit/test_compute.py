"""Residual units against the modules that they are made of, and units removed against networks that never had them."""

from __future__ import annotations

from copy import deepcopy
from functools import cache

import pytest
import torch
from torch import Tensor, nn

from explorer.analysis.units import Unit, plain_units, residual_units
from explorer.architectures import catalogue, variant
from explorer.demonstrations.residual_unit import compute as residual
from explorer.runtime.activations import Activations, capture, relative_change
from explorer.runtime.edits import Edit, edited
from explorer.runtime.weights.network import Network, load_network
from tests.traces import traced

# Of each kind of unit: basic, bottleneck, pre-activation, option A, gated, and other families'.
NAMES = ["resnet18", "resnet50", "preact_resnet50", "resnet20_cifar", "se_resnet18", "mobilenet_v2", "xception"]
ADDITIONS = {
    "resnet18": 8,
    "resnet34_a": 16,
    "resnet34_c": 16,
    "resnet50": 16,
    "resnet152": 50,
    "resnet110_cifar": 54,
    "plain34": 0,
    "se_resnet50": 16,
    "mobilenet_v2": 10,
    "xception": 12,
    "inception_resnet_v2": 40,
    "vgg16": 0,
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


def unit_of(name: str, path: str) -> Unit:
    return next(u for u in residual_units(traced(name)) or plain_units(traced(name)) if u.path == path)


def picture(a: Activations) -> Tensor:
    return next(value for node, value in a.kept.items() if node.op == "placeholder")


# ---- what there is -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ADDITIONS)
def test_every_addition_is_a_unit(name: str) -> None:
    units = residual_units(traced(name))
    assert len(units) == ADDITIONS[name]
    assert len({u.path for u in units}) == len(units)


def test_shortcuts_are_told_apart_from_residuals() -> None:
    assert unit_of("resnet18", "conv3_x.0") == Unit(
        "conv3_x.0", "projection", "conv3_x.0.shortcut.bn", "conv3_x.0.bn2", "conv3_x.0.add"
    )
    assert unit_of("resnet18", "conv2_x.1").shortcut == "conv2_x.0.relu2"
    assert unit_of("resnet20_cifar", "conv3_x.0").kind == "padding"
    assert unit_of("se_resnet18", "conv2_x.0").residual == "conv2_x.0.se.mul"  # after the gate
    assert unit_of("mobilenet_v2", "stage2.1").kind == "identity"  # there the sum names the shortcut first
    assert unit_of("preact_resnet50", "conv2_x.1").shortcut == "conv2_x.0.add"
    projecting = [u.path for u in residual_units(traced("resnet50")) if u.kind != "identity"]
    assert projecting == ["conv2_x.0", "conv3_x.0", "conv4_x.0", "conv5_x.0"]


def test_plain_units_are_those_that_keep_the_shape() -> None:
    units = plain_units(traced("plain18"))
    assert [u.path for u in units] == ["conv2_x.0", "conv2_x.1", "conv3_x.1", "conv4_x.1", "conv5_x.1"]
    assert units[1] == Unit("conv2_x.1", "none", "conv2_x.0.relu2", "conv2_x.1.relu2", "conv2_x.1.relu2")


# ---- identity + residual = sum -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_both_terms_make_the_sum_exactly(name: str) -> None:
    a, units = captured(name), residual_units(traced(name))
    for unit, norms in zip(units, residual.norms(a, units), strict=True):
        t = residual.terms(a, unit)
        assert torch.equal(t.shortcut + t.residual, t.sum), unit
        assert torch.equal(t.sum, a.maps(unit.sum))
        assert t.residual.any()
        assert norms.ratio == pytest.approx(
            float((t.residual**2).sum().sqrt() / (t.shortcut**2).sum().sqrt()), rel=1e-4
        )


@pytest.mark.parametrize("path", ["conv2_x.1", "conv3_x.0"])
def test_the_terms_are_what_the_units_modules_give(path: str) -> None:
    a, unit = captured("resnet18"), unit_of("resnet18", path)
    block = a.network.model.get_submodule(path)
    before = {"conv2_x.1": "conv2_x.0.relu2", "conv3_x.0": "conv2_x.1.relu2"}[path]
    with torch.no_grad():
        x = a.maps(before)[None]
        passed = x if block.shortcut is None else block.shortcut(x)
        added = block.bn2(block.conv2(torch.relu(block.bn1(block.conv1(x)))))
        out = block(x)
    t = residual.terms(a, unit)
    assert torch.allclose(t.shortcut, passed[0], atol=1e-5)
    assert torch.allclose(t.residual, added[0], atol=1e-5)
    assert torch.allclose(t.sum.relu(), out[0], atol=1e-5)


def test_padded_channels_are_zero() -> None:
    t = residual.terms(captured("resnet20_cifar"), unit_of("resnet20_cifar", "conv3_x.0"))
    assert t.shortcut.shape == (32, 16, 16)
    assert t.shortcut[:16].any() and not t.shortcut[16:].any()


# ---- a unit removed ----------------------------------------------------------------------------------------


def without(a: Activations, unit: Unit) -> Activations:
    return edited(a, [Edit(unit.path, "skip")], traced(a.network.variant.name))


def ablated(a: Activations, unit: Unit) -> Activations:
    """A copy of the network whose unit's last operation with weights gives zeros."""
    model = deepcopy(a.network.model)
    layers = [m for n, m in model.get_submodule(unit.path).named_modules() if "shortcut" not in n and "se." not in n]
    last = [m for m in layers if isinstance(m, nn.BatchNorm2d | nn.Conv2d)][-1]
    with torch.no_grad():
        for parameter in last.parameters():
            parameter.zero_()
    n = a.network
    return capture(Network(n.variant, n.weights, model, n.device, n.classes), picture(a))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("resnet18", "conv2_x.0"),
        ("resnet18", "conv3_x.0"),  # projection
        ("resnet18", "conv5_x.1"),  # the last
        ("resnet50", "conv4_x.2"),
        ("preact_resnet50", "conv2_x.1"),
        ("preact_resnet50", "conv3_x.0"),
        ("resnet20_cifar", "conv3_x.0"),  # option A
        ("se_resnet18", "conv4_x.1"),
        ("mobilenet_v2", "stage3.1"),
        ("xception", "middle_flow.module8"),
    ],
)
def test_a_network_without_a_unit_equals_the_ablated_network(name: str, path: str) -> None:
    a, unit = captured(name), unit_of(name, path)
    after, expected = without(a, unit), ablated(a, unit)
    assert torch.equal(after.maps(unit.sum), a.maps(unit.shortcut))
    assert torch.equal(after.logits, expected.logits)
    assert not torch.equal(after.logits, a.logits)
    for change in residual.changes(a, after, traced(name), unit)[:-1]:
        node = traced(name).block(change.block).output
        original = a.maps(node)
        difference = (expected.maps(node) - original).double()
        assert change.relative == pytest.approx(float(difference.norm() / original.double().norm()), rel=1e-3)


def test_a_plain_network_without_a_unit_equals_one_that_skips_the_module() -> None:
    a, unit = captured("plain18"), unit_of("plain18", "conv3_x.1")
    model = deepcopy(a.network.model)
    model.conv3_x[1] = nn.Identity()
    with torch.no_grad():
        expected = model(picture(a))[0]
    assert torch.equal(without(a, unit).logits, expected)


def test_changes_run_from_the_unit_to_the_logits() -> None:
    a, unit = captured("resnet18"), unit_of("resnet18", "conv4_x.1")
    found = residual.changes(a, without(a, unit), traced("resnet18"), unit)
    assert [c.block for c in found] == ["conv4_x.1", "conv5_x.0", "conv5_x.1", "logits"]
    assert all(c.relative > 0.01 for c in found)


@pytest.mark.parametrize("name", ["plain18", "resnet18", "preact_resnet50", "resnet20_cifar"])
def test_all_units_in_one_pass_are_what_each_alone_is(name: str) -> None:
    a = captured(name)
    units = residual_units(traced(name)) or plain_units(traced(name))
    alone = [without(a, unit) for unit in units]
    for found, unit, after in zip(residual.without_each(a, units), units, alone, strict=True):
        assert found.unit == unit.path
        assert found.relative == pytest.approx(relative_change(a.logits, after.logits), rel=1e-3)
        assert found.same_class == (after.answer.first == a.answer.first)
    (only,) = residual.without_each(a, units[2:3])
    assert only.relative == pytest.approx(relative_change(a.logits, alone[2].logits), rel=1e-3)


def test_the_shared_network_stays_as_it_was() -> None:
    a = captured("resnet18")
    before, kept = deepcopy(a.network.model.state_dict()), {n: v.clone() for n, v in a.kept.items()}
    for unit in residual_units(traced("resnet18")):
        without(a, unit)
    assert all(torch.equal(before[k], v) for k, v in a.network.model.state_dict().items())
    assert all(torch.equal(kept[n], v) for n, v in a.kept.items())
    assert not any(m._forward_hooks for m in a.network.model.modules())


def test_all_of_the_catalogue() -> None:
    for name in catalogue():
        for unit in residual_units(traced(name)):
            t = traced(name)
            shapes = {t.node(n).out_shape for n in (unit.shortcut, unit.residual, unit.sum)}
            assert len(shapes) == 1, (name, unit)
