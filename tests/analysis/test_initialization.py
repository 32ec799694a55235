from __future__ import annotations

import threading

import pytest
import torch

from explorer.analysis.graph import operations_of
from explorer.analysis.initialization import Seeded, Unfilled
from explorer.architectures import families, variant
from explorer.architectures.family import Variant
from explorer.runtime.weights.network import (
    NARROW,
    NARROW_WIDTH,
    UNTRAINED,
    available_weights,
    can_be_narrow,
    load_network,
    narrowed_variant,
)

EACH_OWN_WAY = (
    "lenet5",
    "alexnet",
    "vgg11_bn",
    "inception_v3",
    "resnet18",
    "densenet121",
    "mobilenet_v3_small",
)
VARIANTS = [v for family in families() for v in family.variants]


@pytest.mark.parametrize("name", EACH_OWN_WAY)
def test_the_numbers_are_those_of_the_processs_generator(name: str) -> None:
    narrow = narrowed_variant(variant(name), NARROW)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        expected = narrow.build().state_dict()
    before = torch.random.get_rng_state()
    with Seeded(7):
        found = narrow.build().state_dict()
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(found[key], expected[key]) for key in expected)


def test_other_threads_numbers_do_not_disturb() -> None:
    alone = load_network(variant("resnet20_cifar")).model.state_dict()
    stop = threading.Event()

    def draw() -> None:
        while not stop.is_set():
            torch.rand(10)

    other = threading.Thread(target=draw)
    other.start()
    try:
        together = load_network(variant("resnet20_cifar")).model.state_dict()
    finally:
        stop.set()
        other.join()
    assert all(torch.equal(together[key], alone[key]) for key in alone)


def test_nothing_is_drawn_for_a_network_that_a_file_fills() -> None:
    before = torch.random.get_rng_state()
    with Unfilled():
        variant("resnet18").build()
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("v", [v for v in VARIANTS if can_be_narrow(v)], ids=lambda v: v.name)
def test_a_narrow_network_has_the_same_operations(v: Variant) -> None:
    narrow = narrowed_variant(v, NARROW)
    assert narrow.config.width == NARROW_WIDTH
    with torch.device("meta"), Unfilled():
        networks = [n.build() for n in (v, narrow)]
    names = [[n.meta["name"] for n in operations_of(network).nodes if n.op != "output"] for network in networks]
    assert names[0] == names[1]
    parameters = [sum(p.numel() for p in network.parameters()) for network in networks]
    assert parameters[1] < parameters[0] / 2


def test_what_is_offered() -> None:
    assert available_weights(variant("resnet152"))[-2:] == (NARROW, UNTRAINED)
    assert NARROW not in available_weights(variant("resnet20_cifar"))
    network = load_network(variant("resnet18"), NARROW)
    assert network.model.get_parameter("head.fc.weight").shape == (1000, 512 * NARROW_WIDTH)
    assert not network.trained
