"""The augmentation of AlexNet (Krizhevsky et al. 2012, section 4.1) and of those after it, set by hand.

The paper cuts 224x224 pixels out of 256x256; here the sides are those of the network's own input and preprocessing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from PIL import Image, ImageOps

from explorer.demonstrations.digits.compute import ink_of, picture, pixels, sample_digits, standardised
from explorer.runtime.activations import Answer, capture
from explorer.runtime.augmentation import ALPHA_STD, IMAGENET, Augmentation, Components
from explorer.runtime.preprocessing import Preprocessing, model_input
from explorer.runtime.weights.network import Network

Manner = Literal["alexnet", "vgg", "googlenet"]

VGG_SIDES = 256, 512  # pixels of a picture's shorter side, of which 224 are cut out (section 3.1)
GOOGLENET_AREA = 8, 100  # percent of the picture (section 6)
GOOGLENET_ASPECT = 75, 133  # width in percent of the height: 3/4 to 4/3
LIGHT = 60, 140  # percent of brightness and contrast; GoogLeNet's paper names no numbers, these are ours
NEUTRAL = 100  # percent


@dataclass(frozen=True)
class Setting:
    """What the sliders say. Without changes it is the middle crop, which is no augmentation.

    Attributes:
        left, top: where the crop is, from 0 to `max_offset`: that share of the room that it has.
        area: of the crop, in percent of the frame; `own_area` means exactly the network's own pixels.
        aspect: the crop's width in percent of its height.
        mirrored: left to right.
        degrees: by how much the frame is turned, counter-clockwise.
        brightness, contrast: in percent.
        alphas, components: of the colour shift.
    """

    left: int
    top: int
    area: int
    aspect: int = NEUTRAL
    mirrored: bool = False
    degrees: int = 0
    brightness: int = NEUTRAL
    contrast: int = NEUTRAL
    alphas: tuple[float, float, float] = (0.0, 0.0, 0.0)
    components: Components = IMAGENET

    def augmentation(self, preprocessing: Preprocessing) -> Augmentation:
        """The same in the frame's pixels."""
        frame, limit = frame_side(preprocessing), max_offset(preprocessing)
        width = height = float(preprocessing.crop)
        if (self.area, self.aspect) != (own_area(preprocessing), NEUTRAL):
            share, ratio = self.area / 100, self.aspect / NEUTRAL
            width, height = (min(frame, frame * (share * r) ** 0.5) for r in (ratio, 1 / ratio))
        left, top = self.left * (frame - width) / limit, self.top * (frame - height) / limit
        return Augmentation(
            (left, top, min(frame, left + width), min(frame, top + height)),
            self.mirrored,
            self.degrees,
            self.brightness / NEUTRAL,
            self.contrast / NEUTRAL,
            self.alphas,
            self.components,
        )


def frame_side(preprocessing: Preprocessing) -> int:
    """Pixels of a side of the frame: 8/7 of a crop's side, as the paper's 256 for 224, or a bit more."""
    return max(preprocessing.resize, round(preprocessing.crop * 8 / 7))


def max_offset(preprocessing: Preprocessing) -> int:
    """How many pixels from the frame's left or top a crop of the network's own size can begin, at most."""
    return frame_side(preprocessing) - preprocessing.crop


def own_area(preprocessing: Preprocessing) -> int:
    """The share of the frame that a crop of the network's own size has, in percent."""
    return round(100 * (preprocessing.crop / frame_side(preprocessing)) ** 2)


def frame_of(image: Image.Image, preprocessing: Preprocessing) -> Image.Image:
    """The square out of which crops are cut."""
    side = frame_side(preprocessing)
    return model_input(image, replace(preprocessing, resize=side, crop=side)).picture


def centred(preprocessing: Preprocessing) -> Setting:
    """The middle crop, which is no augmentation."""
    middle = max_offset(preprocessing) // 2
    return Setting(middle, middle, own_area(preprocessing))


def drawn(seed: int, preprocessing: Preprocessing, manner: Manner = "alexnet") -> Setting:
    """An augmentation as in the training of a network; half of them mirrored.

    alexnet: every crop equally likely, alphas from N(0, 0.1). vgg: the shorter side S between 256 and 512, of which 224
    are cut out. googlenet: area, proportions, brightness and contrast.
    """
    # The first draws of 1, 2, 3 alone lie near the middle.
    generator = np.random.default_rng((2012, seed))
    left, top = generator.integers(0, max_offset(preprocessing), size=2, endpoint=True).tolist()
    first, second, third = generator.normal(0, ALPHA_STD, size=3).tolist()
    plain = replace(centred(preprocessing), left=left, top=top, mirrored=bool(generator.integers(2)))
    if manner == "alexnet":
        return replace(plain, alphas=(first, second, third))
    if manner == "vgg":
        return replace(plain, area=vgg_area(int(generator.integers(*VGG_SIDES, endpoint=True))))
    area, aspect = (int(generator.integers(*limits, endpoint=True)) for limits in (GOOGLENET_AREA, GOOGLENET_ASPECT))
    brightness, contrast = generator.integers(*LIGHT, size=2, endpoint=True).tolist()
    return replace(plain, area=area, aspect=aspect, brightness=brightness, contrast=contrast)


def vgg_area(shorter: int) -> int:
    """The share of a square picture with this side that 224x224 pixels are, in percent."""
    return round(100 * (224 / shorter) ** 2)


def ten_crops(preprocessing: Preprocessing) -> dict[str, Setting]:
    """The paper's test, by names: four corners and the centre, then their reflections."""
    end, centre = max_offset(preprocessing), centred(preprocessing)
    places = {"top left": (0, 0), "top right": (end, 0), "bottom left": (0, end), "bottom right": (end, end)}
    corners = {name: replace(centre, left=left, top=top) for name, (left, top) in places.items()}
    plain = corners | {"centre": centre}
    return plain | {f"{name}, mirrored": replace(a, mirrored=True) for name, a in plain.items()}


# ---- what must not be mirrored -----------------------------------------------------------------------------


@dataclass(frozen=True)
class MirroredDigit:
    """A digit, its picture and its mirror image, and LeNet-5's answers to both."""

    name: str
    pictures: tuple[Image.Image, Image.Image]
    answers: tuple[Answer, Answer]


def mirrored_digits(lenet: Network) -> tuple[MirroredDigit, ...]:
    """The ten sample digits in a mirror."""
    return tuple(_mirrored(lenet, name) for name in map(str, range(10)))


def _mirrored(lenet: Network, name: str) -> MirroredDigit:
    upright = picture(pixels(standardised(ink_of(sample_digits()[name])))).image
    both = upright, ImageOps.mirror(upright)
    first, second = (capture(lenet, model_input(p, lenet.preprocessing).tensor).answer for p in both)
    return MirroredDigit(name, both, (first, second))
