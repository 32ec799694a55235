"""What is kept of all that was computed: one store, bounded in bytes, from which the least recently used goes first.

Viewers who ask for the same thing at once wait for one computation of it.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable, Hashable
from functools import cache, wraps
from threading import Event, RLock
from typing import Any, Generic, ParamSpec, TypeVar

from cachetools import LRUCache

from explorer.runtime.memory import MIB, limit
from explorer.runtime.sizes import nbytes_of
from explorer.runtime.turns import LOOK_S, breathe

RETURN_BYTES = 64 * MIB  # dropped since the allocator was last asked to give memory back
P = ParamSpec("P")
R = TypeVar("R")


class Store:
    """Values by key, together at most `limit` bytes; each key belongs to a function, see `kept`."""

    def __init__(self, limit: int) -> None:
        self._entries: _Entries = _Entries(limit)
        self._lock = RLock()
        self._computing: dict[Hashable, Event] = {}

    @property
    def nbytes(self) -> int:
        return int(self._entries.currsize)

    @property
    def limit(self) -> int:
        return int(self._entries.maxsize)

    def has(self, key: Hashable) -> bool:
        """Whether the value is here; asking does not count as a use."""
        with self._lock:
            return key in self._entries

    def get(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """The value, computed by this thread, or by another that is at it already."""
        while True:
            with self._lock:
                if key in self._entries:
                    return self._entries[key]
                others = self._computing.get(key)
                if others is None:
                    done = self._computing[key] = Event()
                    break
            while not others.wait(LOOK_S):
                breathe()
        try:
            value = compute()
            self._put(key, value)
        finally:  # who waits computes it, where this thread was called away
            with self._lock:
                del self._computing[key]
            done.set()
        return value

    def _put(self, key: Hashable, value: Any) -> None:
        with self._lock:
            try:
                self._entries[key] = value
            except ValueError:  # larger than the store: it lives as long as somebody looks at it
                return
        self.give_back()

    def drop(self, matching: Callable[[Any], bool]) -> None:
        """Drop all whose keys are `matching`."""
        with self._lock:
            for key in [key for key in self._entries if matching(key)]:
                self._entries.forget(key)
        self.give_back()

    def give_back(self) -> None:
        """Have what was dropped returned to the system, once it is much: the allocator would keep it."""
        with self._lock:
            if self._entries.dropped_bytes < RETURN_BYTES:
                return
            self._entries.dropped_bytes = 0
        gc.collect()  # networks refer to themselves, through their graphs
        if (trim := _malloc_trim()) is not None:
            trim(0)


class _Entries(LRUCache[Hashable, Any]):
    """Tells the function whose result is dropped, which may drop others that are nothing without it."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit, getsizeof=nbytes_of)
        self.dropped_bytes = 0

    def popitem(self) -> tuple[Hashable, Any]:
        before = self.currsize
        key, value = super().popitem()
        self._tell(key, before)
        return key, value

    def forget(self, key: Hashable) -> None:
        """Drop one, where it is still here."""
        before = self.currsize
        if self.pop(key, self) is not self:
            self._tell(key, before)

    def _tell(self, entry: Any, before: float) -> None:
        self.dropped_bytes += int(before - self.currsize)
        function, key = entry
        if function.dropped is not None:
            function.dropped(key)


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    """glibc's; None elsewhere."""
    if sys.platform != "linux":
        return None
    try:
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None
    return found


@cache
def store() -> Store:
    """The process's own."""
    return Store(limit())


def key_of(*arguments: Any, **named: Any) -> Hashable:
    """The arguments; of what knows a shorter `cache_key`, as runs and pictures do, that: keys hold no pictures."""
    keys = tuple(getattr(argument, "cache_key", argument) for argument in arguments)
    return (keys, tuple(sorted(named.items()))) if named else keys


class Kept(Generic[P, R]):
    """A function whose results stay in the process's store."""

    def __init__(
        self, function: Callable[P, R], key: Callable[..., Hashable], dropped: Callable[[Any], None] | None
    ) -> None:
        self.function, self.key, self.dropped = function, key, dropped
        wraps(function)(self)

    def _entry(self, *arguments: Any, **named: Any) -> tuple[Hashable, Hashable]:
        return self, self.key(*arguments, **named)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        result: R = store().get(self._entry(*args, **kwargs), lambda: self.function(*args, **kwargs))
        return result

    def has(self, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Whether the result is here, so that nobody has to wait for it."""
        return store().has(self._entry(*args, **kwargs))

    def forget(self, matching: Callable[[Any], bool] = lambda key: True) -> None:
        """Drop the results whose keys, as `key` makes them, are `matching`; by default all."""
        store().drop(lambda entry: entry[0] is self and matching(entry[1]))


def kept(
    key: Callable[..., Hashable] = key_of, dropped: Callable[[Any], None] | None = None
) -> Callable[[Callable[P, R]], Kept[P, R]]:
    """Keep a function's results, by `key` of its arguments; `dropped` is told the key of each that goes."""

    def decorate(function: Callable[P, R]) -> Kept[P, R]:
        return Kept(function, key, dropped)

    return decorate
