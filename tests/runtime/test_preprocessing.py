from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms._presets import ImageClassification

from explorer.runtime.preprocessing import IMAGENET, Preprocessing, model_input, preprocessing_for


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def torchvision_preset(preprocessing: Preprocessing) -> ImageClassification:
    return ImageClassification(
        crop_size=preprocessing.crop,
        resize_size=preprocessing.resize,
        mean=preprocessing.mean,
        std=preprocessing.std,
        interpolation=InterpolationMode(preprocessing.interpolation),
    )


@pytest.mark.parametrize("size", [(1, 1), (224, 224), (256, 256), (300, 451), (512, 341), (40, 640), (1800, 1200)])
@pytest.mark.parametrize(
    "preprocessing",
    [
        IMAGENET,
        preprocessing_for((3, 32, 32)),
        preprocessing_for((1, 32, 32)),
        Preprocessing(341, 299, (0.5,) * 3, (0.5,) * 3, interpolation="bicubic"),
    ],
    ids=lambda p: f"{p.channels}x{p.crop} {p.interpolation}",
)
def test_the_input_equals_torchvisions(size: tuple[int, int], preprocessing: Preprocessing) -> None:
    image = noise(*size)
    made = model_input(image, preprocessing)
    reference = image if preprocessing.channels == 3 else image.convert("L")
    assert made.tensor.dtype == torch.float32
    assert made.tensor.is_contiguous()
    assert torch.equal(made.tensor[0], torchvision_preset(preprocessing)(reference))


def test_the_picture_is_the_tensor_before_normalization() -> None:
    made = model_input(noise(300, 200), IMAGENET)
    assert (made.picture.mode, made.picture.size) == ("RGB", (224, 224))
    mean, std = torch.tensor(IMAGENET.mean), torch.tensor(IMAGENET.std)
    values = (made.tensor[0].permute(1, 2, 0) * std + mean) * 255
    np.testing.assert_allclose(values, np.asarray(made.picture), atol=1e-3)


@pytest.mark.parametrize("size", [(4000, 2), (2, 4000), (5_000_000, 1)])
def test_extreme_shapes_do_not_blow_up(size: tuple[int, int]) -> None:
    image = Image.new("RGB", size, "red")
    image.paste("blue", (0, 0, size[0] // 2, size[1]) if size[0] > size[1] else (0, 0, size[0], size[1] // 2))
    crop = model_input(image, IMAGENET).picture
    assert np.abs(np.asarray(crop.getpixel((0, 0))) - (0, 0, 255)).max() < 20
    assert np.abs(np.asarray(crop.getpixel((223, 223))) - (255, 0, 0)).max() < 20


def test_preprocessing_for_input_sizes() -> None:
    assert preprocessing_for((3, 224, 224)) == IMAGENET
    assert preprocessing_for((3, 299, 299)).resize == 342
    assert preprocessing_for((3, 32, 32)).resize == 32
    grey = preprocessing_for((1, 32, 32))
    white = model_input(Image.new("RGB", (32, 32), "white"), grey).tensor
    black = model_input(Image.new("RGB", (32, 32), "black"), grey).tensor
    assert white.shape == (1, 1, 32, 32)
    torch.testing.assert_close((black.mean(), white.mean()), (torch.tensor(-0.1), torch.tensor(1.175)))


@pytest.mark.parametrize("input_size", [(3, 224, 200), (2, 32, 32)])
def test_unsupported_input_sizes_are_refused(input_size: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"not (224 x 200|2)\.$"):
        preprocessing_for(input_size)


@pytest.mark.parametrize("options", [{"resize": 200}, {"crop": 0}, {"mean": (0.5,)}, {"std": (0.5,)}, {"channels": 1}])
def test_impossible_preprocessing_is_refused(options: dict[str, Any]) -> None:
    defaults: dict[str, Any] = {"resize": 256, "crop": 224, "mean": IMAGENET.mean, "std": IMAGENET.std}
    with pytest.raises(ValueError, match=r"crop|channels"):
        Preprocessing(**(defaults | options))
