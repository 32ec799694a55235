"""A parachutist under a round canopy of red and white gores, from below, before a sky with clouds."""

from __future__ import annotations

import numpy as np
from studio import ball, camera, material, mesh, sky, sun, through, tube

GORES = 20
RADIUS = 3.1  # metres
HEIGHT = 8.6  # metres: the apex above the jumper's hips
EXPOSURE = 0.1


def build() -> None:
    hem = _canopy()
    _lines(hem)
    _jumper()
    camera((6.0, -17.0, -11.5), (0.1, 0, 4.0), 66)
    sky(zenith=(0.09, 0.24, 0.60), horizon=(0.42, 0.60, 0.85), clouds=0.45, seed=0.7, scale=1.6)
    sun(elevation=48, azimuth=120, strength=4.5)


def _canopy() -> np.ndarray:
    """The cloth, each gore blown out between its seams; returns the seams' ends at the hem (GORES, 3)."""
    steps, each = 40, 12
    polar = np.linspace(0.03, np.radians(102), steps)
    turn = np.linspace(0, 2 * np.pi, GORES * each, endpoint=False)
    between = np.abs(np.sin(turn * GORES / 2))  # 0 at a seam, 1 in the middle of a gore
    down = polar / polar[-1]
    out = RADIUS * np.sin(polar)[:, None] * (1 + 0.055 * down[:, None] * between)
    z = HEIGHT - 1.0 * RADIUS * 0.78 * (1 - np.cos(polar))[:, None] + 0.10 * (down**6)[:, None] * between
    points = np.stack([out * np.cos(turn), out * np.sin(turn), z], -1)
    n = GORES * each
    corner = np.arange(steps - 1)[:, None] * n + np.arange(n)
    after = np.roll(corner, -1, 1)
    faces = np.stack([corner, after, after + n, corner + n], -1).reshape(-1, 4)
    gore = np.broadcast_to(np.arange(n) // each, corner.shape)
    colours = [
        material(colour, 0.6, through=0.55, uneven=0.04, scale=3) for colour in ((0.72, 0.02, 0.02), (0.86, 0.86, 0.84))
    ]
    mesh(points.reshape(-1, 3), faces, colours, of_face=(gore % 2).reshape(-1))
    return points[-1, ::each]


def _lines(hem: np.ndarray) -> None:
    cord = material((0.75, 0.74, 0.70), 0.7)
    for end in hem:
        side = 0.22 if end[0] > 0 else -0.22
        tube([tuple(end), (side, 0.05, 1.35)], 0.011, cord)
    strap = material((0.05, 0.06, 0.05), 0.8)
    for side in (-0.22, 0.22):
        tube([(side, 0.05, 1.4), (side * 0.85, 0.0, 0.62)], 0.03, strap)


def _jumper() -> None:
    suit = material((0.03, 0.05, 0.12), 0.8, uneven=0.3, scale=9)
    skin = material((0.55, 0.30, 0.20), 0.55)
    dark = material((0.015, 0.015, 0.015), 0.5)
    ball((0, 0, 0.36), 0.22, suit, stretch=(1.0, 0.7, 1.55))
    ball((0, 0, 0.05), 0.19, suit, stretch=(1.0, 0.8, 0.9))
    ball((0, -0.02, 0.83), 0.125, skin, stretch=(0.85, 1, 1.1))
    ball((0, 0.0, 0.89), 0.135, material((0.7, 0.7, 0.7), 0.3), stretch=(0.95, 1.05, 0.9))
    ball((0, 0.2, 0.4), 0.2, dark, stretch=(0.9, 0.6, 1.3))
    for side in (-1, 1):
        arm = through([(0.2 * side, 0, 0.62), (0.34 * side, -0.08, 0.78), (0.22 * side, -0.02, 1.1)])
        tube(arm, [0.075 - 0.03 * i / len(arm) for i in range(len(arm))], suit)
        ball((0.22 * side, -0.02, 1.13), 0.06, skin)
        leg = through([(0.1 * side, 0, 0.0), (0.16 * side, -0.16, -0.42), (0.13 * side, 0.06, -0.86)])
        tube(leg, [0.115 - 0.05 * i / len(leg) for i in range(len(leg))], suit)
        ball((0.13 * side, 0.0, -0.92), 0.09, dark, stretch=(0.7, 1.5, 0.75))
