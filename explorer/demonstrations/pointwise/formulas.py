"""What a convolution costs, as LaTeX with the numbers put in."""

from __future__ import annotations

from explorer.analysis.cost import Convolution, Design
from explorer.analysis.text import thousands


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
