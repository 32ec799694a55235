"""The way up: the part of a network is the network, a picture comes back from its frequencies, a seed is a picture."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch

from explorer.analysis.trace import Trace, trace_variant
from explorer.architectures import variant
from explorer.instruments.looks_for import compute
from explorer.instruments.looks_for.compute import Ascent, likeness, part_of, peaks, spectrum_of, values_of
from explorer.runtime.activations import capture
from explorer.runtime.pictures import load_image
from explorer.runtime.preprocessing import model_input
from explorer.runtime.samples import sample
from explorer.runtime.weights.network import BUNDLED, Network, load_network

SMALL = "mobilenet_v2"  # 35 million MACs


@cache
def network(name: str = SMALL) -> tuple[Network, Trace]:
    found = load_network(variant(name), BUNDLED)
    return found, trace_variant(found.variant)


def ascent(node: str, name: str = SMALL) -> Ascent:
    found, trace = network(name)
    return Ascent(found, trace, trace.resolve(node))


@pytest.fixture(scope="module")
def church() -> torch.Tensor:
    return model_input(load_image(sample("church").path).image, network()[0].preprocessing).tensor


@pytest.mark.parametrize(
    "name,node",
    [
        (SMALL, "stage2.0.expand.conv"),
        (SMALL, "stage2.1.add"),
        (SMALL, "head.fc"),
        ("googlenet", "inception4.4a.cat"),  # rectifiers, concatenated
    ],
)
def test_the_part_is_the_network(name: str, node: str, church: torch.Tensor) -> None:
    found, _ = network(name)
    whole = capture(found, church).maps(node)
    with torch.inference_mode():
        (plain,) = part_of(found, [node])(church)
        (eager,) = part_of(found, [node], eager=True)(church)
    assert torch.equal(plain[0], whole)
    # Folded, it rounds otherwise; where the network's last rectifier gives 0, the eager one leaks below.
    rectified = bool((whole >= 0).all())
    torch.testing.assert_close(eager[0].clamp(min=0) if rectified else eager[0], whole, rtol=1e-3, atol=1e-3)


def test_only_what_is_needed_runs_and_the_network_stays_as_it_was() -> None:
    found, trace = network()
    before = {name: (p.clone(), p.stride()) for name, p in found.model.named_parameters()}
    way = ascent("stage2.1.add")
    modules = {str(n.target) for n in way._eager.graph.nodes if n.op == "call_module"}
    later = {n.path for n in trace.nodes if n.stage in ("stage3", "head")}
    assert modules and not modules & later
    way.climb(way.start([0, 1]), [0, 1], steps=2)
    for name, p in found.model.named_parameters():
        assert torch.equal(p, before[name][0]) and p.stride() == before[name][1] and p.grad is None


@pytest.mark.parametrize("channels,side", [(3, 32), (1, 32), (3, 48), (3, 28)])
def test_a_picture_comes_back_from_its_frequencies(channels: int, side: int) -> None:
    values = torch.rand((2, channels, side, side), generator=torch.Generator().manual_seed(0)) * 0.9 + 0.05
    spectrum = spectrum_of(values)
    assert spectrum.shape == (2, channels, side, side // 2 + 1, 2) and not spectrum.is_complex()
    torch.testing.assert_close(values_of(spectrum), values, rtol=0, atol=1e-4)


def test_no_frequencies_are_an_even_grey() -> None:
    assert torch.equal(values_of(torch.zeros((1, 3, 32, 17, 2))), torch.full((1, 3, 32, 32), 0.5))


def test_the_same_seed_gives_the_same_picture_and_another_another() -> None:
    way, channels = ascent("stage1"), [0, 3]
    first = way.climb(way.start(channels), channels).pixels
    assert np.array_equal(first, way.climb(way.start(channels), channels).pixels)
    # In slices, too, as on a page.
    state = way.start(channels)
    while state.steps < compute.STEPS:
        state = way.climb(state, channels, steps=7)
    assert np.array_equal(first, state.pixels)
    # Where a channel stands among others does not matter; what is computed together rounds together, though.
    assert torch.equal(way.start([3]).spectrum[0], way.start(channels).spectrum[1])
    alone = way.climb(way.start([3]), [3]).pixels[0]
    assert np.abs(alone.astype(int) - first[1]).mean() < 4  # of 255
    assert not torch.equal(way.start([3], seed=1).spectrum, way.start([3]).spectrum)
    assert not torch.equal(*way.start([3, 3]).spectrum)


def test_each_picture_is_steep_on_its_own() -> None:
    way = ascent("stage2.1.add")
    channels = list(range(4))
    start = way.start(channels)
    before = way.activations(start.pixels, channels)
    after = way.activations(way.climb(start, channels, steps=12).pixels, channels)
    assert all(a > b for a, b in zip(after, before, strict=True))


def test_where_the_least_distance_wins_it_goes_down() -> None:
    way = ascent("output", "lenet5")
    assert way.sign == -1 and way.sides.stored == way.sides.read == 32
    start = way.start([3])
    (before,), (after,) = (way.activations(s.pixels, [3]) for s in (start, way.climb(start, [3], steps=12)))
    assert after < before


def test_the_picture_is_as_large_as_what_is_seen() -> None:
    assert ascent("stem").sides.stored == 32
    assert ascent("stage6").sides.stored == ascent("stage6").sides.read == 96
    fixed = ascent("fc8", "alexnet").sides
    assert (fixed.stored, fixed.read) == (96, 227)  # its classifier takes one size
    assert ascent("fc6.flatten", "alexnet").sides == fixed  # of a smaller picture, there would be fewer values
    assert ascent("conv5", "alexnet").sides.read == 96


def test_likeness_is_of_textures() -> None:
    maps = torch.rand((1, 4, 5, 5), generator=torch.Generator().manual_seed(1))
    assert float(likeness(maps.repeat(3, 1, 1, 1))) == pytest.approx(1)
    assert float(likeness(torch.stack([maps[0], maps[0].flip(2)]))) == pytest.approx(1)  # wherever they lie
    apart = torch.zeros((2, 4, 5, 5))
    apart[0, 0], apart[1, 1] = 1, 1
    assert float(likeness(apart)) == 0


def test_diverse_pictures_are_less_alike() -> None:
    way, channels = ascent("stage2.1.add"), [1, 1, 1]
    start = way.start(channels)

    def alike(diverse: bool) -> float:
        return float(likeness(way.maps(way.climb(start, channels, steps=30, diverse=diverse).pixels)))

    assert alike(diverse=True) < alike(diverse=False)


def test_the_largest_value_and_its_place() -> None:
    maps = torch.zeros((1, 2, 3, 4))
    maps[0, 0, 1, 2], maps[0, 1] = 5, -1
    values, places = peaks(maps)
    assert values.tolist() == [[5, -1]] and places[0, 0] == 1 * 4 + 2
    assert peaks(torch.tensor([[2.0, 3.0]]))[0].tolist() == [[2, 3]]
