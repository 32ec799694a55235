"""Label smoothing (Szegedy et al. 2015, arXiv 1512.00567, section 7): targets, and the loss that follows from them.

Instead of 1 for the right class and 0 for all others, a share epsilon is spread evenly over all classes. With 0 the
loss falls for ever as the right logit grows; with more there is a distance from the others at which it is least.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from explorer.runtime.maps import DoubleArray


@dataclass(frozen=True)
class Targets:
    """What the outputs of `classes` classes should be when a share `epsilon`, 0 to 1, is spread over all."""

    classes: int
    epsilon: float

    @property
    def other(self) -> float:
        """Of each wrong class."""
        return self.epsilon / self.classes

    @property
    def right(self) -> float:
        return 1 - self.epsilon + self.other

    @property
    def best_lead(self) -> float:
        """By how much the right logit is above all others, which are equal, where the loss is least."""
        return float(np.log(self.right / self.other)) if self.epsilon else float("inf")

    def loss(self, lead: DoubleArray) -> DoubleArray:
        """Cross-entropy, in nats, for each such lead."""
        log_sum = np.logaddexp(lead, np.log(self.classes - 1))
        loss: DoubleArray = log_sum - self.right * lead
        return loss


def lead(logits: Tensor) -> float:
    """By how much the largest of the logits, (classes,), is above the mean of the others."""
    ordered = logits.sort(descending=True).values
    return float(ordered[0] - ordered[1:].mean())
