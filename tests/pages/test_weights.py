"""Which weights a page runs with: the best that are here, or the chosen ones; in the link, and said at the maps."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import torch

from explorer.architectures import variant
from explorer.runtime.run import Run
from explorer.runtime.weights.bundled import manifest
from explorer.runtime.weights.network import NARROW, UNTRAINED, describe_weights, load_network
from explorer.ui import cache
from explorer.ui.sidebar import sample_picture

Open = Callable[..., Any]  # -> tests.visit.Visit


def test_a_bundled_network_is_the_default_and_says_what_it_is(visit: Open) -> None:
    page = visit("resnet", variant="resnet34", node="conv3_x.0.conv1")
    entry = manifest()["resnet34"]
    assert page.app.radio(key="weights-box").value == "bundled"
    assert f"Trained: quarter width, Imagenette, 10 classes, {entry.top1:.1f} % right" in page.text
    assert "32 maps of 28×28 (paper: 128; ours is a quarter as wide)" in page.text
    assert page.maps["shape"][0] == 32
    assert sum(bool(re.search(rf"{re.escape(name)} [\d.]+%", page.text)) for name in entry.classes) == 3
    assert "weights" not in page.link


def test_untrained_weights_are_chosen_kept_and_in_the_link(visit: Open) -> None:
    page = visit("resnet", variant="resnet34")
    page.app.radio(key="weights-box").set_value("untrained")
    page.run()
    assert page.link["weights"] == "untrained"
    assert "**Untrained network**" in page.text
    page.open("lenet")
    assert page.app.radio(key="weights-box").value == "untrained"
    page.open("resnet", variant="resnet34")  # a link that says nothing of weights
    assert page.app.radio(key="weights-box").value == "bundled"
    again = visit("resnet", variant="resnet34", weights="untrained")
    assert again.app.radio(key="weights-box").value == "untrained"


def test_a_link_to_weights_that_are_not_here(visit: Open) -> None:
    page = visit("resnet", variant="resnet34_a", weights="bundled")
    assert page.app.radio(key="weights-box").value == "narrow"
    assert "There are no bundled weights for ResNet\\-34\\, option A." in page.text
    assert "weights" not in page.link
    page.open("resnet", variant="resnet34_a", weights="golden")
    assert len(page.warnings) == 1


def test_the_lecture_halls_folder(visit: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save(variant("resnet34_a").build().state_dict(), tmp_path / "resnet34_a.pth")
    (tmp_path / "resnet50.pth").write_bytes(b"nonsense")
    monkeypatch.setenv("EXPLORER_WEIGHTS", str(tmp_path))
    page = visit("resnet", variant="resnet34_a")
    trained, *untrained = page.app.radio(key="weights-box").options
    assert trained == "ImageNet: resnet34_a.pth"
    assert untrained == [describe_weights(variant("resnet34_a"), weights) for weights in (NARROW, UNTRAINED)]
    assert "Trained on ImageNet: resnet34_a.pth" in page.text
    assert "resnet50.pth is not a readable weights file" in page.text
    assert load_network(variant("resnet34_a"), "folder").classes[281] == "tabby"
    cache.forget("folder")


def test_the_training_record(visit: Open) -> None:
    page = visit("lenet", variant="lenet5", section="training")
    assert page.warnings == []
    first, second = (manifest()[name] for name in ("lenet5", "lenet5_modern"))
    assert f"**{first.top1:.1f} %**" in page.text and f"**{second.top1:.1f} %**" in page.text
    assert len(page.app.get("plotly_chart")) == 2
    nothing = visit("resnet", variant="resnet34_a")
    assert "Training" not in nothing.sections


def test_what_is_told_about_the_phases_of_a_training(visit: Open) -> None:
    page = visit("googlenet", variant="googlenet", section="training")
    phases = manifest()["googlenet"].record()["recipe"]["phases"]
    altered = next(i for i, phase in enumerate(phases) if phase.get("altered"))
    before, last = (sum(phase["epochs"] for phase in phases[:end]) for end in (altered, altered + 1))
    assert f"{before + 1} to {last}" in page.text


def _file(name: str, seed: int, **more: Any) -> bytes:
    torch.manual_seed(seed)
    file = BytesIO()
    torch.save(variant(name).build(**more).state_dict(), file)
    return file.getvalue()


def test_ones_own_weights(visit: Open) -> None:
    page = visit("resnet", variant="resnet20_cifar")

    def give(key: str, content: bytes, name: str) -> None:
        page.app.file_uploader(key=key).set_value((name, content, ""))
        page.run()

    give("own-weights-file", b"no weights", "mine.pth")
    assert "is not a readable weights file" in page.app.error[0].value
    assert "weights" not in page.link
    give("own-weights-file", _file("resnet20_cifar", 5), "mine_*x*.pth")
    assert not page.app.error
    assert page.link["weights"] == "own"
    assert page.app.radio(key="weights-box").value.startswith("own:")
    assert r"mine\_\*x\*\.pth" in page.text
    assert "Your weights" in page.text and re.search(r"class \d", page.text)
    give("own-weights-classes", b"a\nb\n", "names.txt")
    assert "The list has 2 names" in page.app.error[0].value
    give("own-weights-classes", "\n".join(f"**kind** {i}" for i in range(10)).encode(), "names.txt")
    assert "＊＊kind＊＊" in page.text and not re.search(r"class \d", page.text)

    first = Run("resnet20_cifar", page.app.session_state["own-weights"].key, "cpu", sample_picture())
    assert cache.network.has(first)
    give("own-weights-file", _file("resnet20_cifar", 6), "other.pth")
    assert not cache.network.has(first)
    page.open("compare", compare__a="resnet20_cifar")
    page.open("resnet", variant="resnet34", weights="own")
    assert page.app.radio(key="weights-box").value == "bundled"
    assert "Your own weights are those of ResNet\\-20" in page.text
    page.open("resnet", variant="resnet20_cifar", weights="own")
    assert page.app.radio(key="weights-box").value.startswith("own:")

    elsewhere = visit("resnet", variant="resnet20_cifar", weights="own")
    assert elsewhere.app.radio(key="weights-box").value == "untrained"
    assert "for that session only" in elsewhere.text
    assert "weights" not in elsewhere.link
