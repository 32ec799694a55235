"""A picture painted over with a brush.

Each brush shows, where it went, another version of the picture: grey, blurred, noise, or another picture. So the order
of strokes of different brushes counts, that of one brush does not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Any, Literal, get_args

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from explorer.runtime.pictures import LoadedImage, load_image
from explorer.runtime.preprocessing import IMAGENET, Preprocessing
from explorer.runtime.samples import sample, samples

Brush = Literal["grey", "blur", "noise", "paste"]
BRUSHES: tuple[Brush, ...] = get_args(Brush)
MOST_STROKES = 200
MOST_POINTS = 2000  # of all strokes together
RADII = (0.005, 0.5)  # the smallest and the largest, as a share of the picture's shorter side
GREY = tuple(round(255 * mean) for mean in IMAGENET.mean)  # nearly 0 once it is normalized
BLUR = 0.04  # the standard deviation of the blur, as a share of the shorter side
NOISE_SQUARES = 112  # along the shorter side: finer noise would be averaged away where the picture is shrunk
SEED = 0
DIGITS = 4  # of points and radii after the point: a tenth of a pixel of a picture of 1000


# ---- strokes -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stroke:
    """A line of a brush.

    Attributes:
        radius: of the round brush, as a share of the picture's shorter side.
        points: (x, y), as shares of the picture's width and height; one point is a dab.
        sample: for "paste", the id of the sample that is shown where the brush went.
    """

    brush: Brush
    radius: float
    points: tuple[tuple[float, float], ...]
    sample: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As the browser has it: with the points as [x, y, x, y, ...]."""
        return {**asdict(self), "points": [c for point in self.points for c in point]}


def strokes_from(reported: object) -> tuple[Stroke, ...]:
    """The strokes among what a browser sent, a list of `Stroke.as_dict`; what is none, or is too much, is left out."""
    if not isinstance(reported, (list, tuple)):
        return ()
    strokes: list[Stroke] = []
    room = MOST_POINTS
    for entry in reported[:MOST_STROKES]:
        stroke = _stroke(entry)
        if stroke is not None and len(stroke.points) <= room:
            room -= len(stroke.points)
            strokes.append(stroke)
    return tuple(strokes)


def _stroke(entry: object) -> Stroke | None:
    if not isinstance(entry, Mapping):
        return None
    brush, radius, points = entry.get("brush"), _within(entry.get("radius"), *RADII), entry.get("points")
    name = entry.get("sample") if brush == "paste" else ""
    if brush not in BRUSHES or radius is None or name not in ("", *(s.id for s in samples())):
        return None
    if (name == "") == (brush == "paste") or not isinstance(points, (list, tuple)):
        return None
    if not points or len(points) % 2 or len(points) > 2 * MOST_POINTS:
        return None
    shares = [share for point in points if (share := _within(point, 0, 1)) is not None]
    if len(shares) < len(points):
        return None
    return Stroke(brush, radius, tuple(zip(shares[::2], shares[1::2], strict=True)), str(name))


def _within(value: Any, low: float, high: float) -> float | None:
    """The number, rounded, where it is one and in range; NaN is in none."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return round(float(value), DIGITS) if is_number and low <= value <= high else None


# ---- painted -----------------------------------------------------------------------------------------------


def painted(picture: LoadedImage, strokes: Sequence[Stroke]) -> LoadedImage:
    """The picture with the strokes over it, in their order; without any, the very same."""
    if not strokes:
        return picture
    image = picture.image.copy()
    for (brush, name), together in groupby(strokes, key=lambda s: (s.brush, s.sample)):
        image.paste(layer(picture.image, brush, name), mask=covered(image.size, list(together)))
    return replace(LoadedImage.of(image, picture.notes), title=f"{picture.title}, painted")


def layer(image: Image.Image, brush: Brush, name: str = "") -> Image.Image:
    """What a brush shows of a picture where it goes, in the size of the picture; of "paste", the sample `name`."""
    if brush == "blur":
        return image.filter(ImageFilter.GaussianBlur(BLUR * min(image.size)))
    if brush == "noise":
        width, height = (math.ceil(NOISE_SQUARES * side / min(image.size)) for side in _bounded(image.size))
        levels = np.random.default_rng(SEED).integers(0, 256, (height, width, 3), dtype=np.uint8)
        return Image.fromarray(levels).resize(image.size, Image.Resampling.NEAREST)
    if brush == "paste":
        return ImageOps.fit(load_image(sample(name).path).image, image.size)
    return Image.new("RGB", image.size, GREY)


def _bounded(size: tuple[int, int]) -> tuple[int, int]:
    """Only the middle of a picture much longer than wide is seen: its noise need not be as fine."""
    longest = 16 * min(size)
    return min(size[0], longest), min(size[1], longest)


def covered(size: tuple[int, int], strokes: Sequence[Stroke]) -> Image.Image:
    """Where strokes go in a picture of that size: 255 there, 0 elsewhere."""
    mask = Image.new("L", size)
    draw = ImageDraw.Draw(mask)
    for stroke in strokes:
        radius = stroke.radius * min(size)
        places = [(x * size[0], y * size[1]) for x, y in stroke.points]
        if len(places) > 1:
            draw.line(places, fill=255, width=max(1, round(2 * radius)))
        for x, y in places:
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return mask


@dataclass(frozen=True)
class Frame:
    """The square of a picture that a network sees, in pixels of the picture."""

    left: float
    top: float
    side: float


def seen(size: tuple[int, int], how: Preprocessing) -> Frame:
    """What a network sees of a picture of that size: the square in its middle, to a pixel."""
    side = min(size) * (how.crop + 2 * how.pad) / how.resize
    return Frame((size[0] - side) / 2, (size[1] - side) / 2, side)
