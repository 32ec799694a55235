"""The blocks of the MobileNets in numbers: how wide they are inside, and what narrower and smaller networks cost."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.analysis.trace import Trace

ALPHAS = (0.25, 0.5, 0.75, 1.0)
SIZES = (128, 160, 192, 224)  # pixels of the picture's side: rho = size / 224


@dataclass(frozen=True)
class Printed:
    """A row as a paper prints it: millions of multiply-adds and of parameters, and top-1 accuracy in percent."""

    macs: float
    params: float
    top1: float
    source: str


_HOWARD_2017 = "arXiv 1704.04861"
PRINTED = {
    ("mobilenet_v1", 1.0, 224): Printed(569, 4.2, 70.6, f"{_HOWARD_2017}, tables 6 and 7"),
    ("mobilenet_v1", 0.75, 224): Printed(325, 2.6, 68.4, f"{_HOWARD_2017}, table 6"),
    ("mobilenet_v1", 0.5, 224): Printed(149, 1.3, 63.7, f"{_HOWARD_2017}, table 6"),
    ("mobilenet_v1", 0.25, 224): Printed(41, 0.5, 50.6, f"{_HOWARD_2017}, table 6"),
    ("mobilenet_v1", 1.0, 192): Printed(418, 4.2, 69.1, f"{_HOWARD_2017}, table 7"),
    ("mobilenet_v1", 1.0, 160): Printed(290, 4.2, 67.2, f"{_HOWARD_2017}, table 7"),
    ("mobilenet_v1", 1.0, 128): Printed(186, 4.2, 64.4, f"{_HOWARD_2017}, table 7"),
    ("mobilenet_v1_full", 1.0, 224): Printed(4866, 29.3, 71.7, f"{_HOWARD_2017}, table 4"),
}
"""By variant, alpha and size of the picture."""


@dataclass(frozen=True)
class Widths:
    """The channels of a block's input, those that its depthwise convolution filters, and those of its output."""

    block: str
    input: int
    filtered: int
    output: int
    shortcut: bool  # its input is added to its output

    @property
    def expansion(self) -> float:
        return self.filtered / self.input


def block_widths(trace: Trace) -> tuple[Widths, ...]:
    """Of all blocks with a depthwise convolution."""
    found = []
    for stage in trace.stages:
        for block in stage.blocks:
            nodes = [trace.node(name) for name in block.nodes]
            filtered = next((n.out_shape[0] for n in nodes if n.kind == "depthwise"), None)
            if filtered is not None:
                added = any(n.type == "add" for n in nodes)
                found.append(Widths(block.path, block.in_shape[0], filtered, block.out_shape[0], added))
    return tuple(found)
