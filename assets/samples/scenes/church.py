"""A village church of stone with a spire, on a lawn between trees."""

from __future__ import annotations

import math

import numpy as np
from studio import (
    Point,
    Surface,
    ball,
    blades,
    box,
    camera,
    cylinder,
    ground,
    masonry,
    material,
    mesh,
    move,
    prism,
    sky,
    sun,
    tube,
)

EXPOSURE = 0.0
WALL = 6.0  # metres: height of the nave's walls
RIDGE = 11.0
NAVE = (-4.2, 4.2, 5.0, 25.0)  # x from, x to, y from, y to
TOWER = 5.4  # metres: its side
BELFRY = 15.0  # metres: height of the tower's walls
TIP = 29.0


def build() -> None:
    stone = masonry(((0.46, 0.40, 0.31), (0.36, 0.31, 0.24)), (0.30, 0.27, 0.22), 0.75, 0.32, 0.025, 0.03)
    trim = material((0.58, 0.53, 0.44), 0.8, uneven=0.15, grain=0.01, scale=4)
    _nave(stone, trim)
    _tower(stone, trim)
    _yard()
    camera((-21.0, -27.0, 1.9), (1.0, 3.0, 13.6), 37)
    sky(zenith=(0.07, 0.20, 0.55), horizon=(0.45, 0.62, 0.85), clouds=0.42, seed=1.3, scale=1.9)
    sun(elevation=34, azimuth=235, strength=4.2)


def _pointed(width: float, low: float, high: float) -> list[tuple[float, float]]:
    """A lancet: two arcs that meet in a point at `high`."""
    half = width / 2
    spring = high - width * math.sin(math.pi / 3)
    arc = np.linspace(0, math.pi / 3, 9)
    right = [(-half + width * math.cos(a), spring + width * math.sin(a)) for a in arc]
    left = [(-x, z) for x, z in right[-2::-1]]
    return [(-half, low), (half, low), *right, *left]


def _window(
    at: tuple[float, float], width: float, low: float, high: float, turn: float, trim: Surface, mullion: bool = True
) -> None:
    """Dark panes in a frame of cut stone; `at` in x and y, facing -y before it is turned."""
    pane = material((0.015, 0.02, 0.035), 0.12, coat=0.5)
    items = [
        prism(_pointed(width + 0.45, low - 0.25, high + 0.36), 0.24, trim, 0.03),
        prism(_pointed(width, low, high), 0.30, pane),
    ]
    if mullion:
        items.append(box((0, -0.13, (low + high) / 2 - 0.1), (0.10, 0.10, high - low - 0.5), trim))
        for z in np.arange(low + 0.7, high - 0.9, 0.7):
            items.append(box((0, -0.14, z), (width, 0.05, 0.05), trim))
    move(items, (*at, 0), [("Z", turn)])


def _nave(stone: Surface, trim: Surface) -> None:
    left, right, front, back = NAVE
    slate = masonry(((0.085, 0.09, 0.105), (0.06, 0.065, 0.08)), (0.03, 0.03, 0.035), 0.4, 0.22, 0.02, 0.02)
    outline = [(left, 0), (right, 0), (right, WALL), (0, RIDGE - 0.2), (left, WALL)]
    body = prism(outline, back - front, stone)
    body.location = (0, (front + back) / 2, 0)
    over = 0.5
    slope = (RIDGE - WALL) / right
    for side in (-1, 1):
        x1, z1 = side * (right + over), WALL - over * slope
        a, b = (x1, front - 0.3, z1), (x1, back + 0.3, z1)
        c, d = (0.0, back + 0.3, RIDGE), (0.0, front - 0.3, RIDGE)
        under = [(x, y, z - 0.28) for x, y, z in (a, b, c, d)]
        faces = [[0, 1, 2, 3], [4, 5, 6, 7], [0, 1, 5, 4], [2, 3, 7, 6], [0, 3, 7, 4], [1, 2, 6, 5]]
        mesh([a, b, c, d, *under], faces, slate, smooth=False)
    for k, y in enumerate(np.linspace(front + 2.2, back - 2.2, 5)):
        for x, turn in ((left - 0.02, -90), (right + 0.02, 90)):
            _window((x, y), 1.1, 1.7, 5.0, turn, trim)
        if k < 4:
            between = y + (back - front - 4.4) / 8
            for side in (left, right):
                sign = math.copysign(1, side)
                box((side + 0.35 * sign, between, 1.7), (0.9, 0.6, 3.4), stone)
                box((side + 0.20 * sign, between, 2.6), (0.6, 0.55, 5.2), stone)
    box((0, (front + back) / 2, 0.25), (right - left + 0.5, back - front + 0.5, 0.5), trim)


