"""Pictures altered as for training: cut out, mirrored, turned, lit otherwise, and recoloured as AlexNet's training did.

Krizhevsky et al. 2012, section 4.1, shifts, mirrors and recolours; the other kinds came with later networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from explorer.runtime.preprocessing import ModelInput, Preprocessing, model_input

if TYPE_CHECKING:
    from explorer.runtime.maps import DoubleArray

ALPHA_STD = 0.1  # of the paper's random factors, one a component, drawn for each picture

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Components:
    """Principal components of RGB values in 0..1: variances, and the direction of each as a column of `vectors`."""

    values: tuple[float, float, float]
    vectors: tuple[tuple[float, float, float], ...]  # rows R, G, B


# Of ImageNet's training pictures. The AlexNet paper publishes none; these came with fb.resnet.torch and are used by
# everybody since.
IMAGENET = Components(
    (0.2175, 0.0188, 0.0045),
    ((-0.5675, 0.7192, 0.4009), (-0.5808, -0.0045, -0.8140), (-0.5836, -0.6948, 0.4203)),
)


def components_of(picture: Image.Image) -> Components:
    """The principal components of one picture's own pixels, largest variance first."""
    pixels = np.asarray(picture.convert("RGB"), dtype=np.float64).reshape(-1, 3) / 255
    values, vectors = np.linalg.eigh(np.cov(pixels, rowvar=False))
    r, g, b = (tuple(row) for row in vectors[:, ::-1].tolist())
    largest, middle, least = np.clip(values, 0, None)[::-1].tolist()  # rounding can make a zero negative
    return Components((largest, middle, least), (r, g, b))


def colour_shift(components: Components, alphas: Sequence[float]) -> DoubleArray:
    """What is added to every pixel, (R, G, B) of 0..1: [p1 p2 p3] [a1 l1, a2 l2, a3 l3]."""
    shift: DoubleArray = np.array(components.vectors) @ (np.array(alphas) * np.array(components.values))
    return shift


@dataclass(frozen=True)
class Augmentation:
    """How a frame becomes a network's input; what is not named here stays as it is.

    Attributes:
        box: what is cut out, in the frame's pixels: left, top, right, bottom. It is stretched to the network's square.
        mirrored: left to right.
        degrees: by how much the frame is turned about its middle first, counter-clockwise.
        brightness: a factor of all pixels.
        contrast: a factor of each pixel's distance from the mean grey.
        alphas, components: of the colour shift.
    """

    box: Box
    mirrored: bool = False
    degrees: float = 0.0
    brightness: float = 1.0
    contrast: float = 1.0
    alphas: tuple[float, float, float] = (0.0, 0.0, 0.0)
    components: Components = IMAGENET


def turned(frame: Image.Image, degrees: float, preprocessing: Preprocessing) -> Image.Image:
    """The frame turned about its middle; the corners that nothing falls into get the mean colour, a network's zero."""
    if not degrees:
        return frame
    mean = tuple(round(255 * value) for value in preprocessing.mean)
    return frame.rotate(degrees, Image.Resampling.BILINEAR, fillcolor=mean)


def augmented(frame: Image.Image, a: Augmentation, preprocessing: Preprocessing) -> ModelInput:
    """The network's input; its colours are not clipped, only those of the picture to look at are.

    Raises:
        ValueError: the crop does not lie in the frame.
    """
    left, top, right, bottom = a.box
    if not (0 <= left < right <= frame.width and 0 <= top < bottom <= frame.height):
        raise ValueError(f"The crop {a.box} does not lie in the frame of {frame.width}x{frame.height} pixels.")
    side = preprocessing.crop
    crop = _cut(turned(frame, a.degrees, preprocessing), a.box, side)
    if a.mirrored:
        crop = ImageOps.mirror(crop)
    plain = model_input(crop, replace(preprocessing, resize=side))
    gain, added = _light(plain.picture, a)
    if gain == 1 and not added.any():
        return plain
    mean, std = np.array(preprocessing.mean), np.array(preprocessing.std)
    # x is (p - mean) / std of a pixel p, which becomes gain p + added.
    offset = plain.tensor.new_tensor(((gain - 1) * mean + added) / std)[None, :, None, None]
    levels = gain * np.asarray(plain.picture, dtype=np.float64) + 255 * added
    shown: npt.NDArray[np.uint8] = np.rint(np.clip(levels, 0, 255)).astype(np.uint8)
    return ModelInput(gain * plain.tensor + offset, Image.fromarray(shown))


def _cut(frame: Image.Image, box: Box, side: int) -> Image.Image:
    """`side` pixels square; nothing is resampled where the box has that size."""
    left, top, right, bottom = (round(place) for place in box)
    in_pixels: Box = (left, top, right, bottom)
    if in_pixels == box and right - left == side and bottom - top == side:
        return frame.crop((left, top, right, bottom))
    return frame.resize((side, side), Image.Resampling.BILINEAR, box=box)


def _light(picture: Image.Image, a: Augmentation) -> tuple[float, DoubleArray]:
    """What each pixel in 0..1 is multiplied by, and what is added to its red, green and blue."""
    grey = a.brightness * float(np.asarray(picture.convert("L")).mean()) / 255 if a.contrast != 1 else 0.0
    return a.brightness * a.contrast, (1 - a.contrast) * grey + colour_shift(a.components, a.alphas)
