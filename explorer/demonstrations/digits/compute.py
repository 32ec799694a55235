"""Digits for LeNet-5: strokes or a photograph become 28x28 pixels as MNIST's digits did, and can be distorted.

MNIST's digits (LeCun et al. 1998, section III-A) were scaled to fit a box of 20x20 pixels, with their proportions
kept and grey levels from anti-aliasing, then placed so that their centre of mass is the middle of 28x28 pixels.

All of it happens on a finer grid of 112x112 points, (112, 112) float32 from 0 (background) to 1 (ink), so that a digit
that is moved, turned or thickened is smoothed only once.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from explorer import ASSETS
from explorer.runtime.pictures import LoadedImage

FloatArray = npt.NDArray[np.float32]
ByteArray = npt.NDArray[np.uint8]

SIDE = 28  # pixels of a side of MNIST's pictures
BOX = 20  # pixels of a side of the box that the digit fits into
FINE = 4  # points of the finer grid in a pixel, each way
CANVAS = 1000  # units of the canvas's side
PEN = 90  # units: how wide the pen draws
ERASER = 160  # units: how wide the eraser draws
MAX_STROKES = 400
MAX_POINTS = 8000  # of all strokes together

_RASTER = 250  # pixels of a side of the picture in which strokes are drawn
_MIN_INK = 0.1  # less does not count for the box around the digit
_PHOTO_SIDE = 256  # pixels of the longer side to which a photograph is reduced
_MAX_ASPECT = 16  # longer side by shorter side of a photograph that can show a digit
_MIN_CONTRAST = 40  # levels of 255 between paper and ink that can be told from a stain
_COARSE_SIDE = 64  # pixels of a side of a coarser picture, of the photograph's ground
_MAX_STROKE_WIDTH = 13  # pixels of that coarser picture
_DIGITS = ASSETS / "digits" / "digits.json"


# ---- strokes -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stroke:
    """A line of the pen, or of the eraser, through points (x, y) on the canvas, in units."""

    erases: bool
    points: tuple[tuple[int, int], ...]

    def as_list(self) -> list[int]:
        """0 for the pen or 1 for the eraser, then x and y of each point: as the browser has it."""
        return [int(self.erases), *(value for point in self.points for value in point)]


Strokes = tuple[Stroke, ...]


def strokes_of(given: object) -> Strokes | None:
    """The strokes in what a browser sent, a list of `Stroke.as_list`; None unless all of it is valid."""
    if not isinstance(given, (list, tuple)) or len(given) > MAX_STROKES:
        return None
    strokes = []
    for values in given:
        if not isinstance(values, (list, tuple)) or len(values) < 3 or len(values) % 2 == 0:
            return None
        if not all(type(value) is int and 0 <= value <= CANVAS for value in values) or values[0] > 1:
            return None
        strokes.append(Stroke(values[0] == 1, tuple(zip(values[1::2], values[2::2], strict=True))))
    return tuple(strokes) if sum(len(stroke.points) for stroke in strokes) <= MAX_POINTS else None


@cache
def sample_digits() -> dict[str, Strokes]:
    """The digits that come with the app, by name: "7", and "7b" in another handwriting."""
    digits = {name: strokes_of(strokes) for name, strokes in json.loads(_DIGITS.read_text(encoding="utf-8")).items()}
    return {name: strokes for name, strokes in digits.items() if strokes is not None}


def ink_of(strokes: Strokes) -> FloatArray:
    """What the strokes leave on the canvas: (250, 250), 0 to 1, with smooth edges."""
    factor = 2
    picture = Image.new("L", (_RASTER * factor, _RASTER * factor))
    draw, scale = ImageDraw.Draw(picture), _RASTER * factor / CANVAS
    for stroke in strokes:
        level, width = (0, ERASER) if stroke.erases else (255, PEN)
        points = [(x * scale, y * scale) for x, y in stroke.points]
        draw.line(points, fill=level, width=round(width * scale))
        for x, y in points:  # round ends and joints
            draw.circle((x, y), width * scale / 2, fill=level)
    ink: FloatArray = np.asarray(picture.reduce(factor), dtype=np.float32) / np.float32(255)
    return ink


# ---- to MNIST's pixels, and distortions --------------------------------------------------------------------


def standardised(ink: FloatArray) -> FloatArray:
    """Any picture of a digit, (H, W) of 0 to 1, on the finer grid: fitted into the box, centred by its mass.

    Returns zeros if there is no ink.
    """
    side = SIDE * FINE
    rows, columns = (np.flatnonzero(ink.max(axis=axis) > _MIN_INK) for axis in (1, 0))
    if not rows.size:
        return np.zeros((side, side), dtype=np.float32)
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX * FINE / max(cut.shape)
    height, width = (max(1, round(length * scale)) for length in cut.shape)
    digit = Image.fromarray(cut).resize((width, height), Image.Resampling.BILINEAR)
    mass = np.asarray(digit)
    placed = Image.new("F", (side, side))
    left = round(side / 2 - _centre(mass.sum(axis=0)))
    top = round(side / 2 - _centre(mass.sum(axis=1)))
    placed.paste(digit, (left, top))
    return np.asarray(placed, dtype=np.float32)


def _centre(mass: FloatArray) -> float:
    """The centre of mass along a line of points, each in the middle of its interval."""
    return float((mass * (np.arange(len(mass)) + 0.5)).sum() / mass.sum())


@dataclass(frozen=True)
class Distortion:
    """What is done to a digit: moved by pixels, turned about the middle, scaled, its strokes made wider.

    Attributes:
        right, down: pixels of 28.
        degrees: clockwise.
        percent: of the size.
        quarters: quarters of a pixel that each edge of a stroke moves outwards; negative: inwards.
    """

    right: int = 0
    down: int = 0
    degrees: int = 0
    percent: int = 100
    quarters: int = 0


def distorted(digit: FloatArray, d: Distortion) -> FloatArray:
    """The digit, (112, 112), after the distortion; what leaves the picture is lost."""
    if (d.right, d.down, d.degrees, d.percent) != (0, 0, 0, 100):
        digit = _moved(digit, d)
    return _thickened(digit, d.quarters) if d.quarters else digit


def _moved(digit: FloatArray, d: Distortion) -> FloatArray:
    middle = SIDE * FINE / 2
    angle, scale = math.radians(d.degrees), d.percent / 100
    cosine, sine = math.cos(angle) / scale, math.sin(angle) / scale
    x, y = middle + d.right * FINE, middle + d.down * FINE
    # Pillow asks where each point of the result comes from: two rows of a matrix.
    to_x = (cosine, sine, middle - cosine * x - sine * y)
    to_y = (-sine, cosine, middle + sine * x - cosine * y)
    picture = Image.fromarray(digit)
    moved = picture.transform(picture.size, Image.Transform.AFFINE, to_x + to_y, Image.Resampling.BILINEAR)
    return np.asarray(moved, dtype=np.float32)


def _thickened(digit: FloatArray, radius: int) -> FloatArray:
    """Grey dilation with a disc, its radius in points of the finer grid; with a negative one, erosion."""
    reach = abs(radius)
    padded = np.pad(digit, reach)
    height, width = digit.shape
    shifts = np.arange(-reach, reach + 1)
    disc = [(i, j) for i in shifts for j in shifts if i * i + j * j <= reach * reach]
    views = (padded[reach + i :, reach + j :][:height, :width] for i, j in disc)
    result = digit.copy()
    for view in views:
        (np.maximum if radius > 0 else np.minimum)(result, view, out=result)
    return result


def pixels(digit: FloatArray) -> ByteArray:
    """The finer grid's means as MNIST's pixels: (28, 28), 0 is background, 255 ink."""
    means = digit.reshape(SIDE, FINE, SIDE, FINE).mean(axis=(1, 3))
    return np.rint(255 * means.clip(0, 1)).astype(np.uint8)


def picture(levels: ByteArray, notes: tuple[str, ...] = ()) -> LoadedImage:
    """(28, 28) grey levels as a picture like any other."""
    return LoadedImage.of(Image.fromarray(levels).convert("RGB"), notes)


# ---- photographs -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FoundDigit:
    """The digit of a picture on the finer grid, None where there is none, and a sentence on what that took."""

    digit: FloatArray | None
    note: str


def as_digit(image: Image.Image) -> FoundDigit:
    """The digit in a picture of one: dark ink on light paper is inverted, light ink on dark ground is not.

    A picture that has MNIST's size and ground already is left as it is. There is no digit where nothing looks like ink
    on paper: there is none of it, or too much, or it runs along the picture's edge.
    """
    grey = image.convert("L")
    levels = np.asarray(grey)
    dark_ground = float(np.median(_edge(levels))) < 128
    if grey.size == (SIDE, SIDE) and dark_ground:
        digit = np.kron(levels.astype(np.float32) / 255, np.ones((FINE, FINE), dtype=np.float32))
        return FoundDigit(digit, "The picture has 28×28 pixels and a dark ground, as MNIST's: it is used unchanged.")
    long_and_thin = max(grey.size) > _MAX_ASPECT * min(grey.size)
    ink = None if long_and_thin else _ink_on_paper(grey if dark_ground else ImageOps.invert(grey))
    if ink is None:
        return FoundDigit(None, "No digit was found in the picture; it is only scaled down.")
    change = "Light ink on a dark ground" if dark_ground else "Dark ink on light paper was inverted"
    return FoundDigit(
        standardised(ink),
        f"{change}; the digit was cut out, fitted into 20×20 pixels and centred by its mass, as MNIST's were.",
    )


def _edge(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])


def _ink_on_paper(grey: Image.Image) -> FloatArray | None:
    """Light ink on dark, uneven ground, 0 to 1; None where it does not look like that."""
    factor = _PHOTO_SIDE / max(grey.size)
    grey = grey.resize((max(1, round(factor * grey.width)), max(1, round(factor * grey.height))))
    # The ground is what remains, in a coarse picture, when everything narrower than a thick stroke is taken away.
    coarse = grey.resize((_COARSE_SIDE, _COARSE_SIDE))
    opened = coarse.filter(ImageFilter.MinFilter(_MAX_STROKE_WIDTH)).filter(ImageFilter.MaxFilter(_MAX_STROKE_WIDTH))
    ground = opened.filter(ImageFilter.GaussianBlur(_MAX_STROKE_WIDTH / 4)).resize(grey.size)
    height = np.asarray(grey, dtype=np.float32) - np.asarray(ground, dtype=np.float32)
    strongest = float(np.percentile(height, 99.8))
    if strongest < _MIN_CONTRAST:
        return None
    threshold = _otsu(height.clip(0))
    if not 0.002 < (height > threshold).mean() < 0.35 or (_edge(height) > threshold).mean() > 0.1:
        return None
    # Paper's grain goes to 0 and ink to 1; between them edges stay smooth.
    low, high = 0.6 * threshold, max(1.2 * threshold, 0.6 * strongest)
    ink: FloatArray = ((height - low) / (high - low)).clip(0, 1).astype(np.float32)
    return _without_specks(ink)


def _otsu(values: FloatArray) -> float:
    """The threshold that parts values into two groups with the largest variance between them (Otsu 1979)."""
    counts, edges = np.histogram(values, bins=128, range=(0, 256))
    middles = (edges[:-1] + edges[1:]) / 2
    below, above = np.cumsum(counts), counts.sum() - np.cumsum(counts)
    total = np.cumsum(counts * middles)
    with np.errstate(invalid="ignore", divide="ignore"):
        between = below * above * (total / below - (total[-1] - total) / above) ** 2
    return float(middles[int(np.nanargmax(between))])


def _without_specks(ink: FloatArray) -> FloatArray:
    """The ink at and around what is wider than a grain of paper."""
    mask = Image.fromarray((ink > _MIN_INK).astype(np.uint8))
    near = mask.filter(ImageFilter.MedianFilter(5)).filter(ImageFilter.MaxFilter(7))
    return ink * np.asarray(near)
