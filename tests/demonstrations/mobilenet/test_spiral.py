"""What ReLU6 leaves of a spiral: little in few dimensions, nearly all in many."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.demonstrations.mobilenet.spiral import DIMENSIONS, DRAWS, Decoder, errors, mean_errors, recover, spiral


def test_the_errors_are_those_of_an_independent_computation_of_the_same_experiment() -> None:
    # another spiral and other matrices, 50 draws: 0.59, 0.44, 0.23, 0.009, 0.001
    means = list(mean_errors("best"))
    assert means == sorted(means, reverse=True)
    assert means[1] == pytest.approx(np.mean([recover(3, seed).error for seed in range(DRAWS)]))
    assert errors(7, "inverse")[2] == recover(5, 7, "inverse").error
    assert means[:3] == pytest.approx([0.59, 0.44, 0.23], abs=0.04)
    assert means[3] == pytest.approx(0.009, rel=0.4) and means[4] == pytest.approx(0.001, rel=0.4)


@pytest.mark.parametrize("n", DIMENSIONS)
@pytest.mark.parametrize("decoder", ["best", "inverse"])
def test_without_relu6_everything_comes_back(n: int, decoder: Decoder) -> None:
    r = recover(n, 3, decoder, relu=False)
    assert r.error < 1e-8
    assert (r.cut, r.clipped) == (0, 0)


def test_a_point_that_relu6_cuts_in_every_dimension_comes_back_as_the_image_of_zero() -> None:
    matrix = np.random.default_rng(5).standard_normal((2, 2))
    r = recover(2, 5, "inverse")
    gone = (spiral() @ matrix.T <= 0).all(axis=1)
    assert gone.any()
    assert np.abs(r.reconstruction[gone]).max() == 0
    assert r.cut == pytest.approx((spiral() @ matrix.T < 0).mean())


def test_no_affine_map_does_better_than_the_best() -> None:
    n, seed = 5, 1
    r, curve = recover(n, seed), spiral()
    wide = np.clip(curve @ np.random.default_rng(seed).standard_normal((n, 2)).T, 0, 6)
    # of the least squares solution, the rest is at right angles to everything that a map could add
    assert np.abs(np.column_stack([wide, np.ones(len(wide))]).T @ (curve - r.reconstruction)).max() < 1e-9
    assert r.error < recover(n, seed, "inverse").error


def test_a_seed_is_a_draw_and_one_dimension_is_refused() -> None:
    assert recover(3, 0).error == recover(3, 0).error != recover(3, 1).error
    with pytest.raises(ValueError, match="1 dimensions"):
        recover(1, 0)
