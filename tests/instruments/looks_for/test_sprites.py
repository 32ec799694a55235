"""What came with the app: index and sprites agree, and the pictures do what the index says."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from explorer import cli
from explorer.analysis.trace import Trace, trace_variant
from explorer.architectures import variant
from explorer.instruments.looks_for import compute, draw
from explorer.instruments.looks_for.compared import compared_with, patch_of, seen_box, seen_of
from explorer.instruments.looks_for.compute import Ascent
from explorer.instruments.looks_for.draw import Wish, stage_wishes
from explorer.instruments.looks_for.sprites import (
    COLUMNS,
    MOST_BYTES,
    UNITS,
    Drawn,
    counts,
    index,
    read_index,
    sheet_of,
    tiles_of,
)
from explorer.runtime.weights.network import BUNDLED, Network, load_network

NETWORKS = sorted(file.stem for file in UNITS.glob("*.json"))
PROBED = 3  # operations of each network, and channels of each


@cache
def network(name: str) -> tuple[Network, Trace]:
    found = load_network(variant(name), BUNDLED)
    return found, trace_variant(found.variant)


def every() -> list[Drawn]:
    return [drawn for name in NETWORKS for drawn in index(name).values()]


def test_together_they_are_small() -> None:
    assert 0 < sum(file.stat().st_size for file in UNITS.rglob("*") if file.is_file()) <= MOST_BYTES


def test_every_sprite_is_in_an_index() -> None:
    assert {drawn.path for drawn in every()} == set(UNITS.rglob("*.webp"))


@pytest.mark.parametrize("name", NETWORKS)
def test_index_and_sprites_agree(name: str) -> None:
    _, trace = network(name)
    ids = set(compared_with(network(name)[0]))
    for node, drawn in index(name).items():
        assert drawn.channels == trace.node(node).out_shape[0] >= drawn.count > 0
        with Image.open(drawn.path) as sheet:  # its head: all of them together would take long to decode
            columns = min(COLUMNS, drawn.count)
            assert sheet.format == "WEBP"
            assert sheet.size == (columns * drawn.side, -(-drawn.count // columns) * drawn.side)
        assert set(drawn.samples) == set(drawn.places) == ids
        assert {len(row) for row in (*drawn.samples.values(), *drawn.places.values())} == {drawn.count}
        assert set(drawn.dead) | set(drawn.further) <= set(range(drawn.count)) and set(drawn.anew) <= set(drawn.further)
        assert drawn.steps == compute.STEPS


def test_the_stages_come_first() -> None:
    """Of a network that has other blocks' pictures, each stage's last output has pictures of all channels."""
    for name in NETWORKS:
        _, trace = network(name)
        wishes = {wish.node: wish.count for wish in stage_wishes(trace)}
        found = index(name)
        if set(found) - set(wishes):
            assert all(found[node].count == count for node, count in wishes.items())


@pytest.mark.parametrize("name", NETWORKS)
def test_the_stored_pictures_do_what_the_index_says(name: str) -> None:
    found, trace = network(name)
    chance = random.Random(name)
    for node in chance.sample(sorted(index(name)), min(PROBED, len(index(name)))):
        drawn, way = index(name)[node], Ascent(found, trace, trace.node(node))
        assert (way.sides.stored, way.sides.read) == (drawn.side, drawn.read)
        probed = chance.sample(range(drawn.count), min(PROBED, drawn.count))
        channels = sorted({*probed, *drawn.dead[:1], *drawn.anew[:1]})
        tiles = drawn.tiles()
        assert tiles.shape == (drawn.count, drawn.side, drawn.side, 3)
        anew = [channel for channel in channels if channel in drawn.anew]
        values = dict(zip(channels, way.activations(tiles[channels], channels), strict=True))
        if anew:
            values |= zip(anew, way.at_samples().activations(tiles[anew], anew), strict=True)
        own = [values[channel] for channel in channels]
        expected = [drawn.activations[channel] for channel in channels]
        assert own == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_the_samples_do_what_the_index_says() -> None:
    name, chance = NETWORKS[0], random.Random(0)
    found, _ = network(name)
    nodes = sorted(index(name))
    for sample in chance.sample(sorted(compared_with(found)), 2):
        seen = seen_of(found, nodes, compared_with(found)[sample].image)
        for node in nodes:
            drawn = index(name)[node]
            largest, _, _ = seen[node]
            assert largest[: drawn.count].tolist() == pytest.approx(drawn.samples[sample], rel=1e-3, abs=1e-3)


def test_hardly_any_sample_gives_more_than_the_picture() -> None:
    pictures, dead, stronger = counts(every())
    assert stronger >= 0.95 * (pictures - dead)


def test_the_dead_are_silent_everywhere() -> None:
    for drawn in every():
        for channel in drawn.dead:
            assert {drawn.activations[channel], *(row[channel] for row in drawn.samples.values())} == {0}
        for channel in set(range(drawn.count)) - set(drawn.dead):
            assert {drawn.activations[channel], *(row[channel] for row in drawn.samples.values())} != {0}


def test_a_sheet_gives_its_tiles_back() -> None:
    tiles = np.random.default_rng(0).integers(0, 256, (19, 32, 32, 3), dtype=np.uint8)
    assert np.array_equal(tiles_of(sheet_of(tiles), 32, 19), tiles)  # the smallest are kept without loss


# ---- how they are drawn ------------------------------------------------------------------------------------


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few steps, for few channels at a time, on two samples."""
    monkeypatch.setattr(compute, "STEPS", 4)
    monkeypatch.setattr(compute, "FURTHER_STEPS", 2)
    monkeypatch.setattr(draw, "BATCH", 3)
    two = {
        name: picture
        for name, picture in compared_with(network("mobilenet_v2")[0]).items()
        if name in ("church", "cat")
    }
    monkeypatch.setattr(draw, "compared_with", lambda network: two)


