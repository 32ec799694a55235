"""What a convolution costs, from its shapes alone, and what its cheaper relatives would cost in its place.

One picture (batch 1). A multiplication is counted wherever the kernel lies, on padding's zeros too, as the
libraries compute and count it. Activations are float32. Shapes are (C, H, W), pairs (height, width). No torch
is needed here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from explorer.analysis.text import grouped as thousands
from explorer.analysis.text import pair_text

if TYPE_CHECKING:  # the trace imports torch
    from explorer.analysis.trace import Kind, Node

Shape = tuple[int, int, int]
Pair = tuple[int, int]
Padding = Literal["same", "valid"] | Pair
FLOAT32_BYTES = 4
BOTTLENECK = 16  # maps: what GoogLeNet leaves of 192 before its first 5x5 (1409.4842, table 1)
EXPANSION = 6  # of an inverted residual: MobileNetV2's choice (1801.04381, table 2)


class CostError(ValueError):
    """There is no such convolution; `str()` is the sentence why."""


@dataclass(frozen=True)
class Convolution:
    """One convolution: `out_channels` filters of `kernel`, each over in_channels / `groups` channels.

    `padding` is "valid" (none), "same" (kernel - 1 zeros in all, so that stride 1 keeps the size; an even
    kernel has the odd one below and right, as in torch), or the zeros on each side.

    Raises CostError for what cannot be computed.
    """

    in_shape: Shape
    out_channels: int
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Padding = "same"
    groups: int = 1
    bias: bool = True

    def __post_init__(self) -> None:
        counts = {
            "height of the input": self.in_shape[1], "width of the input": self.in_shape[2],
            "number of input channels": self.in_shape[0], "number of output channels": self.out_channels,
            "height of the kernel": self.kernel[0], "width of the kernel": self.kernel[1],
            "stride": min(self.stride), "number of groups": self.groups,
        }  # fmt: skip
        for name, count in counts.items():
            if count < 1:
                raise CostError(f"The {name} must be 1 or more, not {count}.")
        if isinstance(self.padding, tuple) and min(self.padding) < 0:
            raise CostError(f"The padding must be 0 or more, not {min(self.padding)}.")
        for side, channels in (("input", self.in_shape[0]), ("output", self.out_channels)):
            if channels % self.groups:
                raise CostError(
                    f"{self.groups} groups do not divide {channels} {side} channels: each group needs equally many."
                )
        padded: Pair = (self.in_shape[1] + sum(self.margins[0]), self.in_shape[2] + sum(self.margins[1]))
        if self.kernel[0] > padded[0] or self.kernel[1] > padded[1]:
            raise CostError(
                f"A kernel of {pair_text(self.kernel)} is larger than its input, {pair_text(padded)} with the padding."
            )

    @property
    def margins(self) -> tuple[Pair, Pair]:
        """The zeros (above, below) and (left, right)."""
        if self.padding == "valid":
            return (0, 0), (0, 0)
        if self.padding == "same":
            rows, columns = (((k - 1) // 2, k // 2) for k in self.kernel)
            return rows, columns
        vertical, horizontal = self.padding
        return (vertical, vertical), (horizontal, horizontal)

    @property
    def kind(self) -> Kind:
        """As in the trace: depthwise, pointwise or any other convolution."""
        if self.groups == self.in_shape[0] > 1:
            return "depthwise"
        return "pointwise" if self.kernel == (1, 1) else "convolution"

    @property
    def out_shape(self) -> Shape:
        height, width = (
            (size + sum(margin) - k) // s + 1
            for size, margin, k, s in zip(self.in_shape[1:], self.margins, self.kernel, self.stride, strict=True)
        )
        return self.out_channels, height, width

    @property
    def products(self) -> int:
        """How many products are summed into one output value: the weights of one filter."""
        return math.prod(self.kernel) * self.in_shape[0] // self.groups

    @property
    def params(self) -> int:
        """Weights and, with a bias, one number a filter."""
        return self.out_channels * (self.products + self.bias)

    @property
    def macs(self) -> int:
        """Multiplications."""
        return math.prod(self.out_shape) * self.products

    @property
    def additions(self) -> int:
        """Of the products to each other, and of the bias."""
        return math.prod(self.out_shape) * (self.products - 1 + self.bias)

    @property
    def activation_bytes(self) -> int:
        """Bytes of the output."""
        return math.prod(self.out_shape) * FLOAT32_BYTES


@dataclass(frozen=True)
class Design:
    """Convolutions in a row, each on the maps of the one before; its costs are their sums."""

    name: str
    layers: tuple[Convolution, ...]

    @property
    def out_shape(self) -> Shape:
        return self.layers[-1].out_shape

    @property
    def params(self) -> int:
        return sum(layer.params for layer in self.layers)

    @property
    def macs(self) -> int:
        return sum(layer.macs for layer in self.layers)

    @property
    def additions(self) -> int:
        return sum(layer.additions for layer in self.layers)

    @property
    def activation_bytes(self) -> int:
        """Bytes of the outputs of all layers: what training keeps."""
        return sum(layer.activation_bytes for layer in self.layers)

    @property
    def receptive_field(self) -> Pair:
        """How many input positions an output value sees."""
        fields = []
        for axis in (0, 1):
            size, step = 1, 1
            for layer in self.layers:
                size += (layer.kernel[axis] - 1) * step
                step *= layer.stride[axis]
            fields.append(size)
        return fields[0], fields[1]


def convolution_of(node: Node) -> Convolution:
    """The convolution at a Conv2d of a trace. Raises CostError for another operation."""
    if node.type != "Conv2d" or not (node.kernel and node.stride and node.padding and node.groups):
        raise CostError(f"{node.name} is a {node.type}, not a convolution.")
    channels, height, width = node.in_shapes[0]
    margin: Padding = node.padding
    if all(2 * p == k - 1 for p, k in zip(node.padding, node.kernel, strict=True)):
        margin = "same"
    without = Convolution(
        (channels, height, width),
        node.out_shape[0],
        node.kernel,
        node.stride,
        margin,
        node.groups,
        bias=False,
    )
    return replace(without, bias=node.params > without.params)


# ---- the family --------------------------------------------------------------------------------------------
# Each takes the direct convolution `c` that it stands in for. Strides lie where the window is; between the
# layers there are as many maps as at the end, unless said otherwise.


def direct(c: Convolution) -> Design:
    """The convolution itself."""
    return Design(f"Direct {pair_text(c.kernel)}", (c,))


def bottleneck(c: Convolution, width: int) -> Design:
    """A 1x1 convolution reduces to `width` maps, `c` works on those (GoogLeNet, 1409.4842, figure 2b)."""
    if width < 1:
        raise CostError(f"The bottleneck width must be 1 or more, not {width}.")
    reduce = _pointwise(c, c.in_shape, width)
    return Design(f"1×1, then {pair_text(c.kernel)}", (reduce, replace(c, in_shape=reduce.out_shape)))


def standard(c: Convolution) -> Design:
    """Each filter sees all channels."""
    return Design(f"Standard {pair_text(c.kernel)}", (replace(c, groups=1),))


def grouped(c: Convolution, groups: int) -> Design:
    """Each filter sees only the channels of its group (AlexNet; ResNeXt, 1611.05431)."""
    return Design(f"Grouped, {groups} groups", (replace(c, groups=groups),))


def depthwise(c: Convolution) -> Design:
    """One filter for each channel, which mixes no channels: as many maps come out as go in."""
    return Design("Depthwise", (_depthwise(c, c.in_shape),))


def depthwise_separable(c: Convolution) -> Design:
    """One filter for each channel, then a 1x1 that mixes them (MobileNet, 1704.04861, figure 2)."""
    spatial = _depthwise(c, c.in_shape)
    return Design("Depthwise separable", (spatial, _pointwise(c, spatial.out_shape, c.out_channels)))


def pointwise(c: Convolution) -> Design:
    """A 1x1 convolution, which mixes channels and sees one position."""
    return Design("1×1", (replace(c, kernel=(1, 1), padding="valid", groups=1),))


def factorized(c: Convolution) -> Design:
    """A column, then a row of the kernel (Inception v2 and v3, 1512.00567, section 3.2)."""
    (rows, columns), (down, right) = c.kernel, c.stride
    if 1 in c.kernel:
        raise CostError(f"A kernel of {pair_text(c.kernel)} has no two sides to factorise into.")
    above: Padding
    beside: Padding
    if isinstance(c.padding, str):
        above = beside = c.padding
    else:
        above, beside = (c.padding[0], 0), (0, c.padding[1])
    column = replace(c, kernel=(rows, 1), stride=(down, 1), padding=above, groups=1)
    row = replace(c, in_shape=column.out_shape, kernel=(1, columns), stride=(1, right), padding=beside, groups=1)
    return Design(f"{rows}×1, then 1×{columns}", (column, row))


def stacked(c: Convolution) -> Design:
    """3x3 convolutions that see together what `c` sees: two for a 5x5 (VGG, 1409.1556, section 2.3).

    The last one strides: so the receptive field stays the same.
    """
    side = c.kernel[0]
    if c.kernel[1] != side or side % 2 == 0 or side < 5:
        raise CostError(f"Only square kernels of 5, 7, 9 … are stacks of 3×3, not {pair_text(c.kernel)}.")
    count = (side - 1) // 2
    layers: list[Convolution] = []
    for i in range(count):
        layers.append(
            replace(
                c,
                in_shape=layers[-1].out_shape if layers else c.in_shape,
                kernel=(3, 3),
                stride=c.stride if i == count - 1 else (1, 1),
                padding=c.padding if isinstance(c.padding, str) else _share(c.padding, count, i),
                groups=1,
            )
        )
    number = {2: "Two", 3: "Three", 4: "Four"}.get(count, count)
    return Design(f"{number} 3×3", tuple(layers))


def inverted_residual(c: Convolution, expansion: int = EXPANSION) -> Design:
    """1x1 to `expansion` times the channels, depthwise, 1x1 (MobileNetV2, 1801.04381, table 1)."""
    if expansion < 1:
        raise CostError(f"The expansion must be 1 or more, not {expansion}.")
    expand = _pointwise(c, c.in_shape, c.in_shape[0] * expansion)
    spatial = _depthwise(c, expand.out_shape)
    project = _pointwise(c, spatial.out_shape, c.out_channels)
    return Design(f"Inverted residual, ×{expansion}", (expand, spatial, project))


def family(c: Convolution, width: int, groups: int, expansion: int = EXPANSION) -> dict[str, Design | CostError]:
    """All relatives of `c` by name; those that cannot stand in for it with the sentence why."""
    builders: dict[str, Callable[[], Design]] = {
        "Standard": lambda: standard(c),
        "1×1 bottleneck": lambda: bottleneck(c, width),
        "Grouped": lambda: grouped(c, groups),
        "Depthwise": lambda: depthwise(c),
        "Depthwise separable": lambda: depthwise_separable(c),
        "1×1 alone": lambda: pointwise(c),
        "k×1, then 1×k": lambda: factorized(c),
        "Stack of 3×3": lambda: stacked(c),
        "Inverted residual": lambda: inverted_residual(c, expansion),
    }
    return {name: _or_reason(build) for name, build in builders.items()}


def _or_reason(build: Callable[[], Design]) -> Design | CostError:
    try:
        return build()
    except CostError as error:
        return error


def _pointwise(c: Convolution, in_shape: Shape, out_channels: int) -> Convolution:
    return Convolution(in_shape, out_channels, (1, 1), bias=c.bias)


def _depthwise(c: Convolution, in_shape: Shape) -> Convolution:
    return replace(c, in_shape=in_shape, out_channels=in_shape[0], groups=in_shape[0])


def _share(padding: Pair, count: int, index: int) -> Pair:
    """One of `count` layers' part of the padding: together they pad as much as one layer would."""
    vertical, horizontal = (p // count + (index < p % count) for p in padding)
    return vertical, horizontal


# ---- the width of the bottleneck ---------------------------------------------------------------------------


def usual_width(groups: int) -> int:
    """`BOTTLENECK`, or the next width that the groups divide."""
    return -(-BOTTLENECK // groups) * groups if groups > 0 else BOTTLENECK


def break_even_width(c: Convolution) -> Fraction:
    """The bottleneck needs fewer multiplications than `c` at every width below this one, and at no other."""
    channels, height, width = c.in_shape
    a_map = channels * height * width + Fraction(math.prod(c.out_shape) * math.prod(c.kernel), c.groups)
    return c.macs / a_map


def sweep(c: Convolution, most: int = 64) -> list[Design]:
    """Bottlenecks of increasing width up to the input's channels; at most about `most` of them."""
    step = c.groups * max(1, c.in_shape[0] // (c.groups * most))
    return [bottleneck(c, width) for width in range(step, c.in_shape[0] + 1, step)]


# ---- an inception module -----------------------------------------------------------------------------------

WIDTHS = ("1×1", "3×3 reduce", "3×3", "5×5 reduce", "5×5", "pool proj")
"""The six numbers of an inception module, as table 1 of 1409.4842 calls them."""


def inception(in_shape: Shape, widths: Sequence[int], bias: bool = True) -> tuple[Design, ...]:
    """The four branches of an inception module with these `WIDTHS`; its pooling is free."""
    ones, reduce3, threes, reduce5, fives, projected = widths
    of_3 = Convolution(in_shape, threes, (3, 3), bias=bias)
    of_5 = Convolution(in_shape, fives, (5, 5), bias=bias)
    return (
        Design("1×1", (_pointwise(of_3, in_shape, ones),)),
        bottleneck(of_3, reduce3),
        bottleneck(of_5, reduce5),
        Design("3×3 pooling, then 1×1", (_pointwise(of_3, in_shape, projected),)),
    )


def naive_inception(in_shape: Shape, widths: Sequence[int], bias: bool = True) -> tuple[Design, ...]:
    """The same without reductions (figure 2a); the pooling hands on all its maps and is left out."""
    ones, _, threes, _, fives, _ = widths
    kernels = ((ones, 1), (threes, 3), (fives, 5))
    return tuple(direct(Convolution(in_shape, width, (side, side), bias=bias)) for width, side in kernels)


# ---- in words and formulas ---------------------------------------------------------------------------------


def parse_shape(text: str) -> Shape:
    """28x28x192, as people write it: height, width, channels -> (192, 28, 28). Raises CostError."""
    sides = _numbers(text)
    if len(sides) != 3:
        raise CostError(f"{text!r} is no shape; write height x width x channels, as in 28x28x192.")
    height, width, channels = sides
    return channels, height, width


def parse_pair(text: str, what: str) -> Pair:
    """5 -> (5, 5), 1x7 -> (1, 7): height and width. Raises CostError."""
    sides = _numbers(text)
    if len(sides) not in (1, 2):
        raise CostError(f"{text!r} is no {what}; write one number, or two as in 1x7.")
    return sides[0], sides[-1]


def parse_padding(text: str) -> Padding:
    """same, valid, or the zeros on each side: 2, or 0x3 (none above, 3 left). Raises CostError."""
    if text == "same":
        return "same"
    if text == "valid":
        return "valid"
    try:
        return parse_pair(text, "padding")
    except CostError:
        raise CostError(f"{text!r} is no padding; write same, valid, or a number of zeros.") from None


def _numbers(text: str) -> list[int]:
    parts = re.split(r"[x×]", text.strip().lower())
    return [int(part) for part in parts] if all(re.fullmatch(r"-?[0-9]{1,9}", part) for part in parts) else []


def short(pair: Padding) -> str:
    """(5, 5) -> "5", (1, 7) -> "1x7": what `parse_pair` and `parse_padding` read."""
    if isinstance(pair, str):
        return pair
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}x{pair[1]}"


def macs_formula(c: Convolution) -> str:
    """The multiplications in LaTeX, with the numbers put in."""
    channels, height, width = c.out_shape
    square = c.kernel[0] == c.kernel[1]
    factors = {
        r"H' \cdot W'": rf"{height} \cdot {width}",
        "C'": str(channels),
        r"k \cdot k" if square else r"k_h \cdot k_w": rf"{c.kernel[0]} \cdot {c.kernel[1]}",
        "C / g" if c.groups > 1 else "C": _seen(c),
    }
    product = r" \cdot ".join(rf"\underbrace{{{value}}}_{{{name}}}" for name, value in factors.items())
    return f"{product} = {_latex(c.macs)}"


def params_formula(c: Convolution) -> str:
    """The parameters in LaTeX, with the numbers put in."""
    weights = rf"{c.kernel[0]} \cdot {c.kernel[1]} \cdot {_seen(c)}"
    return rf"{c.out_channels} \cdot ({weights}{' + 1' if c.bias else ''}) = {_latex(c.params)}"


def sum_formula(design: Design) -> str:
    """The multiplications of the layers, added up, in LaTeX; of one layer nothing is left to add."""
    return " + ".join(_latex(layer.macs) for layer in design.layers) + rf" = \mathbf{{{_latex(design.macs)}}}"


def _seen(c: Convolution) -> str:
    """The channels that a filter sees."""
    return f"{c.in_shape[0]} / {c.groups}" if c.groups > 1 else str(c.in_shape[0])


def _latex(number: int) -> str:
    return thousands(number).replace(",", "{,}")
