"""That what is timed is the design, that others are let in between, and what is refused."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from explorer.analysis.cost import Convolution, CostError, Design
from explorer.analysis.designs import bottleneck, depthwise_separable, direct
from explorer.demonstrations.pointwise import timing
from explorer.demonstrations.pointwise.timing import MAX_SAMPLES, Measurement, begin, convolve, measure
from explorer.runtime.device import describe, forward_slot

CPU = torch.device("cpu")
SMALL = Convolution((8, 10, 12), 4, (3, 5))


def measured(*designs: Design, device: torch.device = CPU, batch: int = 1) -> tuple[Measurement, ...]:
    steps = list(measure(designs, device, batch))
    progress = [p for p, _ in steps]
    assert progress == sorted(progress)
    assert (progress[0], progress[-1]) == (0.0, 1.0)
    assert [m.design for m in steps[-1][1]] == list(designs)
    return steps[-1][1]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([(3, 3), (2, 4), (1, 5)]),
    st.sampled_from(["same", "valid", (1, 0)]),
    st.sampled_from([1, 2, 4]),
)
def test_what_is_timed_is_the_convolution(kernel, padding, groups) -> None:
    c = replace(SMALL, kernel=kernel, padding=padding, groups=groups)
    layer = nn.Conv2d(8, 4, kernel, padding=padding, groups=groups)
    x = torch.randn(2, 8, 10, 12)
    with torch.inference_mode():
        out = convolve(c, x, layer.weight, layer.bias)
        torch.testing.assert_close(out, layer(x))
    assert tuple(out.shape[1:]) == c.out_shape


@pytest.mark.parametrize("stride", [(1, 1), (2, 2)])
@pytest.mark.parametrize("batch", [1, 3])
def test_a_program_gives_the_designs_shape(stride, batch: int) -> None:
    design = depthwise_separable(replace(SMALL, kernel=(4, 4), stride=stride))
    assert tuple(timing._program(design, CPU, batch)().shape) == (batch, *design.out_shape)


def test_a_measurement_is_the_median_of_the_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([9.0, 0.01, *[0.01] * 8, *[0.03] * 7])  # warming up, how long it takes, the samples
    monkeypatch.setattr(timing, "_timed", lambda *arguments: next(seconds))
    monkeypatch.setattr(timing, "DESIGN_SECONDS", 60.0)
    (result,) = measured(direct(SMALL), batch=2)
    assert (result.seconds, result.samples, result.batch) == (0.01, MAX_SAMPLES, 2)
    assert result.device == describe(CPU)
    assert result.macs_per_second == pytest.approx(2 * SMALL.macs / 0.01)


def test_short_passes_are_timed_together(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(timing, "_timed", lambda run, device, passes: asked.append(passes) or passes * 0.0001)
    assert measured(direct(SMALL))[0].seconds == pytest.approx(0.0001)
    assert asked == [1, 1] + [10] * MAX_SAMPLES


def test_designs_are_sampled_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    sampled = []
    monkeypatch.setattr(timing, "_program", lambda design, device, batch: design)
    monkeypatch.setattr(timing, "_timed", lambda run, device, passes: sampled.append(run) or 0.01)
    one, other = direct(SMALL), depthwise_separable(SMALL)
    measured(one, other)
    assert sampled == [one, one, other, other] + [one, other] * MAX_SAMPLES


def test_slow_designs_get_fewer_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "_timed", lambda *arguments: 0.3)
    assert [m.samples for m in measured(direct(SMALL), depthwise_separable(SMALL))] == [2, 2]


def test_what_is_known_so_far_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "_timed", lambda *arguments: 0.01)
    known = [len(results) for _, results in measure([direct(SMALL)] * 2, CPU)]
    assert known == [0] * 4 + [1] + [2] * (2 * MAX_SAMPLES - 1)


def test_a_real_measurement() -> None:
    (result,) = measured(bottleneck(Convolution((64, 14, 14), 32, (5, 5)), 8))
    assert 0 < result.seconds < 5
    assert 1 <= result.samples <= MAX_SAMPLES


@pytest.mark.gpu
def test_a_real_measurement_on_the_gpu() -> None:
    designs = [direct(Convolution((channels, 28, 28), 512, (5, 5))) for channels in (512, 16)]
    slow, fast = measured(*designs, device=torch.device("cuda"), batch=32)
    assert slow.seconds > 2 * fast.seconds  # launches alone would take the same time
    assert torch.cuda.get_device_name() in slow.device


def test_others_get_a_slot_between_the_samples() -> None:
    steps = measure([direct(SMALL)], CPU)
    next(steps)
    with forward_slot(), forward_slot():  # both: the measurement holds none while nobody asks for its next sample
        pass
    assert list(steps)[-1][0] == 1.0


def test_the_samples_wait_for_a_slot() -> None:
    steps = measure([direct(SMALL)], CPU)
    waiting = threading.Thread(target=next, args=(steps,))
    with forward_slot(), forward_slot():
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
    waiting.join(30)
    assert not waiting.is_alive()


def test_the_random_numbers_of_others_are_left_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    measured(direct(SMALL))
    assert torch.equal(torch.rand(4), expected)


@pytest.mark.parametrize(
    ("c", "batch", "sentence"),
    [
        (Convolution((512, 112, 112), 512, (3, 3)), 1, "at most 2.00 G are measured here"),
        (Convolution((64, 56, 56), 64, (3, 3)), 32, "3.70 G multiplications in one pass"),
        (Convolution((1, 6000, 6000), 1, (1, 1)), 1, "at most 256 MiB are measured here"),
        (Convolution((16384, 1, 1), 16384, (1, 1)), 1, "needs 1.00 GiB"),
    ],
)
def test_what_would_keep_others_waiting_is_refused(c: Convolution, batch: int, sentence: str) -> None:
    with pytest.raises(CostError, match=sentence):
        next(measure([direct(c)], CPU, batch))


def test_a_full_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(timing, "convolve", full)
    with pytest.raises(CostError, match="too little memory on"):
        next(measure([direct(SMALL)], CPU))


def test_a_job_measures_what_is_possible_and_small_enough() -> None:
    large = direct(Convolution((512, 112, 112), 512, (3, 3)))
    job = begin(SMALL, [direct(SMALL), CostError("There is no such design."), large], CPU, 1)
    assert len(job.refused) == 1  # too large; what is impossible is said elsewhere
    assert (job.running, job.progress, job.results) == (True, 0.0, ())
    job.advance(60)
    assert (job.running, job.progress) == (False, 1.0)
    assert [m.design for m in job.results] == [direct(SMALL)]


def test_a_job_goes_on_only_when_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "_timed", lambda *arguments: 0.01)
    monkeypatch.setattr(time, "monotonic", iter(range(100)).__next__)  # a second from one look at the clock to the next
    job = begin(SMALL, [direct(SMALL)], CPU, 1)
    job.advance(3.5)  # warms up with two passes and takes a sample
    assert (job.running, job.progress) == (True, pytest.approx(1 / MAX_SAMPLES))
    job.cancel()
    job.advance(3.5)
    assert (job.running, job.progress) == (False, pytest.approx(1 / MAX_SAMPLES))
    assert [m.samples for m in job.results] == [1]


def test_a_job_ends_where_memory_does(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(timing, "convolve", full)
    job = begin(SMALL, [direct(SMALL)], CPU, 1)
    job.advance(60)
    assert (job.running, len(job.refused), job.results) == (False, 1, ())
