"""What a page needs to know about an architecture besides its code: variants, claims, sources, corrections.

Nothing here is counted by hand: parameters, MACs, shapes and depth come from the trace. A `Claim` is a figure
as a source prints it, shown as a claim, and tested against the trace where the trace can derive it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from torch import nn

Quantity = Literal["params", "macs", "depth", "inference_params", "inference_macs"]


@dataclass(frozen=True)
class Source:
    """A paper, release or challenge page: `title` names it in full, `where` is its DOI, arXiv number or host."""

    title: str
    where: str


@dataclass(frozen=True)
class Claim:
    """A figure as `source` prints it.

    With `quantity` and `variant` set, `value` (parameters, multiply-accumulates or layers) must equal the
    trace of that variant within the relative `tolerance`, which is the rounding of the printed figure.
    """

    label: str
    printed: str
    source: str
    quantity: Quantity | None = None
    variant: str = ""
    value: float = 0.0
    tolerance: float = 0.0


@dataclass(frozen=True)
class Mistake:
    """A statement that textbooks and blogs repeat, what is true instead, and the evidence for it.

    `corrects` are its numbers in the tests' list of errors (tests/golden/MISTAKES.txt), of which none may get lost.
    """

    often_written: str
    correct: str
    evidence: str
    corrects: tuple[int, ...] = ()


def require_positive_width(width: float) -> None:
    """What every config asks of its width multiplier. Raises ValueError."""
    if width <= 0:
        raise ValueError(f"the width multiplier must be positive, not {width}")


@dataclass(frozen=True)
class Variant:
    """One network of a family: a `name` for links and the command line, and the config that builds it."""

    name: str
    title: str
    year: int | None  # None: it has no publication of its own
    network: Callable[[Any], nn.Module]
    config: Any
    input_size: tuple[int, int, int] = (3, 224, 224)
    note: str = ""

    @property
    def label(self) -> str:
        """The title, with what tells it from its namesakes."""
        return f"{self.title} ({self.note})" if self.note else self.title

    def build(self, **ablations: Any) -> nn.Module:
        """The network in eval mode, with fields of its config replaced by `ablations`.

        Raises TypeError for a field that the config does not have, ValueError for a value that it refuses.
        """
        return self.network(replace(self.config, **ablations)).eval()


@dataclass(frozen=True)
class Family:
    """An architecture: one module under `architectures/`, one page under `pages/`, both called `name`."""

    name: str
    title: str
    year: int
    authors: str
    idea: str
    variants: tuple[Variant, ...]
    default: str
    claims: tuple[Claim, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    sources: tuple[Source, ...] = ()

    def variant(self, name: str) -> Variant:
        """The variant called `name`. Raises KeyError with a sentence that lists the family's variants."""
        for variant in self.variants:
            if variant.name == name:
                return variant
        known = ", ".join(v.name for v in self.variants)
        raise KeyError(f"{self.title} has no variant {name!r}; it has {known}.")
