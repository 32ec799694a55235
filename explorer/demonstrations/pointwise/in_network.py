"""What stands before a convolution in its own network."""

from __future__ import annotations

from dataclasses import replace

from explorer.analysis.cost import Convolution, convolution_of
from explorer.analysis.trace import Node, Trace
from explorer.demonstrations.pointwise.weighted_sum import ELEMENTWISE


def reduction_before(trace: Trace, node: Node) -> Node | None:
    """The 1x1 convolution of the same block that makes fewer maps for `node`, if there is one."""
    source = trace.node(node.inputs[0])
    while source.kind in ELEMENTWISE:
        source = trace.node(source.inputs[0])
    reduces = source.kind == "pointwise" and source.in_shapes[0][0] > source.out_shape[0]
    return source if reduces and source.block == node.block else None


def without_reduction(node: Node, before: Node) -> Convolution:
    """The convolution at `node` as it would be on the maps that `before` reduces."""
    channels, *_ = before.in_shapes[0]
    _, height, width = node.in_shapes[0]
    return replace(convolution_of(node), in_shape=(channels, height, width))
