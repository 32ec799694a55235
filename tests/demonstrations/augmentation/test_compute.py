"""Settings become parts of the frame, training draws them, the paper's ten crops, and digits in a mirror."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.architectures import variant
from explorer.demonstrations.augmentation import compute as augmentation
from explorer.demonstrations.augmentation.compute import Manner, Setting
from explorer.runtime.augmentation import IMAGENET, Components, augmented, components_of
from explorer.runtime.pictures import load_image
from explorer.runtime.preprocessing import model_input, preprocessing_for
from explorer.runtime.samples import sample, samples
from explorer.runtime.weights.network import load_network, preprocessing_of

P = preprocessing_for((3, 227, 227))
MIDDLE = augmentation.centred(P)


def coordinates() -> Image.Image:
    """A picture whose red is the column and whose green is the row; blue is 0."""
    rows, columns = np.indices((259, 259)).clip(0, 255)
    return Image.fromarray(np.stack([columns, rows, np.zeros_like(rows)], axis=-1).astype(np.uint8))


def seen(**changes: Any) -> Image.Image:
    """What the network gets of the coordinates."""
    return augmented(coordinates(), replace(MIDDLE, **changes).augmentation(P), P).picture


@pytest.mark.parametrize("name", ["alexnet", "alexnet_owt"])
@pytest.mark.parametrize("picture", [s.id for s in samples()])
def test_the_middle_crop_is_the_networks_own_input(name: str, picture: str) -> None:
    p = preprocessing_of(variant(name), "untrained")
    image = load_image(sample(picture).path).image
    frame = augmentation.frame_of(image, p)
    assert frame.size == (p.resize, p.resize) and augmentation.frame_side(p) == p.resize
    made = augmented(frame, augmentation.centred(p).augmentation(p), p)
    own = model_input(image, p)
    assert torch.equal(made.tensor, own.tensor)
    assert made.picture.tobytes() == own.picture.tobytes()


def test_a_crop_of_the_networks_size_is_cut_pixel_by_pixel() -> None:
    made = np.asarray(seen(left=20, top=5))
    assert made.shape == (227, 227, 3)
    assert (made[0, 0, 0], made[0, 0, 1]) == (20, 5)
    assert (made[10, 30, 0], made[10, 30, 1]) == (50, 15)


@pytest.mark.parametrize(("area", "aspect"), [(8, 100), (50, 75), (50, 133), (100, 100), (77, 120)])
@pytest.mark.parametrize("place", [0, 16, 32])
def test_area_and_proportions_are_those_of_the_cut(area: int, aspect: int, place: int) -> None:
    left, top, right, bottom = Setting(place, place, area, aspect).augmentation(P).box
    assert (right - left) * (bottom - top) == pytest.approx(area / 100 * 259**2)
    assert (right - left) / (bottom - top) == pytest.approx(aspect / 100)
    for first, last in ((left, right), (top, bottom)):
        assert first == pytest.approx((259 - (last - first)) * place / 32) and last <= 259


@pytest.mark.parametrize("aspect", [75, 133])
def test_a_cut_longer_than_the_frame_ends_with_it(aspect: int) -> None:
    left, top, right, bottom = Setting(32, 0, 100, aspect).augmentation(P).box
    lengths = sorted((right - left, bottom - top))
    assert lengths == [pytest.approx(259 * 0.866, rel=2e-3), 259]
    assert top == 0 and right == 259


def test_a_smaller_cut_shows_things_larger() -> None:
    """A quarter of the area: twice as large, so that neighbouring pixels differ half as much."""
    whole, quarter = (np.asarray(seen(area=area), dtype=float) for area in (100, 25))
    slopes = [np.diff(made[110, 60:160, 0]).mean() for made in (whole, quarter)]
    assert slopes[0] == pytest.approx(2 * slopes[1], rel=0.05)


def test_training_draws_every_crop_and_both_reflections() -> None:
    drawn = [augmentation.drawn(seed, P) for seed in range(2000)]
    places = Counter(a.left for a in drawn)
    assert set(places) == {a.top for a in drawn} == set(range(augmentation.max_offset(P) + 1)) == set(range(33))
    assert sum(a.mirrored for a in drawn) / len(drawn) == pytest.approx(0.5, abs=0.05)
    alphas = np.array([a.alphas for a in drawn])
    assert alphas.std(0).tolist() == pytest.approx([0.1] * 3, rel=0.1)
    assert drawn[3] == augmentation.drawn(3, P)


def test_vgg_and_googlenet_are_drawn_from_their_ranges() -> None:
    def values(manner: Manner, name: str) -> list[int]:
        return [getattr(augmentation.drawn(seed, P, manner), name) for seed in range(600)]

    areas = values("vgg", "area")
    assert (min(areas), max(areas)) == (19, 77)  # 224 pixels of 512 and of 256, squared
    assert {augmentation.drawn(seed, P, "vgg").aspect for seed in range(20)} == {100}
    assert (min(values("googlenet", "area")), max(values("googlenet", "area"))) == (8, 100)
    assert (min(values("googlenet", "aspect")), max(values("googlenet", "aspect"))) == (75, 133)
    for name in ("brightness", "contrast"):
        assert 60 <= min(values("googlenet", name)) < max(values("googlenet", name)) <= 140
    for manner in ("vgg", "googlenet"):
        assert augmentation.drawn(7, P, manner) == augmentation.drawn(7, P, manner)  # type: ignore[arg-type]
        assert augmentation.drawn(7, P, manner).alphas == (0, 0, 0)  # type: ignore[arg-type]


def test_ten_crops_are_corners_centre_and_their_reflections() -> None:
    frame = coordinates()
    crops = augmentation.ten_crops(P)
    made = {name: np.asarray(augmented(frame, a.augmentation(P), P).picture) for name, a in crops.items()}
    assert len(made) == 10
    corners = {(int(m[0, 0, 0]), int(m[0, 0, 1])) for name, m in made.items() if "mirrored" not in name}
    assert corners == {(0, 0), (32, 0), (0, 32), (32, 32), (16, 16)}
    for name, m in made.items():
        if "mirrored" not in name:
            assert np.array_equal(made[f"{name}, mirrored"], m[:, ::-1])


def test_settings_are_hashable() -> None:
    """A cached answer is kept under one, with its components."""
    assert len({MIDDLE, replace(MIDDLE, components=IMAGENET)}) == 1
    assert len({MIDDLE, replace(MIDDLE, components=Components((1, 1, 1), IMAGENET.vectors))}) == 2


@pytest.mark.parametrize("size", [(1, 3000), (3000, 1), (1, 1)])
def test_a_picture_a_pixel_wide_has_crops_and_components(size: tuple[int, int]) -> None:
    frame = augmentation.frame_of(Image.new("RGB", size, (10, 20, 30)), P)
    assert frame.size == (259, 259)
    assert np.allclose(components_of(frame).values, 0, atol=1e-12)


def test_digits_lose_their_meaning_in_a_mirror() -> None:
    """LeNet-5 reads all ten; of the mirror images those that look the same, as 0, 1 and 8 do."""
    digits = augmentation.mirrored_digits(load_network(variant("lenet5"), "bundled"))
    assert [d.name for d in digits] == list("0123456789")
    assert [d.answers[0].first for d in digits] == list("0123456789")
    for d in digits:
        upright, mirrored = (np.asarray(p) for p in d.pictures)
        assert np.array_equal(upright[:, ::-1], mirrored)
    read = {d.name for d in digits if d.answers[1].first == d.name}
    assert {"0", "8"} <= read and not read & set("235679")
