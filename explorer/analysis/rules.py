"""What the rules know about one operation: its kind, MACs, sliding window and receptive field.

A MAC is one multiply-accumulate of a convolution or linear layer; nothing else is counted.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from explorer.analysis.types import Kind, Pair, Shape

# Operations that cost no MACs by this convention. What is neither here nor in MAC_RULES is listed as unruled.
FREE: dict[Any, Kind] = {
    nn.BatchNorm2d: "normalization",
    nn.LocalResponseNorm: "normalization",
    nn.ReLU: "activation",
    nn.ReLU6: "activation",
    nn.Hardswish: "activation",
    nn.Hardsigmoid: "activation",
    nn.Sigmoid: "activation",
    nn.Tanh: "activation",
    nn.Softmax: "activation",
    nn.MaxPool2d: "pooling",
    nn.AvgPool2d: "pooling",
    nn.AdaptiveAvgPool2d: "pooling",
    nn.Dropout: "reshape",
    nn.Flatten: "reshape",
    nn.Identity: "reshape",
    operator.add: "merge",
    operator.mul: "merge",
    operator.getitem: "reshape",
    torch.add: "merge",
    torch.cat: "merge",
    torch.flatten: "reshape",
    nn.functional.pad: "reshape",
}


def _conv_macs(layer: nn.Conv2d, out: Shape) -> int:
    return math.prod(out) * math.prod(layer.kernel_size) * layer.in_channels // layer.groups


def _linear_macs(layer: nn.Linear, out: Shape) -> int:
    return math.prod(out) * layer.in_features


MAC_RULES: dict[type[nn.Module], Callable[[Any, Shape], int]] = {nn.Conv2d: _conv_macs, nn.Linear: _linear_macs}


def macs_of(operation: Any, out: Shape) -> int:
    """The MACs of one of torch's layers by its rule, of one of this program by its method `macs(out_shape)`."""
    if hasattr(operation, "macs"):
        return int(operation.macs(out))
    rule = MAC_RULES.get(type(operation))
    return rule(operation, out) if rule else 0


def is_weight_layer(operation: Any) -> bool:
    """Whether it adds to the depth: torch's weight layers do, this program's operations say `counts_as_layer`."""
    return bool(getattr(operation, "counts_as_layer", type(operation) in MAC_RULES))


def kind_of(operation: nn.Module | Any) -> Kind | None:
    """The kind of a module or function, None where no rule knows it."""
    if isinstance(operation, nn.Conv2d):
        if operation.groups == operation.in_channels > 1:
            return "depthwise"
        return "pointwise" if operation.kernel_size == (1, 1) else "convolution"
    if isinstance(operation, nn.Linear):
        return "linear"
    if isinstance(operation, nn.Module):
        return getattr(operation, "operation_kind", None) or FREE.get(type(operation))
    return FREE.get(operation)


def _pair(value: Any) -> Pair:
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[1]))


@dataclass(frozen=True)
class Window:
    kernel: Pair | None = None
    stride: Pair | None = None
    padding: Pair | None = None
    dilation: Pair | None = None


def window_of(operation: Any, in_shapes: tuple[Shape, ...], out: Shape) -> Window:
    """The sliding window of a convolution or pooling. Adaptive pooling is written as the window that it amounts to."""
    if isinstance(operation, nn.Module) and hasattr(operation, "kernel_size"):
        dilation = getattr(operation, "dilation", 1)  # average pooling has none
        return Window(*map(_pair, (operation.kernel_size, operation.stride, operation.padding, dilation)))
    if isinstance(operation, nn.AdaptiveAvgPool2d):
        (h, w), (oh, ow) = in_shapes[0][1:], out[1:]
        stride = (h // oh, w // ow)
        return Window((h - (oh - 1) * stride[0], w - (ow - 1) * stride[1]), stride, (0, 0), (1, 1))
    return Window()


@dataclass(frozen=True)
class AxisField:
    """Receptive field, its stride and the centre of the first one along one axis (Dumoulin & Visin, 1603.07285)."""

    size: int = 1
    stride: int = 1
    start: float = 0.0

    def through(self, kernel: int, stride: int, padding: int, dilation: int) -> AxisField:
        reach = dilation * (kernel - 1)
        start = self.start + (reach / 2 - padding) * self.stride
        return AxisField(self.size + reach * self.stride, self.stride * stride, start)

    def over(self, positions: int) -> AxisField:
        """All `positions` at once, as a flattened map sees them."""
        return self.through(positions, positions, 0, 1)


def fields_through(
    window: Window, inputs: list[tuple[AxisField, AxisField]], node_inputs: list[Shape], out: Shape
) -> tuple[AxisField, AxisField]:
    """Receptive fields (height, width) of an operation: through adds and concats, the largest of its inputs.

    Where a (C, 1, 1) gate multiplies maps, the maps' own field counts: the gate sees the whole image anyway.
    """
    largest_map = max(math.prod(shape[1:]) for shape in node_inputs)
    candidates = [f for f, shape in zip(inputs, node_inputs, strict=True) if math.prod(shape[1:]) == largest_map]
    rows, columns = (max((c[axis] for c in candidates), key=lambda f: f.size) for axis in (0, 1))
    if window.kernel and window.stride and window.padding and window.dilation:
        by_axis = zip(window.kernel, window.stride, window.padding, window.dilation, strict=True)
        return rows.through(*next(by_axis)), columns.through(*next(by_axis))
    if len(out) == 1 and len(node_inputs[0]) == 3:
        _, height, width = node_inputs[0]
        return rows.over(height), columns.over(width)
    return rows, columns
