"""An orange chain saw on a stump in a sunlit clearing."""

from __future__ import annotations

import math

import numpy as np
from studio import (
    Item,
    Nodes,
    Point,
    Surface,
    blades,
    box,
    camera,
    cylinder,
    ground,
    material,
    mesh,
    prism,
    sky,
    sun,
    text,
    through,
    tube,
)

STUMP = 0.42  # metres: height
EXPOSURE = 0.1


def build() -> None:
    _saw()
    _stump()
    _clearing()
    camera((-0.28, -1.50, STUMP + 0.42), (0.075, 0, STUMP + 0.105), 60, aperture=4.0, focus=(0, -0.06, STUMP + 0.1))
    sky(zenith=(0.15, 0.30, 0.60), horizon=(0.6, 0.7, 0.8), clouds=0.3)
    sun(elevation=48, azimuth=205, strength=4.2)


def _lift(*items: Item) -> None:
    for item in items:
        x, y, z = item.location
        item.location = (x, y, z + STUMP)


def _up(points: list[Point]) -> list[Point]:
    return [(x, y, z + STUMP) for x, y, z in points]


def _saw() -> None:
    orange = material((0.80, 0.13, 0.01), 0.32, coat=0.4, uneven=0.05, scale=12)
    black = material((0.015, 0.015, 0.016), 0.45)
    grey = material((0.30, 0.30, 0.31), 0.45, uneven=0.08, scale=20)
    steel = material((0.66, 0.66, 0.67), 0.28, metal=1.0, uneven=0.12, scale=25)
    white = material((0.85, 0.85, 0.85), 0.5)

    case = [(-0.15, 0.02), (0.12, 0.02), (0.135, 0.10), (0.11, 0.165), (0.02, 0.205), (-0.10, 0.20), (-0.15, 0.14)]
    _lift(prism(case, 0.15, orange, 0.018))
    foot = [(-0.17, 0.0), (0.10, 0.0), (0.12, 0.05), (-0.17, 0.05)]
    _lift(prism(foot, 0.16, grey, 0.01))
    # The starter's cover, with slots for the air, its grip, and the name.
    cover = [(-0.13, 0.03), (0.02, 0.03), (0.045, 0.08), (0.02, 0.15), (-0.09, 0.165), (-0.13, 0.12)]
    plate = prism(cover, 0.03, orange, 0.008)
    plate.location = (0, -0.080, STUMP)
    for k in range(6):
        z = 0.050 + 0.015 * k
        _lift(box((-0.045, -0.0945, z), (0.115 - 0.006 * k, 0.006, 0.0065), black))
    _lift(cylinder((-0.04, -0.095, 0.088), 0.030, 0.008, grey, "y", 0.002))
    _lift(box((0.035, -0.092, 0.163), (0.05, 0.02, 0.014), black, 0.004))
    _lift(text("CS 45", (-0.045, -0.0768, 0.183), 0.026, white, thick=0.0006))
    for x in (0.085, -0.155):
        _lift(cylinder((x, -0.083, 0.045), 0.022, 0.02, black, "y", 0.004))
    _lift(cylinder((0.06, 0.0, 0.20), 0.03, 0.02, black, "z", 0.004))
    # Handles: the loop behind, the bow across, and the guard in front of the hand.
    rear = [
        (-0.13, 0, 0.17),
        (-0.21, 0, 0.185),
        (-0.29, 0, 0.16),
        (-0.315, 0, 0.09),
        (-0.28, 0, 0.025),
        (-0.15, 0, 0.02),
    ]
    tube(through(_up(rear)), 0.0175, black)
    _lift(prism([(-0.30, 0.0), (-0.15, 0.0), (-0.15, 0.03), (-0.28, 0.03)], 0.09, black, 0.008))
    _lift(box((-0.215, 0, 0.155), (0.04, 0.012, 0.03), grey, 0.004))
    bow = [
        (0.03, -0.10, 0.03),
        (0.02, -0.118, 0.12),
        (0.0, -0.10, 0.225),
        (-0.01, 0.0, 0.26),
        (0.0, 0.10, 0.22),
        (0.02, 0.11, 0.08),
    ]
    tube(through(_up(bow)), 0.0125, black)
    guard = prism([(0.075, 0.16), (0.095, 0.16), (0.115, 0.285), (0.10, 0.29)], 0.17, black, 0.006)
    _lift(guard)
    # The bar with its chain.
    root, tip, half = 0.10, 0.52, 0.036
    nose = [(tip + half * math.cos(a), 0.085 + half * math.sin(a)) for a in np.linspace(-math.pi / 2, math.pi / 2, 17)]
    bar = prism([(root, 0.085 - half), *nose, (root, 0.085 + half)], 0.006, steel)
    bar.location = (0, -0.035, STUMP)
    _lift(text("CS 45", (0.30, -0.0385, 0.085), 0.034, material((0.7, 0.1, 0.01), 0.5), thick=0.0003))
    _chain(root, tip, half + 0.004, 0.085, -0.035)
    _lift(
        prism(
            [(0.10, 0.02), (0.155, 0.045), (0.13, 0.06), (0.16, 0.085), (0.13, 0.10), (0.15, 0.13), (0.10, 0.14)],
            0.05,
            grey,
            0.003,
        )
    )


