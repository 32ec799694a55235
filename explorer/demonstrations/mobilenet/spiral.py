"""What a ReLU6 leaves of a curve that was embedded in few dimensions (figure 1 of MobileNetV2, 1801.04381).

The curve is a spiral in the plane, x. A random matrix T takes it to n dimensions, ReLU6 cuts off what is negative
(and what is above 6), and a linear map takes it back. No network is involved.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

DIMENSIONS = (2, 3, 5, 15, 30)  # those of the paper's figure
TURNS = 2.5
POINTS = 500
DRAWS = 50  # seeds over which an error is averaged
Decoder = Literal["best", "inverse"]
Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Recovered:
    """The curve and its reconstruction, both (points, 2).

    `cut` and `clipped` are the parts of all values in the n dimensions that ReLU6 set to 0 and to 6.
    """

    curve: Points
    reconstruction: Points
    cut: float
    clipped: float

    @property
    def error(self) -> float:
        """Distance of both, relative to the curve's spread: 0 is perfect, 1 no better than its mean point."""
        spread = self.curve - self.curve.mean(axis=0)
        return float(np.linalg.norm(self.reconstruction - self.curve) / np.linalg.norm(spread))


def spiral() -> Points:
    """Points of an Archimedean spiral of radius 1, equally spaced in angle."""
    t = np.linspace(0, 1, POINTS)
    angle = 2 * math.pi * TURNS * t
    return np.stack([t * np.cos(angle), t * np.sin(angle)], axis=1)


def recover(dimensions: int, seed: int, decoder: Decoder = "best", relu: bool = True) -> Recovered:
    """Embed the spiral, apply ReLU6 (unless not `relu`), and go back.

    T has independent standard normal entries. "best" goes back by the affine map with the least squared error for
    this curve: what no linear layer could do better. "inverse" takes the pseudo-inverse of T, which knows nothing
    about the ReLU6. Raises ValueError for fewer than 2 dimensions.
    """
    if dimensions < 2:
        raise ValueError(f"a plane does not fit into {dimensions} dimensions")
    curve = spiral()
    matrix = np.random.default_rng(seed).standard_normal((dimensions, 2))
    linear = curve @ matrix.T
    wide = np.clip(linear, 0, 6) if relu else linear
    if decoder == "inverse":
        reconstruction = wide @ np.linalg.pinv(matrix).T
    else:
        with_one = np.column_stack([wide, np.ones(len(wide))])
        reconstruction = with_one @ np.linalg.lstsq(with_one, curve, rcond=None)[0]
    return Recovered(curve, reconstruction, float((linear < 0).mean()) * relu, float((linear > 6).mean()) * relu)


def errors(seed: int, decoder: Decoder) -> tuple[float, ...]:
    """The errors with ReLU6 for one matrix in each number of `DIMENSIONS`."""
    return tuple(recover(n, seed, decoder).error for n in DIMENSIONS)


def mean_errors(decoder: Decoder) -> tuple[float, ...]:
    """Those errors, averaged over seeds 0 to `DRAWS` - 1."""
    return tuple(float(mean) for mean in np.mean([errors(seed, decoder) for seed in range(DRAWS)], axis=0))
