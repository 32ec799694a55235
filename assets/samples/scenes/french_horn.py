"""A double horn of brass against a dark red curtain."""

from __future__ import annotations

import math

import numpy as np
from studio import Item, Point, Surface, box, camera, cylinder, lamp, material, mesh, move, plain_world, through, tube

EXPOSURE = 0.2


def build() -> None:
    horn = [*_bell(), *_coils(), *_valves(), *_slides(), *_lead_pipe()]
    move(horn, (0, 0, 0.172), [("Y", -30), ("Z", -32)])  # it rests on its bell and its coils
    _room()
    camera((-0.10, -1.20, 0.36), (0.085, 0, 0.160), 62)
    plain_world((0.55, 0.6, 0.7), 0.25)
    lamp((-1.2, -1.3, 1.3), (0, 0, 0.2), 0.7, 26, (1, 0.95, 0.88))
    lamp((1.4, -1.0, 0.5), (0, 0, 0.2), 0.35, 12, (0.85, 0.92, 1))
    lamp((0.2, -0.3, 1.6), (0, 0, 0.2), 0.4, 12)


def _brass() -> Surface:
    return material((0.83, 0.52, 0.13), 0.13, metal=1.0, uneven=0.08, scale=14)


def _nickel() -> Surface:
    return material((0.72, 0.70, 0.66), 0.14, metal=1.0)


def _arc(radius: float, first: float, last: float, y: float = 0.0, centre: tuple[float, float] = (0, 0)) -> list[Point]:
    """Points of a circle in x and z, from one angle to another in degrees (0: +x, 90: +z)."""
    steps = max(4, int(abs(last - first) / 3))
    angles = np.radians(np.linspace(first, last, steps))
    return [(centre[0] + radius * math.cos(a), y, centre[1] + radius * math.sin(a)) for a in angles]


def _bell() -> list[Item]:
    """The tail of the tube goes round, leaves the circle and opens into the bell."""
    around = _arc(0.145, 95, 268, 0.0)
    x0, _, z0 = around[-1]
    along = np.linspace(0.004, 0.262, 60)
    straight = [(x0 + s, -0.10 * (s / 0.262) ** 2, z0 - 0.02 * (s / 0.262)) for s in along]
    points = [*around, *straight]
    wide = np.linspace(0.0085, 0.022, len(around))
    left = along[-1] - along
    flare = 0.022 + 0.008 * along / along[-1] + 0.0125 / (left + 0.083) ** 1.0 - 0.0125 / (along[-1] + 0.083)
    radii = [*wide, *flare]
    bell = tube(points, radii, _brass())
    bell.data.use_fill_caps = False
    end, r = points[-1], radii[-1]
    rim = np.linspace(0, 2 * np.pi, 97)[:-1]
    # The rim stands across the last step of the tube.
    step = np.array(points[-1]) - np.array(points[-2])
    ahead = step / np.linalg.norm(step)
    up = np.array([0, 0, 1.0]) - ahead[2] * ahead
    up /= np.linalg.norm(up)
    side = np.cross(ahead, up)
    ring = [tuple(np.array(end) + r * (math.cos(a) * up + math.sin(a) * side)) for a in rim]
    return [bell, tube(ring, 0.0028, _brass(), closed=True)]


def _coils() -> list[Item]:
    """The main tube: two and a half turns beside each other."""
    brass, nickel = _brass(), _nickel()
    items = [
        tube(_arc(0.150, -60, 262, -0.028), 0.0062, brass),
        tube(_arc(0.132, -100, 200, -0.022), 0.0062, brass),
        tube(_arc(0.137, -40, 215, 0.022), 0.0064, brass),
        tube(_arc(0.118, -130, 120, 0.004), 0.0062, brass),
    ]
    for radius, y, angle in ((0.150, -0.028, 30), (0.150, -0.028, 130), (0.132, -0.022, 60), (0.150, -0.028, 215)):
        items.append(tube(_arc(radius, angle, angle + 8, y), 0.0076, nickel))
    for angle in (20, 105, 175, 235):  # the braces between the turns
        a = math.radians(angle)
        c, s = math.cos(a), math.sin(a)
        items.append(tube([(0.118 * c, 0.0, 0.118 * s), (0.150 * c, -0.026, 0.150 * s)], 0.0028, nickel))
    return items


