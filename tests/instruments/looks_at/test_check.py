"""Whether a heat map can be believed: layers from the top, rank correlations, verdicts, pixels that go and come."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from explorer.architectures import variant
from explorer.instruments.looks_at.check import (
    LIMIT,
    SQUARES,
    Check,
    area,
    check,
    depths,
    edges,
    faded,
    layers,
    order_of,
    random_order,
    random_twin,
    randomised,
    rank_correlation,
    shares,
)
from explorer.instruments.looks_at.compute import INPUT, Way, class_target, heat_map, last_maps, without
from explorer.runtime.activations import Activations, capture
from explorer.runtime.pictures import load_image
from explorer.runtime.preprocessing import model_input
from explorer.runtime.samples import sample
from explorer.runtime.weights.network import BUNDLED, Network, load_network
from tests.traces import traced

SIDE = 112  # a small picture, of which a network tells the class


@cache
def network_of(name: str) -> Network:
    return load_network(variant(name), BUNDLED, torch.device("cpu"))


def picture(network: Network, side: int = SIDE) -> torch.Tensor:
    how = network.preprocessing
    small = how if how.crop < side else replace(how, resize=side, crop=side)
    return model_input(load_image(sample("golf_ball").path).image, small).tensor


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "lenet5"])
def test_layers_are_all_that_the_answer_depends_on_from_the_top(name: str) -> None:
    trace = traced(name)
    found = layers(trace, trace.classifier)
    paths = [path for layer in found for path in layer]
    order = list(dict.fromkeys(n.path for n in trace.nodes if n.params and n.stage not in trace.auxiliary))
    assert len(set(paths)) == len(paths) and set(paths) == set(order)
    firsts = [order.index(layer[0]) for layer in found]
    assert firsts == sorted(firsts, reverse=True)
    assert found[0][0] == order[-1]


def test_layers_of_an_early_value_are_those_before_it() -> None:
    assert [layer[0] for layer in layers(traced("resnet18"), "conv2_x.0.relu1")] == ["conv2_x.0.conv1", "stem.conv"]


def test_from_the_top_means_that_all_below_stays_and_nothing_of_the_cached_network_changes() -> None:
    network, trace = network_of("resnet18"), traced("resnet18")
    before = {name: value.clone() for name, value in network.model.state_dict().items()}
    twin, found = random_twin(network), layers(trace, trace.classifier)
    for count in depths(len(found)):
        mixed = randomised(network, twin, found[:count])
        drawn = {path for layer in found[:count] for path in layer}
        for name, value in mixed.model.state_dict().items():
            path = name.rpartition(".")[0]
            assert torch.equal(value, (twin if path in drawn else network).model.state_dict()[name])
        assert not mixed.model.training and not any(p.requires_grad for p in mixed.model.parameters())
    x = picture(network)
    capture(randomised(network, twin, found), x)
    assert torch.equal(capture(randomised(network, twin, found), x).logits, capture(twin, x).logits)
    assert torch.equal(capture(randomised(network, twin, ()), x).logits, capture(network, x).logits)
    assert all(torch.equal(value, before[name]) for name, value in network.model.state_dict().items())
    again = random_twin(network).model.state_dict()
    assert all(torch.equal(value, again[name]) for name, value in twin.model.state_dict().items())


def test_steps_go_from_none_to_all() -> None:
    assert depths(3) == (0, 1, 2, 3)
    assert depths(58)[:2] == (0, 1) and depths(58)[-1] == 58 and 29 in depths(58)
    assert depths(0) == (0,)


# ---- the verdict -------------------------------------------------------------------------------------------


def test_rank_correlation() -> None:
    a = np.array([[1, 2], [2, 4]], np.float32)
    assert rank_correlation(a, a**3) == pytest.approx(1)
    assert rank_correlation(a, -a) == pytest.approx(-1)
    # by hand: ranks 0, 1.5, 1.5, 3 and 0, 1, 2, 3: covariance 4.5, squares 4.5 and 5
    assert rank_correlation(a, np.arange(4, dtype=np.float32)) == pytest.approx(4.5 / (4.5 * 5) ** 0.5)
    assert np.isnan(rank_correlation(a, np.ones((2, 2), np.float32)))


def test_the_verdict_is_the_mean_while_the_upper_half_becomes_random() -> None:
    found = Check((0, 1, 2, 4, 6), (1.0, 0.9, 0.6, 0.1, 0.0), None, 0.3)
    assert found.half == (1, 2) and found.alike == pytest.approx(0.75) and not found.passes
    nan = float("nan")
    assert Check((0, 1, 2, 4), (1.0, nan, 0.9, 0.1), None, 0).passes is False  # a map of zeros has no order
    assert Check((0, 1, 2), (1.0, nan, 0.9), None, 0).passes is None
    assert Check((0, 1), (1.0, LIMIT), None, 0).passes is False


def test_guided_backpropagation_fails_and_gradient_and_grad_cam_pass() -> None:
    """As in Adebayo et al., arXiv 1810.03292."""
    network, trace = network_of("resnet18"), traced("resnet18")
    x = picture(network)
    trained = capture(network, x)
    target = class_target(network, int(trained.scores.argmax()))
    twin, found = random_twin(network), layers(trace, trace.classifier)
    counts = [count for count in depths(len(found)) if count <= len(found) // 2]
    passes = [trained, *(capture(randomised(network, twin, found[:count]), x) for count in counts[1:])]
    at = last_maps(trace, trace.classifier)
    results = {}
    for way in (Way("gradient"), Way("grad-cam", at), Way("guided")):
        maps = [heat_map(a, target, way, trace.inference_macs).values for a in passes]
        results[way.method] = check(maps, counts, way.signed, edges(trained.maps(INPUT)))
        assert results[way.method].sizes[0] == pytest.approx(1)
    alike = {method: np.mean(np.nan_to_num(c.sizes[1:])) for method, c in results.items()}
    assert alike["guided"] > LIMIT > max(alike["gradient"], alike["grad-cam"])


def test_edges_are_sobels() -> None:
    x = torch.zeros(3, 6, 6)
    x[:, :, 3:] = 1
    found = edges(x)
    assert found[2].tolist() == [0, 0, 4, 4, 0, 0] and np.ptp(found, axis=0).max() == 0
    assert np.array_equal(edges(x.transpose(1, 2)), found.T)


# ---- pixels that go and come -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digit() -> Activations:
    network = network_of("lenet5")
    return capture(network, picture(network))


@pytest.mark.parametrize("gone", ["grey", "blurred"])
def test_pixels_go_and_come_in_their_order(digit: Activations, gone: str) -> None:
    side = digit.maps(INPUT).shape[-1]
    order = np.random.default_rng(0).permutation(side * side)
    target = class_target(digit.network, int(digit.scores.argmax()))
    steps = range(len(shares()))
    x, nothing = digit.maps(INPUT)[None], without(digit, digit.maps(INPUT)[None], gone)  # type: ignore[arg-type]
    for coming in (False, True):
        values = faded(digit, target, order, steps, gone, coming)  # type: ignore[arg-type]
        ends = (nothing, x) if coming else (x, nothing)
        for value, end in zip((values[0], values[-1]), ends, strict=True):
            assert value == pytest.approx(float(capture(digit.network, end).answer.probabilities[target.place[0]]))
        step = 7
        first = torch.zeros(side * side, dtype=torch.bool)
        first[torch.from_numpy(order[: round(shares()[step] * side * side)])] = True
        seen = first.reshape(1, 1, side, side) if coming else ~first.reshape(1, 1, side, side)
        by_hand = capture(digit.network, torch.where(seen, x, nothing)).answer.probabilities[target.place[0]]
        assert values[step] == pytest.approx(float(by_hand), abs=1e-5)
        one_by_one = [faded(digit, target, order, [i], gone, coming)[0] for i in steps]  # type: ignore[arg-type]
        assert values.tolist() == pytest.approx(one_by_one, abs=1e-5)


def test_orders() -> None:
    assert order_of(np.array([[1, 3], [-5, 2]], np.float32)).tolist() == [1, 3, 0, 2]
    order = random_order(28)
    assert sorted(order.tolist()) == list(range(28 * 28)) and np.array_equal(order, random_order(28))
    rows, columns = np.divmod(order[:4], 28)
    assert len(set(zip((rows * SQUARES // 28).tolist(), (columns * SQUARES // 28).tolist(), strict=True))) == 1


def test_the_area_is_the_mean_height() -> None:
    assert area(np.full(11, 0.4, np.float32)) == pytest.approx(0.4)
    assert area(np.linspace(1, 0, 21).astype(np.float32)) == pytest.approx(0.5)
