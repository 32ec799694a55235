"""Whether published weights are what torchvision and timm say, and whether their files compute the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import timm
import torch
from platformdirs import user_cache_path
from safetensors.torch import save_file
from timm.data import ImageNetInfo, create_transform, resolve_model_data_config
from torch import nn
from torchvision.models import get_model, get_model_weights

from explorer.architectures import catalogue, variant
from explorer.assets import TIMM_MODELS
from explorer.runtime.pictures import load_image
from explorer.runtime.preprocessing import model_input
from explorer.runtime.samples import sample
from explorer.runtime.weights.files import WeightsError, read_shapes, read_tensors
from explorer.runtime.weights.layouts import TORCHVISION, layouts, load_published, shapes
from explorer.runtime.weights.network import imagenet_classes
from explorer.runtime.weights.published import cache_folder, downloaded_file, published_weights, torchvision_weights
from tests.architectures.parity import TOLERANCE, randomize_statistics

PICTURE = sample("cat").path


def test_every_variant_of_the_issue_has_its_weights_and_no_other() -> None:
    assert {name for name in catalogue() if published_weights(name)} == {*TORCHVISION, *TIMM_MODELS}
    assert TORCHVISION.keys().isdisjoint(TIMM_MODELS)


@pytest.mark.parametrize("name", [*TORCHVISION, *TIMM_MODELS])
def test_each_says_what_a_button_has_to_say(name: str) -> None:
    weights = published_weights(name)
    assert weights is not None
    assert weights.variant == name
    assert weights.url.startswith("https://")
    assert weights.licence.endswith(".")
    assert bool(weights.repository) != bool(weights.sha256)
    assert not weights.repository or weights.url.endswith(".safetensors")
    assert weights.file_name.endswith(".safetensors" if weights.repository else f"-{weights.sha256}.pth")
    assert weights.preprocessing.crop == variant(name).input_size[-1]
    # Our own tensors and the stated size, which for torchvision's files is its own, agree to a percent.
    assert weights.bytes == pytest.approx(4 * sum(torch.Size(s).numel() for s in shapes(name).values()), rel=0.01)


def test_timm_has_the_classes_in_the_same_order() -> None:
    classes = imagenet_classes()
    assert (len(classes), classes[282], classes[967]) == (1000, "tiger cat", "espresso")
    info = ImageNetInfo()
    same = [name.lower() in info.index_to_description(i, detailed=True).lower() for i, name in enumerate(classes)]
    assert sum(same) > 950  # torchvision has put right some names


@pytest.mark.parametrize("name", TORCHVISION)
def test_preprocessing_is_torchvisions(name: str) -> None:
    weights, theirs = published_weights(name), get_model_weights(TORCHVISION[name]).DEFAULT
    assert weights is not None
    picture = load_image(PICTURE).image
    expected = theirs.transforms()(picture)[None]
    if TORCHVISION[name] in ("googlenet", "inception_v3"):
        with torch.device("meta"):
            model = get_model(TORCHVISION[name], transform_input=True, init_weights=False)
        expected = model._transform_input(expected)
        assert weights.preprocessing.mean == weights.preprocessing.std == (0.5, 0.5, 0.5)
    torch.testing.assert_close(model_input(picture, weights.preprocessing).tensor, expected, atol=2e-6, rtol=0)


@pytest.mark.parametrize("name", TIMM_MODELS)
def test_preprocessing_is_timms(name: str) -> None:
    weights = published_weights(name)
    assert weights is not None
    with torch.device("meta"):
        model = timm.create_model(TIMM_MODELS[name])
    transform = create_transform(**resolve_model_data_config(model), is_training=False)
    picture = load_image(PICTURE).image
    expected = transform(picture)[None]
    torch.testing.assert_close(model_input(picture, weights.preprocessing).tensor, expected, atol=2e-6, rtol=0)


def test_an_older_release_keeps_its_own_preprocessing() -> None:
    assert [(r.title, r.preprocessing.resize) for r in torchvision_weights("resnet50")] == [
        ("IMAGENET1K_V2", 232),
        ("IMAGENET1K_V1", 256),
    ]
    assert [r.title for r in torchvision_weights("vgg16")] == ["IMAGENET1K_V1"], "the other one has no classifier"
    assert torchvision_weights("lenet5") == ()


# ---- files ---------------------------------------------------------------------------------------------------


def _oracle(name: str) -> nn.Module:
    torch.manual_seed(0)
    if name in TIMM_MODELS:
        return randomize_statistics(timm.create_model(TIMM_MODELS[name])).eval()
    warns = {"init_weights": False} if TORCHVISION[name] in ("googlenet", "inception_v3") else {}
    return randomize_statistics(get_model(TORCHVISION[name], **warns)).eval()


def _assert_same(name: str, oracle: nn.Module, file: Path) -> None:
    ours = variant(name).build()
    load_published(ours, file, name)
    x = torch.randn(1, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected, got = oracle(x), ours(x)
    got = got[0] if isinstance(got, tuple) else got
    assert expected.std() > 0
    assert (got - expected).abs().max() <= TOLERANCE * expected.abs().max()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize(
    "name",
    [
        "googlenet_bn",
        "resnet18",
        "mobilenet_v2",
        "mobilenet_v3_small",
        "densenet121",
        "mobilenet_v1",
        "se_resnet18",
        "xception",
        "inception_v4",
    ],
)
def test_a_file_of_theirs_makes_our_network_compute_the_same(name: str, suffix: str, tmp_path: Path) -> None:
    """safetensors files have no order: these go by the names alone."""
    oracle, file = _oracle(name), tmp_path / f"theirs{suffix}"
    if suffix == ".pth":
        torch.save(oracle.state_dict(), file)
    else:
        save_file(oracle.state_dict(), file)
    _assert_same(name, oracle, file)


def test_inception_v3_at_its_own_size(tmp_path: Path) -> None:
    oracle, file = _oracle("inception_v3"), tmp_path / "theirs.pth"
    torch.save(oracle.state_dict(), file)
    ours = variant("inception_v3").build()
    load_published(ours, file, "inception_v3")
    x = torch.randn(1, 3, 299, 299, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected, got = oracle(x), ours(x)[0]
    assert (got - expected).abs().max() <= TOLERANCE * expected.abs().max()


@pytest.mark.parametrize("name", [*TORCHVISION, *TIMM_MODELS])
def test_names_lead_to_tensors_of_the_same_shape(name: str) -> None:
    """For all variants, also those that are too large to run here; outputs are compared by the architectures' tests."""
    layout = "timm" if name in TIMM_MODELS else "torchvision"
    with torch.device("meta"):
        if name in TIMM_MODELS:
            theirs = timm.create_model(TIMM_MODELS[name])
        else:
            warns = {"init_weights": False} if TORCHVISION[name] in ("googlenet", "inception_v3") else {}
            theirs = get_model(TORCHVISION[name], **warns)
    state = {n: tuple(t.shape) for n, t in theirs.state_dict().items() if not n.endswith("num_batches_tracked")}
    names = layouts(name)[layout]  # type: ignore[index]
    assert {theirs: shapes(name)[ours] for ours, theirs in names.items()} == state


