"""How long convolutions take on a device, beside what their multiplications promise.

Each measured sample takes a forward slot of its own, so that other viewers' passes run in between, and a `Job` goes on
only while somebody waits for it.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from explorer.analysis.cost import Convolution, CostError, Design
from explorer.analysis.text import bytes_text, si
from explorer.analysis.types import FLOAT32_BYTES
from explorer.runtime.device import describe, forward_slot, synchronize

MAX_SAMPLES = 15
DESIGN_SECONDS = 1.0  # for each design, at most
MIN_SAMPLE_SECONDS = 0.001  # shorter ones would measure the clock
MAX_PASSES = 100  # in a sample
# A pass holds a slot that others wait for: about a quarter of a second on one slow core.
MAX_MACS_CPU = 2 * 10**9
MAX_MACS_GPU = 400 * 10**9
MAX_BYTES = 256 * 2**20


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
    macs, most = batch * design.macs, MAX_MACS_CPU if device.type == "cpu" else MAX_MACS_GPU
    if macs > most:
        raise CostError(
            f"{design.name}: {si(macs)} multiplications in one pass; at most {si(most)} are measured here, "
            "so that nobody else has to wait."
        )
    values = batch * math.prod(design.layers[0].in_shape) + design.params
    size = values * FLOAT32_BYTES + batch * design.activation_bytes
    if size > MAX_BYTES:
        raise CostError(
            f"{design.name} needs {bytes_text(size)}; at most {bytes_text(MAX_BYTES)} are measured here, "
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
    name, budget, spent = describe(device), DESIGN_SECONDS * len(designs), 0.0
    runs: list[tuple[Callable[[], Tensor], int]] = []
    try:
        for design in designs:
            run = _program(design, device, batch)
            first = _timed(run, device, 1)  # loads and chooses kernels
            yield 0.0, ()
            once = _timed(run, device, 1)
            yield 0.0, ()
            spent += first + once
            runs.append((run, min(MAX_PASSES, max(1, round(MIN_SAMPLE_SECONDS / once)))))
    except torch.OutOfMemoryError:
        raise CostError(f"There is too little memory on {name}.") from None
    times: list[list[float]] = [[] for _ in designs]
    for sample in range(MAX_SAMPLES):
        for number, (run, passes) in enumerate(runs):
            seconds = _timed(run, device, passes)
            spent += seconds
            times[number].append(seconds / passes)
            done = (sample * len(runs) + number + 1) / (MAX_SAMPLES * len(runs))
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


@dataclass
class Job:
    """A measurement of what does the work of `c`, carried on a little at a time.

    Attributes:
        refused: why some designs are not measured.
        steps: what is left to do; None at the end.
        progress: in [0, 1].
        results: the measurements so far.
    """

    c: Convolution
    refused: list[str]
    steps: Iterator[Step] | None
    progress: float = 0.0
    results: tuple[Measurement, ...] = ()

    @property
    def running(self) -> bool:
        """Whether there is something left to do."""
        return self.steps is not None

    def advance(self, seconds: float) -> None:
        """Measure for about so long."""
        end = time.monotonic() + seconds
        try:
            while self.steps is not None and time.monotonic() < end:
                step = next(self.steps, None)
                if step is None:
                    self.steps = None
                else:
                    self.progress, self.results = step
        except CostError as error:
            self.cancel()
            self.refused.append(str(error))

    def cancel(self) -> None:
        """Leave it at what is known so far."""
        self.steps = None


def begin(c: Convolution, designs: Iterable[Design | CostError], device: torch.device, batch: int) -> Job:
    """A job that measures the designs that are possible and not too large."""
    possible, refused = [], []
    for design in designs:
        if isinstance(design, Design):
            try:
                check_size(design, device, batch)
                possible.append(design)
            except CostError as error:
                refused.append(str(error))
    return Job(c, refused, measure(possible, device, batch))


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
