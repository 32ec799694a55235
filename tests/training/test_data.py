"""The data sets are read as published; what is not one of them is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.training import data
from explorer.training.data import IMAGENETTE, SIDE, DataError


def test_imagenette_folder(imagenette: Path) -> None:
    train, val = (data.load("imagenette", imagenette, split) for split in ("train", "val"))
    assert (len(train), len(val)) == (120, 30)
    assert train.images.shape == (120, 3, SIDE, SIDE) and train.images.dtype == torch.uint8
    assert train.classes[0] == "tench" and len(train.classes) == 10
    assert val.labels.tolist() == [label for label in range(10) for _ in range(3)]
    # The pixels are those of the file: the middle of its resized square.
    with Image.open(imagenette / "imagenette2-160" / "val" / "n01440764" / "n01440764_0.png") as opened:
        expected = np.asarray(opened.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    assert (val.images[0].permute(1, 2, 0).numpy() == expected).all()


def test_the_folder_itself_may_be_named(imagenette: Path) -> None:
    assert len(data.load("imagenette", imagenette / "imagenette2-160", "val")) == 30


def test_mnist_files_compressed_or_not(mnist: Path) -> None:
    train, val = (data.load("mnist", mnist, split) for split in ("train", "val"))
    assert train.images.shape == (640, 1, 28, 28)
    assert val.labels[:12].tolist() == [*range(10), 0, 1]
    assert val.images[3, 0, 10].nonzero().flatten().tolist() == [10, 11]


@pytest.mark.parametrize("name", ["imagenette", "mnist"])
def test_no_such_data(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no (folder|file)"):
        data.load(name, tmp_path, "val")


def test_other_classes(imagenette: Path, tmp_path: Path) -> None:
    (tmp_path / "val" / "n00000000").mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(tmp_path / "val" / "n00000000" / "a.png")
    with pytest.raises(DataError, match=f"{len(IMAGENETTE)} class folders"):
        data.load("imagenette", tmp_path, "val")


@pytest.mark.parametrize("content", [b"", b"\x00\x00\x08", b"\x00\x00\x08\x03\x00\x00", b"PK\x03\x04" + b"0" * 40])
def test_damaged_mnist_files(content: bytes, tmp_path: Path) -> None:
    for name in ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match="not an MNIST file"):
        data.load("mnist", tmp_path, "val")


def test_truncated_mnist_file(mnist: Path, tmp_path: Path) -> None:
    for file in mnist.glob("t10k*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    images = tmp_path / "t10k-images-idx3-ubyte"
    images.write_bytes(images.read_bytes()[:-1])
    with pytest.raises(DataError, match="incomplete"):
        data.load("mnist", tmp_path, "val")


def test_the_data_set_of_classes() -> None:
    assert data.dataset_of(data.classes_of("mnist")) == "mnist"
    assert data.dataset_of(data.classes_of("imagenette")) == "imagenette"
    with pytest.raises(DataError):
        data.dataset_of(("cat", "dog"))
