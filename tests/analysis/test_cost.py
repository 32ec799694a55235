"""Every count of the calculator against torch: FlopCounterMode's FLOPs / 2, a real module's parameters."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from explorer.analysis.cost import (
    BOTTLENECK,
    Convolution,
    CostError,
    Design,
    bottleneck,
    break_even_width,
    convolution_of,
    depthwise,
    depthwise_separable,
    direct,
    factorized,
    family,
    grouped,
    inception,
    inverted_residual,
    macs_formula,
    naive_inception,
    params_formula,
    parse_padding,
    parse_pair,
    parse_shape,
    pointwise,
    short,
    stacked,
    standard,
    sum_formula,
    sweep,
    usual_width,
)
from explorer.analysis.trace import trace_variant
from explorer.architectures import variant
from explorer.architectures.googlenet import MODULES

CLASSIC = Convolution((192, 28, 28), 32, (5, 5))

small = st.integers(1, 7)
sides = st.tuples(st.integers(1, 20), st.integers(1, 20))
kernels = st.tuples(small, small)
paddings = st.sampled_from(["same", "valid"]) | st.tuples(st.integers(0, 3), st.integers(0, 3))


@st.composite
def anything(draw: st.DrawFn) -> dict:
    """The numbers of a convolution, possible or not."""
    groups = draw(st.integers(0, 4))
    divisible = draw(st.booleans())
    channels, out = (draw(st.integers(0, 12)) * (groups if divisible else 1) for _ in range(2))
    return {
        "in_shape": (channels, *draw(sides)), "out_channels": out, "kernel": draw(kernels),
        "stride": draw(st.tuples(st.integers(1, 3), st.integers(1, 3))), "padding": draw(paddings),
        "groups": groups, "bias": draw(st.booleans()),
    }  # fmt: skip


@st.composite
def convolutions(draw: st.DrawFn, side: int = 20, channels: int = 12) -> Convolution:
    """Possible ones, with at most so many channels a group; nothing has to be thrown away."""
    kernel, padding, groups = draw(kernels), draw(paddings), draw(st.integers(1, 4))
    zeros = {"same": kernel, "valid": (0, 0)}[padding] if isinstance(padding, str) else padding
    height, width = (draw(st.integers(max(1, k - 2 * z), side)) for k, z in zip(kernel, zeros, strict=True))
    read, made = (groups * draw(st.integers(1, channels)) for _ in range(2))
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    return Convolution((read, height, width), made, kernel, stride, padding, groups, draw(st.booleans()))


def module_of(
    in_shape: tuple[int, int, int], out_channels: int, kernel: tuple[int, int], stride: tuple[int, int],
    padding: str | tuple[int, int], groups: int, bias: bool,
) -> nn.Module:  # fmt: skip
    """The layer as torch has it; torch's own "same" wherever it accepts one."""
    arguments = (in_shape[0], out_channels, kernel, stride)
    if padding == "same" and stride != (1, 1):
        top, left = ((k - 1) // 2 for k in kernel)
        zeros = nn.ZeroPad2d((left, kernel[1] - 1 - left, top, kernel[0] - 1 - top))
        return nn.Sequential(zeros, nn.Conv2d(*arguments, groups=groups, bias=bias))
    return nn.Conv2d(*arguments, padding=padding, groups=groups, bias=bias)


def counted(design: Design) -> tuple[tuple[int, ...], int, int, int]:
    """(output shape, parameters, multiplications, bytes of the outputs), by torch."""
    with torch.device("meta"):
        module = nn.Sequential(
            *(
                module_of(c.in_shape, c.out_channels, c.kernel, c.stride, c.padding, c.groups, c.bias)
                for c in design.layers
            )
        )
        x = torch.empty(1, *design.layers[0].in_shape)
    size = 0
    with FlopCounterMode(display=False) as flops:
        for layer in module:
            x = layer(x)
            size += x.nbytes
    return tuple(x.shape[1:]), sum(p.numel() for p in module.parameters()), flops.get_total_flops() // 2, size


def costs(design: Design) -> tuple[tuple[int, ...], int, int, int]:
    return design.out_shape, design.params, design.macs, design.activation_bytes


# ---- against torch -----------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(convolutions())
def test_a_convolution_costs_what_torch_counts(c: Convolution) -> None:
    assert costs(direct(c)) == counted(direct(c))


@settings(max_examples=300, deadline=None)
@given(convolutions(), st.integers(1, 12), st.integers(1, 4), st.integers(1, 3))
def test_every_relative_costs_what_torch_counts(c: Convolution, width: int, groups: int, expansion: int) -> None:
    for design in family(c, width, groups, expansion).values():
        if isinstance(design, Design):
            assert costs(design) == counted(design)


@settings(max_examples=500, deadline=None)
@given(anything())
def test_refused_is_what_torch_refuses(numbers: dict) -> None:
    try:
        with torch.device("meta"):
            module = module_of(**numbers)
            x = module(torch.empty(1, *numbers["in_shape"]))
        possible = x.numel() > 0 and numbers["in_shape"][0] > 0
    except (ValueError, RuntimeError, ZeroDivisionError):
        possible = False
    if possible:
        assert Convolution(**numbers).out_shape == tuple(x.shape[1:])
    else:
        with pytest.raises(CostError):
            Convolution(**numbers)


@settings(max_examples=60, deadline=None)
@given(convolutions(side=8, channels=3))
def test_additions_are_those_of_the_loops(c: Convolution) -> None:
    """A convolution written out: the first product begins a sum, every other and the bias are added to it."""
    additions = multiplications = 0
    _, rows, columns = c.out_shape
    for _ in range(c.out_channels * rows * columns):
        begun = False
        for _ in range(c.kernel[0] * c.kernel[1] * (c.in_shape[0] // c.groups)):
            multiplications += 1
            additions += begun
            begun = True
        additions += c.bias
    assert (c.macs, c.additions) == (multiplications, additions)


@pytest.mark.parametrize("name", ["googlenet", "resnet50", "mobilenet_v2", "inception_v3", "alexnet"])
def test_every_convolution_of_a_network_is_itself_again(name: str) -> None:
    nodes = [n for n in trace_variant(variant(name)).nodes if n.type == "Conv2d"]
    for node in nodes:
        c = convolution_of(node)
        assert (c.in_shape, c.out_shape, c.params, c.macs) == (
            node.in_shapes[0],
            node.out_shape,
            node.params,
            node.macs,
        )
        assert c.kind == node.kind
        assert c.activation_bytes == node.activation_bytes
        assert (parse_pair(short(c.kernel), "kernel"), parse_padding(short(c.padding))) == (
            c.kernel,
            c.padding,
        )


def test_only_a_convolution_can_be_taken_from_a_network() -> None:
    t = trace_variant(variant("resnet18"))
    with pytest.raises(CostError, match=r"^conv2_x.0.relu2 is a ReLU, not a convolution\.$"):
        convolution_of(t.node("conv2_x.0.relu2"))


# ---- the relatives -----------------------------------------------------------------------------------------


def test_the_classic_case() -> None:
    reduced = bottleneck(CLASSIC, 16)
    assert (direct(CLASSIC).macs, reduced.macs) == (120_422_400, 12_443_648)
    assert [layer.macs for layer in reduced.layers] == [2_408_448, 10_035_200]
    assert (direct(CLASSIC).params, reduced.params) == (153_600 + 32, 15_872 + 16 + 32)
    assert direct(replace(CLASSIC, bias=False)).params == 153_600
    assert direct(CLASSIC).out_shape == reduced.out_shape == (32, 28, 28)


@settings(max_examples=200, deadline=None)
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
    block = trace_variant(variant("mobilenet_v2")).block("stage4.1")
    convs = [
        convolution_of(n)
        for n in trace_variant(variant("mobilenet_v2")).nodes
        if n.name in block.nodes and n.type == "Conv2d"
    ]
    ours = inverted_residual(Convolution(block.in_shape, block.out_shape[0], (3, 3), bias=False))
    assert ours.layers == tuple(convs)


def test_what_cannot_stand_in_says_why() -> None:
    relatives = family(replace(CLASSIC, in_shape=(3, 28, 28), kernel=(4, 1)), 16, 4)
    reasons = {name: str(design) for name, design in relatives.items() if isinstance(design, CostError)}
    assert reasons == {
        "Grouped": "4 groups do not divide 3 input channels: each group needs equally many.",
        "k×1, then 1×k": "A kernel of 4×1 has no two sides to factorise into.",
        "Stack of 3×3": "Only square kernels of 5, 7, 9 … are stacks of 3×3, not 4×1.",
    }


# ---- the width of the bottleneck ---------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
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
def test_the_usual_width_suits_the_groups(groups: int) -> None:
    width = usual_width(groups)
    assert width % groups == 0
    assert BOTTLENECK <= width < BOTTLENECK + groups


# ---- an inception module -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODULES)
def test_a_module_costs_what_the_network_counts(name: str) -> None:
    trace = trace_variant(variant("googlenet"))
    (block,) = (b for s in trace.stages for b in s.blocks if b.path.endswith(f".{name}"))
    branches = inception(block.in_shape, MODULES[name])
    assert sum(b.params for b in branches) == block.params
    assert sum(b.macs for b in branches) == block.macs
    assert sum(b.out_shape[0] for b in branches) == block.out_shape[0]
    assert {b.out_shape[1:] for b in branches} == {block.out_shape[1:]}


def test_without_reductions_each_branch_works_on_all_maps() -> None:
    naive = naive_inception((192, 28, 28), MODULES["3a"], bias=False)
    assert [d.params for d in naive] == [192 * 64, 192 * 128 * 9, 192 * 32 * 25]


# ---- sentences, texts and formulas -------------------------------------------------------------------------

IMPOSSIBLE = {
    "A kernel of 31×31 is larger than its input, 28×28 with the padding.": {
        "kernel": (31, 31),
        "padding": "valid",
    },
    "A kernel of 40×1 is larger than its input, 34×34 with the padding.": {
        "kernel": (40, 1),
        "padding": (3, 3),
    },
    "5 groups do not divide 192 input channels: each group needs equally many.": {"groups": 5},
    "6 groups do not divide 32 output channels: each group needs equally many.": {"groups": 6},
    "The number of groups must be 1 or more, not 0.": {"groups": 0},
    "The number of output channels must be 1 or more, not -32.": {"out_channels": -32},
    "The number of input channels must be 1 or more, not 0.": {"in_shape": (0, 28, 28)},
    "The width of the input must be 1 or more, not 0.": {"in_shape": (3, 28, 0)},
    "The stride must be 1 or more, not 0.": {"stride": (0, 0)},
    "The height of the kernel must be 1 or more, not 0.": {"kernel": (0, 0)},
    "The padding must be 0 or more, not -1.": {"padding": (-1, 0)},
}


@pytest.mark.parametrize(("sentence", "numbers"), IMPOSSIBLE.items())
def test_the_impossible_gets_the_sentence_why(sentence: str, numbers: dict) -> None:
    with pytest.raises(CostError) as raised:
        replace(CLASSIC, **numbers)
    assert str(raised.value) == sentence


@pytest.mark.parametrize("design", [lambda: bottleneck(CLASSIC, 0), lambda: inverted_residual(CLASSIC, 0)])
def test_no_width_and_no_expansion_are_refused(design) -> None:
    with pytest.raises(CostError, match="must be 1 or more, not 0"):
        design()


def test_texts_are_read() -> None:
    assert parse_shape("28x14x192") == parse_shape(" 28×14X192 ") == (192, 28, 14)
    assert (parse_pair("5", "kernel"), parse_pair("1x7", "kernel")) == ((5, 5), (1, 7))
    assert [parse_padding(t) for t in ("same", "valid", "2", "0x3")] == ["same", "valid", (2, 2), (0, 3)]
    assert parse_shape("28x28x-3") == (-3, 28, 28)  # the convolution says what is wrong with it


@pytest.mark.parametrize(
    "text", ["", "28", "28x28", "axbxc", "1x2x3x4", "28x28x", "1.5x2x3", "9" * 30 + "x1x1", "²x²x²"]
)
def test_texts_that_are_no_shape(text: str) -> None:
    with pytest.raises(CostError, match="28x28x192"):
        parse_shape(text)


@pytest.mark.parametrize("text", ["", "big", "1x2x3", "5x", "same"])
def test_texts_that_are_no_kernel_or_padding(text: str) -> None:
    with pytest.raises(CostError, match="is no kernel; write one number, or two as in 1x7"):
        parse_pair(text, "kernel")
    if text != "same":
        with pytest.raises(CostError, match="is no padding; write same, valid"):
            parse_padding(text)


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
