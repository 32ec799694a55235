"""The paper's counts of C3, links with the network's own kernels and maps, and distances from bitmaps."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch

from explorer.architectures import variant
from explorer.architectures.lenet import C3_TABLE, DIGIT_BITMAPS
from explorer.demonstrations.lenet import compute as lenet
from explorer.runtime.activations import Activations, capture
from explorer.runtime.maps import unpack
from explorer.runtime.weights.network import load_network
from tests.traces import traced

NAMES = ["lenet5", "lenet5_modern"]
FULL = lenet.table("full", 6, 16)


@cache
def captured(name: str) -> Activations:
    x = torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    return capture(load_network(variant(name)), x)


def parts(name: str, table: lenet.Table) -> tuple[dict, list[np.ndarray]]:
    """The message's header, and its pictures as values, part by part."""
    header, body = unpack(lenet.links_message(captured(name), traced(name), table))
    found, offset = [], 0
    for part in header["parts"]:
        size = int(np.prod(part["shape"]))
        levels = np.frombuffer(body[offset : offset + size], dtype=np.uint8).reshape(part["shape"])
        low, high = (np.array(part[end])[:, None, None] for end in ("low", "high"))
        found.append(low + levels / 255 * (high - low))
        offset += size
    assert offset == len(body)
    return header, found


@pytest.mark.parametrize(
    ("name", "table", "s2", "c3_maps"),
    [
        ("lenet5", C3_TABLE, "s2.tanh", "c3.tanh"),
        ("lenet5_modern", FULL, "s2.pool", "c3.relu"),
    ],
)
def test_the_picture_shows_the_networks_maps_and_kernels(name: str, table: lenet.Table, s2: str, c3_maps: str) -> None:
    header, (inputs, outputs, kernels) = parts(name, table)
    activations = captured(name)
    assert header["table"] == [list(row) for row in table]
    for shown, node in ((inputs, s2), (outputs, c3_maps)):
        real = activations.maps(node).numpy()
        assert np.abs(shown - real).max() <= np.ptp(real) / 500
    # Each kernel where the table has its link: convolving the shown maps with them makes C3.
    conv = activations.network.model.c3.conv
    biases = torch.stack([m.bias[0] for m in conv.maps]) if name == "lenet5" else conv.bias
    expected, place = activations.maps("c3.conv"), 0
    s2_values = activations.maps(s2)
    for target, sources in enumerate(table):
        total = biases[target].clone()
        for source in sources:
            kernel = torch.tensor(kernels[place], dtype=torch.float32)
            total = total + torch.nn.functional.conv2d(s2_values[None, source : source + 1], kernel[None, None])[0, 0]
            place += 1
        assert torch.allclose(total, expected[target], atol=2e-3)
    assert place == len(kernels)


@pytest.mark.parametrize(("name", "other"), [("lenet5", FULL), ("lenet5_modern", C3_TABLE)])
def test_links_that_the_network_does_not_have_come_without_kernels(name: str, other: lenet.Table) -> None:
    header, found = parts(name, other)
    assert header["table"] == [list(row) for row in other]
    assert len(found) == 2


def test_distances_are_sums_over_the_pixels_of_the_bitmaps() -> None:
    d = lenet.distances(captured("lenet5"), traced("lenet5"))
    assert d is not None
    rows = [line.split() for line in DIGIT_BITMAPS.split("\n") if line]
    for digit in range(10):
        drawn = np.array([[1.0 if pixel == "#" else -1.0 for pixel in row[digit]] for row in rows])
        assert np.array_equal(d.codes[digit], drawn)  # upright, not transposed
        assert d.squares(digit).sum() == pytest.approx(((d.f6 - drawn) ** 2).sum())
        assert d.squares(digit).sum() == pytest.approx(d.values[digit], rel=1e-5)
    assert np.array_equal(d.f6.ravel(), captured("lenet5").maps("f6.tanh"))


def test_the_smallest_distance_wins() -> None:
    network = load_network(variant("lenet5"))
    with torch.no_grad():  # F6 that draws a 3, whatever the picture
        network.model.f6.linear.weight.zero_()
        network.model.f6.linear.bias.copy_(100 * network.model.output.rbf.codes[3])
    activations = capture(network, torch.zeros(1, 1, 32, 32))
    d = lenet.distances(activations, traced("lenet5"))
    assert d is not None
    assert d.nearest == 3 == int(activations.top(1)[0].label.split()[1])


def test_logits_are_no_distances() -> None:
    assert lenet.distances(captured("lenet5_modern"), traced("lenet5_modern")) is None


# ---- C3 in part and in full --------------------------------------------------------------------------------


def test_the_papers_counts() -> None:
    own, whole = lenet.counts(variant("lenet5"), "partial")
    assert (own.parameters, own.connections, own.macs) == (1_516, 151_600, 150_000)
    assert (whole.parameters, whole.connections, whole.macs) == (60_000, 340_908, 325_680)


@pytest.mark.parametrize("name", ["lenet5", "lenet5_modern"])
def test_the_counts_follow_from_the_links(name: str) -> None:
    for reading in ("partial", "full"):
        table = lenet.table(reading, 6, 16)  # type: ignore[arg-type]
        links = sum(map(len, table))
        own, _ = lenet.counts(variant(name), reading)  # type: ignore[arg-type]
        assert own.parameters == 25 * links + 16
        assert own.connections == (25 * links + 16) * 100  # 10x10 positions
        assert own.macs == 25 * links * 100


@pytest.mark.parametrize("name", ["lenet5", "lenet5_modern"])
def test_only_c3_differs(name: str) -> None:
    (part, part_network), (full, full_network) = (lenet.counts(variant(name), r) for r in ("partial", "full"))
    for count in ("parameters", "connections", "macs"):
        difference = getattr(full, count) - getattr(part, count)
        assert difference > 0
        assert getattr(full_network, count) - getattr(part_network, count) == difference


def test_no_two_columns_of_the_partial_table_are_alike() -> None:
    assert lenet.table("partial", 6, 16) == C3_TABLE
    assert len(set(C3_TABLE)) == 16
    assert set(lenet.table("full", 6, 16)) == {tuple(range(6))}