def test_an_interrupted_drawing_goes_on(few: None, tmp_path: Path) -> None:
    wishes = [Wish("stem.relu6", 8), Wish("stage1.0.project.bn", 8)]
    said: list[str] = []

    def drawn(name: str, batches: int | None = None) -> dict[str, bytes]:
        draw.draw("mobilenet_v2", wishes, tmp_path / "work", said.append, tmp_path / name, batches)
        return {
            str(f.relative_to(tmp_path / name)): f.read_bytes() for f in (tmp_path / name).rglob("*") if f.is_file()
        }

    whole = drawn("whole")
    assert set(whole) == {"mobilenet_v2.json", *(f"mobilenet_v2/{wish.node}.webp" for wish in wishes)}
    assert len(said) == 6 and not list((tmp_path / "work").rglob("*.npy"))
    assert drawn("broken", batches=2) == {}
    kept = {file: file.stat().st_mtime_ns for file in (tmp_path / "work").rglob("*.npy")}
    assert len(kept) == 2
    assert set(drawn("broken", batches=2)) == {"mobilenet_v2.json", "mobilenet_v2/stem.relu6.webp"}
    assert drawn("broken") == whole
    assert len(said) == 12  # no batch twice
    assert drawn("broken") == whole and len(said) == 12
    wishes[0] = Wish("stem.relu6", 3)  # the first channels first
    assert set(drawn("longer")) == set(whole) and len(said) == 12 + 1 + 3
    assert len(list((tmp_path / "work").rglob("*.npy"))) == 1
    wishes[0] = Wish("stem.relu6", 8)
    assert drawn("longer") == whole and len(said) == 12 + 1 + 3 + 2
    entry = read_index(tmp_path / "whole" / "mobilenet_v2.json")["stem.relu6"]
    assert (entry.count, set(entry.samples), entry.seed) == (8, {"church", "cat"}, draw.SEED)


def test_what_would_be_too_much_is_not_kept(few: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw, "MOST_BYTES", 3_000)  # less than the first needs
    said: list[str] = []
    draw.draw("mobilenet_v2", [Wish("stem.relu6", 8)], tmp_path / "work", said.append, tmp_path / "full")
    assert "not kept" in said[-1] and not list((tmp_path / "full").rglob("*"))


