"""Questions that a hall predicts the answer to, before it sees it.

Who only watches a demonstration learns no more than who never saw it; who predicts first does (Crouch et al.,
"Classroom demonstrations: Learning tools or entertainment?", Am. J. Phys. 72, 2004, doi 10.1119/1.1707018).

No answer is typed: a `Question` makes it, and the wrong options, from the trace, from the costs or from a forward pass,
so that both are true of the variant and the picture that are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from random import Random

from explorer.analysis.text import thousands
from explorer.analysis.trace import Trace
from explorer.architectures import family_of, variant
from explorer.architectures.family import Family, Variant
from explorer.runtime.activations import Activations
from explorer.runtime.run import Run
from explorer.runtime.weights.network import is_untrained
from explorer.teaching.step import View

MOST_OPTIONS = 5
TRUE, FALSE = "True", "False"
NOTHING = View()  # to look at: the page stays as it is


@dataclass(frozen=True)
class Subject:
    """What a question is about: what is on the screen.

    Attributes:
        run: what runs; where two networks are compared, the first one's.
        trace_of: the trace of a variant by its name, at its published width.
        activations: the forward pass of a run.
        beside: of two networks that are compared, the second one's run.
    """

    run: Run
    trace_of: Callable[[str], Trace]
    activations: Callable[[Run], Activations]
    beside: Run | None = None

    @cached_property
    def trace(self) -> Trace:
        """The variant's own trace."""
        return self.trace_of(self.run.variant)

    @property
    def variant(self) -> Variant:
        return variant(self.run.variant)

    @property
    def family(self) -> Family:
        return family_of(self.run.variant)

    @property
    def trained(self) -> bool:
        """Whether the network knows any classes."""
        return not is_untrained(self.run.weights)


@dataclass(frozen=True)
class Option:
    """What can be answered: a text, and for some questions a PNG picture, whose words the text is."""

    text: str
    picture: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Posed:
    """A question as it is put: `options[right]` is the answer, `why` a sentence, `shows` where it is to be seen."""

    text: str
    options: tuple[Option, ...]
    right: int
    why: str
    shows: View = NOTHING


@dataclass(frozen=True)
class Question:
    """A question of a page: `name` in links, `pose` puts it, or returns None where it makes no sense."""

    name: str
    pose: Callable[[Subject], Posed | None]


def posed(
    subject: Subject,
    text: str,
    right: str | Option,
    wrong: Iterable[str | Option],
    why: str,
    shows: View = NOTHING,
    *,
    in_order: bool = False,
) -> Posed | None:
    """The question with its options in an order that the text and the variant decide, the same each time.

    Of the wrong ones, those that differ from each other and from the right one are taken, the first ones first; None
    where there are none. `in_order`: as they come, the right one first, for "True" and "False" and the like.
    """
    first = _option(right)
    options = {first.text: first}
    for other in map(_option, wrong):
        if len(options) < MOST_OPTIONS:
            options.setdefault(other.text, other)
    if len(options) < 2:
        return None
    shuffled = list(options.values())
    if not in_order:
        Random(f"{text} {subject.run.variant}").shuffle(shuffled)
    return Posed(text, tuple(shuffled), shuffled.index(first), why, shows)


def happening(
    subject: Subject, text: str, outcomes: Mapping[str, bool], why: str, shows: View = NOTHING
) -> Posed | None:
    """The same where it was tried which of some outcomes happens: the first that does is right; None if none does."""
    right = next((outcome for outcome, happens in outcomes.items() if happens), None)
    if right is None:
        return None
    return posed(subject, text, right, [outcome for outcome in outcomes if outcome != right], why, shows)


def counted(
    subject: Subject,
    text: str,
    right: int,
    wrong: Iterable[int],
    why: str,
    shows: View = NOTHING,
    unit: str = "",
) -> Posed | None:
    """The same for whole numbers: at most three positive ones beside the right one, the smallest first."""
    others = [n for n in dict.fromkeys(wrong) if n > 0 and n != right][:3]
    if not others:
        return None
    numbers = sorted([right, *others])
    words = [f"{thousands(n)} {unit}".strip() for n in numbers]
    return Posed(text, tuple(map(Option, words)), numbers.index(right), why, shows)


def pictured(
    subject: Subject,
    text: str,
    right: bytes,
    wrong: Iterable[bytes],
    why: str,
    shows: View = NOTHING,
) -> Posed | None:
    """The same for PNG pictures, which are called A, B, C; None where two of them are alike."""
    pictures = [right, *wrong]
    if len(set(pictures)) < max(2, len(pictures)):
        return None
    order = list(range(len(pictures)))
    Random(f"{text} {subject.run.variant}").shuffle(order)
    options = tuple(Option(chr(ord("A") + place), pictures[i]) for place, i in enumerate(order))
    return Posed(text, options, order.index(0), why, shows)


def true_or_false(statement: str, true: bool, why: str, shows: View = NOTHING) -> Posed:
    """Whether a statement is true."""
    return Posed(f"True or false? {statement}", (Option(TRUE), Option(FALSE)), 0 if true else 1, why, shows)


def _option(given: str | Option) -> Option:
    return given if isinstance(given, Option) else Option(given)
