"""Where the names of points in a chart go: each beside its own bubble, and on no other bubble or name."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

CHARACTER_PX = 9  # of text that is 16 px high, on average
LINE_PX = 22
GAP_PX = 3  # between a bubble and its name
ROUND = 16  # directions that are tried
LEADER_POINTS = 12  # of the line from a bubble to its name, that are kept free of other names
DISTANCES_PX = (0, 12, 26, 44, 66, 90, 120)  # beyond the gap


@dataclass(frozen=True)
class Bubble:
    """A point of a chart: x as a part of the chart's width, which changes with the window; y and radius in pixels."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels, by its centre."""

    x: float
    y: float
    width: float
    height: float

    def meets(self, other: Box) -> bool:
        """Whether the two have a point in common."""
        across, down = abs(self.x - other.x), abs(self.y - other.y)
        return across < (self.width + other.width) / 2 and down < (self.height + other.height) / 2

    def meets_circle(self, x: float, y: float, radius: float) -> bool:
        """Whether it and the circle have a point in common."""
        across = max(0.0, abs(self.x - x) - self.width / 2)
        down = max(0.0, abs(self.y - y) - self.height / 2)
        return math.hypot(across, down) < radius

    def is_within(self, width: float, height: float) -> bool:
        """Whether it lies in a chart of this size."""
        left, low = self.x - self.width / 2, self.y - self.height / 2
        return min(left, low) >= 0 and left + self.width <= width and low + self.height <= height


@dataclass(frozen=True)
class Place:
    """A name's centre, in pixels right of its bubble's centre and above it."""

    name: str
    right: float
    up: float
    apart: bool  # so far away that a line has to lead to it

    def box(self, bubble: Bubble, width: float) -> Box:
        """Its rectangle in a chart that is so many pixels wide."""
        return Box(bubble.x * width + self.right, bubble.y + self.up, CHARACTER_PX * len(self.name), LINE_PX)


def places(
    bubbles: Sequence[Bubble],
    wanted: Iterable[Sequence[tuple[int, str]]],
    widths: Sequence[float],
    height: float,
) -> dict[int, Place]:
    """The places of names, by their bubbles' indices.

    Args:
        bubbles: all points of the chart.
        wanted: (index of a bubble, name), one of which is to be placed: the first for which there is room. The first
            ones choose first; where there is no room for any, none is placed.
        widths: of the chart, in pixels: a place is free at each of them.
        height: of the chart, in pixels.
    """
    found: dict[int, Place] = {}
    for alternatives in wanted:
        tried = ((i, place) for i, name in alternatives for place in _tried(bubbles[i], name))
        free = (t for t in tried if all(_is_free(*t, width, height, bubbles, found) for width in widths))
        found.update(itertools.islice(free, 1))
    return found


def _tried(bubble: Bubble, name: str) -> Iterator[Place]:
    """From near to far; at each distance above first, then around in both directions."""
    for distance in DISTANCES_PX:
        reach = bubble.radius + GAP_PX + distance
        for step in sorted(range(ROUND), key=lambda s: min(s, ROUND - s)):
            angle = 2 * math.pi * step / ROUND
            right = math.sin(angle) * (reach + CHARACTER_PX * len(name) / 2)
            yield Place(name, right, math.cos(angle) * (reach + LINE_PX / 2), distance > 0)


def leader(bubble: Bubble, box: Box, width: float) -> list[tuple[float, float]]:
    """Points of the line from a bubble's centre to the middle of its name."""
    parts = (step / LEADER_POINTS for step in range(LEADER_POINTS + 1))
    x = bubble.x * width
    return [(x + part * (box.x - x), bubble.y + part * (box.y - bubble.y)) for part in parts]


def _is_free(
    index: int,
    place: Place,
    width: float,
    height: float,
    bubbles: Sequence[Bubble],
    found: Mapping[int, Place],
) -> bool:
    """Whether a name lies on no bubble, no name and no line to one, and its own line on no name."""
    box = place.box(bubbles[index], width)
    if not box.is_within(width, height) or any(box.meets_circle(b.x * width, b.y, b.radius) for b in bubbles):
        return False
    own = leader(bubbles[index], box, width)
    for i, placed in found.items():
        other = placed.box(bubbles[i], width)
        lines = (other, own), (box, leader(bubbles[i], other, width))
        if box.meets(other) or any(name.meets_circle(x, y, 1) for name, line in lines for x, y in line):
            return False
    return True
