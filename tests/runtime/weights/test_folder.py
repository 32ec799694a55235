"""What is found in the folder that EXPLORER_WEIGHTS names."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file
from torchvision.models import get_model

from explorer.architectures import variant
from explorer.runtime.preprocessing import preprocessing_for
from explorer.runtime.weights.folder import local_file, local_files, report
from explorer.runtime.weights.layouts import load_published
from explorer.runtime.weights.published import published_weights


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EXPLORER_WEIGHTS", str(tmp_path))
    return tmp_path


def keep(state: dict[str, torch.Tensor], file: Path) -> None:
    save_file(state, file) if file.suffix == ".safetensors" else torch.save(state, file)


@pytest.mark.parametrize(
    ("name", "resize"),
    [
        ("mobilenet_v2.safetensors", 232),
        ("mobilenet_v2.pth", 232),
        ("mobilenet_v2-b0353104.pth", 256),  # torchvision's first release
        ("mobilenet_v2-7ebf99e0.pth", 232),  # its second
        ("mobilenet_v2-7ebf99e0.safetensors", 232),
        ("mobilenet_v2-01234567.pth", 232),  # whatever comes next
    ],
)
@pytest.mark.parametrize("layout", ["ours", "torchvision"])
def test_a_file_is_found_by_any_of_its_names(name: str, resize: int, layout: str, place: Path) -> None:
    model = variant("mobilenet_v2").build() if layout == "ours" else get_model("mobilenet_v2")
    keep(model.state_dict(), place / name)
    f = local_file("mobilenet_v2")
    assert f is not None
    assert (f.variant, f.file, f.layout, f.problem) == ("mobilenet_v2", place / name, layout, None)
    assert f.preprocessing.resize == resize
    assert local_files() == (f,)
    ours = "this app's" if layout == "ours" else "torchvision's"
    assert report() == (f"{name}: weights of mobilenet_v2 in {ours} layout, all 262 tensors fit.",)
    load_published(variant("mobilenet_v2").build(), f.file, "mobilenet_v2")


@pytest.mark.parametrize(
    "name", ["mobilenet_v1.safetensors", "mobilenetv1_100.ra4_e3600_r224_in1k.safetensors", "mobilenet_v1.pth"]
)
def test_timms_layout_and_names(name: str, place: Path) -> None:
    keep(timm.create_model("mobilenetv1_100").state_dict(), place / name)
    f, weights = local_file("mobilenet_v1"), published_weights("mobilenet_v1")
    assert f is not None and weights is not None
    assert (f.layout, f.problem, f.preprocessing) == ("timm", None, weights.preprocessing)


def test_other_names_of_torchvision_and_timm(place: Path) -> None:
    keep(get_model("googlenet", init_weights=False).state_dict(), place / "googlenet-1378be20.pth")
    keep(timm.create_model("legacy_seresnet18").state_dict(), place / "seresnet18-4bb0ce65.pth")
    assert [(f.variant, f.layout) for f in local_files()] == [("googlenet_bn", "torchvision"), ("se_resnet18", "timm")]
    assert local_file("googlenet") is None, "the network of 2014 is another one"
    assert local_file("resnet18") is None


def test_networks_that_nobody_publishes_come_in_our_layout(place: Path) -> None:
    keep(variant("resnet20_cifar").build().state_dict(), place / "resnet20_cifar.safetensors")
    f = local_file("resnet20_cifar")
    assert f is not None
    assert (f.layout, f.preprocessing) == ("ours", preprocessing_for((3, 32, 32)))


class _Bomb:
    def __reduce__(self) -> tuple:
        return (Path.touch, (Path("exploded"),))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        pytest.param(lambda f: f.write_bytes(pickle.dumps(_Bomb())), "is not a readable weights file", id="bomb"),
        pytest.param(lambda f: f.write_bytes(b""), "is not a readable weights file", id="empty"),
        pytest.param(
            lambda f: torch.save(get_model("resnet34").state_dict(), f),
            "has 182 tensors, resnet18 needs 102: it is another network's",
            id="another network",
        ),
        pytest.param(
            lambda f: torch.save(get_model("resnet18", num_classes=7).state_dict(), f),
            r"fc.weight is (7, 512), head.fc.weight must be (1000, 512)",
            id="shape",
        ),
    ],
)
def test_what_cannot_be_used_is_told_and_never_run(
    make, sentence: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    make(place / "resnet18.pth")
    f = local_file("resnet18")
    assert f is not None and f.problem is not None
    assert f.layout is None
    assert sentence in f.problem and f.problem.startswith("resnet18.pth")
    assert report() == (f.problem,)
    assert not Path("exploded").exists()


def test_a_good_file_wins_over_a_bad_one_and_a_new_one_is_read_again(place: Path) -> None:
    bad, good = place / "resnet18.safetensors", place / "resnet18-f37072fd.pth"
    bad.write_text("hello")
    first = local_file("resnet18")
    assert first is not None and first.file == bad and first.problem
    keep(get_model("resnet18").state_dict(), good)
    second = local_file("resnet18")
    assert second is not None and second.file == good and second.problem is None
    assert report()[1:] == ("Not used, as their names or contents fit no variant: resnet18.safetensors.",)
    keep(variant("resnet18").build().state_dict(), bad)
    third = local_file("resnet18")
    assert third is not None and (third.file, third.layout) == (bad, "ours")


def test_no_folder_a_wrong_one_and_an_empty_one(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert local_file("resnet18") is None
    assert report() == (f"{place} holds no weights: nothing is called VARIANT.safetensors or VARIANT.pth.",)
    monkeypatch.setenv("EXPLORER_WEIGHTS", str(place / "absent"))
    assert (local_file("resnet18"), local_files()) == (None, ())
    assert report() == (f"EXPLORER_WEIGHTS names {place / 'absent'}, which is not a folder.",)
    monkeypatch.delenv("EXPLORER_WEIGHTS")
    assert (local_file("resnet18"), local_files(), report()) == (None, (), ())