def test_densenets_of_the_old_names(tmp_path: Path) -> None:
    oracle, file = _oracle("densenet121"), tmp_path / "densenet121-a639ec97.pth"
    state = oracle.state_dict()
    old = {re.sub(r"(denselayer\d+\.)(norm|conv)([12])", r"\1\2.\3", name): t for name, t in state.items()}
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    torch.save({name: t for name, t in old.items() if not name.endswith("num_batches_tracked")}, file)
    _assert_same("densenet121", oracle, file)


def test_a_file_of_another_network_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "resnet18.pth"
    torch.save(_oracle("resnet18").state_dict(), file)
    model = variant("resnet34").build()
    before = {name: t.clone() for name, t in model.state_dict().items()}
    with pytest.raises(
        WeightsError, match=r"resnet18\.pth has 102 tensors, resnet34 needs 182: it is another network's"
    ):
        load_published(model, file, "resnet34")
    assert all(torch.equal(t, before[name]) for name, t in model.state_dict().items())


def test_one_wrong_shape_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ten.pth"
    torch.save(get_model("resnet18", num_classes=10).state_dict(), file)
    with pytest.raises(WeightsError, match=r"fc\.weight is \(10, 512\), head\.fc\.weight must be \(1000, 512\)"):
        load_published(variant("resnet18").build(), file, "resnet18")


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_shapes_are_read_as_the_tensors_are(suffix: str, tmp_path: Path) -> None:
    state, file = get_model("resnet18").state_dict(), tmp_path / f"x{suffix}"
    save_file(state, file) if suffix == ".safetensors" else torch.save(state, file)
    assert read_shapes(file) == {name: tuple(t.shape) for name, t in read_tensors(file).items()}
    assert not any(name.endswith("num_batches_tracked") for name in read_shapes(file))


# ---- the cache folder ----------------------------------------------------------------------------------------


def test_the_cache_folder_is_the_chosen_one_or_the_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_CACHE", "~/weights")
    assert cache_folder() == Path.home() / "weights"
    monkeypatch.delenv("EXPLORER_CACHE")
    assert cache_folder().name == "cnn-explorer"
    assert cache_folder() == user_cache_path("cnn-explorer", appauthor=False, opinion=False)


def test_only_a_whole_file_counts_as_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path))
    assert downloaded_file("resnet18") is None
    (tmp_path / "resnet18-f37072fd.0123.part.pth").touch()
    assert downloaded_file("resnet18") is None
    (tmp_path / "resnet18-f37072fd.pth").touch()
    assert downloaded_file("resnet18") == tmp_path / "resnet18-f37072fd.pth"
    assert downloaded_file("lenet5") is None
