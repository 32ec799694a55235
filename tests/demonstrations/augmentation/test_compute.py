"""Crops, reflections and shifted colours: where pixels go, what is added to them, and the paper's ten crops."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.architectures import variant
from explorer.demonstrations.augmentation import compute as augmentation
from explorer.demonstrations.augmentation.compute import IMAGENET, Augmentation, Components
from explorer.runtime.pictures import load_image
from explorer.runtime.preprocessing import model_input, preprocessing_for
from explorer.runtime.samples import sample, samples
from explorer.runtime.weights.network import preprocessing_of

P = preprocessing_for((3, 227, 227))


def coordinates() -> Image.Image:
    """A picture whose red is the column and whose green is the row; blue is 0."""
    rows, columns = np.indices((259, 259)).clip(0, 255)
    return Image.fromarray(np.stack([columns, rows, np.zeros_like(rows)], axis=-1).astype(np.uint8))


@pytest.mark.parametrize("name", ["alexnet", "alexnet_owt"])
@pytest.mark.parametrize("picture", [s.id for s in samples()])
def test_the_middle_crop_is_the_networks_own_input(name: str, picture: str) -> None:
    p = preprocessing_of(variant(name), "untrained")
    image = load_image(sample(picture).path).image
    frame = augmentation.frame_of(image, p)
    assert frame.size == (p.resize, p.resize) and augmentation.frame_side(p) == p.resize
    made = augmentation.augmented(frame, augmentation.centred(p), p)
    own = model_input(image, p)
    assert torch.equal(made.tensor, own.tensor)
    assert made.picture.tobytes() == own.picture.tobytes()


def test_a_crop_shifts_what_is_seen() -> None:
    made = np.asarray(augmentation.augmented(coordinates(), Augmentation(20, 5), P).picture)
    assert made.shape == (227, 227, 3)
    assert (made[0, 0, 0], made[0, 0, 1]) == (20, 5)
    assert (made[10, 30, 0], made[10, 30, 1]) == (50, 15)


def test_a_mirrored_crop_is_mirrored_left_to_right() -> None:
    made = augmentation.augmented(coordinates(), Augmentation(3, 5, mirrored=True), P)
    plain = augmentation.augmented(coordinates(), Augmentation(3, 5), P)
    assert torch.equal(made.tensor, plain.tensor.flip(3))


@pytest.mark.parametrize("place", [(33, 0), (0, 33), (-1, 0), (0, -1)])
def test_a_crop_outside_the_frame_is_refused(place: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="does not lie in the frame of 259"):
        augmentation.augmented(coordinates(), Augmentation(*place), P)


def test_the_shift_is_added_to_pixels_of_0_to_1_before_normalization() -> None:
    a = Augmentation(16, 16, alphas=(0.3, -0.2, 0.5))
    frame = augmentation.frame_of(load_image(sample("cat").path).image, P)
    crop = np.asarray(frame.crop((16, 16, 243, 243)), dtype=np.float64) / 255
    (l1, l2, l3), p = IMAGENET.values, IMAGENET.vectors
    for channel in range(3):
        crop[..., channel] += p[channel][0] * 0.3 * l1 + p[channel][1] * -0.2 * l2 + p[channel][2] * 0.5 * l3
    expected = (crop - np.array(P.mean)) / np.array(P.std)
    made = augmentation.augmented(frame, a, P)
    assert np.allclose(made.tensor[0].permute(1, 2, 0).numpy(), expected, atol=1e-5)
    shown = np.asarray(made.picture) / 255
    assert np.abs(shown - crop.clip(0, 1)).max() <= 0.51 / 255


def test_the_picture_is_clipped_and_the_networks_input_is_not() -> None:
    white = Image.new("RGB", (259, 259), "white")
    a = Augmentation(0, 0, alphas=(-1.0, 0.0, 0.0))  # the first direction points to dark
    made = augmentation.augmented(white, a, P)
    assert made.picture.getextrema() == ((255, 255),) * 3
    assert float(made.tensor.min()) > (1 - 0.485) / 0.229


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


def test_training_draws_every_crop_and_both_reflections() -> None:
    drawn = [augmentation.drawn(seed, P) for seed in range(2000)]
    places = Counter(a.left for a in drawn)
    assert set(places) == {a.top for a in drawn} == set(range(augmentation.max_offset(P) + 1)) == set(range(33))
    assert sum(a.mirrored for a in drawn) / len(drawn) == pytest.approx(0.5, abs=0.05)
    alphas = np.array([a.alphas for a in drawn])
    assert alphas.std(0).tolist() == pytest.approx([0.1] * 3, rel=0.1)
    assert drawn[3] == augmentation.drawn(3, P)


def test_ten_crops_are_corners_centre_and_their_reflections() -> None:
    frame = coordinates()
    crops = augmentation.ten_crops(P)
    made = {name: np.asarray(augmentation.augmented(frame, a, P).picture) for name, a in crops.items()}
    assert len(made) == 10
    corners = {(int(m[0, 0, 0]), int(m[0, 0, 1])) for name, m in made.items() if "mirrored" not in name}
    assert corners == {(0, 0), (32, 0), (0, 32), (32, 32), (16, 16)}
    for name, m in made.items():
        if "mirrored" not in name:
            assert np.array_equal(made[f"{name}, mirrored"], m[:, ::-1])


def test_components_are_hashable() -> None:
    """They are part of what a cached answer is kept under."""
    assert len({Augmentation(0, 0), Augmentation(0, 0, components=IMAGENET)}) == 1
    assert len({Augmentation(0, 0), Augmentation(0, 0, components=Components((1, 1, 1), IMAGENET.vectors))}) == 2


@pytest.mark.parametrize("size", [(1, 3000), (3000, 1), (1, 1)])
def test_a_picture_a_pixel_wide_has_crops_and_components(size: tuple[int, int]) -> None:
    frame = augmentation.frame_of(Image.new("RGB", size, (10, 20, 30)), P)
    assert frame.size == (259, 259)
    assert np.allclose(augmentation.components_of(frame).values, 0, atol=1e-12)
