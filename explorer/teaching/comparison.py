"""Questions about two networks, and about one at another width."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import product

from explorer.analysis.compare import differences
from explorer.analysis.text import bytes_text, si
from explorer.analysis.trace import Trace, trace_variant
from explorer.architectures import variant
from explorer.teaching.common import Quantity
from explorer.teaching.question import Posed, Question, Subject, posed
from explorer.teaching.step import View

_LABELS: dict[Quantity, str] = {"params": "Parameters", "macs": "MACs", "memory": "All activations, float32"}
_PLURALS: dict[Quantity, str] = {"params": "parameters", "macs": "MACs", "memory": "activations"}


def _amount(quantity: Quantity, count: int) -> str:
    return bytes_text(count) if quantity == "memory" else si(count)


def against(
    name: str, other: Callable[[str], str | None], first: Quantity, second: Quantity, *, noted: bool = False
) -> Question:
    """Whether a variant has more or less of two things than the `other` one that is named for it.

    `noted`: with what tells the other one from its namesakes.
    """

    def pose(subject: Subject) -> Posed | None:
        beside = other(subject.run.variant)
        if beside is None:
            return None
        own, its = subject.variant.title, variant(beside).label if noted else variant(beside).title
        found = {d.label: d for d in differences(subject.trace_of(beside), subject.trace)}
        a, b = (found[_LABELS[quantity]] for quantity in (first, second))

        def words(more: Iterable[str]) -> str:
            text = " and ".join(f"{m} {_PLURALS[q]}" for m, q in zip(more, (first, second), strict=True))
            return text[0].upper() + text[1:]

        numbers = [
            f"{_PLURALS[q]} {_amount(q, d.second)} against {_amount(q, d.first)}"
            for q, d in zip((first, second), (a, b), strict=True)
        ]
        right = words("more" if d.second > d.first else "fewer" if d.second < d.first else "as many" for d in (a, b))
        return posed(
            subject,
            f"What does {own} have, compared with {its}?",
            right,
            [words(more) for more in product(("more", "fewer"), repeat=2)],
            f"{subject.variant.title}: {', '.join(numbers)}.",
            View(section="layers", colour=first),
        )

    return Question(name, pose)


@lru_cache(maxsize=16)
def at_width(name: str, width: float) -> Trace:
    """The trace of a variant with so many times its channels."""
    return trace_variant(variant(name), width=width)
