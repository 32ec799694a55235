from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from cachetools.keys import hashkey

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


def test_thirty_viewers_who_ask_at_once_wait_for_one_computation() -> None:
    calls: list[str] = []

    @cache.bounded(1)
    def slow(name: str) -> bytes:
        calls.append(name)
        time.sleep(0.2)
        return name.encode()

    together = threading.Barrier(30)

    def view(i: int) -> bytes:
        together.wait()
        return slow("same")

    with ThreadPoolExecutor(30) as pool:
        assert set(pool.map(view, range(30))) == {b"same"}
    assert calls == ["same"]


def test_caches_are_bounded_in_bytes_and_drop_the_least_recently_used() -> None:
    dropped: list[tuple[str, ...]] = []
    made: list[str] = []

    @cache.bounded(1, dropped=dropped.append)
    def picture(name: str) -> bytes:
        made.append(name)
        return bytes(400 * 1024)

    for name in ("a", "b", "a", "c", "a"):
        picture(name)
    assert made == ["a", "b", "c"]
    assert dropped == [("b",)]


def test_what_is_larger_than_a_cache_is_still_computed() -> None:
    @cache.bounded(1)
    def huge(name: str) -> bytes:
        return bytes(2 * cache.MIB)

    assert len(huge("a")) == len(huge("a")) == 2 * cache.MIB


def test_a_dropped_network_does_not_live_on_in_its_activations(cat: Run) -> None:
    cache.activations(cat)
    assert hashkey(cat) in cache.activations.cache
    with cache.network.cache_lock:
        while (SMALL, "untrained", "cpu") in cache.network.cache:
            cache.network.cache.popitem()
    assert hashkey(cat) not in cache.activations.cache


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
    for name in names:
        cache.network.cache.pop((name, "untrained", "cpu"), None)
    assert together == [weights(name) for name in names]


@pytest.mark.parametrize(
    ("node", "named"), [("head.fc", True), ("conv3_x.1.se.fc1", False), ("conv3_x.1.add", False), ("head.pool", False)]
)
def test_the_classifiers_outputs_have_the_names_of_classes(node: str, named: bool) -> None:
    trained = replace(run("se_resnet50"), weights="bundled")
    names = cache.class_names(trained, node)
    assert names == (list(cache.network(trained).classes) if named else [])
    assert (cache.maps_message(trained, node, "index", 0).header.get("labels") or []) == names
