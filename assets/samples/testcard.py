"""The test card: a drawn picture whose structure is known, to show what first-layer filters answer to."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

SIDE = 512
MARGIN = 32  # resizing to 256 and cropping 224 cuts exactly this much off each side
TILE = 64

_Plane = NDArray[np.float64]


def draw_test_card() -> NDArray[np.uint8]:
    """Draw the test card.

    Seven by seven tiles of 64 pixels inside a 32-pixel margin: a zone plate (3x3 tiles); around it gratings
    of eight orientations, each with two wavelengths (8 and 16 pixels, at opposite places); in the outer ring
    checkerboards (corners), hues (top), grey levels (bottom), red-green and blue-yellow gratings (sides).

    Returns:
        (512, 512, 3) uint8, RGB. The same at each call.
    """
    card = np.full((SIDE, SIDE, 3), 0.5)
    outside = np.ones((SIDE, SIDE), dtype=bool)
    outside[MARGIN:-MARGIN, MARGIN:-MARGIN] = False
    card[outside] = 0.12

    _tile(card, 2, 2, 3)[:] = _zone_plate(3 * TILE)[..., None]
    for index, (row, column) in enumerate(_ring()):
        wavelength = 8 if index < 8 else 16
        _tile(card, row, column)[:] = _grating(index * math.pi / 8, wavelength)[..., None]

    for cell, (row, column) in zip((2, 4, 8, 16), ((0, 0), (0, 6), (6, 6), (6, 0)), strict=True):
        _tile(card, row, column)[:] = _checkerboard(cell)[..., None]
    inner = slice(MARGIN + TILE, SIDE - MARGIN - TILE)
    card[MARGIN : MARGIN + TILE, inner] = _hues(5 * TILE)
    card[SIDE - MARGIN - TILE : SIDE - MARGIN, inner] = _greys(5 * TILE)[..., None]
    for step in range(5):
        wave = _grating(step * math.pi / 4, 16) - 0.5
        _tile(card, 1 + step, 0)[:] = 0.5 + wave[..., None] * (1, -1, 0)
        _tile(card, 5 - step, 6)[:] = 0.5 + wave[..., None] * (1, 1, -1)
    return np.rint(card * 255).astype(np.uint8)


def _tile(card: _Plane, row: int, column: int, tiles: int = 1) -> _Plane:
    """The view of a square of `tiles` x `tiles` tiles whose top left tile is (row, column)."""
    top, left = MARGIN + row * TILE, MARGIN + column * TILE
    return card[top : top + tiles * TILE, left : left + tiles * TILE]


def _ring() -> list[tuple[int, int]]:
    """The 16 tiles around the centre, clockwise: a tile and the eighth after it lie opposite each other."""
    top = [(1, column) for column in range(1, 5)]
    right = [(row, 5) for row in range(1, 5)]
    return top + right + [(6 - row, 6 - column) for row, column in top + right]


def _centred(side: int) -> tuple[_Plane, _Plane]:
    """Pixel coordinates (y, x), relative to the middle of a square."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return y, x


def _disc(side: int) -> _Plane:
    """A disc with a soft edge, 1 inside and 0 outside, so that its rim adds no hard edge of its own."""
    y, x = _centred(side)
    return np.clip((side / 2 - 2 - np.hypot(y, x)) / 4, 0, 1)


def _grating(angle: float, wavelength: float) -> _Plane:
    """A cosine in a disc; `angle` is the direction in which it varies, in radians from the x axis."""
    y, x = _centred(TILE)
    wave = np.cos(2 * math.pi * (x * math.cos(angle) + y * math.sin(angle)) / wavelength)
    return 0.5 + 0.5 * wave * _disc(TILE)


def _zone_plate(side: int) -> _Plane:
    """cos(k r^2): all orientations, and frequencies from 0 to 1/6 cycle a pixel at the rim."""
    y, x = _centred(side)
    k = math.pi / 6 / (side / 2)
    return 0.5 + 0.5 * np.cos(k * (x * x + y * y)) * _disc(side)


def _checkerboard(cell: int) -> _Plane:
    y, x = np.mgrid[:TILE, :TILE] // cell
    return ((x + y) % 2).astype(float)


def _hues(width: int) -> _Plane:
    """The colour circle: eight patches above, the continuous circle below; (64, width, 3)."""
    hue = np.arange(width) / width
    rows = np.stack([np.floor(hue * 8) / 8, hue])
    # HSV at full saturation and value: each primary is a trapezoid, a third of the circle from the next.
    rgb = np.clip(np.abs((rows[..., None] * 6 + (0, 4, 2)) % 6 - 3) - 1, 0, 1)
    return np.repeat(rgb, TILE // 2, axis=0)


def _greys(width: int) -> _Plane:
    """The continuous grey ramp above, eight steps below; (64, width)."""
    ramp = np.arange(width) / (width - 1)
    steps = np.arange(width) * 8 // width / 7
    return np.repeat(np.stack([ramp, steps]), TILE // 2, axis=0)
