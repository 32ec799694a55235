"""Every count of the calculator against torch: FlopCounterMode's FLOPs / 2, a real module's parameters."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.analysis.cost import (
    Convolution,
    CostError,
    convolution_of,
    format_pair,
    parse_padding,
    parse_pair,
    parse_shape,
)
from explorer.analysis.designs import direct
from tests.analysis.convolutions import CLASSIC, convolutions, costs, counted, kernels, module_of, paddings, sides
from tests.traces import traced


@st.composite
def anything(draw: st.DrawFn) -> dict:
    """The numbers of a convolution, possible or not."""
    groups = draw(st.integers(0, 4))
    divisible = draw(st.booleans())
    channels, out = (draw(st.integers(0, 12)) * (groups if divisible else 1) for _ in range(2))
    return {
        "in_shape": (channels, *draw(sides)),
        "out_channels": out,
        "kernel": draw(kernels),
        "stride": draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
        "padding": draw(paddings),
        "groups": groups,
        "bias": draw(st.booleans()),
    }


@settings(max_examples=100, deadline=None)
@given(convolutions())
def test_a_convolution_costs_what_torch_counts(c: Convolution) -> None:
    assert costs(direct(c)) == counted(direct(c))


@settings(max_examples=200, deadline=None)
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
    nodes = [n for n in traced(name).nodes if n.type == "Conv2d"]
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
        assert (parse_pair(format_pair(c.kernel), "kernel size"), parse_padding(format_pair(c.padding))) == (
            c.kernel,
            c.padding,
        )


def test_only_a_convolution_can_be_taken_from_a_network() -> None:
    t = traced("resnet18")
    with pytest.raises(CostError, match=r"^conv2_x.0.relu2 is a ReLU, not a convolution\.$"):
        convolution_of(t.node("conv2_x.0.relu2"))


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


def test_texts_are_read() -> None:
    assert parse_shape("28x14x192") == parse_shape(" 28×14X192 ") == (192, 28, 14)
    assert (parse_pair("5", "kernel size"), parse_pair("1x7", "kernel size")) == ((5, 5), (1, 7))
    assert [parse_padding(t) for t in ("same", "valid", "2", "0x3")] == ["same", "valid", (2, 2), (0, 3)]
    assert parse_shape("28x28x-3") == (-3, 28, 28)  # the convolution says what is wrong with it


@pytest.mark.parametrize(
    "text", ["", "28", "28x28", "axbxc", "1x2x3x4", "28x28x", "1.5x2x3", "9" * 30 + "x1x1", "²x²x²"]
)
def test_texts_that_are_no_shape(text: str) -> None:
    with pytest.raises(CostError, match="28x28x192"):
        parse_shape(text)


@pytest.mark.parametrize("text", ["", "big", "1x2x3", "5x", "same"])
def test_texts_that_are_no_kernel_size_or_padding(text: str) -> None:
    with pytest.raises(CostError, match=r"not a kernel size: .* 1x7"):
        parse_pair(text, "kernel size")
    if text != "same":
        with pytest.raises(CostError, match="not a padding: write same, valid"):
            parse_padding(text)
