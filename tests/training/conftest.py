"""Small data sets in the published formats, drawn here: a class can be told by its colour, a digit by its place."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.training.data import IMAGENETTE


@pytest.fixture(scope="session")
def imagenette(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with twelve pictures a class for training and three for validation, of several sizes."""
    root = tmp_path_factory.mktemp("data")
    generator = np.random.default_rng(0)
    for split, count in {"train": 12, "val": 3}.items():
        for label, folder in enumerate(IMAGENETTE):
            target = root / "imagenette2-160" / split / folder
            target.mkdir(parents=True)
            for i in range(count):
                pixels = generator.integers(0, 60, (150, 150 + 20 * (i % 2), 3), dtype=np.uint8)
                pixels[..., label % 3] += 20 * label
                Image.fromarray(pixels).save(target / f"{folder}_{i}.png")
    return root


@pytest.fixture(scope="session")
def mnist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MNIST's four files, two of them compressed, with bars in ten places for digits."""
    root = tmp_path_factory.mktemp("mnist")
    for prefix, count in {"train": 640, "t10k": 100}.items():
        labels = np.arange(count, dtype=np.uint8) % 10
        images = np.zeros((count, 28, 28), np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[4:24, 4 + 2 * label : 6 + 2 * label] = 255
        arrays = {f"{prefix}-images-idx3-ubyte": images, f"{prefix}-labels-idx1-ubyte": labels}
        for name, array in arrays.items():
            sizes = np.array(array.shape, ">u4").tobytes()
            content = bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()
            if prefix == "train":
                (root / f"{name}.gz").write_bytes(gzip.compress(content))
            else:
                (root / name).write_bytes(content)
    return root
