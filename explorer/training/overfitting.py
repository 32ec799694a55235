"""An experiment: one small AlexNet trained twice, with augmentation and without, so that it overfits.

Both have the same recipe and number of epochs; but for the seed they differ only in whether training pictures are
augmented (random crops, mirroring, AlexNet's colour shift). What else fights overfitting is off in both: dropout,
weight decay, label smoothing. To repeat it: `python -m explorer overfitting --data DIR`.
"""

from __future__ import annotations

import hashlib
import json
import platform
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
import torchvision
from safetensors.torch import save_file

from explorer.architectures import variant
from explorer.runtime.augmentation import ALPHA_STD
from explorer.runtime.weights import overfitting
from explorer.training import data as datasets
from explorer.training.data import Dataset
from explorer.training.recipe import Phase, Recipe
from explorer.training.train import Report, Training, fit, measure

VARIANT = "alexnet_owt"  # without response normalization, which costs more than all else in so small a network
SIDE = 96  # pixels of a picture
CYCLES = ((30, 1e-3), (25, 1e-3))  # epochs and peak of the learning rate
PICTURES = 1_600  # of the training split's 9,469: with fewer to learn from, a network overfits sooner
WATCHED = 500  # pictures of each split, on which loss and accuracy are measured after every epoch

_AUGMENTED = Recipe(
    (Phase(sum(epochs for epochs, _ in CYCLES), SIDE, {"dropout": "none"}),),
    width=0.125,
    optimizer="adamw",
    cycles=CYCLES,
    weight_decay=0.0,
    label_smoothing=0.0,
    lighting=ALPHA_STD,
    precision="float32",
)
# AlexNet's start with small weights and no normalization leaves a network at chance now and then: with seed 0, the one
# with augmented pictures.
SEEDS = {"plain": 0, "augmented": 1}
NETWORKS = {"plain": replace(_AUGMENTED, augmented=False), "augmented": _AUGMENTED}


def train(directory: Path, work: Path, device: torch.device, *, download: bool = False, report: Report = print) -> None:
    """Train both, or go on where an interrupted training stopped; store weights and the record.

    `work` keeps the checkpoints. Raises DataError.
    """
    splits = [datasets.load("imagenette", directory, split, download) for split in datasets.SPLITS]
    splits[0] = _some(splits[0], PICTURES)
    watched, val = (_some(data, WATCHED) for data in splits)
    work.mkdir(parents=True, exist_ok=True)
    overfitting.FOLDER.mkdir(parents=True, exist_ok=True)
    for name, recipe in NETWORKS.items():
        report(f"{name}:")
        checkpoint = work / f"overfitting-{name}.checkpoint"
        training = fit(variant(VARIANT), recipe, splits[0], val, device, checkpoint, SEEDS[name], report, watched)
        _write(name, _result(name, training, splits))


def _some(data: Dataset, count: int) -> Dataset:
    """So many pictures, the same each time."""
    chosen = torch.randperm(len(data), generator=torch.Generator().manual_seed(0))[:count]
    return replace(data, images=data.images[chosen], labels=data.labels[chosen])


def _result(name: str, training: Training, splits: list[Dataset]) -> dict[str, Any]:
    """The network's part of the record, measured with its parameters as they are stored."""
    state = {key: value.detach().cpu() for key, value in training.model.state_dict().items()}
    halves = {key: value.to(torch.float16).contiguous() for key, value in state.items()}
    save_file(halves, overfitting.weights_file(name))
    content = overfitting.weights_file(name).read_bytes()
    recipe = training.recipe
    model = training.variant.build(**recipe.phases[0].build, width=recipe.width, num_classes=len(splits[0].classes))
    finished = replace(training, model=overfitting.with_weights(model, halves).to(training.device))
    measured = {data.split: measure(finished, data, SIDE, overfitting.square(SIDE)) for data in splits}
    return {
        "recipe": asdict(training.recipe),
        "seed": SEEDS[name],
        "epochs": [asdict(e) for e in training.epochs],
        **{
            data.split: {"top1": measured[data.split][0], "loss": measured[data.split][1], "images": len(data)}
            for data in splits
        },
        "file": {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)},
    }


def _write(name: str, result: dict[str, Any]) -> None:
    """Put a network's part into the record, or in place of its former one."""
    file = overfitting.record_file()
    former = json.loads(file.read_text(encoding="utf-8"))["networks"] if file.exists() else {}
    content = {
        "variant": VARIANT,
        "data": "imagenette",
        "pictures": PICTURES,
        "watched": WATCHED,
        "networks": {other: (former | {name: result})[other] for other in NETWORKS if other in former | {name: result}},
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
        },
        "date": time.strftime("%Y-%m-%d"),
    }
    file.write_text(json.dumps(content) + "\n", encoding="utf-8")
    overfitting.record.cache_clear()
    overfitting.trained.cache_clear()
