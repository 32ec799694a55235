"""Whether a picture is like those that a network was tested on, from what its classifier reads anyway.

A softmax shares out 100 % among the classes, whatever the picture: it must name one. The features before it say more.
Those of a class's pictures lie about its average; a picture that is far from the averages of all classes is unlike
what the network knows. `Fit` keeps the averages, and how far from the nearest the pictures of the validation split are.

The largest logit flags fewer pictures of other things in each of the bundled networks, and the energy (Liu et al.
2020, "Energy-based Out-of-distribution Detection") did in the two in which it was tried. The distance was chosen
among such measures by the pictures that `others` counts: its figures are no test on new ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

PERCENTS = (0, 1, 5, 25, 50, 75, 95, 99, 100)  # of the validation split: at which shares of it the distance is kept
MOST = 95  # percent: what is farther from all classes than so many pictures of the split fits none
DIGITS = 4  # of each number that is kept

MUST_NAME_ONE = "A softmax shares out 100 %, so it must still name one:"


@dataclass(frozen=True)
class Fit:
    """Distances over a validation split.

    Attributes:
        images: how many pictures were measured.
        quantiles: for each of PERCENTS, the distance that so many percent of the pictures do not exceed.
        means: (classes, features), the average of the roots of what the classifier reads, for each class.
        others: of pictures of other things, by kind: how many there were, and how many fitted no class.
    """

    images: int
    quantiles: tuple[float, ...]
    means: Tensor
    others: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def over(cls, features: Tensor, labels: Tensor, classes: int) -> Fit:
        """From the features (N, features) and the labels (N,) of a split, with pictures of each class in a row.

        Every other picture makes the averages, and the rest is measured: a picture is nearer to an average that it is
        part of.
        """
        even, known, rest = roots(features[::2]), labels[::2], features[1::2]
        means = torch.stack([even[known == i].mean(0) for i in range(classes) if (known == i).any()])
        means = torch.tensor(_kept(means))  # as they are stored, so that the distances are those of the app
        # "higher", and rounded up: so many percent do not exceed it, at least
        values = np.percentile(distance(rest, means).double().numpy(), PERCENTS, method="higher")
        return cls(len(rest), tuple(_up(v) for v in values.tolist()), means)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Fit:
        """From a training's record."""
        others = {kind: (pictures, unlike) for kind, (pictures, unlike) in stored["others"].items()}
        return cls(stored["images"], tuple(stored["quantiles"]), torch.tensor(stored["means"]), others)

    def stored(self) -> dict[str, Any]:
        """For a training's record."""
        return {
            "images": self.images,
            "quantiles": self.quantiles,
            "means": _kept(self.means),
            "others": dict(self.others),
        }

    @property
    def most(self) -> float:
        """The largest distance of a picture that fits one of the classes."""
        return self.quantiles[PERCENTS.index(MOST)]


def distance(features: Tensor, means: Tensor) -> Tensor:
    """How far the features (N, features) are from the nearest class's average (classes, features): to (N,).

    The root of the mean squared difference of their roots: else the few largest features would count for all.
    """
    return torch.cdist(roots(features), means).amin(1) / means.shape[1] ** 0.5


def roots(features: Tensor) -> Tensor:
    """The square root of each, with its sign."""
    return features.sign() * features.abs().sqrt()


def _kept(means: Tensor) -> list[list[float]]:
    return [[float(f"{v:.{DIGITS}g}") for v in row] for row in means.tolist()]


def _up(value: float) -> float:
    """Not less, with a few digits more than are shown."""
    unit = 10.0 ** (math.floor(math.log10(value)) + 1 - DIGITS - 1) if value > 0 else 1.0
    return round(math.ceil(value / unit) * unit, 12)