def _tower(stone: Surface, trim: Surface) -> None:
    half = TOWER / 2
    y = 3.0
    box((0, y, BELFRY / 2), (TOWER, TOWER, BELFRY), stone)
    box((0, y, 0.35), (TOWER + 0.5, TOWER + 0.5, 0.7), trim)
    for z in (5.6, 10.2, BELFRY):
        box((0, y, z), (TOWER + 0.35, TOWER + 0.35, 0.28), trim)
    for sx in (-1, 1):
        for sy in (-1, 1):
            for size, top in ((1.5, 4.5), (1.15, 9.0), (0.85, 13.0)):
                box((sx * half, y + sy * half, top / 2), (size, size, top), stone)
            box((sx * half, y + sy * half, BELFRY + 0.8), (0.7, 0.7, 1.6), stone)
            _spire((sx * half, y + sy * half, BELFRY + 1.6), 0.45, 1.7, trim)
    for k in range(5):  # battlements
        for offset in (-half, half):
            step = -half + 0.9 + k * (TOWER - 1.8) / 4
            box((step, y + offset, BELFRY + 0.45), (0.55, 0.3, 0.8), stone)
            box((offset, y + step, BELFRY + 0.45), (0.3, 0.55, 0.8), stone)
    lead = masonry(((0.13, 0.15, 0.16), (0.10, 0.115, 0.125)), (0.06, 0.07, 0.07), 0.5, 0.4, 0.02, 0.02)
    _spire((0, y, BELFRY), half * 0.98, TIP - BELFRY, lead)
    gold = material((0.85, 0.6, 0.2), 0.25, metal=1)
    ball((0, y, TIP + 0.1), 0.18, gold)
    tube([(0, y, TIP), (0, y, TIP + 1.7)], 0.06, gold)
    tube([(-0.5, y, TIP + 1.15), (0.5, y, TIP + 1.15)], 0.06, gold)
    for turn, dx, dy in ((0, 0, -half), (-90, -half, 0), (90, half, 0)):
        _window((dx, y + dy), 1.5, 11.0, 14.2, turn, trim)
        _window((dx, y + dy), 0.8, 6.6, 9.0, turn, trim, mullion=False)
        _clock((dx, y + dy, 9.75), turn)
    door = material((0.09, 0.035, 0.015), 0.6, uneven=0.3, scale=6)
    for width, high, deep, surface in (
        (3.2, 4.9, 0.5, trim),
        (2.7, 4.5, 0.6, stone),
        (2.2, 4.1, 0.7, trim),
        (1.8, 3.8, 0.75, door),
    ):
        frame = prism(_pointed(width, 0, high), deep, surface, 0.02)
        frame.location = (0, y - half - 0.05, 0)
    for k in range(3):
        box((0, y - half - 0.6 - 0.35 * k, 0.45 - 0.15 * k), (3.4 + 0.4 * k, 0.9, 0.15), trim)


def _spire(base: Point, radius: float, height: float, surface: Surface) -> None:
    """Eight-sided, with a slight curve outwards at its foot."""
    x, y, z = base
    rings = [(1.0, 0.0), (0.86, 0.06), (0.70, 0.2), (0.0, 1.0)]
    points = [
        (x + radius * r * math.cos(a), y + radius * r * math.sin(a), z + height * t)
        for r, t in rings
        for a in np.linspace(0, 2 * np.pi, 9)[:-1] + math.pi / 8
    ]
    faces = [
        [8 * i + j, 8 * i + (j + 1) % 8, 8 * i + 8 + (j + 1) % 8, 8 * i + 8 + j] for i in range(3) for j in range(8)
    ]
    mesh(points, faces, surface, smooth=False)


