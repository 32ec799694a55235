"""Gradients before training: what was measured once with other code, and what follows from theory."""

from __future__ import annotations

from functools import cache
from typing import get_args

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.demonstrations.gradients.compute import Initialization, Profile, Recipe, build, measure
from explorer.runtime import device
from explorer.runtime.device import forward_slot, training_slot
from explorer.runtime.pictures import load_image
from explorer.runtime.preprocessing import model_input, preprocessing_for
from explorer.runtime.samples import samples

CPU = torch.device("cpu")


@cache
def noise(count: int = 32) -> Tensor:
    return torch.randn(count, 3, 32, 32, generator=torch.Generator().manual_seed(1))


@cache
def pictures() -> Tensor:
    preprocessing = preprocessing_for((3, 32, 32))
    return torch.cat([model_input(load_image(s.path).image, preprocessing).tensor for s in samples()])


def profile(recipe: Recipe, x: Tensor) -> Profile:
    *_, (done, found) = measure(recipe, x, CPU)
    assert done == 1 and found is not None
    return found


# Measured with other code and other data, over three seeds:
# (depth, BN, initialization) -> first / last gradient of the plain network and of the residual one
MEASURED: dict[tuple[int, bool, Initialization], tuple[tuple[float, float], tuple[float, float]]] = {
    (20, True, "he"): ((1.06, 0.101), (0.343, 0.123)),
    (20, True, "torch"): ((2.53, 0.252), (0.86, 0.299)),
    (20, False, "he"): ((0.0119, 0.0508), (1.99, 10.8)),
    (20, False, "torch"): ((7.19e-9, 3.31e-8), (0.0135, 0.0755)),
    (56, True, "he"): ((614, 0.172), (1.51, 0.146)),
    (56, False, "he"): ((0.00719, 0.0091), (7.18e3, 3.12e4)),
}


@pytest.mark.parametrize("case", MEASURED, ids=str)
def test_the_orders_of_magnitude_that_were_measured_before(case: tuple[int, bool, Initialization]) -> None:
    for skips, (first, last) in zip((False, True), MEASURED[case], strict=True):
        depth, batch_norm, initialization = case
        found = profile(Recipe(depth, skips, batch_norm, initialization), noise())
        assert found.ratio == pytest.approx(found.gradients[1] / found.gradients[-1])
        assert abs(np.log10(found.ratio / (first / last))) < 0.5
        assert abs(np.log10(found.gradients[[1, -1]] / (first, last))).max() < 1


def test_with_bn_plain_gradients_explode_and_do_not_vanish() -> None:
    """On the pictures of the page."""
    ratios = {skips: [profile(Recipe(d, skips), pictures()).ratio for d in (20, 56)] for skips in (True, False)}
    assert ratios[False][1] > 100 * ratios[False][0] > 100
    assert all(0.1 < r < 10 for r in ratios[True])
    trends = {skips: profile(Recipe(56, skips), pictures()).trend for skips in (True, False)}
    assert trends == {True: "level", False: "grow"}


def test_without_bn_they_explode_with_shortcuts() -> None:
    """In a deep residual network with He's initialization."""
    found = profile(Recipe(110, True, False), pictures())
    assert found.explodes and not found.vanishes and found.zeros == 0


def test_they_vanish_in_plain_networks_without_bn_under_torchs_default() -> None:
    plain, skipping = (profile(Recipe(56, skips, False, "torch"), pictures()) for skips in (False, True))
    # Each ReLU and convolution with variance 1 / (3 fan_in) leaves a sixth of the mean square.
    per_layer = (plain.deviations[-1] / plain.deviations[2]) ** (1 / (2 * (len(plain.deviations) - 3)))
    assert per_layer == pytest.approx(6**-0.5, rel=0.1)
    assert 0 < plain.gradients.max() < 1e-18  # float32 norms would already say 0
    assert plain.vanishes and not plain.explodes
    assert skipping.gradients.min() > 1e-3
    assert not skipping.vanishes


def test_at_110_layers_they_are_exactly_zero() -> None:
    found = profile(Recipe(110, False, False, "torch"), pictures()[:2])
    assert not found.gradients.any()
    assert found.zeros == len(found.gradients) == 109
    assert np.isnan(found.ratio)


