"""Each method agrees with captum's; edits and seeds are respected; integrated gradients add up to the difference."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from captum import attr
from PIL import Image
from torch import Tensor, nn

from explorer.architectures import variant
from explorer.demonstrations.class_activation.compute import class_activation, pooled_head
from explorer.instruments.looks_at import compute
from explorer.instruments.looks_at.compute import (
    GRID,
    INPUT,
    Target,
    Way,
    batches,
    class_target,
    concentration,
    corners,
    heat_map,
    joined,
    largest,
    last_maps,
    number_of,
    occluded,
    piece,
    spread,
    stretched,
)
from explorer.runtime.activations import Activations, capture, slope
from explorer.runtime.edits import Edit, edited
from explorer.runtime.preprocessing import model_input
from explorer.runtime.weights.network import BUNDLED, NARROW, Network, load_network
from tests.traces import traced

NETWORKS = ("resnet18", "vgg11", "googlenet", "mobilenet_v2", "densenet121")
SIDE = 96  # a small picture: the same operations on fewer positions
CLASS = 7
MACS = 1_000_000_000  # more than one input a pass, and more than one pass


@cache
def network_of(name: str, weights: str = NARROW) -> Network:
    return load_network(variant(name), weights, torch.device("cpu"))


@cache
def passed(name: str, side: int = SIDE, weights: str = NARROW) -> Activations:
    network = network_of(name, weights)
    levels = np.random.default_rng(1).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    picture = Image.fromarray(levels).resize((300, 260), Image.Resampling.BICUBIC)
    if weights == BUNDLED:
        return capture(network, model_input(picture, network.preprocessing).tensor)
    if name in ("vgg11", "googlenet"):  # linear layers need the size, those of an auxiliary head, too
        side = network.variant.input_size[-1]
    return capture(network, model_input(picture, replace(network.preprocessing, resize=side, crop=side)).tensor)


def scores(network: Network) -> nn.Module:
    """The network as captum calls it: without the auxiliary heads' answers."""

    class Scores(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = network.model

        def forward(self, x: Tensor) -> Tensor:
            return network.scores(self.model(x))

    return Scores()


def close(ours: Any, theirs: Tensor) -> bool:
    """Within 1e-4 of the largest magnitude."""
    expected = theirs.detach().squeeze(0).numpy()
    assert ours.shape == expected.shape and np.abs(expected).max() > 0
    return bool(np.abs(ours - expected).max() <= 1e-4 * np.abs(expected).max())


def ours(name: str, way: Way, target: Target | None = None) -> compute.HeatMap:
    a = passed(name)
    return heat_map(a, target or class_target(a.network, CLASS), way, MACS)


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_are_captums(name: str) -> None:
    a = passed(name)
    x, model = a.maps(INPUT)[None], scores(a.network)
    assert close(ours(name, Way("gradient")).values, attr.Saliency(model).attribute(x, CLASS).amax(1))
    assert close(ours(name, Way("times")).values, attr.InputXGradient(model).attribute(x, CLASS).sum(1))
    integrated = attr.IntegratedGradients(model).attribute(
        x, torch.zeros_like(x), CLASS, n_steps=4, method="riemann_middle"
    )
    assert close(ours(name, Way("integrated", steps=4)).values, integrated.sum(1))


@pytest.mark.parametrize("name", NETWORKS)
def test_weighted_maps_are_captums_at_an_early_and_at_the_last_operation(name: str) -> None:
    """LayerCAM, which captum does not have, by its formula with captum's gradient."""
    a, trace = passed(name), traced(name)
    model, x = scores(a.network), a.maps(INPUT)[None]
    modules = dict(a.network.model.named_modules())
    own = [n for n in trace.nodes if n.name in trace.upstream(trace.classifier) and n.path in modules]
    maps = [n for n in own if len(n.out_shape) == 3 and n.type in ("Conv2d", "BatchNorm2d", "MaxPool2d")]
    for node in (maps[1], maps[-1]):
        layer = modules[node.path]
        theirs = attr.LayerGradCam(model, layer).attribute(x, CLASS, relu_attributions=True)[:, 0]
        if theirs.abs().max() > 0:
            assert close(ours(name, Way("grad-cam", node.name)).values, theirs)
        gradient, value = attr.LayerGradientXActivation(model, layer, multiply_by_inputs=False), None
        value = attr.LayerActivation(model, layer).attribute(x)
        expected = (gradient.attribute(x, CLASS).clamp(min=0) * value).sum(1).clamp(min=0)
        assert close(ours(name, Way("layer-cam", node.name)).values, expected)


@pytest.mark.parametrize("name", ["resnet18", "lenet5"])
def test_occlusion_is_captums(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the patch moves by whole steps, as captum's does."""
    monkeypatch.setattr(compute, "GRID", 3)
    a = passed(name) if name == "resnet18" else passed(name, weights=BUNDLED)
    x, model = a.maps(INPUT)[None], scores(a.network)
    patch = x.shape[-1] // 2
    step = (x.shape[-1] - patch) // 2
    shape = (x.shape[1], patch, patch)
    theirs = attr.Occlusion(lambda rows: model(rows).softmax(-1)).attribute(
        x, shape, strides=(x.shape[1], step, step), target=CLASS
    )
    found = heat_map(a, class_target(a.network, CLASS), Way("occlusion", patch=patch), MACS)
    assert close(found.values, theirs[:, 0])
    assert found.lowest == pytest.approx(number_of(a, class_target(a.network, CLASS)) - float(theirs.max()), abs=1e-5)


@pytest.mark.parametrize("baseline", ["black", "blurred"])
def test_integrated_gradients_add_up_to_the_difference_of_the_scores(baseline: compute.Baseline) -> None:
    a = passed("resnet18")
    target = class_target(a.network, CLASS)
    few, many = (heat_map(a, target, Way("integrated", steps=n, baseline=baseline), MACS) for n in (1, 48))
    start = compute.without(a, a.maps(INPUT)[None], baseline)
    alone = capture(a.network, start)
    assert many.difference == pytest.approx(float(a.scores[CLASS] - alone.scores[CLASS]), abs=1e-5)
    assert many.total == pytest.approx(float(many.values.sum()), rel=1e-4)
    assert many.error is not None and few.error is not None and many.error < min(few.error / 2, 0.25)


def test_grad_cam_at_the_last_maps_is_the_class_activation_map() -> None:
    a, trace = passed("resnet18"), traced("resnet18")
    head = pooled_head(trace)
    assert head is not None and last_maps(trace, trace.classifier) == head.maps
    cam = class_activation(a, head, CLASS).map
    assert np.allclose(ours("resnet18", Way("grad-cam", head.maps)).values, cam.clip(0) / cam.size, atol=1e-6)


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "nin_imagenet"])
def test_a_class_activation_maps_mean_is_the_score_without_its_bias(name: str) -> None:
    a, trace = passed(name), traced(name)
    target = class_target(a.network, CLASS)
    way = compute.default_way("cam", trace, target)
    assert way.head is not None and way.passes == 1 and way.signed
    found = heat_map(a, target, way, 1)
    made = class_activation(a, way.head, CLASS)
    assert found.signed and found.values.mean() + made.bias == pytest.approx(float(a.logits[CLASS]), rel=1e-3, abs=1e-3)
    assert compute.cam_way(traced("alexnet"), target) is None  # its classifier reads every position
    with pytest.raises(ValueError, match="class"):
        compute.default_way("cam", trace, largest(a, way.at, None))


