"""The experiment on overfitting: its record, its files, and that they show what the page says."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace

import pytest
import torch

from explorer.runtime.pictures import load_image
from explorer.runtime.preprocessing import model_input
from explorer.runtime.samples import sample
from explorer.runtime.weights import bundled, overfitting
from explorer.training.overfitting import CYCLES, NETWORKS, PICTURES, SEEDS, VARIANT, WATCHED

NAMES = list(NETWORKS)


def test_the_record_is_that_of_the_recipes() -> None:
    record = overfitting.record()
    assert (record["variant"], record["pictures"], record["watched"]) == (VARIANT, PICTURES, WATCHED)
    assert list(overfitting.trained()) == NAMES
    for name in NAMES:
        assert record["networks"][name]["seed"] == SEEDS[name]
        assert record["networks"][name]["recipe"] == json.loads(json.dumps(asdict(NETWORKS[name])))


@pytest.mark.parametrize("name", NAMES)
def test_a_curve_has_a_point_for_each_epoch(name: str) -> None:
    network = overfitting.trained()[name]
    for curve in (network.seen, network.unseen, network.seen_loss, network.unseen_loss):
        assert len(curve) == sum(epochs for epochs, _ in CYCLES) and min(curve) >= 0
    assert max(*network.seen, *network.unseen) <= 100
    assert network.images == (PICTURES, 3925)
    # The last point of each curve is of fewer pictures than the end: three standard errors.
    assert network.seen[-1] == pytest.approx(network.top1[0], abs=6.7)
    assert network.unseen[-1] == pytest.approx(network.top1[1], abs=6.7)
    assert network.augmented == (name == "augmented")


def test_the_two_differ_in_one_thing() -> None:
    assert replace(NETWORKS["plain"], augmented=True) == NETWORKS["augmented"]


def test_without_augmentation_the_gap_is_larger_and_others_are_recognized_less() -> None:
    plain, augmented = (overfitting.trained()[name] for name in NAMES)
    gaps = [network.top1[0] - network.top1[1] for network in (plain, augmented)]
    assert gaps[0] > 2 * gaps[1]
    assert plain.top1[1] < augmented.top1[1]


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_the_one_that_was_measured(name: str) -> None:
    content = overfitting.weights_file(name).read_bytes()
    stored = overfitting.record()["networks"][name]["file"]
    assert stored == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    model = overfitting.load(name)
    assert not model.training and not any(p.requires_grad for p in model.parameters())
    picture = load_image(sample("cat").path).image
    with torch.inference_mode():
        logits = model(model_input(picture, overfitting.preprocessing()).tensor)
    assert logits.shape == (1, 10) and bool(logits.isfinite().all())


def test_all_weights_together_are_small() -> None:
    stored = sum(overfitting.weights_file(name).stat().st_size for name in NAMES)
    assert stored + sum(entry.bytes for entry in bundled.manifest().values()) <= 40e6
    assert {f.name for f in overfitting.FOLDER.iterdir()} == {
        "record.json",
        *(f"{name}.safetensors" for name in NAMES),
    }
