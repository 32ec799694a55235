"""How long convolutions take on a device, beside what their multiplications promise.

Each measured sample takes a forward slot of its own, so that other viewers' passes run in between, and a
measurement that nobody waits for any more ends after the sample at hand.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from explorer.analysis.cost import FLOAT32_BYTES, Convolution, CostError, Design
from explorer.analysis.units import bytes_text, si
from explorer.runtime.device import describe, forward_slot, synchronize

SAMPLES = 15
BUDGET = 1.0  # seconds for one design
SAMPLE = 0.001  # seconds that a sample lasts at least: shorter ones would measure the clock
PASSES = 100  # in a sample, at most
# A pass holds a slot that others wait for: about a quarter of a second on one slow core.
MOST_MACS_CPU, MOST_MACS_GPU = 2 * 10**9, 400 * 10**9
MOST_BYTES = 256 * 2**20


@dataclass(frozen=True)
class Measurement:
    """Median time of a pass for `batch` pictures, from `samples` samples on `device` (in words)."""

    design: Design
    device: str
    batch: int
    samples: int
    seconds: float

    @property
    def macs_per_second(self) -> float:
        return self.batch * self.design.macs / self.seconds


def check_size(design: Design, device: torch.device, batch: int) -> None:
    """Raises CostError with the sentence why, for a design that would keep others waiting."""
    macs, most = batch * design.macs, MOST_MACS_CPU if device.type == "cpu" else MOST_MACS_GPU
    if macs > most:
        raise CostError(
            f"{design.name}: {si(macs)} multiplications in one pass; at most {si(most)} are measured here, "
            "so that nobody else has to wait."
        )
    values = batch * math.prod(design.layers[0].in_shape) + design.params
    size = values * FLOAT32_BYTES + batch * design.activation_bytes
    if size > MOST_BYTES:
        raise CostError(
            f"{design.name} needs {bytes_text(size)}; at most {bytes_text(MOST_BYTES)} are measured here, "
            "so that memory remains for others."
        )


def measure(design: Design, device: torch.device, batch: int = 1) -> Iterator[float | Measurement]:
    """Warm up, then sample; yields the progress in [0, 1] after each sample, and the measurement at the end.

    The numbers that are convolved are random. Stop iterating to cancel.

    Raises:
        CostError: the design is too large to be measured among others, or for the memory that they leave.
    """
    check_size(design, device, batch)
    try:
        run = _program(design, device, batch)
        first = _timed(run, device, 1)  # loads and chooses kernels
    except torch.OutOfMemoryError:
        raise CostError(f"{design.name}: there is too little memory on {describe(device)}.") from None
    yield 0.0
    once = _timed(run, device, 1)
    passes = min(PASSES, max(1, round(SAMPLE / once)))
    spent, times = first + once, list[float]()
    while len(times) < SAMPLES and (spent < BUDGET or not times):
        seconds = _timed(run, device, passes)
        spent += seconds
        times.append(seconds / passes)
        yield max(len(times) / SAMPLES, min(1.0, spent / BUDGET))
    yield Measurement(design, describe(device), batch, len(times), statistics.median(times))


def _timed(run: Callable[[], Tensor], device: torch.device, passes: int) -> float:
    """Seconds for so many passes, synchronized."""
    with forward_slot():
        synchronize(device)
        start = time.perf_counter()
        for _ in range(passes):
            run()
        synchronize(device)
        return time.perf_counter() - start


def _program(design: Design, device: torch.device, batch: int) -> Callable[[], Tensor]:
    """The design as a function of nothing, its parameters and input made from a generator of its own."""
    generator = torch.Generator().manual_seed(0)

    def random(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator).to(device)

    x = random(batch, *design.layers[0].in_shape)
    layers = [
        (
            c,
            random(c.out_channels, c.in_shape[0] // c.groups, *c.kernel),
            random(c.out_channels) if c.bias else None,
        )
        for c in design.layers
    ]

    def run() -> Tensor:
        out = x
        for c, weight, bias in layers:
            out = convolve(c, out, weight, bias)
        return out

    return run


def convolve(c: Convolution, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """(N, C, H, W) maps through `c`. Zeros that are not the same on both sides are put there first."""
    (above, below), (left, right) = c.margins
    if above != below or left != right:
        x, above, left = functional.pad(x, (left, right, above, below)), 0, 0
    return functional.conv2d(x, weight, bias, c.stride, (above, left), groups=c.groups)
