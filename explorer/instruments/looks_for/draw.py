"""How the pictures in `assets/units` are made: each operation's channels in batches, which are kept until all are done.

The batches are always the same, 16 channels from a multiple of 16 on: what is computed together rounds together.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from explorer import architectures
from explorer.analysis.trace import Node, Trace, trace_variant
from explorer.instruments.looks_for.compared import Seen, compared_with, patch_of, seen_of
from explorer.instruments.looks_for.compute import STEPS, Ascent, Pixels
from explorer.instruments.looks_for.sprites import (
    MOST_BYTES,
    UNITS,
    Drawn,
    read_index,
    sheet_of,
    tiles_of,
    write_index,
    write_whole,
)
from explorer.runtime.weights.network import BUNDLED, Network, load_network

BATCH = 16  # channels at a time
OTHERS = 32  # the first channels of blocks that are not their stage's last, and of vectors
SEED = 0
DIGITS = 5  # of a stored activation
ENTRY_BYTES = 300  # of a channel in the index


@dataclass(frozen=True)
class Wish:
    """Pictures of the first `count` channels of an operation."""

    node: str
    count: int


def stage_wishes(trace: Trace) -> list[Wish]:
    """Every channel of each stage's last output, the classes among them; of vectors that are no classes, the first."""
    outputs = [trace.node(stage.output) for stage in trace.stages if stage.path not in trace.auxiliary]
    nodes = {node.name: node for node in (*outputs, trace.output)}
    return [wish_for(trace, node) for node in nodes.values()]


def wish_for(trace: Trace, node: Node) -> Wish:
    """All of an operation's channels or classes; of another vector's many features, the first."""
    every = len(node.out_shape) == 3 or node is trace.output
    return Wish(node.name, node.out_shape[0] if every else min(OTHERS, node.out_shape[0]))


def block_wishes(trace: Trace) -> list[Wish]:
    """The first channels of the outputs of all other blocks.

    Not of those that only append maps to what they read, as DenseNet's: their first channels are those they read.
    """
    last = {stage.output for stage in trace.stages}
    outputs = [
        trace.node(block.output)
        for stage in trace.stages
        for block in stage.blocks
        if stage.path not in trace.auxiliary and block.output not in last
    ]
    return [
        Wish(node.name, min(OTHERS, node.out_shape[0]))
        for node in outputs
        if not (
            node.type == "cat" and len(node.inputs) == 2 and len(node.out_shape) == 3 and _appends(trace, node.name)
        )
    ]


def _appends(trace: Trace, name: str) -> bool:
    node = trace.node(name)
    block = next(b for stage in trace.stages for b in stage.blocks if name in b.nodes)
    return node.inputs[0] not in block.nodes


def draw(
    variant: str,
    wishes: Sequence[Wish],
    work: Path,
    say: Callable[[str], object],
    folder: Path = UNITS,
    batches: int | None = None,
) -> None:
    """Make the pictures that are wished for and not yet there, and put each operation's into the index once it is done.

    Args:
        work: where batches wait for the rest of their operation; an interrupted or a longer drawing goes on from them.
        say: is told the progress.
        batches: after how many to stop.
    """
    network = load_network(architectures.variant(variant), BUNDLED)
    if network.preprocessing.channels == 1:
        raise ValueError(f"{variant} sees grey, and is small: what it looks for is drawn when it is asked for.")
    trace = trace_variant(network.variant)
    file = folder / f"{variant}.json"
    entries = read_index(file) if file.is_file() else {}
    missing = [w for w in wishes if w.node not in entries or entries[w.node].count < w.count]
    if not missing:
        return
    seen = of_samples(network, [w.node for w in missing])
    for wish in missing:
        ascent = Ascent(network, trace, trace.node(wish.node))
        parts = []
        for first in range(0, wish.count, BATCH):
            channels = range(first, min(first + BATCH, wish.count))
            part = work / variant / f"{wish.node}-{first}-{len(channels)}.npy"
            if not part.is_file():
                if batches == 0:
                    return
                pixels = ascent.climb(ascent.start(channels, SEED), channels).pixels
                content = io.BytesIO()
                np.save(content, pixels)
                write_whole(part, content.getvalue())
                batches = None if batches is None else batches - 1
                say(f"{variant} {wish.node}: {channels.stop} of {wish.count}")
            parts.append(part)
        sheet = sheet_of(np.concatenate([np.load(part) for part in parts]))
        entry, sheet = entered(ascent, f"{variant}/{wish.node}.webp", sheet, wish.count, seen[wish.node])
        if _bytes_in(folder) + len(sheet) + ENTRY_BYTES * wish.count > MOST_BYTES:
            say(f"{variant} {wish.node}: not kept, for all pictures together may take {MOST_BYTES:,} bytes")
            return
        write_whole(folder / entry.file, sheet)
        entries[wish.node] = entry
        write_index(file, {n.name: entries[n.name] for n in trace.nodes if n.name in entries})
        if entry.count == entry.channels:
            for part in parts:
                part.unlink()


