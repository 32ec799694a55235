from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from explorer.runtime import store, turns
from explorer.runtime.memory import LEAST_KEPT, MIB, VARIABLE, MemoryLimitError, kept_limit, limit
from explorer.runtime.store import Store, kept

KIB = 1024


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store of 1 MiB in place of the process's own."""
    found = Store(MIB)
    monkeypatch.setattr(store, "store", lambda: found)
    return found


def test_thirty_viewers_who_ask_at_once_wait_for_one_computation(small: Store) -> None:
    calls: list[str] = []

    @kept()
    def slow(name: str) -> bytes:
        calls.append(name)
        time.sleep(0.2)
        return name.encode()

    together = threading.Barrier(30)

    def view(i: int) -> bytes:
        together.wait()
        return slow("same")

    with ThreadPoolExecutor(30) as pool:
        assert set(pool.map(view, range(30))) == {b"same"}
    assert calls == ["same"]


def test_all_functions_together_are_bounded_and_the_least_recently_used_goes(small: Store) -> None:
    dropped: list[tuple[str, ...]] = []
    made: list[str] = []

    @kept(dropped=dropped.append)
    def picture(name: str) -> bytes:
        made.append(name)
        return bytes(400 * KIB)

    @kept()
    def text(name: str) -> str:
        return name * 300 * KIB

    for name in ("a", "b", "a"):
        picture(name)
    text("c")
    assert (made, dropped) == (["a", "b"], [("b",)])
    assert picture.has("a") and text.has("c") and not picture.has("b")
    assert 700 * KIB < small.nbytes <= small.limit
    picture.forget()
    assert not picture.has("a") and text.has("c")
    assert small.nbytes < 310 * KIB


def test_what_is_larger_than_the_store_is_still_computed(small: Store) -> None:
    @kept()
    def huge(name: str) -> bytes:
        return bytes(2 * MIB)

    assert len(huge("a")) == len(huge("a")) == 2 * MIB
    assert small.nbytes == 0


def test_a_result_that_nobody_waits_for_is_computed_by_who_still_does(
    small: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    class CalledAwayError(BaseException):
        pass

    away, begun = threading.Event(), threading.Event()

    def ask() -> None:
        with pytest.raises(CalledAwayError):
            slow()

    first = threading.Thread(target=ask)

    def check() -> None:
        if away.is_set() and threading.current_thread() is first:
            raise CalledAwayError

    monkeypatch.setattr(turns._Breath, "check", staticmethod(check))
    by: list[threading.Thread] = []

    @kept()
    def slow() -> int:
        by.append(threading.current_thread())
        begun.set()
        while threading.current_thread() is first:
            time.sleep(0.01)
            turns.breathe()
        return len(by)

    first.start()
    begun.wait()
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(slow)
        time.sleep(0.05)
        away.set()
        assert other.result() == 2
    first.join()


@pytest.mark.parametrize("said", ["2 GiB", "-5", "12", "1e3", "٣٠٠"])
def test_a_limit_that_is_none_gets_a_sentence(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv(VARIABLE, said)
    with pytest.raises(MemoryLimitError, match=VARIABLE):
        limit()


def test_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "4096")
    assert limit() == 4096 * MIB > kept_limit() > 2048 * MIB
    monkeypatch.setenv(VARIABLE, "512")
    assert (limit(), kept_limit()) == (512 * MIB, LEAST_KEPT)
    monkeypatch.delenv(VARIABLE)
    assert 0 < limit() <= 2048 * MIB
