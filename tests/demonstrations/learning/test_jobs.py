"""The line of trainings: two at a time, the third waits; what nobody looks at pauses and goes; nothing is left over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from explorer.demonstrations.learning import compute, jobs
from explorer.demonstrations.learning.compute import Rates, Recipe, Training, held_out
from explorer.demonstrations.learning.jobs import Job, Line

RECIPE, RATES = Recipe("lenet5_modern", batch=1), Rates(0.01, 0.9)
WAIT_S = 60.0  # a busy machine is slow


class Steps:
    """In a training's place: steps that do nothing."""

    def __init__(self, recipe: Recipe, rates: Rates) -> None:
        self.recipe, self.rates = recipe, rates
        self.number, self.stages = 0, 0
        self.done = False
        self.fails = False

    @property
    def place(self) -> tuple[int, int]:
        return self.number, self.stages

    def go(self) -> None:
        if self.fails:
            raise MemoryError
        self.number += 1
        time.sleep(0.001)


def until(true: Callable[[], Any]) -> None:
    end = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("learning-")]


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    monkeypatch.setattr(jobs, "Training", Steps)
    line = Line(places=2)
    yield line
    for job in list(line._jobs.values()):
        line.drop(job)
    until(lambda: not threads())


def three(line: Line) -> list[Job]:
    found = [line.new(RECIPE, RATES) for _ in range(3)]
    for job in found:
        line.start(job)
    return found


def test_the_third_waits_and_gets_its_turn_when_the_first_leaves(line: Line) -> None:
    first, second, third = three(line)
    fourth = line.new(RECIPE, RATES)
    assert line.place(fourth) is None  # not begun
    line.start(fourth)
    assert [line.place(job) for job in (first, second, third, fourth)] == [0, 0, 1, 2]
    until(lambda: first.training.number and second.training.number)
    assert third.training.number == 0 and len(threads()) == 2
    line.pause(first)
    until(lambda: third.training.number)
    assert [line.place(job) for job in (first, second, third, fourth)] == [None, 0, 0, 1]
    stopped = first.training.number
    line.start(first)  # again, at the end of the line
    assert line.place(first) == 2
    second.training.done = True  # type: ignore[misc]
    until(lambda: fourth.training.number)
    assert not second.going and line.place(first) == 1 and first.training.number == stopped
    line.pause(first)
    assert line.place(first) is None


def test_what_is_dropped_leaves_nothing_behind(line: Line) -> None:
    first, second, third = three(line)
    until(lambda: first.training.number)
    for job in (first, second, third):
        line.drop(job)
    until(lambda: not threads())
    assert [line.find(job.key) for job in (first, second, third)] == [None] * 3
    assert not line._running and not line._waiting and not line._jobs and third.training.number == 0


def test_a_training_that_nobody_looks_at_pauses_and_goes_later(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    watched, unseen, waiting = three(line)
    until(lambda: unseen.training.number)
    for job in (unseen, waiting):
        job.looked -= jobs.PATIENCE_S + 1
    until(lambda: not unseen.going)
    assert unseen.left and line.find(watched.key) is watched and watched.going
    assert not waiting.going and waiting.left and waiting.training.number == 0  # it was not looked at, either
    assert line.find(unseen.key) is unseen  # who comes back finds it as it was
    unseen.looked -= jobs.KEPT_S + 1
    assert line.find(watched.key) is watched
    assert line.find(unseen.key) is None and line.find(waiting.key) is waiting
    monkeypatch.setattr(jobs, "MOST_JOBS", 2)
    newest = line.new(RECIPE, RATES)
    assert set(line._jobs.values()) == {waiting, newest}  # the one that was looked at longest ago made room


def test_networks_go_though_nobody_comes_any_more(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "KEPT_S", 0.2)
    for _ in range(3):
        line.new(RECIPE, RATES)
    until(lambda: not line._jobs)
    until(lambda: line._timer is None)  # and nothing is left that looks for them


def test_an_error_frees_the_place(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    errors: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", errors.append)
    first, _, third = three(line)
    first.training.fails = True  # type: ignore[attr-defined]
    until(lambda: third.training.number)
    assert not first.going and [e.exc_type for e in errors] == [MemoryError]


def test_a_press_that_is_told_twice_is_one(line: Line) -> None:
    job = line.new(RECIPE, RATES)
    place = job.training.place
    job.step(place)
    job.step(place)
    assert job.training.number == 1


def test_pausing_and_going_on_is_the_same_as_going_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "HELD_OUT", 20)
    monkeypatch.setattr(compute, "MOST_STEPS", 12)
    held_out.cache_clear()
    straight = Training(RECIPE, RATES)
    while not straight.done:
        straight.go()
    line = Line()
    job = line.new(RECIPE, RATES)
    x = torch.zeros(1, 1, 32, 32)
    line.start(job)
    until(lambda: job.view(x).number >= 2)
    line.pause(job)
    until(lambda: not threads())
    assert job.training.number < 12
    job.advance(job.training.place)
    line.start(job)  # in the middle of a step
    until(lambda: job.training.done and not job.going)
    assert job.training.number == 12
    for a, b in zip(job.training.model.parameters(), straight.model.parameters(), strict=True):
        assert torch.equal(a, b)
    job.begin(RECIPE, RATES)  # anew
    assert job.training.number == 0 and not job.training.done
    until(lambda: not threads())
    held_out.cache_clear()
