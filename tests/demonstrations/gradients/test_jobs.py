"""Measurements in the background: shared, given up when nobody waits, and begun again."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import numpy as np
import pytest
import torch

from explorer.demonstrations.gradients import jobs
from explorer.demonstrations.gradients.compute import Profile, Recipe

CPU = torch.device("cpu")
PICTURES = torch.zeros(1, 3, 32, 32)
RESULT = Profile(Recipe(8, True), ("conv",), np.ones(1), ("unit",), np.ones(1))


class Steps:
    """In the place of `measure`: as many steps as the test allows."""

    def __init__(self) -> None:
        self.begun = 0
        self.go_on = Event()

    def __call__(self, recipe: Recipe, pictures: torch.Tensor, device: torch.device) -> Iterator[object]:
        self.begun += 1
        yield 0.5, None
        assert self.go_on.wait(20)
        yield 1.0, RESULT


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[Steps]:
    found = Steps()
    monkeypatch.setattr(jobs, "measure", found)
    monkeypatch.setattr(jobs, "_measurements", {})
    yield found
    found.go_on.set()  # else the worker would wait


def test_all_who_ask_share_one_measurement(steps: Steps) -> None:
    first, second = (jobs.measurement(Recipe(20, True), PICTURES, CPU) for _ in range(2))
    assert first is second
    assert not jobs.wait([first], 0.05) and first.profile is None
    steps.go_on.set()
    assert jobs.wait([first], 20)
    assert first.profile is RESULT and first.fraction == 1
    assert jobs.measurement(Recipe(20, True), PICTURES, CPU) is first
    assert steps.begun == 1


def test_what_nobody_waits_for_is_given_up_and_can_be_measured_again(
    steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PATIENCE_S", -1)
    forgotten = jobs.measurement(Recipe(20, True), PICTURES, CPU)
    assert jobs.wait([forgotten], 20)  # after its first step
    assert forgotten.profile is None and forgotten.failed and not steps.go_on.is_set()
    monkeypatch.undo()
    monkeypatch.setattr(jobs, "measure", steps)
    monkeypatch.setattr(jobs, "_measurements", {(Recipe(20, True), CPU): forgotten})
    steps.go_on.set()
    again = jobs.measurement(Recipe(20, True), PICTURES, CPU)
    assert again is not forgotten
    assert jobs.wait([again], 20) and again.profile is RESULT


def test_an_error_reaches_who_waits_and_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Iterator[object]:
        raise MemoryError("too little")

    monkeypatch.setattr(jobs, "measure", fail)
    monkeypatch.setattr(jobs, "_measurements", {})
    failed = jobs.measurement(Recipe(20, True), PICTURES, CPU)
    assert jobs.wait([failed], 20)
    with pytest.raises(MemoryError):
        _ = failed.profile
    assert jobs.measurement(Recipe(20, True), PICTURES, CPU) is not failed
