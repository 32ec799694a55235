"""What is cut, mirrored, turned, lit and recoloured: where pixels go, and what is done to their values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.runtime import augmentation
from explorer.runtime.augmentation import IMAGENET, Augmentation, augmented
from explorer.runtime.pictures import load_image
from explorer.runtime.preprocessing import model_input, preprocessing_for
from explorer.runtime.samples import sample

P = replace(preprocessing_for((3, 96, 96)), resize=96)
WHOLE = Augmentation((0, 0, 128, 128))
CUT = Augmentation((16, 16, 112, 112))


def frame() -> Image.Image:
    return load_image(sample("cat").path).image.resize((128, 128))


def values(a: Augmentation) -> torch.Tensor:
    """The network's input as pixels of 0 to 1, (3, 96, 96)."""
    mean, std = (torch.tensor(v)[:, None, None] for v in (P.mean, P.std))
    return augmented(frame(), a, P).tensor[0] * std + mean


def test_without_changes_nothing_changes() -> None:
    own = model_input(frame().crop((16, 16, 112, 112)), P)
    made = augmented(frame(), CUT, P)
    assert torch.equal(made.tensor, own.tensor) and made.picture.tobytes() == own.picture.tobytes()
    assert augmentation.turned(frame(), 0, P).tobytes() == frame().tobytes()


def test_a_mirrored_cut_is_mirrored_left_to_right() -> None:
    made, mirrored = (augmented(frame(), replace(CUT, mirrored=m), P).tensor for m in (False, True))
    assert torch.equal(mirrored, made.flip(3))


@pytest.mark.parametrize("box", [(33, 0, 129, 96), (-1, 0, 95, 96), (0, 40, 96, 136), (50, 0, 50, 96)])
def test_a_cut_outside_the_frame_is_refused(box: augmentation.Box) -> None:
    with pytest.raises(ValueError, match="does not lie in the frame of 128x128"):
        augmented(frame(), Augmentation(box), P)


def test_another_size_is_stretched_to_the_square() -> None:
    wide = augmented(frame(), Augmentation((0, 32, 128, 96)), P).picture
    expected = frame().crop((0, 32, 128, 96)).resize((96, 96), Image.Resampling.BILINEAR)
    assert wide.size == (96, 96)
    difference = np.abs(np.asarray(wide, dtype=int) - np.asarray(expected, dtype=int))
    assert difference.mean() < 1  # only the edge of the cut may see a neighbour


def test_turning_by_a_right_angle_is_exact_and_corners_are_the_mean() -> None:
    made = np.asarray(augmentation.turned(frame(), 90, P))
    assert np.array_equal(made, np.rot90(np.asarray(frame())))
    corner = np.asarray(augmentation.turned(frame(), 45, P))[0, 0]
    assert corner.tolist() == [round(255 * m) for m in P.mean]
    assert float(augmented(frame(), replace(WHOLE, degrees=45), P).tensor[0, :, 0, 0].abs().max()) < 0.01


def test_brightness_is_a_factor_and_contrast_one_of_the_distance_from_grey() -> None:
    plain = values(CUT)
    assert torch.allclose(values(replace(CUT, brightness=1.4)), 1.4 * plain, atol=1e-5)
    grey = float(np.asarray(augmented(frame(), CUT, P).picture.convert("L")).mean()) / 255
    assert torch.allclose(values(replace(CUT, contrast=0.5)), grey + 0.5 * (plain - grey), atol=1e-5)
    both = values(replace(CUT, brightness=1.4, contrast=0.5))
    assert torch.allclose(both, 1.4 * grey + 0.5 * (1.4 * plain - 1.4 * grey), atol=1e-5)


def test_the_shift_is_added_to_pixels_of_0_to_1_before_normalization() -> None:
    (l1, l2, l3), p = IMAGENET.values, IMAGENET.vectors
    shift = [row[0] * 0.3 * l1 + row[1] * -0.2 * l2 + row[2] * 0.5 * l3 for row in p]
    made = values(replace(CUT, alphas=(0.3, -0.2, 0.5)))
    assert torch.allclose(made, values(CUT) + torch.tensor(shift)[:, None, None], atol=1e-5)


def test_the_picture_is_clipped_and_the_networks_input_is_not() -> None:
    white = Image.new("RGB", (128, 128), "white")
    made = augmented(white, replace(CUT, alphas=(-1.0, 0.0, 0.0)), P)  # the first direction points to dark
    assert made.picture.getextrema() == ((255, 255),) * 3
    assert float(made.tensor.min()) > (1 - 0.485) / 0.229
    bright = replace(CUT, brightness=2.0)
    shown = np.asarray(augmented(frame(), bright, P).picture) / 255
    assert np.abs(shown - values(bright).clamp(0, 1).permute(1, 2, 0).numpy()).max() < 0.003


def test_the_published_components() -> None:
    """Orthonormal directions; a standard deviation of 3.17, 3.22 and 3.25 grey levels."""
    vectors = np.array(IMAGENET.vectors)
    assert np.allclose(vectors.T @ vectors, np.eye(3), atol=1e-4)
    generator = np.random.default_rng(0)
    shifts = np.array([augmentation.colour_shift(IMAGENET, generator.normal(0, 0.1, 3)) for _ in range(20_000)])
    assert (255 * shifts).std(0).tolist() == pytest.approx([3.17, 3.22, 3.25], rel=0.02)
    assert np.abs(255 * shifts.mean(0)).max() < 0.1


def test_a_pictures_own_components_diagonalize_its_covariance() -> None:
    picture = load_image(sample("cat").path).image
    c = augmentation.components_of(picture)
    pixels = np.asarray(picture, dtype=np.float64).reshape(-1, 3) / 255
    centred = pixels - pixels.mean(0)
    covariance = centred.T @ centred / (len(pixels) - 1)
    vectors = np.array(c.vectors)
    assert c.values[0] > c.values[1] > c.values[2] > 0
    assert np.allclose(vectors @ np.diag(c.values) @ vectors.T, covariance)
    for direction, variance in zip(vectors.T, c.values, strict=True):
        assert (centred @ direction).var(ddof=1) == pytest.approx(variance)


def test_a_picture_of_one_colour_has_no_directions_to_shift_in() -> None:
    c = augmentation.components_of(Image.new("RGB", (8, 8), (10, 20, 30)))
    assert np.allclose(c.values, 0, atol=1e-12)
    assert np.allclose(augmentation.colour_shift(c, (1, 1, 1)), 0, atol=1e-12)
