"""Measurements in the background: one at a time, shared by all who wait for it, given up when nobody does any more.

A run of Streamlit's that measures itself could not be cancelled: a click inside a fragment waits for the fragment.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from concurrent import futures
from threading import Lock

import torch
from cachetools import LRUCache
from torch import Tensor

from explorer.demonstrations.gradients.compute import Profile, Recipe, measure

PATIENCE_S = 5.0  # a measurement that nobody asked for in this time is given up; hidden pages ask once a second
MAX_KEPT = 256  # measurements, of some kilobytes each

_worker = futures.ThreadPoolExecutor(1, "gradients")  # one: the others' forward passes need the cores, too
_lock = Lock()


class Measurement:
    """One recipe's, under way or ended. Who waits for it calls `measurement` again and again.

    Attributes:
        fraction: how far it is, 0 to 1.
        asked: when somebody last asked for it, on the monotonic clock.
    """

    def __init__(self, recipe: Recipe, pictures: Tensor, device: torch.device) -> None:
        self.fraction = 0.0
        self.asked = time.monotonic()
        self.future = _worker.submit(self._measure, recipe, pictures, device)

    @property
    def profile(self) -> Profile | None:
        """What was measured; None while it is under way, or if it was given up. Raises what the measuring raised."""
        return self.future.result() if self.future.done() else None

    @property
    def failed(self) -> bool:
        """Whether it ended without a result."""
        return self.future.done() and (self.future.exception() is not None or self.future.result() is None)

    def _measure(self, recipe: Recipe, pictures: Tensor, device: torch.device) -> Profile | None:
        for self.fraction, profile in measure(recipe, pictures, device):
            if profile is not None:
                return profile
            if time.monotonic() - self.asked > PATIENCE_S:
                break
        return None


_measurements: LRUCache[tuple[Recipe, torch.device], Measurement] = LRUCache(MAX_KEPT)


def measurement(recipe: Recipe, pictures: Tensor, device: torch.device) -> Measurement:
    """The measurement of a recipe on `pictures`, (N, 3, 32, 32): what there is, or a new one. It may be under way."""
    with _lock:
        found = _measurements.get((recipe, device))
        if found is None or found.failed:
            found = _measurements[recipe, device] = Measurement(recipe, pictures, device)
        found.asked = time.monotonic()
        return found


def wait(measurements: Collection[Measurement], seconds: float) -> bool:
    """Wait until all have ended, at most so long; whether they have."""
    return not futures.wait([m.future for m in measurements], seconds).not_done
