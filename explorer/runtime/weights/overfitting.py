"""The networks of the experiment on overfitting, and what was measured (`explorer.training.overfitting` makes them)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch import Tensor, nn

from explorer import ASSETS
from explorer.architectures import variant
from explorer.runtime.preprocessing import Preprocessing, preprocessing_for

FOLDER = ASSETS / "overfitting"


@dataclass(frozen=True)
class Trained:
    """One of the networks after every epoch, on some pictures of each split, and at the end on all of them.

    Attributes:
        augmented: whether its training pictures were.
        seen, unseen: accuracy in percent by epoch, on training and on validation pictures, none of them augmented.
        seen_loss, unseen_loss: mean cross-entropy by epoch.
        top1: accuracy in percent at the end on all pictures, training and validation, with float16 weights.
        images: how many these are.
    """

    augmented: bool
    seen: tuple[float, ...]
    unseen: tuple[float, ...]
    seen_loss: tuple[float, ...]
    unseen_loss: tuple[float, ...]
    top1: tuple[float, float]
    images: tuple[int, int]


def record_file() -> Path:
    """What was done and measured."""
    return FOLDER / "record.json"


def weights_file(name: str) -> Path:
    """Where a network's weights are."""
    return FOLDER / f"{name}.safetensors"


@cache
def record() -> dict[str, Any]:
    """The experiment's record: versions, seed, and of each network its recipe, its epochs and the end."""
    found: dict[str, Any] = json.loads(record_file().read_text(encoding="utf-8"))
    return found


@cache
def trained() -> dict[str, Trained]:
    """The networks by their names."""
    return {name: _trained(fields) for name, fields in record()["networks"].items()}


def _trained(fields: dict[str, Any]) -> Trained:
    def by_epoch(key: str) -> tuple[float, ...]:
        return tuple(epoch[key] for epoch in fields["epochs"])

    recipe, train, val = fields["recipe"], fields["train"], fields["val"]
    return Trained(
        augmented=recipe["augmented"],
        seen=by_epoch("seen_top1"),
        unseen=by_epoch("top1"),
        seen_loss=by_epoch("seen_loss"),
        unseen_loss=by_epoch("val_loss"),
        top1=(train["top1"], val["top1"]),
        images=(train["images"], val["images"]),
    )


def side() -> int:
    """Pixels of a side of the pictures that they were trained with."""
    recipes = [fields["recipe"] for fields in record()["networks"].values()]
    found: int = recipes[0]["phases"][0]["size"]
    return found


def preprocessing() -> Preprocessing:
    """The whole middle square at the training's size."""
    return square(side())


def square(pixels: int) -> Preprocessing:
    """The whole middle square in this size, normalized as ImageNet's pictures are."""
    return replace(preprocessing_for((3, pixels, pixels)), resize=pixels, crop=pixels)


def load(name: str, classes: int = 10) -> nn.Module:
    """One of the networks, in eval mode and without gradients."""
    recipe = record()["networks"][name]["recipe"]
    ablation = recipe["phases"][0]["build"]
    model = variant(record()["variant"]).build(**ablation, width=recipe["width"], num_classes=classes)
    return with_weights(model, load_file(weights_file(name)))


def with_weights(model: nn.Module, weights: dict[str, Tensor]) -> nn.Module:
    """The model with these weights, in eval mode and without gradients."""
    model.load_state_dict({key: value.float() for key, value in weights.items()})
    return model.requires_grad_(False).eval()
