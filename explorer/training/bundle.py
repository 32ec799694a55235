"""From a trained network to what the app carries: the float16 file, its record, its entry in the manifest."""

from __future__ import annotations

import hashlib
import platform
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
import torchvision
from safetensors.torch import save_file

from explorer.architectures.family import Variant
from explorer.runtime.preprocessing import Preprocessing, preprocessing_for
from explorer.runtime.weights import bundled
from explorer.runtime.weights.bundled import Bundled
from explorer.runtime.weights.network import BUNDLED, load_network
from explorer.training import data as datasets
from explorer.training.data import Dataset
from explorer.training.evaluate import Evaluation, evaluate
from explorer.training.recipe import RECIPES, Recipe
from explorer.training.train import Report, Training, fit


class NoRecipe(ValueError):
    """The variant is not one of those that are trained; the message names these."""


def recipe_for(variant: Variant) -> Recipe:
    """How the variant is trained. Raises NoRecipe."""
    if variant.name not in RECIPES:
        raise NoRecipe(f"There is no recipe for {variant.name}; there is one for {', '.join(RECIPES)}.")
    return RECIPES[variant.name]


def preprocessing(variant: Variant, recipe: Recipe) -> Preprocessing:
    """The whole picture at the network's input size; a digit of 28x28 pixels with a black border."""
    default = preprocessing_for(variant.input_size)
    if recipe.data == "mnist":
        return replace(default, resize=28, crop=28, pad=2)
    return replace(default, resize=default.crop)


def train(
    variant: Variant,
    directory: Path,
    work: Path,
    device: torch.device,
    *,
    download: bool = False,
    seed: int = 0,
    report: Report = print,
) -> Bundled:
    """Train a variant, or go on where an interrupted training stopped; put the result among the bundled weights.

    `work` keeps the checkpoint. Raises NoRecipe or DataError.
    """
    recipe = recipe_for(variant)
    train_split = datasets.load(recipe.data, directory, "train", download)
    val_split = datasets.load(recipe.data, directory, "val")
    work.mkdir(parents=True, exist_ok=True)
    checkpoint = work / f"{variant.name}.checkpoint"
    training = fit(variant, recipe, train_split, val_split, device, checkpoint, seed, report)
    return bundle(training, val_split, seed)


def bundle(training: Training, val: Dataset, seed: int) -> Bundled:
    """Store a trained network, measure the stored file as the app loads it, and note both."""
    variant, recipe = training.variant, training.recipe
    entry = _store(training, val.classes)
    bundled.write(entry)
    result = evaluate(load_network(variant, BUNDLED), val)
    entry = replace(entry, top1=round(result.top1, 3), images=result.images)
    bundled.write(entry)
    record = _record(recipe, training, result, seed)
    entry.write_record(record)
    return entry


def _store(training: Training, classes: tuple[str, ...]) -> Bundled:
    variant, recipe = training.variant, training.recipe
    bundled.DIRECTORY.mkdir(parents=True, exist_ok=True)
    file = bundled.DIRECTORY / f"{variant.name}.safetensors"
    state = {k: v.detach().cpu() for k, v in training.model.state_dict().items() if v.is_floating_point()}
    halves = {k: v.to(torch.float16).contiguous() for k, v in state.items()}
    overflown = [k for k, v in halves.items() if not v.isfinite().all()]
    if overflown:
        raise ArithmeticError(f"float16 is too small for {', '.join(overflown)} of {variant.name}.")
    partial = file.with_suffix(".part")
    save_file(halves, partial)
    partial.replace(file)
    content = file.read_bytes()
    return Bundled(
        variant=variant.name,
        file=file.name,
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        data=recipe.data,
        width=recipe.width,
        classes=classes,
        preprocessing=preprocessing(variant, recipe),
        top1=0.0,
        images=0,
        epochs=recipe.epochs,
    )


def _record(recipe: Recipe, training: Training, result: Evaluation, seed: int) -> dict[str, Any]:
    return {
        "variant": training.variant.name,
        "data": recipe.data,
        "recipe": asdict(recipe),
        "seed": seed,
        "epochs": [asdict(e) for e in training.epochs],
        "top1": result.top1,
        "confusion": result.confusion,
        "fit": result.fit.stored(),
        "device": str(training.device),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
        },
        "date": time.strftime("%Y-%m-%d"),
    }
