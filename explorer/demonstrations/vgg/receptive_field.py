"""What a position of a layer sees of the input picture, layer after layer.

Pixels are counted from the top left; the centre of the first one is 0.0, as in the trace.
"""

from __future__ import annotations

from dataclasses import dataclass

from explorer.analysis.trace import Node, Trace


@dataclass(frozen=True)
class Field:
    """The window of one position, (row, column), of a layer: its centre and its size, (height, width), in pixels.

    It may reach over the picture's edge, into the padding.
    """

    node: Node
    position: tuple[int, int]
    centre: tuple[float, float]
    size: tuple[int, int]

    @property
    def edges(self) -> tuple[float, float, float, float]:
        """Top, left, bottom, right: the outer edges of its outermost pixels."""
        (row, column), (height, width) = self.centre, self.size
        return row - height / 2, column - width / 2, row + height / 2, column + width / 2

    def inside(self, input_size: tuple[int, int]) -> float:
        """The part of the window that lies on a picture of (height, width) pixels, 0 to 1."""
        top, left, bottom, right = self.edges
        height = min(bottom, input_size[0] - 0.5) - max(top, -0.5)
        width = min(right, input_size[1] - 0.5) - max(left, -0.5)
        return max(0.0, height) * max(0.0, width) / (self.size[0] * self.size[1])


def window_layers(trace: Trace) -> tuple[Node, ...]:
    """The convolutions and poolings on maps, in order; not a pooling that only adapts the size for a classifier."""
    return tuple(n for n in trace.nodes if n.kernel and len(n.out_shape) == 3 and n.type != "AdaptiveAvgPool2d")


def field_at(node: Node, pixel: tuple[int, int]) -> Field:
    """The window of the position whose centre is nearest to a pixel, (row, column)."""
    position = tuple(
        min(max(round((p - start) / stride), 0), count - 1)
        for p, start, stride, count in zip(pixel, node.rf_start, node.rf_stride, node.out_shape[1:], strict=True)
    )
    row, column = (
        start + stride * at for at, start, stride in zip(position, node.rf_start, node.rf_stride, strict=True)
    )
    return Field(node, (position[0], position[1]), (row, column), node.receptive_field)


def fields_up_to(trace: Trace, last: str, pixel: tuple[int, int]) -> tuple[Field, ...]:
    """The windows of all layers up to `last`, (row, column) of a pixel in each, in a network without branches.

    Raises:
        KeyError: there is no such layer.
    """
    layers = window_layers(trace)
    names = [n.name for n in layers]
    if last not in names:
        raise KeyError(last)
    return tuple(field_at(n, pixel) for n in layers[: names.index(last) + 1])


def field_in_stage_input(trace: Trace, node: Node) -> tuple[int, int]:
    """How many positions, (rows, columns), of its stage's input maps one position of `node` sees."""
    first = trace.stage(node.stage).blocks[0].nodes[0]
    maps = trace.node(trace.node(first).inputs[0])
    rows, columns = (
        1 + (field - before) // step
        for field, before, step in zip(node.receptive_field, maps.receptive_field, maps.rf_stride, strict=True)
    )
    return rows, columns
