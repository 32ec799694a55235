"""What reaches each convolution before any training: gradients backwards, signals forwards.

One forward and one backward pass of a CIFAR network (He et al., arXiv 1512.03385, section 4.2) that is made for it
and thrown away. The networks that the app shows are never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.architectures.resnet import BasicBlock, ResNet, ResNetConfig
from explorer.runtime.device import training_slot
from explorer.runtime.maps import DoubleArray

Initialization = Literal["he", "torch", "xavier", "normal"]
DEPTHS = (20, 32, 44, 56, 110)
LEVEL_RATIO = 10.0  # ratios between its reciprocal and itself are called level
VANISHING_NORM = 1e-6  # gradients vanish where all norms are smaller
EXPLODING_NORM = 1e3  # and explode where all are larger


@dataclass(frozen=True)
class Recipe:
    """A network at its initialization. With `skips`, option A: the plain network has the same parameters.

    `initialization` of the convolutions: "he" as in the paper; "torch", what a Conv2d has by default; "xavier";
    "normal", a standard deviation of 0.01. The fully connected layer keeps its default.
    """

    depth: int
    skips: bool
    batch_norm: bool = True
    initialization: Initialization = "he"
    seed: int = 0

    @property
    def config(self) -> ResNetConfig:
        shortcut: Literal["padding", "none"] = "padding" if self.skips else "none"
        return ResNetConfig(self.depth, shortcut, stem="cifar", batch_norm=self.batch_norm, num_classes=10)


@dataclass(frozen=True)
class Profile:
    """What one network measures, in order of execution.

    `gradients` are the L2 norms of the loss' derivative by each convolution's weights, 0 where float32 underflows;
    `deviations` the standard deviations of the maps that leave each unit, over the batch, channels and positions.
    """

    recipe: Recipe
    convolutions: tuple[str, ...]
    gradients: DoubleArray
    units: tuple[str, ...]
    deviations: DoubleArray

    @property
    def ratio(self) -> float:
        """The first unit's first convolution's gradient over the last's; NaN where the last's is 0."""
        last = self.gradients[-1]
        return float(self.gradients[1] / last) if last else float("nan")

    @property
    def zeros(self) -> int:
        """How many gradients are exactly 0: they underflow float32."""
        return int((self.gradients == 0).sum())

    @property
    def trend(self) -> Literal["grow", "shrink", "level"]:
        """What gradients do on their way from the last convolution to the first unit."""
        if self.ratio > LEVEL_RATIO:
            return "grow"
        return "shrink" if self.ratio < 1 / LEVEL_RATIO else "level"

    @property
    def vanishes(self) -> bool:
        """Whether all gradients are next to nothing."""
        return bool(self.gradients.max() < VANISHING_NORM)

    @property
    def explodes(self) -> bool:
        """Whether all gradients are huge."""
        return bool(self.gradients.min() > EXPLODING_NORM)


def build(recipe: Recipe) -> ResNet:
    """The network in training mode. Its random numbers are its own: torch's generator is shared by all threads."""
    with torch.device("meta"):
        model = ResNet(recipe.config)
    model.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(recipe.seed)
    fill = _filling(recipe.initialization)
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            fill(module.weight, generator=generator)
        elif isinstance(module, nn.Linear):  # torch's default: uniform within 1 / sqrt(inputs)
            reach = module.in_features**-0.5
            nn.init.uniform_(module.weight, -reach, reach, generator=generator)
            nn.init.uniform_(module.bias, -reach, reach, generator=generator)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()
    return model.train()


def _filling(initialization: Initialization) -> Callable[..., Any]:
    def fill(weight: Tensor, generator: torch.Generator) -> None:
        if initialization == "he":
            nn.init.kaiming_normal_(weight, mode="fan_out", nonlinearity="relu", generator=generator)
        elif initialization == "torch":
            nn.init.kaiming_uniform_(weight, a=5**0.5, generator=generator)
        elif initialization == "xavier":
            nn.init.xavier_normal_(weight, generator=generator)
        else:
            nn.init.normal_(weight, std=0.01, generator=generator)

    return fill


def measure(recipe: Recipe, pictures: Tensor, device: torch.device) -> Iterator[tuple[float, Profile | None]]:
    """One pass forward and one backward of `pictures`, (N, 3, 32, 32), with labels drawn by the recipe's seed.

    Yields the progress in [0, 1], with the profile at the end, and holds no slot meanwhile. Stop iterating to cancel.
    """
    model = build(recipe).to(device)
    convolutions = {name: m for name, m in model.named_modules() if isinstance(m, nn.Conv2d)}
    units = {name: m for name, m in model.named_modules() if isinstance(m, BasicBlock)}
    deviations: list[float] = []
    for module in units.values():
        module.register_forward_hook(lambda _, inputs, maps: deviations.append(float(maps.detach().double().std())))
    generator = torch.Generator().manual_seed(recipe.seed)
    labels = torch.randint(recipe.config.num_classes, (len(pictures),), generator=generator).to(device)
    yield 0.1, None
    with training_slot():
        loss = F.cross_entropy(model(pictures.to(device)), labels)
    yield 0.4, None
    with training_slot():
        loss.backward()
        # float64: the squares of small numbers underflow in float32
        norms = [float(m.weight.grad.double().norm()) for m in convolutions.values() if m.weight.grad is not None]
    yield 1.0, Profile(recipe, tuple(convolutions), np.array(norms), tuple(units), np.array(deviations))
