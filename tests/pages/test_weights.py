"""Which weights a page runs with: the best that are here, or the chosen ones; in the link, and said at the maps."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from explorer.architectures import variant
from explorer.runtime.weights.bundled import manifest
from explorer.runtime.weights.network import load_network
from explorer.ui import cache

Open = Callable[..., Any]  # -> Visit of conftest.py


def test_a_bundled_network_is_the_default_and_says_what_it_is(visit: Open) -> None:
    page = visit("resnet", variant="resnet34", node="conv3_x.0.conv1")
    entry = manifest()["resnet34"]
    assert page.app.radio(key="weights").value == "bundled"
    assert f"**Trained: quarter width, Imagenette, 10 classes, {entry.top1:.1f} % right**" in page.text
    assert "32 maps of 28×28 (paper: 128)" in page.text
    assert page.maps["shape"][0] == 32
    said = re.search(r"Closest of the 10 classes this network knows: (.*)", page.text)
    assert said is not None
    named = re.findall(r"\*\*(.+?)\*\* [\d.]+%", said[1])
    assert len(named) == 5 and set(named) <= set(entry.classes)
    assert "weights" not in page.link


def test_untrained_weights_are_chosen_kept_and_in_the_link(visit: Open) -> None:
    page = visit("resnet", variant="resnet34")
    page.app.radio(key="weights").set_value("untrained")
    page.run()
    assert page.link["weights"] == "untrained"
    assert "**Untrained network**" in page.text
    page.open("lenet")
    assert page.app.radio(key="weights").value == "untrained"
    page.open("resnet", variant="resnet34")  # a link that says nothing of weights
    assert page.app.radio(key="weights").value == "bundled"
    again = visit("resnet", variant="resnet34", weights="untrained")
    assert again.app.radio(key="weights").value == "untrained"


def test_a_link_to_weights_that_are_not_here(visit: Open) -> None:
    page = visit("resnet", variant="resnet18", weights="bundled")
    assert page.app.radio(key="weights").value == "untrained"
    assert page.warnings == ["There are no weights called 'bundled' for resnet18; untrained is shown."]


def test_the_lecture_halls_folder(visit: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save(variant("resnet18").build().state_dict(), tmp_path / "resnet18.pth")
    (tmp_path / "resnet50.pth").write_bytes(b"nonsense")
    monkeypatch.setenv("EXPLORER_WEIGHTS", str(tmp_path))
    page = visit("resnet", variant="resnet18")
    assert page.app.radio(key="weights").options == ["ImageNet: resnet18.pth", "Untrained: random, seeded"]
    assert "Trained on ImageNet: resnet18.pth" in page.text
    assert "resnet50.pth is not a readable weights file" in page.text
    assert load_network(variant("resnet18"), "folder").classes[281] == "tabby"
    cache.network.cache.clear()
    cache.activations.cache.clear()


def test_the_training_record(visit: Open) -> None:
    page = visit("lenet", variant="lenet5")
    assert "How these weights were trained" in [header.value for header in page.app.header]
    first, second = (manifest()[name] for name in ("lenet5", "lenet5_modern"))
    assert f"**{first.top1:.2f} %** of the 10,000 validation pictures of MNIST" in page.text
    assert f"lenet5 **{first.top1:.2f} %** · lenet5_modern **{second.top1:.2f} %**" in page.text
    assert "The loss leaps" not in page.text
    deeper = visit("googlenet", variant="googlenet")
    assert "The loss leaps where the auxiliary heads train" in deeper.text
    phases = manifest()["googlenet"].record()["recipe"]["phases"]
    altered = next(i for i, phase in enumerate(phases) if phase.get("altered"))
    before, last = (sum(phase["epochs"] for phase in phases[:end]) for end in (altered, altered + 1))
    assert f"In epochs {before + 1} to {last} the training pictures are altered more" in deeper.text
    nothing = visit("resnet", variant="resnet18")
    assert "How these weights were trained" not in [header.value for header in nothing.app.header]
