"""Digits without end: the strokes of the app's sample digits, warped at random, as inputs of LeNet-5.

None of MNIST's pictures is among them. There is one original of each digit in each of two handwritings: training draws
from the first handwriting only, so that the second one is new to the network.

A drawing is an original with a pen of another width, turned, sheared, scaled, moved, and bent by a smooth field of
displacements (as in Simard, Steinkraus, Platt: "Best Practices for Convolutional Neural Networks", ICDAR 2003). All of
a batch are warped at once, on a grid with `FINE` points in a pixel, and smoothed only once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.architectures.lenet import BACKGROUND, FOREGROUND
from explorer.demonstrations.digits.compute import SIDE, Distortion, distorted, ink_of, sample_digits, standardised

Handwriting = Literal["first", "second"]
SUFFIXES: dict[Handwriting, str] = {"first": "", "second": "b"}  # of the samples' names
DIGITS = 10
PADDING = 2  # pixels of paper around MNIST's 28x28

FINE = 2  # points of the grid in a pixel, each way
PEN = (-2, -1, 0, 1, 2, 3)  # quarters of a pixel that each edge of a stroke moves outwards
DEGREES = 14.0  # turned by at most
SHEAR = 0.25  # columns a row, at most
SCALE = (0.8, 1.15)  # of the size, the width once more by a factor of its own
ASPECT = (0.85, 1.2)
SHIFT = 1.5  # pixels, at most, each way
BENDS = 5  # points of the coarse field of displacements, each way
BEND = 2.0  # pixels: standard deviation of a displacement at those points
WIDTH = 0.25  # of the bell with which each displacement spreads; the half side is 1


@dataclass(frozen=True)
class Batch:
    """Drawings as inputs, (N, 1, 32, 32) from -0.1 (paper) to 1.175 (ink), and their digits, (N,)."""

    inputs: Tensor
    labels: Tensor


@cache
def _originals(handwriting: Handwriting) -> Tensor:
    """Each digit with each pen: (10, pens, 56, 56), 0 to 1."""
    suffix, samples = SUFFIXES[handwriting], sample_digits()
    fine = [standardised(ink_of(samples[f"{digit}{suffix}"])) for digit in range(DIGITS)]
    pens = torch.tensor([[distorted(digit, Distortion(quarters=q)).tolist() for q in PEN] for digit in fine])
    side = SIDE * FINE
    return F.adaptive_avg_pool2d(pens, (side, side))


def draw(handwriting: Handwriting, count: int, seed: int, number: int) -> Batch:
    """`count` new drawings. The same `seed` and `number` give the same ones, whatever was drawn before."""
    g = torch.Generator().manual_seed(seed * 1_000_003 + number)
    labels = torch.randint(DIGITS, (count,), generator=g)
    pens = torch.randint(len(PEN), (count,), generator=g)
    fine = F.grid_sample(
        _originals(handwriting)[labels, pens][:, None], _warp(count, g), mode="bilinear", align_corners=False
    )
    levels = F.avg_pool2d(fine, FINE).clamp(0, 1)
    inputs = BACKGROUND + (FOREGROUND - BACKGROUND) * F.pad(levels, [PADDING] * 4)
    return Batch(inputs, labels)


def _warp(count: int, g: torch.Generator) -> Tensor:
    """Where each point of the drawings comes from: (N, 56, 56, 2), from -1 to 1."""

    def between(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, 1, 1, generator=g)

    angle = between(-DEGREES, DEGREES).deg2rad()
    scale, aspect, shear = between(*SCALE), between(*ASPECT), between(-SHEAR, SHEAR)
    right, down = between(-SHIFT, SHIFT) * 2 / SIDE, between(-SHIFT, SHIFT) * 2 / SIDE
    bends = torch.randn(2, count, BENDS, BENDS, generator=g) * (BEND * 2 / SIDE)
    bent_x, bent_y = _blend() @ bends @ _blend().T
    y, x = _places()[:, None], _places()
    cosine, sine = torch.cos(angle), torch.sin(angle)
    from_x = (cosine * x + (sine + shear) * y) / (scale * aspect) + right + bent_x
    from_y = (cosine * y - sine * x) / scale + down + bent_y
    return torch.stack([from_x, from_y], 3)


@cache
def _places() -> Tensor:
    """The middles of the grid's points along a side, (56,), from -1 to 1."""
    side = SIDE * FINE
    return (torch.arange(side) + 0.5) * 2 / side - 1


@cache
def _blend() -> Tensor:
    """How much each point along a side has of each displacement of the coarse field: (56, 5), smooth, 1 in all."""
    weights = torch.exp(-0.5 * ((_places()[:, None] - torch.linspace(-1, 1, BENDS)) / WIDTH) ** 2)
    return weights / weights.sum(1, keepdim=True)
