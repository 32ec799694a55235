"""What a convolution costs, from its shapes alone.

One picture (batch 1). A multiplication is counted wherever the kernel lies, on padding's zeros too, as the
libraries compute and count it. Activations are float32. Shapes are (C, H, W), pairs (height, width). No torch
is needed here.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from explorer.analysis.text import pair_text
from explorer.analysis.types import FLOAT32_BYTES, Kind, MapShape, Pair

if TYPE_CHECKING:  # the trace imports torch
    from explorer.analysis.trace import Node

Padding = Literal["same", "valid"] | Pair


class CostError(ValueError):
    """There is no such convolution; `str()` is the sentence why."""


@dataclass(frozen=True)
class Convolution:
    """One convolution: `out_channels` filters of `kernel`, each over in_channels / `groups` channels.

    `padding` is "valid" (none), "same" (kernel - 1 zeros in all, so that stride 1 keeps the size; an even
    kernel has the odd one below and right, as in torch), or the zeros on each side.

    Raises CostError for what cannot be computed.
    """

    in_shape: MapShape
    out_channels: int
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Padding = "same"
    groups: int = 1
    bias: bool = True

    def __post_init__(self) -> None:
        counts = {
            "height of the input": self.in_shape[1],
            "width of the input": self.in_shape[2],
            "number of input channels": self.in_shape[0],
            "number of output channels": self.out_channels,
            "height of the kernel": self.kernel[0],
            "width of the kernel": self.kernel[1],
            "stride": min(self.stride),
            "number of groups": self.groups,
        }
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
    def out_shape(self) -> MapShape:
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
    def out_shape(self) -> MapShape:
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


def parse_shape(text: str) -> MapShape:
    """28x28x192, as people write it: height, width, channels -> (192, 28, 28). Raises CostError."""
    sides = _numbers(text)
    if len(sides) != 3:
        raise CostError(f"{text!r} is not a shape: write height x width x channels, as in 28x28x192.")
    height, width, channels = sides
    return channels, height, width


def parse_pair(text: str, what: str) -> Pair:
    """5 -> (5, 5), 1x7 -> (1, 7): height and width of `what`, "kernel size" or "stride". Raises CostError."""
    sides = _numbers(text)
    if len(sides) not in (1, 2):
        raise CostError(f"{text!r} is not a {what}: write one number, or two as in 1x7.")
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
        raise CostError(f"{text!r} is not a padding: write same, valid, or a number of zeros.") from None


def _numbers(text: str) -> list[int]:
    parts = re.split(r"[x×]", text.strip().lower())
    return [int(part) for part in parts] if all(re.fullmatch(r"-?[0-9]{1,9}", part) for part in parts) else []


def format_pair(pair: Padding) -> str:
    """(5, 5) -> "5", (1, 7) -> "1x7", "same" -> "same": what `parse_pair` and `parse_padding` read."""
    if isinstance(pair, str):
        return pair
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}x{pair[1]}"
