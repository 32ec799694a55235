"""Whose turn it is: work waits in lanes, first come, first served, and stops where nobody waits for it any more.

A viewer has one wish at a time: a newer one ends the work on an older one at its next `breathe`, in a queue or between
two blocks of a network. So whoever asks for many passes stands in the queue once for each, behind all others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, local

LOOK_S = 0.05  # between two looks whether the work is still wanted


class _Breath:
    """What `breathe` does; nothing outside of the app."""

    check: Callable[[], object] = staticmethod(lambda: None)


def on_breath(check: Callable[[], object]) -> None:
    """Have `check` called at each `breathe`; it raises where the work of its thread is not wanted any more."""
    _Breath.check = staticmethod(check)


def breathe() -> None:
    """Let the work of this thread be given up here. Raises whatever the check of `on_breath` raises."""
    _Breath.check()


class _Watched(local):
    """Whom a thread tells how far its pass is."""

    step: Callable[[], object] = staticmethod(lambda: None)


_watched = _Watched()


@contextmanager
def watched(step: Callable[[], object]) -> Iterator[None]:
    """Have `step` called in this thread after each block of a pass, for the block's duration."""
    _watched.step = step
    try:
        yield
    finally:
        del _watched.step


def stride() -> None:
    """A block of a pass is done: `breathe`, and say so."""
    breathe()
    _watched.step()


class Lane:
    """Lets some threads work at a time and the others wait in the order in which they came."""

    def __init__(self, places: int) -> None:
        self.places = places
        self._free = places
        self._waiting: deque[object] = deque()
        self._changed = Condition()

    @property
    def working(self) -> int:
        """How many hold a place."""
        return self.places - self._free

    @property
    def waiting(self) -> int:
        """How many wait for one."""
        return len(self._waiting)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Wait for a place and hold it for the block's duration; who waits may be called away by `breathe`."""
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                while not (self._free and self._waiting[0] is ticket):
                    self._changed.wait(LOOK_S)
                    breathe()
                self._free -= 1
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()
