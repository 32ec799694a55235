"""The same logits through a softmax and through sigmoids: why a classifier has the one, and gates the other.

A softmax divides 1 among the classes, which exclude each other. A sigmoid looks at one logit alone: Hu et al. (arXiv
1709.01507, section 3.2) gate so because several channels may matter at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Both:
    """Logits (n,) as shares of 1 and each on its own, both (n,), in float64: a change of 1e-9 is one."""

    softmax: Tensor
    sigmoid: Tensor


def both(logits: Tensor) -> Both:
    """The two functions of the same logits."""
    exact = logits.double()
    return Both(exact.softmax(-1), exact.sigmoid())


def altered(logits: Tensor, constant: float, index: int, raised: float) -> Tensor:
    """The logits with a constant added to all of them, and more to one."""
    changed = logits.double() + constant
    changed[index] += raised
    return changed


def largest_change(before: Tensor, after: Tensor) -> float:
    """Of any of the values, without the sign."""
    return float((after - before).abs().max())


def of_others(values: Tensor, index: int) -> float:
    """The sum of all values but one."""
    return float(values.sum() - values[index])