def _valves() -> list[Item]:
    """Three rotors and the thumb's, with their caps, bearings and levers."""
    brass, nickel = _brass(), _nickel()
    items = []
    for k in range(4):
        x, z = -0.050 + 0.032 * k, 0.022 - 0.012 * k
        items.append(cylinder((x, -0.010, z), 0.0148, 0.066, brass, "y", 0.002))
        items.append(cylinder((x, -0.046, z), 0.0160, 0.008, nickel, "y", 0.003))
        items.append(cylinder((x, -0.052, z), 0.0050, 0.008, nickel, "y", 0.002))
        items.append(cylinder((x, 0.026, z), 0.0160, 0.008, nickel, "y", 0.003))
    for k in range(3):
        x, z = -0.050 + 0.032 * k, 0.022 - 0.012 * k
        lever = through([(x, -0.056, z), (x - 0.03, -0.060, z + 0.055), (x - 0.058, -0.052, z + 0.125)])
        items.append(tube(lever, 0.0026, nickel))
        paddle = cylinder((x - 0.062, -0.052, z + 0.135), 0.0115, 0.003, nickel, "y", 0.001)
        paddle.scale = (0.75, 1.4, 1)
        items.append(paddle)
    return items


def _slides() -> list[Item]:
    """Two slides for each valve, bent like hairpins, on both sides of the rotors."""
    brass, nickel = _brass(), _nickel()
    items = []
    for k, (length, low) in enumerate(((0.062, 0.052), (0.040, 0.035), (0.086, 0.070))):
        x, z = -0.050 + 0.032 * k, 0.022 - 0.012 * k
        for y, far, turn in ((-0.030, length, 112 - 24 * k), (0.008, low, 262 + 9 * k)):
            a = math.radians(turn)
            out, across = (math.cos(a), math.sin(a)), (-math.sin(a), math.cos(a))
            half = 0.0098

            def at(along: float, sideways: float, y=y, out=out, across=across, x=x, z=z) -> Point:
                return (x + along * out[0] + sideways * across[0], y, z + along * out[1] + sideways * across[1])

            bend = [at(far + half * math.sin(b), half * math.cos(b)) for b in np.linspace(0, math.pi, 17)]
            items.append(tube([at(0.012, half), *bend, at(0.012, -half)], 0.0056, brass))
            for side in (-half, half):
                items.append(tube([at(0.014, side), at(0.6 * far, side)], 0.0068, nickel))
            items.append(tube([at(far + half, 0.0), at(far + half + 0.008, 0.0)], 0.0030, nickel))
    return items


def _lead_pipe() -> list[Item]:
    """From the mouthpiece along the circle into the valves."""
    brass, nickel = _brass(), _nickel()
    pipe = [*_arc(0.166, 168, 60, -0.040), (0.13, -0.036, 0.085), (0.09, -0.028, 0.03), (0.058, -0.02, -0.004)]
    mouth = [(-0.163, -0.042, 0.036), (-0.172, -0.046, -0.005), (-0.186, -0.052, -0.05)]
    whole = through([*mouth[::-1], *pipe[::2]], 3)
    radii = np.linspace(0.0044, 0.0062, len(whole))
    items = [tube(whole, list(radii), brass)]
    items.append(
        tube(
            through([(-0.186, -0.052, -0.05), (-0.195, -0.055, -0.085), (-0.199, -0.056, -0.096)]),
            [0.0046] * 13 + [0.0058] * 6 + [0.0075] * 5 + [0.0105],
            nickel,
        )
    )
    return items


def _room() -> None:
    """A curtain with folds, and a wooden table."""
    cloth = material((0.10, 0.012, 0.014), 0.85, uneven=0.2, grain=0.0004, scale=900)
    x = np.linspace(-2.2, 2.2, 400)
    fold = 0.055 * np.sin(11 * x + 1.5 * np.sin(2.3 * x)) + 0.02 * np.sin(29 * x)
    rows = np.linspace(-0.2, 2.4, 20)
    points = [(a, 0.55 + f * (1.1 - 0.15 * r), r) for r in rows for a, f in zip(x, fold, strict=True)]
    n = len(x)
    faces = [
        [i * n + j, i * n + j + 1, (i + 1) * n + j + 1, (i + 1) * n + j]
        for i in range(len(rows) - 1)
        for j in range(n - 1)
    ]
    mesh(points, faces, cloth)
    wood = material((0.16, 0.075, 0.03), 0.3, coat=0.4, uneven=0.35, scale=9)
    box((0, -0.2, -0.02), (3.0, 1.5, 0.04), wood, 0.004)