def _bytes_in(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def entered(ascent: Ascent, file: str, sheet: bytes, count: int, seen: Mapping[str, Seen]) -> tuple[Drawn, bytes]:
    """The sprite's entry, and the sprite.

    Channels whose picture falls short of some sample climb on; those that still do begin anew at that sample.
    """
    side = ascent.sides.stored
    tiles = tiles_of(sheet, side, count)
    values = torch.stack([largest[:count] for largest, _, _ in seen.values()])
    best = values.amax(0)
    level, same = next(iter(seen.values()))[2][:count], torch.ones(count, dtype=torch.bool)
    for largest, _, lowest in seen.values():
        same &= (largest[:count] == level) & (lowest[:count] == level)
    own = _measured(ascent, tiles)
    further = [c for c in range(count) if own[c] < best[c]]
    anew: list[int] = []
    if further:
        tiles = tiles.copy()
        for channels in _batches(further):
            tiles[channels] = ascent.climb_on(tiles[channels], channels)
        own = _measured(ascent, tiles)
        way = ascent.at_samples()
        for channels in _batches([c for c in further if own[c] < best[c]]):
            risen = way.climb_on(_patches(way, channels, values, list(seen.items())), channels, "largest")
            higher = [i for i, value in enumerate(way.activations(risen, channels)) if value > own[channels[i]]]
            tiles[[channels[i] for i in higher]] = risen[higher]
            anew += [channels[i] for i in higher]
        sheet = sheet_of(tiles)
        own = _measured(ascent, tiles_of(sheet, side, count), anew)
    entry = Drawn(
        file=file,
        side=side,
        read=ascent.sides.read,
        channels=ascent.node.out_shape[0],
        activations=_rounded(own),
        samples={name: _rounded(largest[:count].tolist()) for name, (largest, _, _) in seen.items()},
        places={name: tuple(place[:count].tolist()) for name, (_, place, _) in seen.items()},
        dead=tuple(c for c in range(count) if same[c] and own[c] == level[c]),
        further=tuple(further),
        anew=tuple(anew),
        seed=SEED,
        steps=STEPS,
    )
    return entry, sheet


def _patches(way: Ascent, channels: Sequence[int], values: Tensor, seen: Sequence[tuple[str, Seen]]) -> Pixels:
    """Where each channel begins: the sample that excites it most; `values`: of the samples, (samples, channels)."""
    shown = compared_with(way.network)
    found = []
    for channel in channels:
        name, (_, places, _) = seen[int(values[:, channel].argmax())]
        found.append(patch_of(way.network, way.node, shown[name].image, int(places[channel]), way.sides))
    return np.stack(found)


def _measured(ascent: Ascent, tiles: Pixels, anew: Sequence[int] = ()) -> list[float]:
    """What each stored picture gives its channel, those that began at a sample read as there."""
    found: list[float] = []
    for channels in _batches(list(range(len(tiles)))):
        found += ascent.activations(tiles[channels], channels)
    for channels in _batches(list(anew)):
        for channel, value in zip(channels, ascent.at_samples().activations(tiles[channels], channels), strict=True):
            found[channel] = value
    return found


def _batches(channels: list[int]) -> list[list[int]]:
    return [channels[first : first + BATCH] for first in range(0, len(channels), BATCH)]


def _rounded(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(float(f"{value:.{DIGITS}g}") for value in values)


def of_samples(network: Network, names: Sequence[str]) -> dict[str, dict[str, Seen]]:
    """By operation and sample, what the sample does to the channels."""
    each = {name: seen_of(network, names, found.image) for name, found in compared_with(network).items()}
    return {node: {name: seen[node] for name, seen in each.items()} for node in names}
