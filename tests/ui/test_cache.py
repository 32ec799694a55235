from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from explorer.runtime.pictures import load_image
from explorer.runtime.samples import sample
from explorer.ui import cache

SMALL = ("resnet20_cifar", "untrained", "cpu")


@pytest.fixture(scope="module")
def cat():
    return load_image(sample("cat").path)


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


def test_a_dropped_network_does_not_live_on_in_its_activations(cat) -> None:
    cache.activations(*SMALL, cat)
    assert (*SMALL, cat.digest) in cache.activations.cache
    with cache.network.cache_lock:
        while SMALL in cache.network.cache:
            cache.network.cache.popitem()
    assert not [key for key in cache.activations.cache if key[:3] == SMALL]


def test_pictures_are_compared_by_content(cat) -> None:
    again = load_image(sample("cat").path)
    assert again is not cat
    assert cache.network_input(*SMALL[:2], again) is cache.network_input(*SMALL[:2], cat)
    assert cache.input_png(*SMALL[:2], again).startswith(b"\x89PNG")


def test_networks_made_at_once_are_the_networks_made_alone() -> None:
    names = ["resnet20_cifar", "resnet32_cifar", "resnet44_cifar", "nin_cifar"]

    def weights(name: str) -> float:
        return sum(float(p.sum()) for p in cache.network(name, "untrained", "cpu").model.parameters())

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(weights, names))
    for name in names:
        cache.network.cache.pop((name, "untrained", "cpu"), None)
    assert together == [weights(name) for name in names]