def test_one_value_of_a_map_is_explained_by_what_it_can_see() -> None:
    a = passed("resnet18")
    target = largest(a, "conv2_x.0.relu2", 3)
    values = a.maps("conv2_x.0.relu2")
    assert target.place[0] == 3 and float(values[target.place]) == float(values[3].max()) == number_of(a, target)
    every = largest(a, "conv2_x.0.relu2", None)
    assert number_of(a, every) == float(values.max())
    found = ours("resnet18", Way("gradient"), target).values
    node = traced("resnet18").node("conv2_x.0.relu2")
    middle = [round(node.rf_start[i] + node.rf_stride[i] * target.place[i + 1]) for i in (0, 1)]
    reach = node.receptive_field[0] // 2
    rows, columns = np.nonzero(found)
    assert len(rows) and max(abs(rows - middle[0]).max(), abs(columns - middle[1]).max()) <= reach
    trace = traced("resnet18")
    assert last_maps(trace, target.node) == "stem.pool"  # what its block reads
    assert ours("resnet18", Way("grad-cam", "stem.pool"), target).values.shape == a.maps("stem.pool").shape[1:]


@pytest.mark.parametrize("way", [Way("gradient"), Way("grad-cam", "conv4_x.0.relu2"), Way("occlusion", patch=48)])
def test_the_edited_network_is_looked_at(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "GRID", 2)
    a, trace = passed("resnet18"), traced("resnet18")
    silent = [Edit("conv3_x.0.relu2", "zero", (0, 1, 2)), Edit("conv4_x.1", "skip")]
    other = edited(a, silent, trace)
    target = class_target(a.network, CLASS)
    before, after = (heat_map(passes, target, way, MACS).values for passes in (a, other))
    assert before.shape == after.shape and not np.allclose(before, after)
    dead = edited(a, [Edit("conv3_x.0.relu2", "zero")], trace)
    if way.method == "gradient":
        assert not heat_map(dead, largest(dead, "conv3_x.0.relu2", 0), way, MACS).values.any()


def test_a_way_back_does_not_alter_what_is_kept() -> None:
    a = passed("googlenet")
    kept = {node: value.clone() for node, value in a.kept.items()}
    weights = {name: value.clone() for name, value in a.network.model.state_dict().items()}
    ours("googlenet", Way("guided"))
    ours("googlenet", Way("grad-cam", last_maps(traced("googlenet"), traced("googlenet").classifier)))
    assert all(torch.equal(value, a.kept[node]) for node, value in kept.items())
    assert all(torch.equal(value, weights[name]) for name, value in a.network.model.state_dict().items())
    assert not any(p.requires_grad for p in a.network.model.parameters())


