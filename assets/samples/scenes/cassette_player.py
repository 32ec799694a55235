"""A portable radio cassette player of the eighties, as in a shop's catalogue."""

from __future__ import annotations

import math

import numpy as np
from studio import box, camera, cylinder, lamp, material, mesh, plain_world, text, through, tube

WIDTH, DEPTH, HEIGHT = 0.46, 0.11, 0.235  # metres
FRONT = -DEPTH / 2
EXPOSURE = 0.0


def build() -> None:
    _case()
    for side in (-1, 1):
        _speaker(side * 0.158)
    _deck()
    _radio()
    _backdrop()
    camera((-0.38, -1.18, 0.40), (0.0, 0, 0.142), 78)
    plain_world((0.9, 0.95, 1.0), 0.35)
    lamp((-1.0, -1.2, 1.5), (0, 0, 0.1), 0.8, 22)
    lamp((1.3, -0.8, 0.9), (0, 0, 0.1), 0.6, 9)
    lamp((0, 0.8, 1.6), (0, 0.3, 0), 0.9, 12)


def _case() -> None:
    silver = material((0.52, 0.53, 0.55), 0.34, metal=0.75, uneven=0.05, scale=20)
    black = material((0.018, 0.018, 0.02), 0.4)
    box((0, 0, HEIGHT / 2), (WIDTH, DEPTH, HEIGHT), silver, 0.012)
    box((0, 0.004, HEIGHT / 2), (WIDTH + 0.004, DEPTH * 0.55, HEIGHT + 0.004), black, 0.01)
    box((0, FRONT - 0.001, 0.104), (WIDTH - 0.02, 0.006, 0.182), black, 0.004)
    box((0, FRONT - 0.0025, 0.104), (WIDTH - 0.026, 0.006, 0.176), silver, 0.004)
    # The handle, and the aerial along the top.
    grip = [
        (-0.205, 0.01, 0.20),
        (-0.205, 0.01, 0.285),
        (-0.19, 0.01, 0.302),
        (0.19, 0.01, 0.302),
        (0.205, 0.01, 0.285),
    ]
    tube(through([*grip, (0.205, 0.01, 0.20)], 8), 0.0085, silver)
    tube([(-0.12, 0.01, 0.302), (0.12, 0.01, 0.302)], 0.0115, black)
    tube([(0.21, 0.035, 0.24), (-0.16, 0.035, 0.24)], 0.0032, material((0.8, 0.8, 0.8), 0.1, metal=1))


def _speaker(x: float) -> None:
    ring = material((0.72, 0.73, 0.75), 0.2, metal=1.0)
    cone = material((0.02, 0.02, 0.022), 0.55)
    grille = material((0.05, 0.05, 0.055), 0.4, metal=0.6)
    z = 0.098
    cylinder((x, FRONT - 0.004, z), 0.072, 0.012, ring, "y", 0.004)
    cylinder((x, FRONT - 0.0065, z), 0.065, 0.012, cone, "y", 0.002)
    cylinder((x, FRONT - 0.010, z), 0.024, 0.010, ring, "y", 0.004)
    for radius in np.arange(0.030, 0.066, 0.0058):
        circle = np.linspace(0, 2 * np.pi, 73)[:-1]
        points = [(x + radius * math.cos(a), FRONT - 0.0135, z + radius * math.sin(a)) for a in circle]
        tube(points, 0.0011, grille, closed=True)
    for a in np.linspace(0, np.pi, 7)[:-1]:
        dx, dz = 0.065 * math.cos(a), 0.065 * math.sin(a)
        tube([(x - dx, FRONT - 0.0135, z - dz), (x + dx, FRONT - 0.0135, z + dz)], 0.0011, grille)


