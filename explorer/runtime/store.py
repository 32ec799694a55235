"""What is kept of all that was computed: one store, bounded in bytes, from which the least recently used goes first.

Viewers who ask for the same thing at once wait for one computation of it.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import cache, wraps
from threading import Event, RLock
from typing import Any, Generic, ParamSpec, TypeAlias, TypeVar

from explorer.runtime.memory import MIB, kept_limit
from explorer.runtime.sizes import nbytes_of
from explorer.runtime.turns import LOOK_S, breathe

RETURN_BYTES = 64 * MIB  # dropped since the allocator was last asked to give memory back
P = ParamSpec("P")
R = TypeVar("R")
Entry: TypeAlias = "tuple[Kept[Any, Any], Hashable]"


class Store:
    """Values by key, together at most `limit` bytes; a key is a `Kept` function and what that says of its arguments."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.nbytes = 0
        self._entries: OrderedDict[Entry, tuple[Any, int]] = OrderedDict()  # with bytes; the last was used last
        self._staying: dict[Entry, Any] = {}
        self._dropped_bytes = 0
        self._computing: dict[Entry, Event] = {}
        self._lock = RLock()

    def has(self, key: Entry) -> bool:
        """Whether the value is here; asking does not count as a use."""
        with self._lock:
            return key in self._entries or key in self._staying

    def get(self, key: Entry, compute: Callable[[], Any]) -> Any:
        """The value, computed by this thread, or by another that is at it already."""
        while True:
            with self._lock:
                if key in self._staying:
                    return self._staying[key]
                if key in self._entries:
                    self._entries.move_to_end(key)
                    return self._entries[key][0]
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

    def _put(self, key: Entry, value: Any) -> None:
        size = nbytes_of(value)
        with self._lock:
            if key[0].stays:
                self._staying[key] = value
                self.nbytes += size
            elif size <= self.limit:  # else it lives as long as somebody looks at it
                self._entries[key] = value, size
                self.nbytes += size
            while self._entries and self.nbytes > self.limit:
                self._drop(next(iter(self._entries)))
        self.give_back()

    def _drop(self, key: Entry) -> None:
        _, size = self._entries.pop(key)
        self.nbytes -= size
        self._dropped_bytes += size
        function, arguments = key
        if function.dropped is not None:
            function.dropped(arguments)

    def drop(self, matching: Callable[[Entry], bool]) -> None:
        """Drop all whose keys are `matching`."""
        with self._lock:
            for key in [key for key in self._entries if matching(key)]:
                if key in self._entries:  # not dropped along with another
                    self._drop(key)
        self.give_back()

    def give_back(self) -> None:
        """Have what was dropped returned to the system, once it is much: the allocator would keep it."""
        with self._lock:
            if self._dropped_bytes < RETURN_BYTES:
                return
            self._dropped_bytes = 0
        gc.collect()  # networks refer to themselves, through their graphs
        if (trim := _malloc_trim()) is not None:
            trim(0)


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
    return Store(kept_limit())


def key_of(*arguments: Any, **named: Any) -> Hashable:
    """The arguments; of what knows a shorter `cache_key`, as runs and pictures do, that: keys hold no pictures."""
    keys = tuple(getattr(argument, "cache_key", argument) for argument in arguments)
    return (keys, tuple(sorted(named.items()))) if named else keys


class Kept(Generic[P, R]):
    """A function whose results stay in the process's store."""

    def __init__(
        self, function: Callable[P, R], key: Callable[..., Hashable], dropped: Callable[[Any], None] | None, stays: bool
    ) -> None:
        self.function, self.key, self.dropped, self.stays = function, key, dropped, stays
        wraps(function)(self)

    def _entry(self, *arguments: Any, **named: Any) -> Entry:
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
    key: Callable[..., Hashable] = key_of, dropped: Callable[[Any], None] | None = None, stays: bool = False
) -> Callable[[Callable[P, R]], Kept[P, R]]:
    """Keep a function's results, by `key` of its arguments.

    Args:
        dropped: is told the key of each that goes.
        stays: none goes, for what is small and dear, and of which there can't be many.
    """

    def decorate(function: Callable[P, R]) -> Kept[P, R]:
        return Kept(function, key, dropped, stays)

    return decorate
