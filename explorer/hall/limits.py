"""How often something may be done: at once, and on end."""

from __future__ import annotations

import time
from collections import OrderedDict

MOST_KEYS = 10_000


class Rate:
    """`burst` times at once and `per_s` a second on end, for each key. Used by one thread."""

    def __init__(self, burst: float, per_s: float) -> None:
        self.burst = burst
        self.per_s = per_s
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # with when; the last was used last

    def left(self, key: str = "") -> float:
        """How many times are left now."""
        left, then = self._left.get(key, (self.burst, 0.0))
        return min(self.burst, left + (time.monotonic() - then) * self.per_s)

    def take(self, key: str = "") -> bool:
        """Use one up; False where none is left."""
        left = self.left(key)
        if left < 1:
            return False
        self._left[key] = left - 1, time.monotonic()
        self._left.move_to_end(key)
        if len(self._left) > MOST_KEYS:
            self._left.popitem(last=False)
        return True