def _deck() -> None:
    """The door with a cassette in it, and the keys below."""
    frame = material((0.02, 0.02, 0.022), 0.3)
    chrome = material((0.75, 0.75, 0.77), 0.15, metal=1.0)
    window = material((0.03, 0.03, 0.035), 0.05, coat=1.0)
    label = material((0.80, 0.72, 0.55), 0.7)
    stripe = material((0.70, 0.10, 0.03), 0.6)
    white = material((0.85, 0.85, 0.85), 0.5)
    tape = material((0.05, 0.025, 0.015), 0.35)
    z = 0.115
    box((0, FRONT - 0.006, z), (0.134, 0.014, 0.090), chrome, 0.004)
    box((0, FRONT - 0.008, z), (0.128, 0.014, 0.084), frame, 0.004)
    box((0, FRONT - 0.010, z), (0.104, 0.012, 0.066), window, 0.003)
    box((0, FRONT - 0.0125, z + 0.004), (0.096, 0.008, 0.050), label, 0.003)
    box((0, FRONT - 0.0130, z + 0.020), (0.096, 0.008, 0.007), stripe)
    box((0, FRONT - 0.0135, z - 0.002), (0.062, 0.008, 0.021), window, 0.004)
    for x, wound in ((-0.0205, 0.0098), (0.0205, 0.0065)):
        cylinder((x, FRONT - 0.0146, z - 0.002), wound, 0.006, tape, "y")
        cylinder((x, FRONT - 0.0152, z - 0.002), 0.0052, 0.007, white, "y")
        cylinder((x, FRONT - 0.0157, z - 0.002), 0.0034, 0.007, frame, "y")
    text("TYPE I  90", (0, FRONT - 0.0172, z + 0.011), 0.0075, frame, thick=0.0001)
    text("CASSETTE", (0, FRONT - 0.0152, z - 0.037), 0.007, white, thick=0.0001)
    for k in range(6):
        key = stripe if k == 0 else chrome
        box((-0.053 + 0.0212 * k, FRONT - 0.011, 0.042), (0.0190, 0.026, 0.022), key, 0.003)
        box((-0.053 + 0.0212 * k, FRONT - 0.006, 0.0265), (0.0190, 0.008, 0.004), frame)


def _radio() -> None:
    """The dial, its needle, the knobs and two meters along the top."""
    black = material((0.012, 0.012, 0.014), 0.12, coat=1.0)
    white = material((0.85, 0.85, 0.82), 0.5)
    red = material((0.75, 0.03, 0.02), 0.4, glow=0.4)
    chrome = material((0.78, 0.78, 0.80), 0.16, metal=1.0)
    box((-0.02, FRONT - 0.002, 0.207), (0.25, 0.008, 0.034), black, 0.003)
    for z, words in ((0.216, "FM  88  92  96  100  104  108"), (0.199, "AM 53 60 70 90 110 140 160")):
        text(words, (-0.02, FRONT - 0.0062, z), 0.0098, white, thick=0.0001)
    tube([(-0.13, FRONT - 0.0063, 0.2075), (0.09, FRONT - 0.0063, 0.2075)], 0.0004, white)
    box((0.02, FRONT - 0.0068, 0.207), (0.0016, 0.002, 0.030), red)
    for x in (0.135, 0.175, 0.207):
        radius = 0.0165 if x < 0.2 else 0.010
        cylinder((x, FRONT - 0.010, 0.207), radius, 0.024, chrome, "y", 0.003)
        box((x, FRONT - 0.0225, 0.207 + radius * 0.6), (0.0018, 0.002, radius * 0.6), red)
    for x in (-0.205, -0.175):
        box((x, FRONT - 0.003, 0.207), (0.024, 0.010, 0.024), black, 0.002)
        box((x, FRONT - 0.006, 0.209), (0.019, 0.006, 0.014), white, 0.001)
        tube([(x, FRONT - 0.0094, 0.203), (x + 0.005, FRONT - 0.0094, 0.214)], 0.0006, red)
    text("STEREO", (0, FRONT - 0.0062, 0.176), 0.011, material((0.05, 0.05, 0.05), 0.5), thick=0.0001)


def _backdrop() -> None:
    """White paper that rises without an edge."""
    white = material((0.82, 0.82, 0.82), 0.7)
    bend = [(0.55 + 0.5 * math.sin(a), 0.5 - 0.5 * math.cos(a)) for a in np.linspace(0, math.pi / 2, 16)]
    way = [(-4.0, 0.0), *bend, (1.05, 4.0)]
    points = [(x, y, z) for y, z in way for x in (-5.0, 5.0)]
    faces = [[2 * i, 2 * i + 1, 2 * i + 3, 2 * i + 2] for i in range(len(way) - 1)]
    mesh(points, faces, white)
