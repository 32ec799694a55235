"""The data augmentation of AlexNet (Krizhevsky et al. 2012, section 4.1): crops, reflections, and colours shifted.

The paper cuts 224x224 pixels out of 256x256; here the sides are those of the network's own input and preprocessing.
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


@dataclass(frozen=True)
class Components:
    """Principal components of RGB values in 0..1: variances, and the direction of each as a column of `vectors`."""

    values: tuple[float, float, float]
    vectors: tuple[tuple[float, float, float], ...]  # rows R, G, B


# Of ImageNet's training pictures, as published with fb.resnet.torch and used by everybody since.
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
    """Where the crop begins in the frame, in pixels; whether it is mirrored; how its colours are shifted."""

    left: int
    top: int
    mirrored: bool = False
    alphas: tuple[float, float, float] = (0.0, 0.0, 0.0)
    components: Components = IMAGENET


def frame_side(preprocessing: Preprocessing) -> int:
    """Pixels of a side of the frame: 8/7 of a crop's side, as the paper's 256 for 224, or a bit more."""
    return max(preprocessing.resize, round(preprocessing.crop * 8 / 7))


def max_offset(preprocessing: Preprocessing) -> int:
    """How many pixels from the frame's left or top a crop can begin, at most."""
    return frame_side(preprocessing) - preprocessing.crop


def frame_of(image: Image.Image, preprocessing: Preprocessing) -> Image.Image:
    """The square out of which crops are cut."""
    side = frame_side(preprocessing)
    return model_input(image, replace(preprocessing, resize=side, crop=side)).picture


def centred(preprocessing: Preprocessing) -> Augmentation:
    """The middle crop, which is no augmentation."""
    middle = max_offset(preprocessing) // 2
    return Augmentation(middle, middle)


def augmented(frame: Image.Image, a: Augmentation, preprocessing: Preprocessing) -> ModelInput:
    """The network's input; its colours are not clipped, only those of the picture to look at are.

    Raises:
        ValueError: the crop does not lie in the frame.
    """
    side = preprocessing.crop
    if not (0 <= a.left <= frame.width - side and 0 <= a.top <= frame.height - side):
        raise ValueError(f"A crop of {side} pixels at {a.left}, {a.top} does not lie in the frame of {frame.width}.")
    crop = frame.crop((a.left, a.top, a.left + side, a.top + side))
    if a.mirrored:
        crop = ImageOps.mirror(crop)
    plain = model_input(crop, replace(preprocessing, resize=side))
    shift = colour_shift(a.components, a.alphas)
    if not shift.any():
        return plain
    std = np.array(preprocessing.std)
    added = plain.tensor.new_tensor(shift / std)[None, :, None, None]
    levels = np.asarray(plain.picture, dtype=np.float64) + 255 * shift
    shown: npt.NDArray[np.uint8] = np.rint(np.clip(levels, 0, 255)).astype(np.uint8)
    return ModelInput(plain.tensor + added, Image.fromarray(shown))


def drawn(seed: int, preprocessing: Preprocessing) -> Augmentation:
    """An augmentation as in training: every crop equally likely, half of them mirrored, alphas from N(0, 0.1)."""
    generator = np.random.default_rng((2012, seed))  # the first draws of 1, 2, 3 alone lie near the middle
    left, top = generator.integers(0, max_offset(preprocessing), size=2, endpoint=True).tolist()
    first, second, third = generator.normal(0, ALPHA_STD, size=3).tolist()
    return Augmentation(left, top, bool(generator.integers(2)), (first, second, third))


def ten_crops(preprocessing: Preprocessing) -> dict[str, Augmentation]:
    """The paper's test, by names: four corners and the centre, then their reflections."""
    end = max_offset(preprocessing)
    plain = {
        "top left": Augmentation(0, 0),
        "top right": Augmentation(end, 0),
        "bottom left": Augmentation(0, end),
        "bottom right": Augmentation(end, end),
        "centre": centred(preprocessing),
    }
    return plain | {f"{name}, mirrored": replace(a, mirrored=True) for name, a in plain.items()}
