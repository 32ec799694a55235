"""A golf ball on a tee, in sunlit grass."""

from __future__ import annotations

import numpy as np
from studio import blades, camera, ground, material, mesh, sky, sun, turned

RADIUS = 0.02135  # metres, the least that the rules of golf allow
TEE = 0.022  # metres: how far the ball stands above the ground
DIMPLES = 336
DIMPLE = 0.00172  # metres: half its width
DEPTH = 0.00030  # metres


def build() -> None:
    _ball()
    _tee()
    _grass()
    camera((0.03, -0.30, 0.052), (0.0, 0.0, 0.040), 85, aperture=9.0, focus=(0, -0.012, 0.043))
    sky(zenith=(0.10, 0.26, 0.62), horizon=(0.55, 0.70, 0.88), clouds=0.35, strength=0.9)
    sun(elevation=42, azimuth=130, strength=4.2)


def _ball() -> None:
    """A sphere with dents at places that a golden spiral spreads evenly."""
    steps, around = 420, 840
    polar = np.linspace(0, np.pi, steps)
    angle = np.linspace(0, 2 * np.pi, around, endpoint=False)
    unit = np.stack(
        [
            np.sin(polar)[:, None] * np.cos(angle),
            np.sin(polar)[:, None] * np.sin(angle),
            np.cos(polar)[:, None] + 0 * angle,
        ],
        -1,
    ).reshape(-1, 3)
    k = np.arange(DIMPLES) + 0.5
    z, turn = 1 - 2 * k / DIMPLES, np.pi * (1 + 5**0.5) * k
    centres = np.stack([np.sqrt(1 - z**2) * np.cos(turn), np.sqrt(1 - z**2) * np.sin(turn), z], -1)
    nearest = np.concatenate([(part @ centres.T).max(1) for part in np.array_split(unit, 64)])
    away = np.arccos(np.clip(nearest, -1, 1)) * RADIUS / DIMPLE  # 1 at a dimple's rim
    dent = DEPTH * np.clip(1 - away**2, 0, None) ** 0.8
    points = unit * (RADIUS - dent)[:, None]
    tilt = np.radians(35)
    points = points @ np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    corner = np.arange(steps - 1)[:, None] * around + np.arange(around)
    after = np.roll(corner, -1, 1)
    faces = np.stack([corner, corner + around, after + around, after], -1).reshape(-1, 4)
    item = mesh(points, faces, material((0.86, 0.86, 0.84), 0.28, coat=0.6))
    item.location = (0, 0, TEE + RADIUS)


def _tee() -> None:
    wood = material((0.75, 0.55, 0.30), 0.45, uneven=0.25, scale=300)
    profile = [
        (0.0, -0.01),
        (0.0022, -0.01),
        (0.0024, 0.008),
        (0.0034, 0.0165),
        (0.0062, 0.0215),
        (0.0062, 0.0228),
        (0.0, 0.0222),
    ]
    turned(profile, wood)


def _grass() -> None:
    ground(material((0.035, 0.06, 0.012), 0.95, uneven=0.5, scale=60), 60)
    rng = np.random.default_rng(3)
    greens = [
        material(colour, 0.45, through=0.35)
        for colour in ((0.07, 0.20, 0.02), (0.10, 0.26, 0.03), (0.16, 0.30, 0.05), (0.05, 0.15, 0.02))
    ]
    # The lawn: short near the ball, thinner where nothing of it is sharp.
    near = rng.uniform((-0.22, -0.12, 0), (0.22, 0.35, 0), (26_000, 3))
    near = near[np.hypot(near[:, 0], near[:, 1]) > 0.004]
    blades(near, 0.019, 0.0016, greens, seed=1)
    far = rng.uniform((-1.2, 0.35, 0), (1.2, 3.0, 0), (50_000, 3))
    blades(far, 0.03, 0.004, greens, seed=2)
    # Bushes on the far side, out of focus.
    hedge = rng.uniform((-9, 7, 0), (9, 9, 1.0), (40_000, 3))
    top = 0.55 + 0.35 * np.sin(1.7 * hedge[:, 0]) + 0.25 * np.sin(4.1 * hedge[:, 0] + 1)
    blades(hedge[hedge[:, 2] < top], 0.16, 0.06, greens, lean=1.2, seed=4)
