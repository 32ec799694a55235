from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch
import torchvision
from safetensors.torch import save_file

from explorer.architectures import variant
from explorer.runtime.activations import capture
from explorer.runtime.weights.network import WeightsError, imagenet_classes, load_network

RESNET = variant("resnet18")


@pytest.fixture(scope="module")
def oracle() -> torch.nn.Module:
    torch.manual_seed(3)
    return torchvision.models.resnet18().eval()


def test_torchvision_files_load_and_compute_the_same(oracle: torch.nn.Module, tmp_path: Path) -> None:
    file = tmp_path / "resnet18-abc.pth"
    torch.save(oracle.state_dict(), file)
    network = load_network(RESNET, str(file))
    assert network.trained
    x = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        expected = oracle(x)[0]
    a = capture(network, x)
    torch.testing.assert_close(a.logits, expected)
    assert a.top()[0].label == imagenet_classes()[int(expected.argmax())]


def test_our_own_names_load_from_safetensors_in_any_order(tmp_path: Path) -> None:
    own = RESNET.build().state_dict()
    file = tmp_path / "own.safetensors"
    save_file(own, file)
    loaded = load_network(RESNET, str(file)).model.state_dict()
    assert all(torch.equal(loaded[k], own[k]) for k in own)


class _Bomb:
    def __reduce__(self) -> tuple:
        return (Path.touch, (Path("exploded"),))


def _missing_tensor(file: Path) -> None:
    state = RESNET.build().state_dict()
    state.pop("head.fc.bias")
    torch.save(state, file)


def _wrong_shape(file: Path) -> None:
    state = RESNET.build(num_classes=10).state_dict()
    torch.save(state, file)


def _truncated(file: Path) -> None:
    torch.save(RESNET.build().state_dict(), file)
    file.write_bytes(file.read_bytes()[:100_000])


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        pytest.param(_missing_tensor, r"has 101 tensors, resnet18 needs 102", id="missing"),
        pytest.param(_wrong_shape, r"head\.fc\.weight is \(10, 512\), .* must be \(1000, 512\)", id="shape"),
        pytest.param(_truncated, "not a readable weights file", id="truncated"),
        pytest.param(lambda f: f.write_bytes(b""), "not a readable weights file", id="empty"),
        pytest.param(lambda f: f.write_text("hello"), "not a readable weights file", id="text"),
        pytest.param(lambda f: f.write_bytes(pickle.dumps(_Bomb())), "not a readable weights file", id="bomb"),
        pytest.param(lambda f: torch.save([1, 2], f), "something other than a dictionary", id="list"),
        pytest.param(lambda f: torch.save({"a": 1}, f), "something other than a dictionary", id="numbers"),
        pytest.param(lambda f: None, "There are no weights called", id="absent"),
    ],
)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_wrong_files_get_a_sentence(make, sentence: str, suffix: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / f"weights{suffix}"
    make(file)
    if suffix == ".safetensors" and file.exists():  # whatever it is, it was not written as safetensors
        sentence = "not a readable weights file"
    with pytest.raises(WeightsError, match=sentence):
        load_network(RESNET, str(file))
    assert not (tmp_path / "exploded").exists()
