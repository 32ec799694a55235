"""Files of weights are read, or refused with a sentence, whatever is in them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from explorer.runtime.weights.files import WeightsError, read_shapes, read_tensors

STATE = {"conv.weight": torch.ones(2, 3), "bn.bias": torch.zeros(2)}


def written(file: Path, modern: bool = True) -> bytes:
    if file.suffix == ".safetensors":
        return save(STATE)
    torch.save(STATE, file, _use_new_zipfile_serialization=modern)
    return file.read_bytes()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "modern"), [("x.pth", True), ("x.pth", False), ("x.safetensors", True)])
def test_any_damage_gives_tensors_or_a_sentence(name: str, modern: bool, tmp_path: Path) -> None:
    file = tmp_path / name
    content, chance = written(file, modern), random.Random(name)
    refused = 0
    for _ in range(300):
        damaged = bytearray(content)
        if chance.random() < 0.3:
            del damaged[chance.randrange(len(damaged)) :]
        for _ in range(chance.choice((1, 2, 8)) if damaged else 0):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        file.write_bytes(damaged)
        for read in (read_tensors, read_shapes):
            try:
                read(file)
            except WeightsError as error:
                assert str(error).startswith(name)
                refused += 1
    assert refused > 100


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("text", ["", "hello, world\n", "# notes\n", "{}", "(", "I", "import torch\n"])
@pytest.mark.parametrize("name", ["notes.txt", "own.pth", "own.safetensors"])
def test_text_is_refused(name: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(WeightsError):
        read_tensors(file)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param([torch.ones(2)], id="list"),
        pytest.param({1: torch.ones(2)}, id="numbered"),
        pytest.param({"a": 1.0}, id="number"),
        pytest.param({"a": torch.ones(2, 2).to_sparse()}, id="sparse"),
    ],
)
def test_other_contents_are_refused(content: object, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "x.pth")
    with pytest.raises(WeightsError, match="something other than a dictionary of tensors"):
        read_tensors(tmp_path / "x.pth")
