"""How long convolutions take on a device, beside what their multiplications promise.

Each measured sample takes a forward slot of its own, so that other viewers' passes run in between, and a
measurement that nobody waits for any more ends after the sample at hand.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from explorer.analysis.cost import Convolution, CostError, Design
from explorer.analysis.text import bytes_text, si
from explorer.analysis.types import FLOAT32_BYTES
from explorer.runtime.device import describe, forward_slot, synchronize

SAMPLES = 15
BUDGET = 1.0  # seconds for each design
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


Step = tuple[float, tuple[Measurement, ...]]


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


def measure(designs: Sequence[Design], device: torch.device, batch: int = 1) -> Iterator[Step]:
    """Warm up, then sample the designs in turn, so that what else runs here slows all of them alike.

    The numbers that are convolved are random. After each sample it yields the progress in [0, 1] and the
    measurements so far, in the designs' order. Stop iterating to cancel.

    Raises:
        CostError: a design is too large to be measured among others, or for the memory that they leave.
    """
    for design in designs:
        check_size(design, device, batch)
    name, budget, spent = describe(device), BUDGET * len(designs), 0.0
    runs: list[tuple[Callable[[], Tensor], int]] = []
    try:
        for design in designs:
            run = _program(design, device, batch)
            first = _timed(run, device, 1)  # loads and chooses kernels
            yield 0.0, ()
            once = _timed(run, device, 1)
            yield 0.0, ()
            spent += first + once
            runs.append((run, min(PASSES, max(1, round(SAMPLE / once)))))
    except torch.OutOfMemoryError:
        raise CostError(f"There is too little memory on {name}.") from None
    times: list[list[float]] = [[] for _ in designs]
    for sample in range(SAMPLES):
        for number, (run, passes) in enumerate(runs):
            seconds = _timed(run, device, passes)
            spent += seconds
            times[number].append(seconds / passes)
            done = (sample * len(runs) + number + 1) / (SAMPLES * len(runs))
            yield (
                min(1.0, max(done, spent / budget)),
                tuple(
                    Measurement(d, name, batch, len(t), statistics.median(t))
                    for d, t in zip(designs, times, strict=True)
                    if t
                ),
            )
        if spent > budget:
            return


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
