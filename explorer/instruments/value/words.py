"""How a value is made, in a sentence: the result first."""

from __future__ import annotations

import re

from explorer.instruments.value.compute import Softmax, Value

_AFTER_A_SIGN = re.compile(r"(?<=[−+×/] )−[\d.e−]*\d")
_HYPHEN = re.compile(r"(?:(?<!\w)|(?<=\de))-(?=\d)")  # before a number or its exponent


def with_minus(text: str) -> str:
    """With a minus sign, which is as wide as a digit, before each negative number; in brackets after another sign."""
    return _AFTER_A_SIGN.sub(r"(\g<0>)", _HYPHEN.sub("−", text))


def said(found: Value) -> str:
    """The value as a formula with its numbers, and the network's own beside it, as Markdown."""
    own = f"Network: **{found.network:.6g}**, {found.difference:.1g} away."
    if found.altered:
        own = f"The edits make **{found.network:.6g}** of it."
    return with_minus(f"{_made_of(found)} {own}")


def _made_of(found: Value) -> str:
    made, x = found.made, found.inputs
    result = f"**{made.result:.6g}** ="
    count = int(found.inside.sum())
    if made.how == "input":
        return f"**{made.result:.6g}**: a value of the picture, prepared as the network was trained."
    if made.how == "product":
        return f"{result} {x.flat[0]:.5g} × {x.flat[1]:.5g}, the gate of its channel."
    if made.how == "curve":
        return f"{result} {found.type}({x.flat[0]:.6g})."
    if made.how == "largest":
        return f"{result} the largest of {count} values."
    if made.how == "distance":
        return f"{result} the sum of {count} squared differences from the digit's bitmap."
    numbers = made.details
    if made.how == "neighbours":
        k, alpha, size, beta = (numbers[name] for name in ("k", "alpha", "size", "beta"))
        own = made.result * numbers["divisor"]
        return (
            f"{result} {own:.5g} / ({k:g} + {alpha:g} / {size:g} × {numbers['squares']:.5g})^{beta:g}: "
            f"the squares are those of {count} neighbouring channels."
        )
    if "mean" in numbers:
        return (
            f"{result} ({x.flat[0]:.5g} − {numbers['mean']:.5g}) / √({numbers['variance']:.5g} + "
            f"{numbers['epsilon']:g}) × {numbers['scale']:.5g} + {numbers['shift']:.5g}, in one step "
            f"{x.flat[0]:.5g} × {made.weights.flat[0] if made.weights is not None else 1:.5g} + {made.bias:.5g}."
        )
    if x.size == 1:
        weight = 1.0 if made.weights is None else float(made.weights.flat[0])
        if weight != 1:
            return f"{result} {x.flat[0]:.5g} × {weight:g}."
        return f"{result} a zero of the padding." if not count else f"{result} a value that is passed on unchanged."
    if found.type == "add":
        return f"{result} {' + '.join(f'{v:.5g}' for v in x.flat)}."
    return f"{result} {_sum(found, count)}."


def _sum(found: Value, count: int) -> str:
    x, bias = found.inputs, found.made.bias
    padding = f" ({x.size - count:,} of padding)" if count < x.size else ""
    rest = "" if bias is None else f", {float(found.terms.sum()):.6g}, + bias {bias:.5g}"
    return f"sum of {x.size:,} products{padding}{rest}"


def score_said(found: Softmax, label: str, distances: bool) -> str:
    """A class's probability and how softmax makes it of the score, as Markdown."""
    of = "Softmax of minus the distances" if distances else "Softmax"
    power = f"{found.score:.5g}" + (f" − {found.shift:.5g}" if found.shift else "")
    return with_minus(
        f"{of}: e^({power}) = {found.exponential:.5g}, of {found.total:.5g} for all classes together; "
        f"{label}: **{found.probability:.1%}**."
    )
