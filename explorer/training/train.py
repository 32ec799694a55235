"""The training loop: one for all networks, resumable after each epoch, the same numbers for the same seed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.transforms import v2
from tqdm import tqdm

from explorer.architectures.family import Variant
from explorer.architectures.lenet import map_loss
from explorer.runtime.augmentation import IMAGENET, colour_shift
from explorer.runtime.preprocessing import Preprocessing, preprocessing_for
from explorer.runtime.weights.network import class_scores
from explorer.training.data import Dataset
from explorer.training.recipe import Phase, Recipe

WARM_UP = 0.25  # of all steps, in which the learning rate rises
VALIDATE_EVERY = 4  # epochs; and after the last
CLIP = 5.0  # norm of the gradients: networks without normalization can explode early
AFFINE = {"degrees": 10, "translate": (0.06, 0.06), "scale": (0.9, 1.1), "shear": 5}  # distortions of digits

Report = Callable[[str], None]


@dataclass(frozen=True)
class Epoch:
    """One epoch's record.

    Attributes:
        loss: in training: of the augmented pictures, with dropout.
        top1, val_loss: accuracy in percent and cross-entropy on the validation split at the training's size, where they
            were measured.
        seen_top1, seen_loss: the same on training pictures, where these were watched, too.
    """

    number: int
    size: int
    loss: float
    seconds: float
    top1: float | None
    val_loss: float | None = None
    seen_top1: float | None = None
    seen_loss: float | None = None


@dataclass
class Training:
    """A network in training, and all that a resumed training needs."""

    variant: Variant
    recipe: Recipe
    device: torch.device
    model: nn.Module
    optimizer: torch.optim.Optimizer
    epochs: list[Epoch]

    @property
    def epochs_done(self) -> int:
        return len(self.epochs)


def phase_of(recipe: Recipe, epoch: int) -> Phase:
    """The phase to which the epoch, counted from 0, belongs."""
    for phase in recipe.phases:
        if epoch < phase.epochs:
            return phase
        epoch -= phase.epochs
    raise ValueError("The training has fewer epochs.")


def learning_rate(recipe: Recipe, epoch: float) -> float:
    """In each cycle a straight rise to the peak, then half a cosine to 0. `epoch`: how many are done, in fractions."""
    done, peak = recipe.cycle_of(epoch)
    if done < WARM_UP:
        return peak * (0.04 + 0.96 * done / WARM_UP)
    return peak * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP))) / 2


def _loss(outputs: Tensor | tuple[Tensor, ...], labels: Tensor, recipe: Recipe) -> Tensor:
    if isinstance(outputs, tuple):
        main, *heads = outputs
        return _loss(main, labels, recipe) + sum(recipe.auxiliary * _loss(head, labels, recipe) for head in heads)
    if recipe.loss == "map":
        return map_loss(outputs.float(), labels)
    return F.cross_entropy(outputs.float(), labels, label_smoothing=recipe.label_smoothing)


def _augment(images: Tensor, phase: Phase, recipe: Recipe) -> Tensor:
    """Photographs: a crop and a flip of its own for each. Digits: one affine distortion for each eight, no flip."""
    if not recipe.augmented:
        return _whole(images, phase.size, recipe.data)
    if recipe.data == "mnist":
        distort = v2.RandomAffine(**AFFINE, interpolation=v2.InterpolationMode.BILINEAR)
        return torch.cat([distort(part) for part in F.pad(images, [2] * 4).split(8)])
    least = recipe.least_area if phase.least_area is None else phase.least_area
    crop = [v2.RandomResizedCrop(phase.size, (least, 1.0), antialias=True), v2.RandomHorizontalFlip()]
    each = v2.Compose([*crop, v2.TrivialAugmentWide()] if phase.altered else crop)
    augmented = torch.stack([each(image) for image in images])
    return _lit(augmented, recipe.lighting) if recipe.lighting else augmented


def _lit(images: Tensor, std: float) -> Tensor:
    """Each picture's colours shifted along ImageNet's principal components by random factors (AlexNet, section 4.1)."""
    alphas = torch.randn(len(images), 3) * std
    shifts = np.stack([colour_shift(IMAGENET, row) for row in alphas.tolist()])
    levels = 255 * torch.from_numpy(shifts).float()[:, :, None, None]
    return (images + levels).round().clamp(0, 255).to(torch.uint8)


def _whole(images: Tensor, size: int, data: str) -> Tensor:
    """Pictures as they are: photographs made `size` pixels wide, digits with a black border."""
    return F.pad(images, [2] * 4) if data == "mnist" else v2.functional.resize(images, [size, size])


def _normalized(images: Tensor, preprocessing: Preprocessing) -> Tensor:
    mean, std = list(preprocessing.mean), list(preprocessing.std)
    return v2.functional.normalize(images.float() / 255, mean, std)


def _batches(data: Dataset, recipe: Recipe, phase: Phase) -> Iterator[tuple[Tensor, Tensor]]:
    """The epoch's augmented batches; pictures beyond the last full batch wait for another epoch."""
    order = torch.randperm(len(data))
    for indices in order.split(recipe.batch):
        if len(indices) == recipe.batch:
            yield _augment(data.images[indices], phase, recipe), data.labels[indices]


def _build(variant: Variant, recipe: Recipe, phase: Phase, classes: int, device: torch.device) -> nn.Module:
    model = variant.build(**phase.build, width=recipe.width, num_classes=classes)
    return model.to(device).to(memory_format=torch.channels_last)