def test_the_command_refuses_what_has_no_pictures(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name, word in (("resnet152", "comes with the app"), ("lenet5", "grey"), ("nothing", "nothing")):
        assert cli.main(["units", name, "--work", str(tmp_path)]) == 2
        assert word in capsys.readouterr().err
    before = {file: file.stat().st_mtime_ns for file in UNITS.rglob("*")}
    node = next(iter(index(NETWORKS[0])))
    assert cli.main(["units", NETWORKS[0], "--node", node, "--work", str(tmp_path)]) == 0  # it is there
    assert before == {file: file.stat().st_mtime_ns for file in UNITS.rglob("*")}


def test_what_is_seen_is_cut_at_the_picture() -> None:
    _, trace = network("mobilenet_v2")
    node, size = trace.node("stage2.1.add"), (224, 224)  # sees 19 x 19 pixels, every 4
    rows, columns = node.out_shape[1:]
    left, top, right, bottom = seen_box(node, 10 * columns + 20, size)
    assert (bottom - top, right - left) == node.receptive_field
    first = seen_box(node, 0, size)
    assert first[:2] == (0, 0) and first[2] < 19
    assert seen_box(node, rows * columns - 1, size)[2:] == (224, 224)
    assert seen_box(trace.output, 0, size) == (0, 0, 224, 224)


def test_a_window_is_what_the_value_depends_on() -> None:
    """The input's gradient is 0 outside of what is cut out."""
    found, trace = network("mobilenet_v2")
    node, size = trace.node("stage2.1.add"), (224, 224)
    place = 30 * node.out_shape[2] + 17
    x = torch.randn((1, 3, *size), generator=torch.Generator().manual_seed(0), requires_grad=True)
    (out,) = compute.part_of(found, [node.name])(x)
    (gradient,) = torch.autograd.grad(out.flatten(2)[0, :, place].sum(), x)
    rows, columns = torch.nonzero(gradient[0].abs().sum(0), as_tuple=True)
    left, top, right, bottom = seen_box(node, place, size)
    assert (int(columns.min()), int(rows.min())) == (left, top)
    assert (int(columns.max()) + 1, int(rows.max()) + 1) == (right, bottom)


@pytest.mark.parametrize("node", ["stage2.1.add", "stage7.0.project.bn"])
def test_the_way_up_from_a_sample_begins_near_what_the_sample_gives(node: str) -> None:
    """Whether the operation sees less than is stored, and a part of the sample is taken, or more, and all of it is."""
    found, trace = network("mobilenet_v2")
    way = Ascent(found, trace, trace.node(node)).at_samples()
    assert way.sides.read == (48 if node == "stage2.1.add" else 224)
    sample = compared_with(found)["church"].image
    largest, places, _ = seen_of(found, [node], sample)[node]
    channels = largest.topk(4).indices.tolist()
    begun = np.stack([patch_of(found, way.node, sample, int(places[c]), way.sides) for c in channels])
    given = torch.tensor(way.activations(begun, channels))
    assert (given > 0.6 * largest[channels]).all()
    risen = torch.tensor(way.activations(way.climb_on(begun, channels, "largest"), channels))
    assert (risen > largest[channels]).all()


def test_a_channel_whose_picture_stays_below_a_sample_begins_at_the_sample(
    few: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compute, "RATE", 1e-6)  # noise stays noise, and a sample a sample
    name, node = "mobilenet_v2", "stage7.0.project.bn"
    draw.draw(name, [Wish(node, 6)], tmp_path / "work", print, tmp_path)
    entry = read_index(tmp_path / f"{name}.json")[node]
    assert set(entry.anew) <= set(entry.further) and len(entry.anew) >= 3
    tiles = tiles_of((tmp_path / entry.file).read_bytes(), entry.side, entry.count)
    found, trace = network(name)
    for channel in entry.anew:
        sample = max(entry.samples, key=lambda name: entry.samples[name][channel])
        way = Ascent(found, trace, trace.node(node)).at_samples()
        begun = patch_of(found, way.node, compared_with(found)[sample].image, 0, way.sides)
        assert np.abs(begun.astype(int) - tiles[channel]).mean() < 8
        assert entry.activations[channel] > 0.5 * entry.best(channel)
