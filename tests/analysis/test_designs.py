"""What stands in for a convolution: its costs by torch, its shape and field, and published ratios."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.analysis.cost import Convolution, CostError, Design, convolution_of
from explorer.analysis.designs import (
    BOTTLENECK,
    alternatives,
    bottleneck,
    break_even_width,
    default_width,
    depthwise,
    depthwise_separable,
    direct,
    factorized,
    grouped,
    inception,
    inverted_residual,
    naive_inception,
    pointwise,
    stacked,
    standard,
    sweep,
)
from explorer.architectures.googlenet import MODULES
from tests.analysis.convolutions import CLASSIC, convolutions, costs, counted
from tests.traces import traced


@settings(max_examples=60, deadline=None)  # of up to ten designs each
@given(convolutions(), st.integers(1, 12), st.integers(1, 4), st.integers(1, 3))
def test_every_relative_costs_what_torch_counts(c: Convolution, width: int, groups: int, expansion: int) -> None:
    for design in alternatives(c, width, groups, expansion).values():
        if isinstance(design, Design):
            assert costs(design) == counted(design)


def test_the_classic_case() -> None:
    reduced = bottleneck(CLASSIC, 16)
    assert (direct(CLASSIC).macs, reduced.macs) == (120_422_400, 12_443_648)
    assert [layer.macs for layer in reduced.layers] == [2_408_448, 10_035_200]
    assert (direct(CLASSIC).params, reduced.params) == (153_600 + 32, 15_872 + 16 + 32)
    assert direct(replace(CLASSIC, bias=False)).params == 153_600
    assert direct(CLASSIC).out_shape == reduced.out_shape == (32, 28, 28)


@settings(max_examples=100, deadline=None)
@given(convolutions(), st.integers(1, 8))
def test_those_that_stand_in_for_it_give_the_same_shape_and_see_the_same(c: Convolution, expansion: int) -> None:
    standing_in = [
        bottleneck(c, c.groups),
        standard(c),
        depthwise_separable(c),
        inverted_residual(c, expansion),
    ]
    if 1 not in c.kernel:
        standing_in.append(factorized(c))
    if c.kernel in ((5, 5), (7, 7)):
        standing_in.append(stacked(c))
    for design in standing_in:
        assert design.out_shape == c.out_shape
        assert design.receptive_field == c.kernel
    assert depthwise(c).out_shape == (c.in_shape[0], *c.out_shape[1:])
    assert pointwise(c).receptive_field == (1, 1)


def test_published_ratios() -> None:
    """1/N + 1/k² (1704.04861, section 3.1), 18 for 25 and 6 for 9 (1512.00567), half for two groups."""
    same = Convolution((64, 14, 14), 64, (3, 3))
    assert Fraction(depthwise_separable(same).macs, same.macs) == Fraction(1, 64) + Fraction(1, 9)
    five = replace(same, kernel=(5, 5))
    assert Fraction(stacked(five).macs, five.macs) == Fraction(18, 25)
    assert Fraction(factorized(same).macs, same.macs) == Fraction(6, 9)
    assert Fraction(grouped(same, 2).macs, same.macs) == Fraction(1, 2)
    assert stacked(five).name == "Two 3×3"


def test_an_inverted_residual_is_the_networks() -> None:
    """A block of MobileNetV2 without stride or change of width; BN stands in place of biases there."""
    block = traced("mobilenet_v2").block("stage4.1")
    convs = [convolution_of(n) for n in traced("mobilenet_v2").nodes if n.name in block.nodes and n.type == "Conv2d"]
    ours = inverted_residual(Convolution(block.in_shape, block.out_shape[0], (3, 3), bias=False))
    assert ours.layers == tuple(convs)


def test_what_cannot_stand_in_says_why() -> None:
    relatives = alternatives(replace(CLASSIC, in_shape=(3, 28, 28), kernel=(4, 1)), 16, 4)
    reasons = {name: str(design) for name, design in relatives.items() if isinstance(design, CostError)}
    assert reasons == {
        "Grouped": "4 groups do not divide 3 input channels: each group needs equally many.",
        "k×1, then 1×k": "A kernel of 4×1 has no two sides to factorise into.",
        "Stack of 3×3": "Only square kernels of 5, 7, 9 … are stacks of 3×3, not 4×1.",
    }


@pytest.mark.parametrize("design", [lambda: bottleneck(CLASSIC, 0), lambda: inverted_residual(CLASSIC, 0)])
def test_no_width_and_no_expansion_are_refused(design) -> None:
    with pytest.raises(CostError, match="must be 1 or more, not 0"):
        design()


@settings(max_examples=100, deadline=None)
@given(convolutions(), st.integers(1, 40))
def test_a_bottleneck_saves_below_the_break_even_width_only(c: Convolution, multiple: int) -> None:
    width = multiple * c.groups
    assert (bottleneck(c, width).macs < c.macs) == (width < break_even_width(c))


def test_the_sweep_is_even_and_ends_with_all_channels() -> None:
    widths = [design.layers[0].out_channels for design in sweep(CLASSIC)]
    assert widths == list(range(3, 193, 3))
    assert [d.layers[0].out_channels for d in sweep(replace(CLASSIC, in_shape=(12, 9, 9), groups=4))] == [
        4,
        8,
        12,
    ]


@given(st.integers(1, 100))
def test_the_default_width_suits_the_groups(groups: int) -> None:
    width = default_width(groups)
    assert width % groups == 0
    assert BOTTLENECK <= width < BOTTLENECK + groups


@pytest.mark.parametrize("name", MODULES)
def test_a_module_costs_what_the_network_counts(name: str) -> None:
    trace = traced("googlenet")
    (block,) = (b for s in trace.stages for b in s.blocks if b.path.endswith(f".{name}"))
    branches = inception(block.in_shape, MODULES[name])
    assert sum(b.params for b in branches) == block.params
    assert sum(b.macs for b in branches) == block.macs
    assert sum(b.out_shape[0] for b in branches) == block.out_shape[0]
    assert {b.out_shape[1:] for b in branches} == {block.out_shape[1:]}


def test_without_reductions_each_branch_works_on_all_maps() -> None:
    naive = naive_inception((192, 28, 28), MODULES["3a"], bias=False)
    assert [d.params for d in naive] == [192 * 64, 192 * 128 * 9, 192 * 32 * 25]
