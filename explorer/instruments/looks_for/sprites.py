"""The optimised pictures that come with the app: a sprite for each operation, and an index for each network.

`assets/units/VARIANT.json` says of each operation which channels have a picture, what it and the samples make of the
channel, and which file holds the pictures. What the index does not name is computed when it is asked for.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from explorer import ASSETS
from explorer.instruments.looks_for.compute import Pixels
from explorer.runtime.store import kept
from explorer.runtime.weights.network import BUNDLED

UNITS = ASSETS / "units"
MOST_BYTES = 25_000_000  # of all of it
COLUMNS = 16  # of a sprite
LOSSLESS_SIDE = 48  # pixels: WebP halves the resolution of colours, which is too little for the smallest pictures
QUALITY = 60  # of WebP, for larger ones: about 2 kB a picture
COLUMNS_SENT, QUALITY_SENT = 8, 85  # of a sheet for the browser: what is stored lost more already


@dataclass(frozen=True)
class Drawn:
    """What is known of the pictures of one operation's first channels.

    Attributes:
        file: the sprite; `side`: of each of its tiles, in pixels; `read`: pixels at which the network reads one.
        channels: of the operation, `activations` those that have a picture.
        activations: the largest value of the channel's map when the network reads the stored tile as it is.
        samples: by the sample's id, the largest value of each channel's map, and `places`, row x width + column of it.
        dead: the channels that give the same value everywhere on all samples, and as the largest on their own picture.
        further: those that climbed on, since some sample gave more.
        anew: those of them that then began again at that sample, which led higher: see `Ascent.at_samples`.
        seed, steps: of the ascent.
    """

    file: str
    side: int
    read: int
    channels: int
    activations: tuple[float, ...]
    samples: Mapping[str, tuple[float, ...]]
    places: Mapping[str, tuple[int, ...]]
    dead: tuple[int, ...]
    further: tuple[int, ...]
    seed: int
    steps: int
    anew: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        return len(self.activations)

    @property
    def path(self) -> Path:
        return UNITS / self.file

    def best(self, channel: int) -> float:
        """The largest value that any sample gives the channel."""
        return max(values[channel] for values in self.samples.values())

    def tiles(self) -> Pixels:
        """The pictures as they are stored."""
        return _tiles(self.path, self.side, self.count)


@kept()
def _tiles(path: Path, side: int, count: int) -> Pixels:
    return tiles_of(path.read_bytes(), side, count)


def sheet_of(tiles: Pixels) -> bytes:
    """Pictures, (N, side, side, 3), as one WebP file, `COLUMNS` in a row."""
    small = tiles.shape[1] <= LOSSLESS_SIDE
    file = io.BytesIO()
    sheet(tiles, COLUMNS).save(file, "WEBP", method=6, **({"lossless": True} if small else {"quality": QUALITY}))
    return file.getvalue()


def sent(tiles: Pixels) -> tuple[bytes, int]:
    """Pictures as one WebP file for the browser, and how many lie in a row of it."""
    file = io.BytesIO()
    sheet(tiles, COLUMNS_SENT).save(file, "WEBP", quality=QUALITY_SENT, method=1)
    return file.getvalue(), min(COLUMNS_SENT, len(tiles))


def sheet(tiles: Pixels, columns: int) -> Image.Image:
    """Pictures, (N, side, side, 1 or 3), in one, at most so many in a row."""
    count, side = tiles.shape[:2]
    columns = min(columns, count)
    rows = -(-count // columns)
    empty = np.zeros((rows * columns - count, side, side, 3), np.uint8)
    grid = np.concatenate([np.broadcast_to(tiles, (count, side, side, 3)), empty])
    lines = grid.reshape(rows, columns, side, side, 3).swapaxes(1, 2)
    return Image.fromarray(lines.reshape(rows * side, columns * side, 3))


def tiles_of(sheet: bytes, side: int, count: int) -> Pixels:
    """The first pictures of a sprite."""
    with Image.open(io.BytesIO(sheet)) as image:
        pixels = np.array(image.convert("RGB"))
    rows = pixels.reshape(pixels.shape[0] // side, side, pixels.shape[1] // side, side, 3)
    tiles: Pixels = np.ascontiguousarray(rows.swapaxes(1, 2).reshape(-1, side, side, 3)[:count])
    return tiles


def channels_of(drawn: Drawn, most: int) -> list[int]:
    """Some living channels, evenly spread over all that have pictures."""
    living = [channel for channel in range(drawn.count) if channel not in drawn.dead]
    count = min(most, len(living))
    return [living[i * len(living) // count] for i in range(count)]


def counts(drawn: Sequence[Drawn]) -> tuple[int, int, int]:
    """How many channels have a picture, how many of them are dead, of how many living ones no sample gives more."""
    dead = sum(len(d.dead) for d in drawn)
    stronger = sum(
        d.activations[channel] >= d.best(channel) for d in drawn for channel in range(d.count) if channel not in d.dead
    )
    return sum(d.count for d in drawn), dead, stronger


@kept()
def index(variant: str) -> Mapping[str, Drawn]:
    """The operations of a bundled network that have pictures; empty where none has."""
    file = UNITS / f"{variant}.json"
    return read_index(file) if file.is_file() else {}


def drawn_of(variant: str, weights: str, node: str) -> Drawn | None:
    """The pictures of an operation that came with the app: of the weights that did."""
    return index(variant).get(node) if weights == BUNDLED else None


def read_index(file: Path) -> dict[str, Drawn]:
    """The index in that file."""
    entries = json.loads(file.read_text(encoding="utf-8"))
    return {name: Drawn(**_tuples(fields)) for name, fields in entries.items()}


def _tuples(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with tuples for JSON's lists."""
    return {name: _tuple(value) for name, value in fields.items()}


def _tuple(value: Any) -> Any:
    if isinstance(value, dict):
        return _tuples(value)
    return tuple(value) if isinstance(value, list) else value


def write_index(file: Path, entries: Mapping[str, Drawn]) -> None:
    """Put an index in a file, an operation a line."""
    lines = ",\n".join(
        f"{json.dumps(name)}: {json.dumps(asdict(entry), separators=(',', ':'))}" for name, entry in entries.items()
    )
    write_whole(file, f"{{\n{lines}\n}}\n".encode())


def write_whole(file: Path, content: bytes) -> None:
    """Put content in a file at once: whoever stops us leaves the old file or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{os.getpid()}")
    part.write_bytes(content)
    part.replace(file)
