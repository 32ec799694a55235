"""Whether a picture is like those that a network was tested on, from what its classifier reads anyway.

A softmax shares out 100 % among the classes, whatever the picture: it must name one. The features before it say more.
For pictures of one class they point in about the same direction; how near a picture comes to any of these directions
is its likeness, the cosine of the angle, 1 where they agree. `Fit` keeps the directions, and how near the pictures of
the validation split come to them. So it is known what is unusually far from all of them.

Neither the largest logit nor the energy (Liu et al. 2020, "Energy-based Out-of-distribution Detection") does as well
here: these networks are narrow, and drawings and colours that they never saw can make their logits large.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

PERCENTS = (0, 1, 5, 25, 50, 75, 95, 100)  # of the validation split: at which shares of it the likeness is kept
LEAST = 5  # percent: what is less like a class than so many pictures of the split fits none
DIGITS = 3  # of each number that is kept

MEASURE = "Likeness to the nearest class"
MUST_NAME_ONE = "A softmax shares out 100 % among its classes, so it must still name one."


@dataclass(frozen=True)
class Fit:
    """Likeness over a validation split.

    Attributes:
        images: how many pictures were measured.
        quantiles: for each of PERCENTS, the likeness that so many percent of the pictures do not exceed.
        means: (classes, features), the average of what the classifier reads for the pictures of each class.
    """

    images: int
    quantiles: tuple[float, ...]
    means: Tensor

    @classmethod
    def over(cls, features: Tensor, labels: Tensor, classes: int) -> Fit:
        """From the features (N, features) and the labels (N,) of a split.

        Every other picture makes the averages, and the rest is measured: a picture is nearer to an average that it is
        part of.
        """
        even, labels = features[::2], labels[::2]
        means = torch.stack([even[labels == i].mean(0) for i in range(classes)])
        rest = features[1::2]
        values = np.percentile(likeness(rest, means).double().numpy(), PERCENTS)
        return cls(len(rest), tuple(_short(v) for v in values.tolist()), means)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Fit:
        """From a training's record."""
        return cls(stored["images"], tuple(stored["quantiles"]), torch.tensor(stored["means"]))

    def stored(self) -> dict[str, Any]:
        """For a training's record."""
        means = [[_short(v) for v in row] for row in self.means.tolist()]
        return {"images": self.images, "quantiles": self.quantiles, "means": means}

    @property
    def least(self) -> float:
        """The likeness that a picture has at least that fits one of the classes."""
        return self.quantiles[PERCENTS.index(LEAST)]


def likeness(features: Tensor, means: Tensor) -> Tensor:
    """The cosine of the angle to the nearest class: (N, features) and (classes, features) to (N,)."""
    return torch.nn.functional.cosine_similarity(features[:, None], means[None], dim=-1).amax(1)


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
