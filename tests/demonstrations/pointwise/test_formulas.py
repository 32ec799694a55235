"""The formulas: as LaTeX, and true."""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import given

from explorer.analysis.cost import Convolution
from explorer.analysis.designs import bottleneck
from explorer.demonstrations.pointwise.formulas import macs_formula, params_formula, sum_formula
from tests.analysis.convolutions import CLASSIC, convolutions


def test_formulas_have_the_numbers_put_in() -> None:
    two = replace(CLASSIC, groups=2, kernel=(1, 7))
    assert macs_formula(CLASSIC) == (
        r"\underbrace{28 \cdot 28}_{H' \cdot W'} \cdot \underbrace{32}_{C'}"
        r" \cdot \underbrace{5 \cdot 5}_{k \cdot k} \cdot \underbrace{192}_{C} = 120{,}422{,}400"
    )
    assert r"\underbrace{1 \cdot 7}_{k_h \cdot k_w} \cdot \underbrace{192 / 2}_{C / g}" in macs_formula(two)
    assert params_formula(CLASSIC) == r"32 \cdot (5 \cdot 5 \cdot 192 + 1) = 153{,}632"
    assert params_formula(replace(two, bias=False)) == r"32 \cdot (1 \cdot 7 \cdot 192 / 2) = 21{,}504"
    assert sum_formula(bottleneck(CLASSIC, 16)) == r"2{,}408{,}448 + 10{,}035{,}200 = \mathbf{12{,}443{,}648}"


@given(convolutions())
def test_the_formulas_are_true(c: Convolution) -> None:
    for formula in (macs_formula(c), params_formula(c)):
        left, _, right = formula.replace("{,}", "").rpartition("=")
        for pattern, value in ((r"\underbrace", ""), (r"\cdot", "*"), ("{", "("), ("}", ")")):
            left = left.replace(pattern, value)
        factors = left
        while "_(" in factors:  # the names under the braces
            start = factors.index("_(")
            factors = factors[:start] + factors[factors.index(")", start) + 1 :]
        assert math.isclose(eval(factors), int(right))
