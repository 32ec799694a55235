"""A hundred alterations of one picture and growing noise, run by the stored networks and by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from explorer.demonstrations.overfitting import compute
from explorer.demonstrations.overfitting.compute import COUNT, FRAME, NOISES, STRENGTHS, Answers, Tested
from explorer.runtime.augmentation import Augmentation, augmented
from explorer.runtime.pictures import load_image
from explorer.runtime.preprocessing import model_input
from explorer.runtime.samples import sample

FRAME_PICTURE = compute.frame_of(load_image(sample("cat").path).image)


@pytest.fixture(scope="module")
def pair() -> tuple[Tested, Tested]:
    return compute.stored("plain", "without"), compute.stored("augmented", "with")


def test_the_hundred_are_of_the_kind_of_the_training_and_the_same_for_the_same_seed() -> None:
    drawn = compute.alterations(3)
    assert len(drawn) == COUNT and drawn == compute.alterations(3) != compute.alterations(4)
    boxes = np.array([a.box for seed in range(20) for a in compute.alterations(seed)])
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    assert boxes.min() >= 0 and boxes.max() <= FRAME
    share = width * height / FRAME**2
    assert 0.3 <= share.min() < 0.32 and 0.95 < share.max() <= 1
    assert 0.75 <= (width / height).min() < 0.77 and 1.3 < (width / height).max() <= 4 / 3 + 1e-9
    assert np.mean([a.mirrored for a in drawn]) == pytest.approx(0.5, abs=0.15)
    alphas = np.array([a.alphas for seed in range(20) for a in compute.alterations(seed)])
    assert alphas.std() == pytest.approx(0.1, rel=0.1)
    assert {(a.degrees, a.brightness, a.contrast) for a in drawn} == {(0, 1, 1)}


def test_answers_are_those_of_the_network_one_by_one(pair: tuple[Tested, Tested]) -> None:
    drawn = compute.alterations(0)[:3]
    found = compute.answers(pair[0], FRAME_PICTURE, drawn)
    p = pair[0].preprocessing
    with torch.inference_mode():
        plain = pair[0].model(model_input(FRAME_PICTURE, p).tensor).softmax(1)[0]
        one = pair[0].model(augmented(FRAME_PICTURE, drawn[2], p).tensor).softmax(1)[0]
    assert np.allclose(found.plain, plain, atol=1e-5) and np.allclose(found.altered[2], one, atol=1e-5)
    assert found.altered.shape == (3, 10) and np.allclose(found.altered.sum(1), 1, atol=1e-5)


def test_the_unaltered_frame_is_answered_as_itself(pair: tuple[Tested, Tested]) -> None:
    found = compute.answers(pair[1], FRAME_PICTURE, [Augmentation((0, 0, FRAME, FRAME))] * 2)
    assert found.kept == 2 and found.distance < 0.02  # but for how it is resized


def test_what_is_counted() -> None:
    plain = np.array([0.5, 0.3, 0.2], dtype=np.float32)
    altered = np.array([[0.5, 0.3, 0.2], [0.1, 0.9, 0.0], [0.6, 0.2, 0.2], [0.0, 0.0, 1.0]], dtype=np.float32)
    found = Answers("a", ("x", "y", "z"), plain, altered)
    assert (found.named, found.kept) == ("x", 2)
    assert found.certainty.tolist() == pytest.approx([0.5, 0.1, 0.6, 0.0])
    assert found.shares == {"x": 2, "y": 1, "z": 1}
    assert found.distance == pytest.approx((0 + 0.6 + 0.1 + 0.8) / 4)


class Mean(nn.Module):
    """Two logits: the mean of the first channel, and 0."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mean = x[:, 0].mean((1, 2))
        return torch.stack([mean, torch.zeros_like(mean)], 1)


class Spread(nn.Module):
    """Two logits: minus the standard deviation of the first channel's neighbours, and -0.4."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        spread = (x[:, 0, :, 1:] - x[:, 0, :, :-1]).std((1, 2))
        return torch.stack([-spread, torch.full_like(spread, -0.4)], 1)


def test_noise_has_its_strength_and_a_mean_of_zero(pair: tuple[Tested, Tested]) -> None:
    p = pair[0].preprocessing
    grey = FRAME_PICTURE.copy()
    grey.paste((200, 90, 90), (0, 0, FRAME, FRAME))
    even = compute.noisy(Tested("mean", Mean(), p, ("a", "b")), grey, 0)
    assert even.certainty == pytest.approx([even.certainty[0]] * len(STRENGTHS), abs=0.02)
    assert even.kept == (NOISES,) * len(STRENGTHS)
    rough = compute.noisy(Tested("spread", Spread(), p, ("a", "b")), grey, 0)
    # Neighbours differ by the square root of two times the noise, which is strength / 255 / 0.229 here.
    expected = [1 / (1 + np.exp(2**0.5 * s / 255 / 0.229 - 0.4)) for s in STRENGTHS]
    assert rough.certainty == pytest.approx(expected, abs=0.01)
    assert rough.kept == tuple(NOISES if e > 0.5 else 0 for e in expected)


def test_noise_is_the_same_for_the_same_seed(pair: tuple[Tested, Tested]) -> None:
    once, again, other = (compute.noisy(pair[0], FRAME_PICTURE, seed) for seed in (1, 1, 2))
    assert once == again and once.certainty != other.certainty and once.certainty[0] == other.certainty[0]
    shown = np.asarray(compute.noisy_picture(FRAME_PICTURE, 32, 1), dtype=float)
    assert shown.shape == (FRAME, FRAME, 3)
    assert (shown - np.asarray(FRAME_PICTURE)).std() == pytest.approx(32, rel=0.2)
    assert np.array_equal(compute.noisy_picture(FRAME_PICTURE, 0, 1), FRAME_PICTURE)


def test_the_same_hundred_for_networks_of_other_sizes(pair: tuple[Tested, Tested]) -> None:
    """Twice the side, averaged, is the same picture."""
    a = compute.alterations(5)[0]
    small = augmented(FRAME_PICTURE, a, pair[0].preprocessing).tensor
    side = pair[0].preprocessing.crop
    large = augmented(FRAME_PICTURE, a, replace(pair[0].preprocessing, resize=2 * side, crop=2 * side)).tensor
    assert float((nn.functional.avg_pool2d(large, 2) - small).abs().mean()) < 0.1
