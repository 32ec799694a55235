from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from explorer.runtime.pictures import load_image
from explorer.runtime.run import Run
from explorer.runtime.samples import sample
from explorer.ui import cache

SMALL = "resnet20_cifar"


@pytest.fixture(scope="module")
def cat() -> Run:
    return run(SMALL)


def run(name: str) -> Run:
    return Run(name, "untrained", "cpu", load_image(sample("cat").path))


def test_a_dropped_network_does_not_live_on_in_its_activations(cat: Run) -> None:
    other = run("resnet32_cifar")
    assert cache.activations(cat) and cache.activations(other)
    cache.network.forget(lambda key: key[0] == SMALL)
    assert not cache.activations.has(cat)
    assert cache.activations.has(other)


def test_pictures_are_compared_by_content(cat: Run) -> None:
    again = run(SMALL)
    assert again.picture is not cat.picture
    assert cache.network_input(again) is cache.network_input(cat)
    assert cache.activations(again) is cache.activations(cat)
    assert cache.input_png(again).startswith(b"\x89PNG")


def test_a_network_does_not_depend_on_the_picture(cat: Run) -> None:
    other = replace(cat, picture=load_image(sample("coffee").path))
    assert cache.network(other) is cache.network(cat)
    assert cache.running_trace(other) is cache.running_trace(cat)
    assert cache.activations(other) is not cache.activations(cat)


def test_networks_made_at_once_are_the_networks_made_alone() -> None:
    names = ["resnet20_cifar", "resnet32_cifar", "resnet44_cifar", "nin_cifar"]

    def weights(name: str) -> float:
        return sum(float(p.sum()) for p in cache.network(run(name)).model.parameters())

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(weights, names))
    cache.network.forget()
    assert together == [weights(name) for name in names]


@pytest.mark.parametrize(
    ("node", "named"), [("head.fc", True), ("conv3_x.1.se.fc1", False), ("conv3_x.1.add", False), ("head.pool", False)]
)
def test_the_classifiers_outputs_have_the_names_of_classes(node: str, named: bool) -> None:
    trained = replace(run("se_resnet50"), weights="bundled")
    names = cache.class_names(trained, node)
    assert names == (list(cache.network(trained).classes) if named else [])
    assert (cache.maps_message(trained, node, "index", 0).header.get("labels") or []) == names
