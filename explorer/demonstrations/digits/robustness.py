"""How far a digit can be distorted until a network takes it for another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from explorer.demonstrations.digits.compute import Distortion, FloatArray, distorted, picture, pixels
from explorer.runtime.device import forward_slot
from explorer.runtime.preprocessing import model_input
from explorer.runtime.weights.network import Network


@dataclass(frozen=True)
class Answers:
    """The class that the network takes a digit for at each of the `values` of one distortion."""

    values: tuple[int, ...]
    classes: tuple[int, ...]

    def at(self, value: int) -> int:
        return self.classes[self.values.index(value)]

    def around(self, value: int, right: int) -> tuple[int, int] | None:
        """The first and last of the neighbouring values, `value` among them, with the `right` class; else None."""
        if self.at(value) != right:
            return None
        first = last = self.values.index(value)
        while first > 0 and self.classes[first - 1] == right:
            first -= 1
        while last + 1 < len(self.values) and self.classes[last + 1] == right:
            last += 1
        return self.values[first], self.values[last]


def answers(network: Network, digit: FloatArray, distortions: Sequence[Distortion]) -> tuple[int, ...]:
    """The class that the network takes the digit, (112, 112) on the finer grid, for after each distortion."""
    inputs = [
        model_input(picture(pixels(distorted(digit, d))).image, network.preprocessing).tensor for d in distortions
    ]
    with forward_slot():
        scores = network.scores(network.model(torch.cat(inputs).to(network.device)))
        return tuple(scores.argmax(1).tolist())
