"""Whether a picture is unlike what a network was tested on: the measure, what is kept of it, and bundled networks."""

from __future__ import annotations

import json

import pytest
import torch

from explorer.architectures import variant
from explorer.runtime.activations import Answer, capture
from explorer.runtime.pictures import load_image
from explorer.runtime.preprocessing import model_input
from explorer.runtime.samples import sample
from explorer.runtime.weights.bundled import manifest
from explorer.runtime.weights.fit import MOST, PERCENTS, Fit, distance
from explorer.runtime.weights.network import BUNDLED, UNTRAINED, load_network

MEASURED = list(manifest())


def answer_of(name: str, picture: str, weights: str = BUNDLED) -> Answer:
    network = load_network(variant(name), weights)
    return capture(network, model_input(load_image(sample(picture).path).image, network.preprocessing).tensor).answer


def test_the_distance_by_hand() -> None:
    means = torch.tensor([[1.0, 2.0], [0.0, -1.0]])
    features = torch.tensor([[1.0, 4.0], [9.0, 4.0], [0.0, -4.0]])  # their roots: (1, 2), (3, 2), (0, -2)
    assert torch.allclose(distance(features, means), torch.tensor([0.0, 2.0, 1.0]) / 2**0.5, atol=1e-4)


def test_most_of_the_split_passes_and_what_is_kept_says_the_same() -> None:
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(400) // 40
    features = (torch.eye(10)[labels] + 0.2 * torch.rand(400, 10, generator=generator)).abs()
    fit = Fit.over(features, labels, 10)
    assert fit.images == 200 and fit.means.shape == (10, 10)
    assert fit.quantiles == tuple(sorted(fit.quantiles)) and len(fit.quantiles) == len(PERCENTS)
    again = Fit.of(json.loads(json.dumps(fit.stored())))
    assert (again.images, again.quantiles) == (fit.images, fit.quantiles) and torch.equal(again.means, fit.means)
    near = distance(features[1::2], again.means) <= again.most
    assert MOST / 100 <= near.float().mean() < 1
    assert not (distance(5 * torch.rand(50, 10, generator=generator) + 1, again.means) <= again.most).any()


@pytest.mark.parametrize("name", MEASURED)
def test_the_records_of_bundled_networks_hold_a_distribution(name: str) -> None:
    fit = Fit.of(manifest()[name].record()["fit"])
    assert manifest()[name].images // 2 == fit.images  # the other half: the means
    assert fit.quantiles == tuple(sorted(fit.quantiles)) and fit.means.shape[0] == 10
    assert sum(pictures for pictures, _ in fit.others.values()) > 500
    assert all(unlike <= pictures for pictures, unlike in fit.others.values())


def test_a_wall_is_unlike_what_resnet_knows_and_a_church_is_not() -> None:
    found = {name: answer_of("resnet34", name).unlike for name in ("bricks", "church", "pagoda")}
    assert found == {"bricks": True, "church": False, "pagoda": False}


def test_nothing_is_claimed_of_untrained_weights() -> None:
    answer = answer_of("resnet20_cifar", "bricks", UNTRAINED)
    assert answer.fit is None and answer.distance is None and not answer.unlike
