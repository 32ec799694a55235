"""The data sets of the bundled weights, whole in memory: Imagenette for photographs, MNIST for digits.

Imagenette (10 classes of ImageNet, 9,469 + 3,925 photographs): Howard, github.com/fastai/imagenette.
MNIST (60,000 + 10,000 digits): LeCun, Cortes, Burges. Its files are read as published, compressed or not.
"""

from __future__ import annotations

import gzip
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.datasets import MNIST, ImageFolder, Imagenette

Split = Literal["train", "val"]
SPLITS: tuple[Split, ...] = ("train", "val")

IMAGENETTE = {
    "n01440764": "tench",
    "n02102040": "English springer",
    "n02979186": "cassette player",
    "n03000684": "chain saw",
    "n03028079": "church",
    "n03394916": "French horn",
    "n03417042": "garbage truck",
    "n03425413": "gas pump",
    "n03445777": "golf ball",
    "n03888257": "parachute",
}
DIGITS = tuple("0123456789")
SIDE = 144  # pixels: photographs are kept with this shorter side, cut square, so that all fit in memory
_MNIST_FILES = {"train": "train", "val": "t10k"}


class DataError(ValueError):
    """The data are not there or not what they should be; the message is a sentence for a person."""


@dataclass(frozen=True)
class Dataset:
    """One split. `images`: uint8 (N, C, side, side); `labels`: int64 (N,)."""

    name: str
    split: Split
    classes: tuple[str, ...]
    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


def classes_of(name: str) -> tuple[str, ...]:
    """The class names of a data set, in the order of its labels."""
    return DIGITS if name == "mnist" else tuple(IMAGENETTE.values())


def dataset_of(classes: tuple[str, ...]) -> str:
    """The data set that has these classes. Raises DataError for none of ours."""
    for name in ("imagenette", "mnist"):
        if classes == classes_of(name):
            return name
    raise DataError("These weights know neither Imagenette's classes nor MNIST's digits.")


def load(name: str, directory: Path, split: Split, download: bool = False) -> Dataset:
    """Read one split of "imagenette" or "mnist" from a folder; with `download`, fetch it there first.

    Raises DataError where the folder does not hold the data set.
    """
    if download:
        _download(name, directory)
    images, labels = (_mnist if name == "mnist" else _imagenette)(directory, split)
    return Dataset(name, split, classes_of(name), images, labels)


def _download(name: str, directory: Path) -> None:
    if name == "mnist":
        MNIST(str(directory), download=True)
    elif not list(directory.glob("imagenette*")):
        directory.mkdir(parents=True, exist_ok=True)
        Imagenette(str(directory), size="160px", download=True)


def _imagenette(directory: Path, split: Split) -> tuple[Tensor, Tensor]:
    """The pictures of one class folder each, with the shorter side made SIDE and the middle square cut out."""
    roots = [directory, *sorted(p for p in directory.glob("imagenette*") if p.is_dir())]
    root = next((r / split for r in roots if (r / split).is_dir()), None)
    if root is None:
        raise DataError(f"{directory} has no folder {split!r} with Imagenette's pictures.")
    folder = ImageFolder(str(root), loader=lambda path: _square(Path(path)))
    if folder.classes != list(IMAGENETTE):
        raise DataError(f"{root} must have Imagenette's {len(IMAGENETTE)} class folders, from n01440764 to n03888257.")
    images = torch.empty(len(folder), 3, SIDE, SIDE, dtype=torch.uint8)
    for i in range(len(folder)):
        images[i] = folder[i][0]
    return images, torch.tensor(folder.targets)


def _square(path: Path) -> Tensor:
    """(3, SIDE, SIDE) of a picture file. Not an upload: the decoder's limits for those do not apply."""
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    shorter = min(image.size)
    if shorter != SIDE:
        image = image.resize([SIDE * side // shorter for side in image.size], Image.Resampling.BICUBIC)
    left, top = ((side - SIDE) // 2 for side in image.size)
    pixels = np.asarray(image.crop((left, top, left + SIDE, top + SIDE)))
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)


def _mnist(directory: Path, split: Split) -> tuple[Tensor, Tensor]:
    prefix = _MNIST_FILES[split]
    images = _idx(directory, f"{prefix}-images-idx3-ubyte")
    labels = _idx(directory, f"{prefix}-labels-idx1-ubyte")
    if images.ndim != 3 or labels.shape != images.shape[:1]:
        raise DataError(f"The MNIST files in {directory} do not belong together.")
    return images[:, None], labels.long()


def _idx(directory: Path, name: str) -> Tensor:
    """An array in MNIST's format: two zero bytes, type, number of dimensions, sizes, then the bytes."""
    for folder in (directory, directory / "MNIST" / "raw"):
        for file in (folder / name, folder / f"{name}.gz"):
            if file.is_file():
                data = file.read_bytes()
                return _parse_idx(gzip.decompress(data) if file.suffix == ".gz" else data, file)
    raise DataError(f"{directory} has no file {name} or {name}.gz.")


def _parse_idx(data: bytes, file: Path) -> Tensor:
    dimensions = data[3] if len(data) > 3 and data[:3] == b"\x00\x00\x08" else 0
    start = 4 + 4 * dimensions
    sizes = np.frombuffer(data[4:start], ">u4").tolist() if dimensions and len(data) >= start else []
    if not sizes or len(data) - start != math.prod(sizes):
        raise DataError(f"{file} is not an MNIST file, or it is incomplete.")
    return torch.from_numpy(np.frombuffer(data, np.uint8, offset=start).reshape(sizes).copy())