def _chain(root: float, tip: float, half: float, z: float, y: float) -> None:
    """Links and cutters, one after the other round the bar."""
    dark = material((0.10, 0.10, 0.105), 0.35, metal=0.9)
    bright = material((0.55, 0.55, 0.55), 0.25, metal=1.0)
    straight, turn = tip - root, math.pi * half
    for k, s in enumerate(np.arange(0, 2 * straight + turn, 0.0125)):
        if s < straight:
            x, up, angle = root + s, half, 0.0
        elif s < straight + turn:
            a = math.pi / 2 - (s - straight) / half
            x, up, angle = tip + half * math.cos(a), half * math.sin(a), a - math.pi / 2
        else:
            x, up, angle = tip - (s - straight - turn), -half, math.pi
        link = box((x, y, STUMP + z + up), (0.0115, 0.0095, 0.008), dark, 0.002)
        link.rotation_euler = (0, -angle, 0)
        if k % 3 == 0:
            nx, nz = math.sin(-angle), math.cos(angle)
            cutter = box(
                (x + 0.006 * nx, y - 0.001, STUMP + z + up + 0.006 * nz), (0.0125, 0.010, 0.008), bright, 0.001
            )
            cutter.rotation_euler = (0, -angle + 0.25, 0)


def _stump() -> None:
    bark = material((0.13, 0.075, 0.045), 0.9, uneven=0.45, grain=0.04, scale=14)
    rng = np.random.default_rng(1)
    angles = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    outline = 0.42 * (1 + 0.03 * np.sin(5 * angles) + 0.02 * np.sin(11 * angles + 1) + 0.008 * rng.normal(size=180))
    rows = ((1.25, -0.02), (1.06, 0.06), (1.0, 0.2), (0.99, STUMP - 0.012), (0.965, STUMP))
    points = [
        (r * o * math.cos(a), r * o * math.sin(a), z) for r, z in rows for o, a in zip(outline, angles, strict=True)
    ]
    faces = [
        [180 * i + j, 180 * i + (j + 1) % 180, 180 * i + 180 + (j + 1) % 180, 180 * i + 180 + j]
        for i in range(4)
        for j in range(180)
    ]
    mesh(points, faces, bark)
    cut = material((0.55, 0.36, 0.19), 0.8, uneven=0.2, grain=0.004, scale=30)
    _rings(cut)
    top = [(0.965 * o * math.cos(a), 0.965 * o * math.sin(a), STUMP) for o, a in zip(outline, angles, strict=True)]
    mesh([*top, (0, 0, STUMP + 0.001)], [[i, (i + 1) % 180, 180] for i in range(180)], cut)


def _rings(surface: Surface) -> None:
    """Rings of growth over the colour of the cut wood."""
    nodes = Nodes(surface.node_tree)
    place = nodes.add("ShaderNodeTexCoord").outputs["Object"]
    waves = nodes.add("ShaderNodeTexWave", Vector=place, Scale=11.0, Distortion=2.5, Detail=3.0, Detail_Scale=1.2)
    waves.wave_type, waves.rings_direction = "RINGS", "Z"
    colour = nodes.ramp(waves.outputs["Fac"], [(0.0, (0.36, 0.20, 0.09)), (0.6, (0.60, 0.41, 0.22))])
    nodes.link(colour, surface.node_tree.nodes["Principled BSDF"].inputs["Base Color"])


def _clearing() -> None:
    ground(material((0.06, 0.07, 0.025), 0.95, uneven=0.5, scale=3), 200)
    greens = [material(c, 0.5, through=0.35) for c in ((0.07, 0.16, 0.02), (0.11, 0.22, 0.03), (0.18, 0.25, 0.06))]
    rng = np.random.default_rng(7)
    grass = rng.uniform((-2.5, -0.9, 0), (2.8, 5.0, 0), (60_000, 3))
    blades(grass[np.hypot(grass[:, 0], grass[:, 1]) > 0.45], 0.13, 0.007, greens, seed=1)
    chips = material((0.66, 0.47, 0.26), 0.9)
    spread = rng.normal((0.25, -0.1, STUMP + 0.002), (0.16, 0.12, 0.001), (500, 3))
    blades(spread[np.hypot(spread[:, 0], spread[:, 1]) < 0.39], 0.014, 0.004, [chips], lean=1.5, seed=3)
    bark = material((0.10, 0.07, 0.05), 0.9, uneven=0.4, grain=0.05, scale=4)
    for x, y, r in (
        (-2.3, 6.0, 0.22),
        (1.2, 8.0, 0.2),
        (3.4, 7.0, 0.26),
        (-0.7, 10.0, 0.22),
        (-4.6, 9.0, 0.3),
        (5.5, 11.0, 0.3),
    ):
        tube([(x, y, -0.1), (x + 0.1, y, 2.5), (x, y, 7.0)], [r * 1.2, r, 0.8 * r], bark)
    bush = rng.uniform((-9, 11, 0), (9, 14, 4.0), (50_000, 3))
    blades(bush, 0.30, 0.16, greens, lean=1.3, seed=4)