def _optimizer(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Weight decay is for the weights of convolutions and linear layers, not for vectors: biases, gains, shifts."""
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}]
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(groups, recipe.peak)
    return torch.optim.SGD(groups, recipe.peak, momentum=0.9, nesterov=True)


def measure(training: Training, data: Dataset, size: int, preprocessing: Preprocessing) -> tuple[float, float]:
    """Top-1 accuracy in percent and mean cross-entropy, on whole pictures of the phase's size."""
    training.model.eval()
    right, loss = 0, 0.0
    with torch.inference_mode(), _mixed(training):
        for images, labels in zip(data.images.split(128), data.labels.split(128), strict=True):
            shown = _whole(images, size, data.name)
            outputs = training.model(_on(_normalized(shown, preprocessing), training.device))
            scores = class_scores(training.model, outputs).float().cpu()
            right += int((scores.argmax(1) == labels).sum())
            loss += float(F.cross_entropy(scores, labels, reduction="sum"))
    return 100 * right / len(data), loss / len(data)


def _on(images: Tensor, device: torch.device) -> Tensor:
    return images.to(device, memory_format=torch.channels_last)


def _mixed(training: Training) -> torch.autocast:
    """bfloat16 for photographs: twice as fast on processors that have it, and on GPUs. LeNet-5 is too small to gain."""
    return torch.autocast(training.device.type, torch.bfloat16, enabled=training.recipe.mixed)


def fit(
    variant: Variant,
    recipe: Recipe,
    train: Dataset,
    val: Dataset,
    device: torch.device,
    checkpoint: Path,
    seed: int = 0,
    report: Report = print,
    watched: Dataset | None = None,
) -> Training:
    """Train from scratch, or go on from `checkpoint`, which is written after each epoch.

    `watched`: some of the training pictures; on these and on `val`, loss and accuracy are measured after every epoch.
    """
    torch.manual_seed(seed)
    classes = len(train.classes)
    model = _build(variant, recipe, recipe.phases[0], classes, device)
    training = Training(variant, recipe, device, model, _optimizer(model, recipe), [])
    if checkpoint.exists():
        _resume(training, checkpoint, classes)
        report(f"{variant.name}: resumed after epoch {training.epochs_done}")
    preprocessing = preprocessing_for(variant.input_size)
    for number in range(training.epochs_done, recipe.epochs):
        phase = phase_of(recipe, number)
        if number and phase.build != phase_of(recipe, number - 1).build:
            _change_build(training, phase, classes)
        start = time.perf_counter()
        loss = _epoch(training, train, phase, number, preprocessing)
        measured = watched is not None or (number + 1) % VALIDATE_EVERY == 0 or number + 1 == recipe.epochs
        unseen = measure(training, val, phase.size, preprocessing) if measured else (None, None)
        seen = measure(training, watched, phase.size, preprocessing) if watched is not None else (None, None)
        epoch = Epoch(number + 1, phase.size, loss, time.perf_counter() - start, *unseen, *seen)
        training.epochs.append(epoch)
        _save(training, checkpoint)
        accuracy = "" if epoch.top1 is None else f", top-1 {epoch.top1:.2f} %"
        if epoch.seen_top1 is not None:
            accuracy += f" (of pictures seen in training {epoch.seen_top1:.2f} %)"
        report(
            f"{variant.name}: epoch {number + 1}/{recipe.epochs} at {phase.size} px, loss {loss:.4f}{accuracy}, "
            f"{epoch.seconds:.0f} s"
        )
    return training


def _epoch(training: Training, data: Dataset, phase: Phase, number: int, preprocessing: Preprocessing) -> float:
    """One epoch; returns its mean loss."""
    recipe, model, optimizer = training.recipe, training.model.train(), training.optimizer
    steps = len(data) // recipe.batch
    total = 0.0
    title = f"{training.variant.name} {number + 1}/{recipe.epochs}"
    # disable=None: no bar where nobody looks
    batches = tqdm(_batches(data, recipe, phase), title, steps, leave=False, disable=None)
    for step, (images, labels) in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(recipe, number + step / steps)
        with _mixed(training):
            outputs = model(_on(_normalized(images, preprocessing), training.device))
        loss = _loss(outputs, labels.to(training.device), recipe)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        total += loss.item()
        if not math.isfinite(total):
            raise ArithmeticError(f"The loss of {training.variant.name} is no longer finite (epoch {number + 1}).")
    return total / steps


def _change_build(training: Training, phase: Phase, classes: int) -> None:
    """Go on with the same parameters in a network built otherwise; what is new in it starts untrained.

    Where it has fewer, the others are dropped: parts that come back start again.
    """
    model = _build(training.variant, training.recipe, phase, classes, training.device)
    new, dropped = model.load_state_dict(training.model.state_dict(), strict=False)
    assert not (new and dropped), (new, dropped)
    training.model, training.optimizer = model, _optimizer(model, training.recipe)


def _save(training: Training, checkpoint: Path) -> None:
    state = {
        "epochs": [asdict(e) for e in training.epochs],
        "model": training.model.state_dict(),
        "optimizer": training.optimizer.state_dict(),
        "random": torch.get_rng_state(),
    }
    partial = checkpoint.with_suffix(".part")
    torch.save(state, partial)
    partial.replace(checkpoint)


def _resume(training: Training, checkpoint: Path, classes: int) -> None:
    state: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=True)
    training.epochs = [Epoch(**e) for e in state["epochs"]]
    last = phase_of(training.recipe, len(training.epochs) - 1)
    training.model = _build(training.variant, training.recipe, last, classes, training.device)
    training.optimizer = _optimizer(training.model, training.recipe)
    training.model.load_state_dict(state["model"])
    training.optimizer.load_state_dict(state["optimizer"])
    torch.set_rng_state(state["random"])
