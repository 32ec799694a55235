"""Trainings in the background: two at a time, the others in a line; what nobody looks at pauses, and then goes.

A training steps in a thread of its own, in the passes' slots like anybody's pass, and gives way after each step:
whoever clicks elsewhere waits for one step. A viewer who looks calls `Line.find` again and again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import RLock, Thread, Timer, main_thread
from uuid import uuid4

from torch import Tensor

from explorer.demonstrations.learning.compute import Place, Rates, Recipe, Training, View
from explorer.runtime.device import quick_slot, training_slot
from explorer.runtime.turns import Lane

PLACES = 2  # trainings at a time
PATIENCE_S = 10.0  # a training that nobody has looked at for so long pauses, or leaves the line
KEPT_S = 600.0  # and is dropped after so long
MOST_JOBS = 60  # networks at a time, of about 2 MB each: beyond that, the one goes that was looked at longest ago
BREATH_S = 0.004  # between two steps, for other threads


@dataclass(eq=False)
class Job:
    """One viewer's network.

    Attributes:
        training: changed only by who holds the `turn`.
        going: whether it is to go on, now or when it has a place.
        left: whether it paused because nobody looked.
        looked: when somebody last did, on the monotonic clock.
    """

    training: Training
    key: str = field(default_factory=lambda: uuid4().hex)
    turn: Lane = field(default_factory=lambda: Lane(1))
    going: bool = False
    left: bool = False
    looked: float = field(default_factory=time.monotonic)

    @property
    def unseen_s(self) -> float:
        """For how long nobody has looked."""
        return time.monotonic() - self.looked

    def advance(self, place: Place) -> None:
        """The next stage of a step, if the training is still at this place: a press may be told twice."""
        with self.turn.place(), training_slot():
            if self.training.place == place:
                self.training.advance()

    def step(self, place: Place | None = None) -> None:
        """The rest of the present step, or a whole one; if a place is given, only from there."""
        with self.turn.place(), training_slot():
            if place in (None, self.training.place):
                self.training.go()

    def set_rates(self, rates: Rates) -> None:
        """Other rates, at once."""
        if rates != self.training.rates:
            with self.turn.place():
                self.training.set_rates(rates)

    def begin(self, recipe: Recipe, rates: Rates) -> None:
        """Begin anew, with new weights; it keeps its place."""
        with training_slot():
            training = Training(recipe, rates)
        with self.turn.place():
            self.training = training

    def view(self, x: Tensor) -> View:
        """The training as it stands, with one picture, (1, 1, 32, 32)."""
        with self.turn.place(), quick_slot():
            return self.training.view(x)


class Line:
    """All jobs, those that have a place, and those that wait for one, in their order."""

    def __init__(self, places: int = PLACES) -> None:
        self.places = places
        self._jobs: dict[str, Job] = {}
        self._running: list[Job] = []
        self._waiting: list[Job] = []
        self._lock = RLock()
        self._timer: Timer | None = None

    def new(self, recipe: Recipe, rates: Rates) -> Job:
        """A network that has not learnt anything yet, and does not go."""
        with training_slot():
            job = Job(Training(recipe, rates))
        with self._lock:
            self._jobs[job.key] = job
            self._sweep()
            self._sweep_later()
        return job

    def find(self, key: str | None) -> Job | None:
        """The job of that key, which somebody looks at herewith; None where it was dropped."""
        with self._lock:
            job = self._jobs.get(key or "")
            if job is not None:
                job.looked = time.monotonic()
            self._sweep()
            return job

    def start(self, job: Job) -> None:
        """Have it go on as soon as there is a place."""
        with self._lock:
            if job.going or job.training.done:
                return
            job.going, job.left = True, False
            if job not in self._running:  # else it was paused within its last step
                self._waiting.append(job)
            self._fill()

    def pause(self, job: Job) -> None:
        """Have it stop after the step that it is at; its place is the next one's."""
        with self._lock:
            job.going = False
            if job in self._waiting:
                self._waiting.remove(job)

    def place(self, job: Job) -> int | None:
        """0 for one that has a place, else which it is in the line, from 1; None for one that is not going."""
        with self._lock:
            if not job.going:
                return None
            return self._waiting.index(job) + 1 if job in self._waiting else 0

    def drop(self, job: Job) -> None:
        """Forget it."""
        with self._lock:
            self.pause(job)
            self._jobs.pop(job.key, None)

    def _sweep(self) -> None:
        """What nobody looks at goes."""
        by_look = sorted(self._jobs.values(), key=lambda job: job.looked)
        for number, job in enumerate(by_look):
            if job.unseen_s > KEPT_S or number < len(by_look) - MOST_JOBS:
                self.drop(job)
        self._fill()

    def _sweep_later(self) -> None:
        """See to it that networks go where nobody comes any more, too."""
        if self._jobs and self._timer is None:
            self._timer = Timer(KEPT_S / 2, self._sweep_now)
            self._timer.daemon = True
            self._timer.start()

    def _sweep_now(self) -> None:
        with self._lock:
            self._timer = None
            self._sweep()
            self._sweep_later()

    def _fill(self) -> None:
        """Give free places to the first of the line; what nobody looks at leaves it."""
        for job in self._waiting.copy():
            if job.unseen_s > PATIENCE_S:
                self.pause(job)
                job.left = True
        while self._waiting and len(self._running) < self.places:
            job = self._waiting.pop(0)
            self._running.append(job)
            # not a daemon: the process would be aborted by a thread that is cut off inside of torch
            Thread(target=self._work, args=(job,), name=f"learning-{job.key[:6]}", daemon=False).start()

    def _work(self, job: Job) -> None:
        try:
            while self._goes_on(job):
                job.step()
                time.sleep(BREATH_S)
        except BaseException:
            self._leave(job)
            raise

    def _goes_on(self, job: Job) -> bool:
        """Whether it takes one more step; if not, its place is free."""
        with self._lock:
            job.left = job.going and job.unseen_s > PATIENCE_S
            if job.going and not job.left and not job.training.done and main_thread().is_alive():
                return True
            self._leave(job)
            return False

    def _leave(self, job: Job) -> None:
        with self._lock:
            job.going = False
            self._running.remove(job)
            self._fill()


LINE = Line()  # the server's
