"""Long work rests where other viewers' runs are under way, and not for ever."""

from __future__ import annotations

import inspect
from threading import Event, Thread, current_thread

import pytest
from streamlit.runtime.scriptrunner import ScriptRunner

from explorer.runtime.store import kept
from explorer.ui import slices
from explorer.ui.slices import Part


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The rests that were taken."""
    found: list[float] = []
    clock = [0.0]

    def sleep(seconds: float) -> None:
        found.append(seconds)
        clock[0] += seconds

    monkeypatch.setattr(slices, "sleep", sleep)
    monkeypatch.setattr(slices, "monotonic", lambda: clock[0])
    found.clear()
    monkeypatch.setattr(current_thread(), "name", slices.RUN_THREAD)
    return found


def other_run(until: Event) -> Thread:
    thread = Thread(target=until.wait, name=slices.RUN_THREAD)
    thread.start()
    return thread


def test_work_rests_while_others_run_and_goes_on_after_that(rests: list[float]) -> None:
    slices.give_way(0.1)
    assert not rests  # nobody else is there
    over = Event()
    other = other_run(over)
    slices.give_way(0.1)
    assert sum(rests) == pytest.approx(slices.REST * 0.1, abs=2 * slices.LOOK_S)
    over.set()
    other.join()
    rests.clear()
    slices.give_way(0.1)
    assert not rests


def test_what_is_known_and_the_last_part_wait_for_nobody(rests: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    @kept()
    def double(number: int) -> int:
        return 2 * number

    parts = [Part(double, (number,)) for number in range(3)]
    told: list[float] = []
    monkeypatch.setattr(slices, "give_way", told.append)
    assert slices._first(parts, 1) == [0, 2, 4]
    assert len(told) == 3 and told[0] == 0  # before each, for the one before it
    told.clear()
    assert slices._first(parts, 0) == [0, 2, 4] and not told


def test_a_run_is_known_by_the_name_of_its_thread() -> None:
    """Streamlit's own: where it names them otherwise, nobody would ever give way."""
    assert f'name="{slices.RUN_THREAD}"' in inspect.getsource(ScriptRunner.start)