def test_the_norms_are_gradients() -> None:
    """The loss falls along the gradient as fast as its norm says."""
    recipe, x = Recipe(8, True), noise(4)
    found = profile(recipe, x)
    labels = torch.randint(10, (4,), generator=torch.Generator().manual_seed(recipe.seed))
    for name in ("stem.conv", "conv3_x.0.conv1", "conv4_x.0.conv2"):
        model = build(recipe).double()
        weight = model.get_submodule(name).weight
        (direction,) = torch.autograd.grad(F.cross_entropy(model(x.double()), labels), weight)
        direction /= direction.norm()
        losses = []
        for step in (1e-5, -1e-5):
            with torch.no_grad():
                weight += step * direction
                losses.append(float(F.cross_entropy(model(x.double()), labels)))
                weight -= step * direction
        slope = (losses[0] - losses[1]) / 2e-5
        assert found.gradients[found.convolutions.index(name)] == pytest.approx(slope, rel=1e-3)


def test_what_is_counted() -> None:
    found = profile(Recipe(8, False), noise(2))
    assert found.convolutions == (
        "stem.conv",
        *(f"conv{stage}_x.0.conv{i}" for stage in (2, 3, 4) for i in (1, 2)),
    )
    assert found.units == ("conv2_x.0", "conv3_x.0", "conv4_x.0")
    model = build(Recipe(8, False))
    with torch.no_grad():
        out = model.conv2_x(model.stem(noise(2)))
    assert found.deviations[0] == pytest.approx(float(out.std()), rel=1e-4)


# ---- the networks ------------------------------------------------------------------------------------------


def test_both_networks_have_the_same_weights() -> None:
    skipping, plain = (build(Recipe(20, skips)).state_dict() for skips in (True, False))
    assert skipping.keys() == plain.keys()
    assert all(torch.equal(skipping[k], plain[k]) for k in plain)
    other = build(Recipe(20, True, seed=1)).state_dict()
    assert not torch.equal(other["stem.conv.weight"], plain["stem.conv.weight"])


@pytest.mark.parametrize("initialization", get_args(Initialization))
def test_initializations_have_their_variance(initialization: Initialization) -> None:
    weight = build(Recipe(20, True, initialization=initialization)).conv4_x[1].conv1.weight.detach()
    fan = 9 * 64  # in and out
    expected = {"he": (2 / fan) ** 0.5, "torch": (1 / (3 * fan)) ** 0.5, "xavier": (1 / fan) ** 0.5, "normal": 0.01}
    assert float(weight.std()) == pytest.approx(expected[initialization], rel=0.02)
    uniform = float(weight.abs().max() / weight.std()) < 2
    assert uniform == (initialization == "torch")


def test_without_batch_normalization_nothing_else_changes() -> None:
    modules = {bn: [type(m) for m in build(Recipe(20, True, bn)).modules()] for bn in (True, False)}
    assert nn.BatchNorm2d not in modules[False]
    assert [nn.Identity if m is nn.BatchNorm2d else m for m in modules[True]] == modules[False]


def test_torchs_generator_is_left_alone_and_results_repeat() -> None:
    state = torch.get_rng_state()
    first = profile(Recipe(8, True), noise(2))
    assert torch.equal(torch.get_rng_state(), state)
    assert np.array_equal(profile(Recipe(8, True), noise(2)).gradients, first.gradients)


# ---- slots -------------------------------------------------------------------------------------------------


def test_no_slot_is_held_between_the_steps() -> None:
    progress = []
    for done, _ in measure(Recipe(8, True), noise(2), CPU):
        progress.append(done)
        with forward_slot(), forward_slot():  # else this would wait for ever
            pass
    assert progress == sorted(progress) and progress[-1] == 1


def test_a_training_slot_is_one_of_the_forward_slots_with_gradients() -> None:
    with torch.no_grad(), training_slot(), training_slot():
        assert torch.is_grad_enabled() and not torch.is_inference_mode_enabled()
        assert device._PASSES._free == 0
