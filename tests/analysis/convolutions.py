"""Convolutions to try, and what torch counts for them."""

from __future__ import annotations

import torch
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from explorer.analysis.cost import Convolution, Design

CLASSIC = Convolution((192, 28, 28), 32, (5, 5))

small = st.integers(1, 7)
sides = st.tuples(st.integers(1, 20), st.integers(1, 20))
kernels = st.tuples(small, small)
paddings = st.sampled_from(["same", "valid"]) | st.tuples(st.integers(0, 3), st.integers(0, 3))


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
    in_shape: tuple[int, int, int],
    out_channels: int,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: str | tuple[int, int],
    groups: int,
    bias: bool,
) -> nn.Module:
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
