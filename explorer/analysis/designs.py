"""What could stand in the place of a convolution: its cheaper relatives, and inception modules.

Each function takes the direct convolution `c` that its design stands in for. Strides lie where the window is;
between the layers there are as many maps as at the end, unless a docstring says otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from explorer.analysis.cost import Convolution, CostError, Design, Padding
from explorer.analysis.text import pair_text
from explorer.analysis.types import MapShape, Pair

BOTTLENECK = 16  # maps: what GoogLeNet leaves of 192 before its first 5x5 (1409.4842, table 1)
EXPANSION = 6  # of an inverted residual: MobileNetV2's choice (1801.04381, table 2)


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
    column_padding: Padding
    row_padding: Padding
    if isinstance(c.padding, str):
        column_padding = row_padding = c.padding
    else:
        column_padding, row_padding = (c.padding[0], 0), (0, c.padding[1])
    column = replace(c, kernel=(rows, 1), stride=(down, 1), padding=column_padding, groups=1)
    row = replace(c, in_shape=column.out_shape, kernel=(1, columns), stride=(1, right), padding=row_padding, groups=1)
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


def alternatives(c: Convolution, width: int, groups: int, expansion: int = EXPANSION) -> dict[str, Design | CostError]:
    """What could stand in the place of `c`, by name; a CostError is the sentence why something cannot."""
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


def _pointwise(c: Convolution, in_shape: MapShape, out_channels: int) -> Convolution:
    return Convolution(in_shape, out_channels, (1, 1), bias=c.bias)


def _depthwise(c: Convolution, in_shape: MapShape) -> Convolution:
    return replace(c, in_shape=in_shape, out_channels=in_shape[0], groups=in_shape[0])


def _share(padding: Pair, count: int, index: int) -> Pair:
    """One of `count` layers' part of the padding: together they pad as much as one layer would."""
    vertical, horizontal = (p // count + (index < p % count) for p in padding)
    return vertical, horizontal


def default_width(groups: int) -> int:
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


WIDTHS = ("1×1", "3×3 reduce", "3×3", "5×5 reduce", "5×5", "pool proj")
"""The six numbers of an inception module, as table 1 of 1409.4842 calls them."""


def inception(in_shape: MapShape, widths: Sequence[int], bias: bool = True) -> tuple[Design, ...]:
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


def naive_inception(in_shape: MapShape, widths: Sequence[int], bias: bool = True) -> tuple[Design, ...]:
    """The same without reductions (figure 2a); the pooling passes all its maps through and is left out: it is free."""
    ones, _, threes, _, fives, _ = widths
    kernels = ((ones, 1), (threes, 3), (fives, 5))
    return tuple(direct(Convolution(in_shape, width, (side, side), bias=bias)) for width, side in kernels)
