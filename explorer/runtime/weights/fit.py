"""Whether a picture is like those that a network was trained for, from nothing but its answer.

A softmax shares out 100 % among the classes, whatever the picture: it must name one. How large the scores are before
that says more: for what the network knows, they are large. `Fit` keeps how large they are for the pictures of the
validation split, and so what is unusually small.

The measure is the energy: the logarithm of the sum of the exponentials of all scores (Liu et al. 2020, "Energy-based
Out-of-distribution Detection"; there with the sign turned round). It is about the largest score, and a little more
where others are as large.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

PERCENTS = (0, 1, 5, 25, 50, 75, 95, 100)  # of the validation split: at which shares of it the measure is kept
LEAST = 1  # percent: what fits less than so many pictures of the split is unlike all of them


def measure(scores: Tensor) -> Tensor:
    """The energy of each answer: scores (N, classes) or (classes,), in which the largest wins, to (N,) or ()."""
    return scores.logsumexp(-1)


@dataclass(frozen=True)
class Fit:
    """The measure over a validation split.

    Attributes:
        images: how many pictures it was taken of.
        quantiles: for each of PERCENTS, the value that so many percent of the pictures do not exceed.
    """

    images: int
    quantiles: tuple[float, ...]

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Fit:
        """From a training's record."""
        return cls(stored["images"], tuple(stored["quantiles"]))

    @property
    def least(self) -> float:
        """What a picture has at least that is like those of the split."""
        return self.quantiles[PERCENTS.index(LEAST)]


def fit_of(scores: Tensor) -> Fit:
    """The distribution for the scores (N, classes) of a whole split, to four digits."""
    values = np.percentile(measure(scores).double().numpy(), PERCENTS)
    return Fit(len(scores), tuple(float(f"{value:.4g}") for value in values))
