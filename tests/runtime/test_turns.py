from __future__ import annotations

import threading
import time

import pytest
import torch

from explorer.architectures import variant
from explorer.runtime import turns
from explorer.runtime.activations import capture
from explorer.runtime.turns import Lane
from explorer.runtime.weights.network import load_network


def test_first_come_first_served() -> None:
    lane, order = Lane(1), list[int]()

    def work(number: int) -> None:
        with lane.place():
            order.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    with lane.place():
        for waiting, thread in enumerate(threads, start=1):
            thread.start()
            while len(lane._waiting) < waiting:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert order == list(range(8))


def test_no_more_than_there_are_places() -> None:
    lane, at_once, most = Lane(2), list[int](), list[int]()

    def work(number: int) -> None:
        with lane.place():
            at_once.append(number)
            most.append(len(at_once))
            time.sleep(0.01)
            at_once.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 12
    assert max(most) == 2


def test_who_is_called_away_leaves_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    class CalledAwayError(BaseException):
        pass

    def check() -> None:
        raise CalledAwayError

    lane = Lane(1)
    with lane.place():
        monkeypatch.setattr(turns._Breath, "check", staticmethod(check))
        with pytest.raises(CalledAwayError), lane.place():
            pass
        monkeypatch.undo()
    with lane.place():  # free again
        pass


def test_a_pass_says_after_each_block_that_it_is_done() -> None:
    v = variant("lenet5")
    network, x, steps = load_network(v), torch.zeros(1, *v.input_size), list[int]()
    with turns.watched(lambda: steps.append(1)):
        capture(network, x)
    assert len(steps) == len(network.boundaries) > 3
    capture(network, x)  # unwatched
    assert len(steps) == len(network.boundaries)
