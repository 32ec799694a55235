"""What the records of two trainings say: one recipe, and one network without shortcuts and with them.

He et al., arXiv 1512.03385, section 4.1: a deeper plain network has the higher error, on the training pictures, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from explorer.analysis.trace import trace_variant
from explorer.architectures.family import Claim, Variant
from explorer.architectures.resnet import FAMILY
from explorer.runtime.weights.bundled import Bundled, manifest

PLAIN, RESIDUAL = "plain34", "resnet34"


@dataclass(frozen=True)
class Training:
    """A bundled network as it was trained: what was measured, what its record says of each epoch, its size."""

    variant: Variant
    entry: Bundled
    epochs: list[dict[str, Any]]
    params: int

    @property
    def last_loss(self) -> float:
        """Of the training pictures, averaged over the last epoch."""
        found: float = self.epochs[-1]["loss"]
        return found


def trainings() -> tuple[Training, Training]:
    """Of the plain network and of the residual one."""
    return _training(PLAIN), _training(RESIDUAL)


def _training(name: str) -> Training:
    variant, entry = FAMILY.variant(name), manifest()[name]
    params = trace_variant(entry.narrowed(variant)).params
    return Training(variant, entry, entry.record()["epochs"], params)


def claims() -> tuple[Claim, ...]:
    """What the paper prints of 18 and of 34 layers, without shortcuts and with them."""
    return tuple(sorted((c for c in FAMILY.claims if c.label.startswith("top-1 error, plain-")), key=lambda c: c.label))