def _clock(at: Point, turn: float) -> None:
    face = material((0.03, 0.04, 0.07), 0.4)
    gold = material((0.85, 0.6, 0.2), 0.3, metal=1)
    axis = "y" if turn == 0 else "x"
    cylinder(at, 0.62, 0.30, gold, axis)
    cylinder(at, 0.56, 0.36, face, axis)
    for angle, length in ((60, 0.45), (-100, 0.32)):
        a = math.radians(angle)
        across, up = length * math.sin(a), length * math.cos(a)
        x, y, z = at
        if axis == "y":
            tube([(x, y - 0.2, z), (x + across, y - 0.2, z + up)], 0.03, gold)
        else:
            off = math.copysign(0.2, x)
            tube([(x + off, y, z), (x + off, y + across, z + up)], 0.03, gold)


def _yard() -> None:
    ground(material((0.05, 0.085, 0.02), 0.95, uneven=0.4, scale=1.5), 400)
    greens = [
        material(c, 0.5, through=0.35)
        for c in ((0.06, 0.15, 0.02), (0.09, 0.20, 0.03), (0.13, 0.23, 0.05), (0.045, 0.11, 0.02))
    ]
    rng = np.random.default_rng(2)
    lawn = rng.uniform((-24, -25, 0), (14, 4, 0), (120_000, 3))
    lawn = lawn[np.abs(lawn[:, 0] - 0.05 * lawn[:, 1]) > 1.3]
    blades(lawn, 0.16, 0.03, greens, seed=1)
    gravel = material((0.40, 0.36, 0.29), 0.95, uneven=0.25, grain=0.02, scale=12)
    mesh([(-2.4, -26, 0.03), (0.0, -26, 0.03), (1.4, 0.4, 0.03), (-1.4, 0.4, 0.03)], [[0, 1, 2, 3]], gravel)
    _tree((10.0, 5.0), 11.0, 4.2, greens, 1)
    _tree((-12.5, 20.0), 12.0, 4.5, greens, 2)
    _tree((16.0, 14.0), 13.0, 5.0, greens, 3)
    _tree((-21.0, 34.0), 12.0, 5.5, greens, 4)
    _tree((24.0, 30.0), 14.0, 6.0, greens, 5)
    wood = rng.uniform((-90, 62, 0), (120, 90, 7), (60_000, 3))
    top = 4.0 + 1.6 * np.sin(0.21 * wood[:, 0]) + 1.2 * np.sin(0.53 * wood[:, 0] + 1)
    blades(wood[wood[:, 2] < top], 1.3, 0.8, greens, lean=1.3, seed=6)
    grey = material((0.30, 0.30, 0.28), 0.9, uneven=0.25, grain=0.02, scale=6)
    for x, y in ((-8, -6), (-10.2, -3), (-7.6, 0.5), (-11.5, 1.2), (5.5, -6), (6.8, -2.5)):
        stone = prism(_pointed(0.7, 0, 1.1 + 0.1 * (x % 2)), 0.16, grey, 0.02)
        stone.location = (x, y, -0.02)
        stone.rotation_euler = (math.radians(4), math.radians(3 * math.sin(x)), math.radians(10 * math.sin(y)))


def _tree(at: tuple[float, float], height: float, spread: float, greens: list[Surface], seed: int) -> None:
    """A trunk, boughs, and leaves in clusters round their ends."""
    rng = np.random.default_rng(seed)
    bark = material((0.09, 0.06, 0.04), 0.9, uneven=0.3, grain=0.03, scale=5)
    x, y = at
    tube([(x, y, 0), (x + 0.1, y, height * 0.3), (x, y, height * 0.75)], [0.42, 0.33, 0.1], bark)
    clusters = []
    for _ in range(26):
        angle, out, up = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 1) ** 0.6, rng.uniform(-1, 1)
        r = spread * 0.8 * out * math.sqrt(max(0.0, 1 - up**2))
        end = (x + r * math.cos(angle), y + r * math.sin(angle), height * 0.66 + up * height * 0.30)
        tube([(x, y, height * 0.28 + 0.2 * rng.uniform() * height), end], [0.14, 0.03], bark)
        clusters.append(end)
    places = np.concatenate([rng.normal(c, (spread * 0.20, spread * 0.20, spread * 0.16), (1500, 3)) for c in clusters])
    blades(places, 0.34, 0.22, greens, lean=1.3, seed=seed)
