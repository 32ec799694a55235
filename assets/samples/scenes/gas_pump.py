"""An old red gas pump with a round lamp on top, in front of a boarded house."""

from __future__ import annotations

import math

import numpy as np
from studio import (
    blades,
    box,
    camera,
    cylinder,
    ground,
    material,
    prism,
    sky,
    sun,
    text,
    through,
    tube,
)

FRONT = -0.24  # y of the pump's face, metres


def build() -> None:
    _pump()
    _hose()
    _yard()
    camera((-1.35, -3.9, 1.35), (0.04, 0, 1.11), 58, aperture=2.8, focus=(0, FRONT, 1.2))
    sky(zenith=(0.12, 0.28, 0.62), horizon=(0.55, 0.68, 0.85), clouds=0.3, seed=0.4)
    sun(elevation=40, azimuth=215, strength=4.0)


def _rounded(width: float, low: float, high: float, corner: float) -> list[tuple[float, float]]:
    """An outline that is square below and rounded above."""
    half = width / 2
    arc = [math.radians(a) for a in range(0, 91, 9)]
    right = [(half - corner + corner * math.cos(a), high - corner + corner * math.sin(a)) for a in arc]
    left = [(-x, z) for x, z in reversed(right)]
    return [(-half, low), (half, low), *right, *left]


def _pump() -> None:
    red = material((0.50, 0.012, 0.012), 0.28, coat=0.7, uneven=0.10, scale=5)
    cream = material((0.78, 0.72, 0.58), 0.35, coat=0.4, uneven=0.05, scale=5)
    chrome = material((0.75, 0.75, 0.76), 0.14, metal=1.0)
    black = material((0.012, 0.012, 0.014), 0.25)
    white = material((0.85, 0.85, 0.80), 0.5)

    box((0, 0, 0.10), (0.74, 0.60, 0.20), red, 0.03)
    prism(_rounded(0.62, 0.18, 1.72, 0.17), 0.46, red, 0.025)
    # The cream door below, framed in chrome, and what is written on it.
    box((0, FRONT - 0.002, 0.62), (0.52, 0.03, 0.72), chrome, 0.012)
    box((0, FRONT - 0.012, 0.62), (0.48, 0.03, 0.68), cream, 0.01)
    cylinder((0, FRONT - 0.028, 0.68), 0.17, 0.014, red, "y", 0.004)
    cylinder((0, FRONT - 0.032, 0.68), 0.145, 0.014, white, "y", 0.004)
    text("ELM", (0, FRONT - 0.041, 0.68), 0.115, red)
    text("REGULAR", (0, FRONT - 0.030, 0.40), 0.085, red)
    # The dial above: rolls of digits behind glass.
    box((0, FRONT - 0.002, 1.34), (0.52, 0.03, 0.52), chrome, 0.015)
    box((0, FRONT - 0.008, 1.34), (0.47, 0.03, 0.47), white, 0.01)
    for z, words, label in ((1.44, "0 3 4 2", "THIS SALE $"), (1.25, "1 1 7 5", "GALLONS")):
        box((0, FRONT - 0.016, z), (0.36, 0.03, 0.095), chrome, 0.006)
        box((0, FRONT - 0.020, z), (0.34, 0.03, 0.080), black, 0.004)
        text(words, (0, FRONT - 0.037, z), 0.080, white)
        text(label, (0, FRONT - 0.025, z - 0.072), 0.036, black)
    text("GASOLINE", (0, FRONT - 0.025, 1.535), 0.052, red)
    for x in (-0.285, 0.285):
        box((x, FRONT + 0.004, 0.95), (0.018, 0.02, 1.40), chrome, 0.006)
    # The lamp.
    cylinder((0, 0, 1.76), 0.13, 0.09, chrome, "z", 0.01)
    lamp_glass = material((0.90, 0.88, 0.80), 0.25, coat=0.6, glow=0.35)
    cylinder((0, 0, 2.00), 0.225, 0.17, lamp_glass, "y", 0.05)
    ring = [(0.225 * math.sin(a), -0.085, 2.0 + 0.225 * math.cos(a)) for a in np.linspace(0, 2 * np.pi, 65)[:-1]]
    tube([(0.93 * x, y, 2.0 + 0.93 * (z - 2.0)) for x, y, z in ring], 0.012, red, closed=True)
    text("GAS", (0, -0.088, 2.0), 0.17, red)


def _hose() -> None:
    rubber = material((0.012, 0.012, 0.013), 0.5)
    steel = material((0.62, 0.62, 0.63), 0.25, metal=1.0)
    tube(
        through(
            [
                (0.30, -0.05, 1.12),
                (0.40, -0.10, 1.10),
                (0.47, -0.18, 0.80),
                (0.47, -0.24, 0.40),
                (0.42, -0.30, 0.27),
                (0.36, -0.30, 0.45),
                (0.355, -0.22, 0.80),
                (0.36, -0.20, 0.98),
            ]
        ),
        0.022,
        rubber,
    )
    cylinder((0.33, -0.05, 1.12), 0.035, 0.06, steel, "x", 0.006)
    # The nozzle hangs in its holder, the spout upwards.
    box((0.335, -0.20, 1.16), (0.05, 0.11, 0.24), steel, 0.01)
    tube(through([(0.365, -0.20, 0.98), (0.37, -0.21, 1.10), (0.375, -0.20, 1.24), (0.37, -0.12, 1.34)]), 0.026, steel)
    tube(through([(0.375, -0.25, 1.22), (0.375, -0.30, 1.12), (0.37, -0.25, 1.00)]), 0.009, steel)


def _yard() -> None:
    ground(material((0.20, 0.19, 0.17), 0.95, uneven=0.35, grain=0.01, scale=3), 60)
    concrete = material((0.42, 0.40, 0.37), 0.9, uneven=0.2, grain=0.004, scale=9)
    box((0, 0, -0.03), (2.2, 1.3, 0.22), concrete, 0.03)
    board = material((0.66, 0.66, 0.60), 0.75, uneven=0.14, scale=2.5)
    for row in range(16):
        plank = box((0.4, 2.6, 0.1 + 0.2 * row), (6.2, 0.03, 0.22), board)
        plank.rotation_euler = (math.radians(-5), 0, 0)
    frame = material((0.10, 0.22, 0.14), 0.5)
    pane = material((0.02, 0.03, 0.04), 0.06)
    for x in (-1.35, 1.9):
        box((x, 2.55, 1.75), (1.0, 0.08, 1.35), frame, 0.01)
        for dx in (-0.22, 0.22):
            for dz in (-0.3, 0.3):
                box((x + dx, 2.52, 1.75 + dz), (0.38, 0.06, 0.54), pane)
    rng = np.random.default_rng(5)
    greens = [material(c, 0.5, through=0.35) for c in ((0.06, 0.16, 0.02), (0.10, 0.22, 0.04), (0.16, 0.24, 0.05))]
    weeds = rng.uniform((-3.0, 2.1, 0), (3.6, 2.6, 0), (2500, 3))
    blades(weeds, 0.32, 0.018, greens, lean=0.7, seed=1)
    leaves = rng.normal((-4.6, 5.5, 2.4), (0.8, 0.8, 1.1), (22_000, 3))
    blades(leaves, 0.22, 0.10, greens, lean=1.2, seed=2)
    leaves = rng.normal((5.4, 6.0, 2.8), (1.2, 0.8, 1.2), (22_000, 3))
    blades(leaves, 0.22, 0.10, greens, lean=1.2, seed=3)
