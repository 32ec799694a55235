"""Drawings without end: what they are, and that they repeat only where they should."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from explorer.architectures.lenet import BACKGROUND, FOREGROUND
from explorer.demonstrations.digits import compute as digits
from explorer.demonstrations.learning import drawings
from explorer.demonstrations.learning.drawings import DIGITS, SUFFIXES, draw
from explorer.runtime.preprocessing import model_input
from explorer.runtime.weights.bundled import manifest


def test_they_have_the_shape_the_range_and_all_ten_digits() -> None:
    batch = draw("first", 200, 3, 4)
    assert batch.inputs.shape == (200, 1, 32, 32) and batch.inputs.dtype == torch.float32
    assert batch.labels.shape == (200,) and set(batch.labels.tolist()) == set(range(DIGITS))
    assert float(batch.inputs.min()) == pytest.approx(BACKGROUND)
    assert 0.8 * FOREGROUND < float(batch.inputs.max()) <= FOREGROUND + 1e-5
    ink = (batch.inputs - BACKGROUND).sum((1, 2, 3)) / (FOREGROUND - BACKGROUND)
    assert float(ink.min()) > 10 and float(ink.max()) < 300  # pixels: of 784 neither none nor most
    frame = torch.ones(32, 32, dtype=torch.bool)
    frame[2:-2, 2:-2] = False
    assert bool((batch.inputs[:, 0, frame] == BACKGROUND).all())
    assert len({picture.numpy().tobytes() for picture in batch.inputs}) == 200


@pytest.mark.parametrize("handwriting", SUFFIXES)
def test_unwarped_they_are_the_samples_as_the_page_gives_them_to_the_network(
    handwriting: drawings.Handwriting, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DEGREES", "SHEAR", "SHIFT", "BEND"):
        monkeypatch.setattr(drawings, name, 0.0)
    for name in ("SCALE", "ASPECT"):
        monkeypatch.setattr(drawings, name, (1.0, 1.0))
    monkeypatch.setattr(torch, "randint", lambda high, size, generator: torch.arange(size[0]) % high)
    monkeypatch.setattr(drawings, "PEN", (0,))
    drawings._originals.cache_clear()
    batch = draw(handwriting, DIGITS, 0, 0)
    drawings._originals.cache_clear()
    for digit in range(DIGITS):
        strokes = digits.sample_digits()[f"{digit}{SUFFIXES[handwriting]}"]
        picture = digits.picture(digits.pixels(digits.standardised(digits.ink_of(strokes))))
        expected = model_input(picture.image, manifest()["lenet5"].preprocessing).tensor[0]
        assert int(batch.labels[digit]) == digit
        np.testing.assert_allclose(batch.inputs[digit], expected, atol=1.275 / 255)  # a grey level


def test_seed_and_number_decide_them_and_nothing_else_does() -> None:
    state = torch.get_rng_state()
    first = draw("first", 5, 7, 1)
    others = [draw("first", 5, 7, 2), draw("first", 5, 8, 1), draw("second", 5, 7, 1)]
    again = draw("first", 5, 7, 1)
    assert torch.equal(first.inputs, again.inputs) and torch.equal(first.labels, again.labels)
    assert not any(torch.equal(first.inputs, other.inputs) for other in others)
    assert torch.equal(torch.get_rng_state(), state)
