"""How a picture becomes a network's input.

PyTorch is imported only where a tensor is made: pages that list and show pictures must not wait for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image, ImageOps

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Preprocessing:
    """How a picture becomes a network's input: resize, centre crop, normalize; as in torchvision's presets.

    Attributes:
        resize: the shorter side after resizing, in pixels; at least `crop`.
        crop: the side of the square that is cut from the middle, in pixels.
        mean, std: for each channel, of values in 0..1.
        interpolation: Pillow's filters, which always smooth when they shrink (torchvision's "antialias").
        channels: 3 (RGB) or 1 (grey).
        pad: black pixels added on each side of the crop, as MNIST's 28x28 digits are for LeNet-5.
    """

    resize: int
    crop: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    channels: Literal[3, 1] = 3
    pad: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.crop <= self.resize:
            raise ValueError(f"The crop must be between 1 and the resized {self.resize}, not {self.crop}.")
        if not self.channels == len(self.mean) == len(self.std):
            raise ValueError(f"{self.channels} channels need as many values of mean and std.")


IMAGENET = Preprocessing(resize=256, crop=224, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


def preprocessing_for(input_size: tuple[int, int, int]) -> Preprocessing:
    """The default preprocessing of a network with this input (C, H, W).

    RGB takes ImageNet's mean and std, grey LeNet-5's. The shorter side becomes the input's side / 0.875 (256
    for 224); for small inputs (up to 64 pixels), where a crop loses too much, the input's side itself.

    Raises:
        ValueError: the input isn't square, or has other than 1 or 3 channels.
    """
    channels, height, width = input_size
    if height != width:
        raise ValueError(f"Networks with a square input are supported, not {height} x {width}.")
    resize = height if height <= 64 else round(height / 0.875)
    if channels == 3:
        return Preprocessing(resize, height, IMAGENET.mean, IMAGENET.std)
    if channels == 1:
        # LeCun et al. 1998, section III.A: background -0.1, ink 1.175. Ink is white, as in MNIST's files.
        return Preprocessing(resize, height, mean=(0.1 / 1.275,), std=(1 / 1.275,), channels=1)
    raise ValueError(f"A picture has 1 or 3 channels, not {channels}.")


@dataclass(frozen=True)
class ModelInput:
    """What the network gets.

    Attributes:
        tensor: float32 (1, C, H, W), normalized.
        picture: the same pixels before normalization, 8-bit RGB or grey.
    """

    tensor: torch.Tensor
    picture: Image.Image


def model_input(image: Image.Image, preprocessing: Preprocessing) -> ModelInput:
    """Make a network's input of a picture of any size and shape.

    The tensor equals that of torchvision's ImageClassification preset, bit by bit (for pictures more than 16
    times as long as wide up to a shift of half a pixel).
    """
    import torch

    picture = _crop(image.convert("RGB" if preprocessing.channels == 3 else "L"), preprocessing)
    values = torch.from_numpy(np.array(picture)).reshape(*reversed(picture.size), -1)
    mean, std = (torch.tensor(v)[:, None, None] for v in (preprocessing.mean, preprocessing.std))
    tensor = (values.permute(2, 0, 1).to(torch.float32) / 255 - mean) / std
    return ModelInput(tensor[None].contiguous(), picture)


def _crop(image: Image.Image, preprocessing: Preprocessing) -> Image.Image:
    """Resize the shorter side to `preprocessing.resize`, and cut the square out of the middle."""
    width, height = image.size
    longest = 16 * min(width, height)
    if max(width, height) > longest:
        # Only the middle survives the crop: otherwise 4000 x 2 pixels would first grow to 512,000 x 256.
        left, top = max(width - longest, 0) // 2, max(height - longest, 0) // 2
        image = image.crop((left, top, width - left, height - top))
    shorter = min(image.size)
    width, height = (preprocessing.resize * side // shorter for side in image.size)
    resized = image.resize((width, height), Image.Resampling[preprocessing.interpolation.upper()])
    left, top = round((width - preprocessing.crop) / 2), round((height - preprocessing.crop) / 2)
    cropped = resized.crop((left, top, left + preprocessing.crop, top + preprocessing.crop))
    return ImageOps.expand(cropped, preprocessing.pad) if preprocessing.pad else cropped
