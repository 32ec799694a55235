"""The colour maps of feature maps, defined once: the command line draws with them, the browser gets them.

Both are tables of 256 RGB colours, read from the lowest value to the highest. `SEQUENTIAL` is viridis
(S. van der Walt and N. Smith, matplotlib, CC0) interpolated between eleven of its colours. `DIVERGING` runs
from blue over a neutral light grey to orange, which colour-blind people tell apart; at the same distance from
the middle its two arms are equally light in OKLab (B. Ottosson, 2020), so neither sign looks stronger.
"""

from __future__ import annotations

import base64
from typing import Literal

import numpy as np
import numpy.typing as npt

Colouring = Literal["auto", "sequential", "diverging"]
ByteArray = npt.NDArray[np.uint8]


def _interpolate(anchors: str) -> ByteArray:
    """Return (256, 3) colours, linear in sRGB between equally spaced anchors written as RRGGBB."""
    colours = np.array([list(bytes.fromhex(anchor)) for anchor in anchors.split()], dtype=np.float64)
    positions = np.linspace(0, len(colours) - 1, 256)
    channels = [np.interp(positions, np.arange(len(colours)), channel) for channel in colours.T]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)


SEQUENTIAL = _interpolate("440154 482475 414487 355f8d 2a788e 21918c 22a884 44bf70 7ad151 bddf26 fde725")
DIVERGING = _interpolate("064180 216bb3 579bd8 9fcaeb f3f3f3 edb886 da7827 a34d16 663118")


def table(colouring: Colouring, signed: bool) -> ByteArray:
    """Return the (256, 3) table for a choice; "auto" means diverging for maps with negative values."""
    diverging = colouring == "diverging" or (colouring == "auto" and signed)
    return DIVERGING if diverging else SEQUENTIAL


def limits(low: float, high: float, colours: ByteArray) -> tuple[float, float]:
    """Return the values of the first and last colour; the diverging table's are symmetric: 0 is neutral."""
    if colours is not DIVERGING:
        return low, high
    reach = max(abs(low), abs(high))
    return -reach, reach


def places(values: npt.NDArray[np.floating], first: float, last: float) -> ByteArray:
    """Where each value stands in a table whose first and last colour have these values."""
    shares = (values - first) / (last - first) if last > first else np.zeros_like(values)
    return np.rint(255 * shares).clip(0, 255).astype(np.uint8)


def as_text() -> dict[str, str]:
    """Return both tables as base64 of 768 bytes (R, G, B, R, ...), for a JSON header."""
    tables = {"sequential": SEQUENTIAL, "diverging": DIVERGING}
    return {name: base64.b64encode(colours.tobytes()).decode() for name, colours in tables.items()}