def test_what_does_not_lie_on_the_way_is_refused() -> None:
    a = passed("googlenet")
    with pytest.raises(ValueError, match="does not depend"):
        slope(a, "aux1.fc1", a.network.classifier.meta["name"], lambda _, output: output[:, 0])
    target = class_target(a.network, 0)
    trace = traced("googlenet")
    auxiliary = next(n.name for n in trace.nodes if n.stage == "aux1" and n.type == "Conv2d")
    assert not compute.can_be_weighted(trace, auxiliary, target)
    assert compute.can_be_weighted(trace, "input", target)
    assert not compute.can_be_weighted(trace, trace.classifier, target)


def test_guided_backpropagation_is_captums() -> None:
    a = passed("vgg11")
    theirs = attr.GuidedBackprop(scores(a.network)).attribute(a.maps(INPUT)[None], CLASS)
    assert close(ours("vgg11", Way("guided")).values, theirs.abs().amax(1))


def test_noise_is_seeded_whatever_the_batches() -> None:
    a = passed("resnet18")
    target, way = class_target(a.network, CLASS), Way("smooth", samples=5, noise=20)
    one_by_one = [piece(a, target, way, range(i, i + 1)) for i in range(5)]
    together = heat_map(a, target, way, MACS)
    assert np.allclose(joined(a, target, way, one_by_one).values, together.values, atol=1e-5 * together.values.max())
    assert not np.allclose(heat_map(a, target, replace(way, noise=30), MACS).values, together.values)
    x = a.maps(INPUT)
    by_hand = torch.stack([_gradient(a, x + 0.2 * (x.max() - x.min()) * _drawn(x, i)) for i in range(5)]).mean(0)
    assert close(together.values, by_hand.abs().amax(0)[None])


def _drawn(x: Tensor, seed: int) -> Tensor:
    return torch.randn((1, *x.shape), generator=torch.Generator().manual_seed(seed))[0]


def _gradient(a: Activations, x: Tensor) -> Tensor:
    x = x[None].clone().requires_grad_()
    (found,) = torch.autograd.grad(scores(a.network)(x)[0, CLASS], x)
    return found[0]


def test_batches_are_bounded() -> None:
    assert [len(b) for b in batches(Way("integrated", steps=40), 1)] == [16, 16, 8]
    assert {len(b) for b in batches(Way("integrated", steps=4), 10**10)} == {1}
    assert sum(map(len, batches(Way("occlusion", patch=8), 10**8))) == GRID * GRID


# ---- the patch ---------------------------------------------------------------------------------------------


def by_hand(activations: Activations, place: tuple[int, int], patch: int, class_index: int) -> float:
    """One pass of the input with the patch in it."""
    x = activations.kept[activations.network.nodes[INPUT]].clone()
    row, column = place
    x[..., row : row + patch, column : column + patch] = 0
    return float(capture(activations.network, x).answer.probabilities[class_index])


@pytest.mark.parametrize(("name", "weights", "patch"), [("lenet5", BUNDLED, 8), ("resnet18", NARROW, 56)])
def test_many_places_at_once_are_single_passes_with_the_patch_in_the_input(name: str, weights: str, patch: int) -> None:
    activations = passed(name, weights=weights)
    places = corners(activations.maps(INPUT).shape[-1], patch, 3)
    target = class_target(activations.network, int(activations.scores.argmax()))
    found = occluded(activations, target, places, patch)
    one_by_one = [occluded(activations, target, [place], patch)[0] for place in places]
    assert found.tolist() == pytest.approx(one_by_one, abs=1e-5)
    expected = [by_hand(activations, place, patch, target.place[0]) for place in places]
    assert found.tolist() == pytest.approx(expected, abs=1e-5)
    assert np.ptp(found) > 0


def test_places_cover_the_input_evenly() -> None:
    places = corners(32, 8, 4)
    assert places[:4] == ((0, 0), (0, 8), (0, 16), (0, 24)) and places[-1] == (24, 24)
    assert corners(32, 8, 1) == ((0, 0),)


def test_a_pixel_has_the_mean_of_the_patches_over_it() -> None:
    losses = np.arange(4, dtype=np.float32)
    assert spread(losses, 3, 2).tolist() == [[0, 0.5, 1], [1, 1.5, 2], [2, 2.5, 3]]


# ---- what is made of a map ---------------------------------------------------------------------------------


def test_concentration_is_the_share_of_the_most_important_pixels() -> None:
    values = np.zeros((10, 10), np.float32)
    assert concentration(values) is None and concentration(values - 1) is None
    values[0] = 3
    values[1:] = 1 / 9
    assert concentration(values) == pytest.approx(30 / 40)
    values[1:] = -5
    assert concentration(values) == 1


def test_a_small_map_is_stretched_between_its_positions() -> None:
    values = np.array([[0, 1], [2, 3]], np.float32)
    large = stretched(values, 8)
    assert large.shape == (8, 8) and large.mean() == pytest.approx(1.5)
    assert (np.diff(large, axis=0) >= 0).all() and (np.diff(large, axis=1) >= 0).all()
    assert stretched(large, 8) is large
