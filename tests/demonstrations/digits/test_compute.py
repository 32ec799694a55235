"""Strokes and photographs become pixels by MNIST's rules, and a distortion does what its numbers say."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from PIL import Image

from explorer.architectures import variant
from explorer.demonstrations.digits import all_layers as layer_strips
from explorer.demonstrations.digits import compute as digits
from explorer.demonstrations.digits.compute import CANVAS, MAX_POINTS, MAX_STROKES, Distortion, Stroke
from explorer.demonstrations.digits.robustness import Answers, answers
from explorer.runtime.activations import capture
from explorer.runtime.maps import unpack
from explorer.runtime.pictures import load_image, png_bytes
from explorer.runtime.preprocessing import model_input
from explorer.runtime.samples import sample
from explorer.runtime.weights.network import load_network
from explorer.ui import cache

NETWORKS = ("lenet5", "lenet5_modern")
SAMPLES = digits.sample_digits()


def digit(name: str) -> Any:
    return digits.standardised(digits.ink_of(SAMPLES[name]))


def pixels(name: str, **distortion: int) -> Any:
    return digits.pixels(digits.distorted(digit(name), Distortion(**distortion))).astype(float)


def centre(values: Any) -> tuple[float, float]:
    """Row and column of the centre of mass; the middle of 28 pixels is 13.5."""
    rows, columns = np.mgrid[0:28, 0:28]
    return (rows * values).sum() / values.sum(), (columns * values).sum() / values.sum()


def test_the_samples_are_two_of_each_digit() -> None:
    assert sorted(name[0] for name in SAMPLES) == sorted("0123456789" * 2)
    assert all(digits.strokes_of([s.as_list() for s in strokes]) == strokes for strokes in SAMPLES.values())


@pytest.mark.parametrize("name", SAMPLES)
def test_a_digit_fits_the_box_and_is_centred_by_its_mass(name: str) -> None:
    values = pixels(name)
    assert values.shape == (28, 28)
    assert centre(values) == pytest.approx((13.5, 13.5), abs=0.15)
    extent = [int(np.ptp(np.flatnonzero(values.max(axis=axis) > 25))) + 1 for axis in (0, 1)]
    assert 19 <= max(extent) <= 21
    assert values.max() == 255
    assert values[0].max() == values[:, 0].max() == 0


def test_where_and_how_large_it_is_drawn_does_not_matter() -> None:
    small = tuple(Stroke(s.erases, tuple((x // 2 + 30, y // 2 + 450) for x, y in s.points)) for s in SAMPLES["3"])
    ink = digits.ink_of(SAMPLES["3"])
    moved = np.roll(ink, (-20, 30), axis=(0, 1))
    assert np.abs(digits.pixels(digits.standardised(moved)).astype(float) - pixels("3")).max() <= 2
    assert centre(digits.pixels(digits.standardised(digits.ink_of(small)))) == pytest.approx((13.5, 13.5), abs=0.15)


def test_the_eraser_takes_ink_away_and_an_empty_canvas_stays_empty() -> None:
    line = Stroke(False, ((100, 500), (900, 500)))
    half = digits.ink_of((line, Stroke(True, ((100, 500), (500, 500)))))
    assert half[125, 30] == 0
    assert half[125, 200] == 1
    assert not digits.pixels(digits.standardised(digits.ink_of(()))).any()
    wiped = digits.ink_of((line, Stroke(True, ((0, 500), (1000, 500)))))
    assert not digits.standardised(wiped).any()


@pytest.mark.parametrize(
    "given",
    [
        None,
        7,
        "strokes",
        {"0": []},
        [None],
        [[]],
        [[0]],
        [[0, 1]],
        [[0, 1, 2, 3]],
        [[2, 1, 2]],
        [[True, 1, 2]],
        [[0, 1.0, 2]],
        [[0, -1, 2]],
        [[0, 1, CANVAS + 1]],
        [[0, float("nan"), 2]],
        [[0, 10**30, 2]],
        [["0", 1, 2]],
        [[0, 1, 2]] * (MAX_STROKES + 1),
        [[0, *[5] * 2 * (MAX_POINTS + 1)]],
    ],
)
def test_nonsense_from_a_browser_is_refused_whole(given: object) -> None:
    assert digits.strokes_of(given) is None


def test_a_shift_moves_pixels_and_a_turn_is_clockwise() -> None:
    plain = pixels("5")
    assert np.array_equal(pixels("5", right=3, down=-2)[2:24, 5:27], plain[4:26, 2:24])
    tee = digits.standardised(
        digits.ink_of((Stroke(False, ((300, 200), (700, 200))), Stroke(False, ((500, 200), (500, 800)))))
    )
    turned = digits.pixels(digits.distorted(tee, Distortion(degrees=90))).astype(float)
    assert turned.sum(axis=0).argmax() > 14  # the bar on top stands at the right
    assert abs(turned.sum(axis=1).argmax() - 13.5) < 2
    for name in ("1", "4"):
        back = digits.distorted(digits.distorted(digit(name), Distortion(degrees=40)), Distortion(degrees=-40))
        assert np.abs(digits.pixels(back).astype(float) - pixels(name)).mean() < 6


def test_scaling_and_thickening_change_the_area_as_geometry_says() -> None:
    plain = pixels("0").sum()
    assert pixels("0", percent=50).sum() == pytest.approx(plain / 4, rel=0.1)
    # A dot grows by a ring of the same width all around.
    dot = np.zeros((112, 112), dtype=np.float32)
    rows, columns = np.mgrid[0:112, 0:112]
    dot[(rows - 56) ** 2 + (columns - 56) ** 2 <= 20**2] = 1
    for quarters in (-3, 4, 8):
        grown = digits.distorted(dot, Distortion(quarters=quarters))
        assert grown.sum() == pytest.approx(math.pi * (20 + quarters) ** 2, rel=0.05)


def photograph(name: str, dark_ink: bool = True) -> Image.Image:
    """A digit on unevenly lit paper, with grain, off the middle."""
    rows, columns = np.mgrid[0:400, 0:300]
    paper = 140 + 0.25 * columns + 0.1 * rows
    ink = np.zeros((400, 300))
    ink[90:340, 20:270] = digits.ink_of(SAMPLES[name])
    grain = np.random.default_rng(0).normal(0, 5, ink.shape)
    levels = paper * (1 - 0.7 * ink) + grain
    return Image.fromarray((levels if dark_ink else 255 - levels).clip(0, 255).astype(np.uint8)).convert("RGB")


@pytest.mark.parametrize("dark_ink", [True, False])
@pytest.mark.parametrize("name", ["0", "4b", "7"])
def test_a_photograph_becomes_the_digit_that_was_written(name: str, dark_ink: bool) -> None:
    found = digits.as_digit(photograph(name, dark_ink))
    assert ("inverted" in found.note) == dark_ink
    assert found.digit is not None
    assert np.abs(digits.pixels(found.digit).astype(float) - pixels(name)).mean() < 6


def test_what_has_mnists_format_is_left_unchanged() -> None:
    own = digits.picture(digits.pixels(digit("2")))
    found = digits.as_digit(own.image)
    assert found.digit is not None
    assert np.array_equal(digits.pixels(found.digit), digits.pixels(digit("2")))
    assert "unchanged" in found.note
    assert load_image(png_bytes(own.image)).digest == own.digest


@pytest.mark.parametrize("name", ["cat", "bricks", "rocket"])
def test_other_pictures_are_no_digits(name: str) -> None:
    assert digits.as_digit(load_image(sample(name).path).image).digit is None


@pytest.mark.parametrize("size", [(300, 200), (1, 1), (1, 65535), (65535, 1), (2, 3000)])
def test_pictures_of_any_shape_are_looked_at(size: tuple[int, int]) -> None:
    assert digits.as_digit(Image.new("RGB", size, "white")).digit is None
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0]), dtype=np.uint8)
    digits.as_digit(Image.fromarray(noise))


@pytest.mark.parametrize("name", NETWORKS)
def test_the_bundled_networks_read_the_samples(name: str) -> None:
    network = load_network(variant(name), "bundled")
    read = [answers(network, digit(sample), [Distortion()])[0] for sample in SAMPLES]
    wrong = [sample for sample, got in zip(SAMPLES, read, strict=True) if got != int(sample[0])]
    assert len(wrong) <= 1, wrong


def test_answers_are_those_of_one_picture_at_a_time_and_a_range_ends_where_they_change() -> None:
    network = load_network(variant("lenet5"), "bundled")
    turns = [Distortion(degrees=d) for d in (0, 60, 180)]
    one_by_one = []
    for turn in turns:
        image = digits.picture(digits.pixels(digits.distorted(digit("6"), turn))).image
        logits = capture(network, model_input(image, network.preprocessing).tensor).logits
        one_by_one.append(int(logits.argmin()))
    assert answers(network, digit("6"), turns) == tuple(one_by_one)
    along = Answers((-10, -5, 0, 5, 10, 15), (6, 5, 6, 6, 5, 6))
    assert along.around(0, 6) == (0, 5)
    assert along.around(-5, 6) is None
    assert along.at(-5) == 5


@pytest.mark.parametrize("name", NETWORKS)
def test_the_message_holds_every_layer_and_the_input_unchanged(name: str) -> None:
    network = load_network(variant(name), "bundled")
    levels = digits.pixels(digit("8"))
    made = model_input(digits.picture(levels).image, network.preprocessing)
    activations = capture(network, made.tensor)
    header, body = unpack(layer_strips.message(activations, cache.trace(name), made.picture))
    bytes_ = np.frombuffer(body, dtype=np.uint8)
    assert np.array_equal(bytes_[: 32 * 32].reshape(32, 32), np.pad(levels, 2))
    shapes = [tuple(part["shape"]) for part in header["parts"]]
    assert shapes == [(1, 32, 32), (6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (1, 8, 15), (1, 12, 7)]
    assert len(bytes_) == sum(math.prod(shape) for shape in shapes)
    offset = 32 * 32
    for part in header["parts"][1:]:
        count = math.prod(part["shape"])
        stage = cache.trace(name).stage(part["name"].lower())
        values = activations.maps(stage.output).numpy().reshape(part["shape"])
        low, high = (np.array(part[end])[:, None, None] for end in ("low", "high"))
        shown = low + bytes_[offset : offset + count].reshape(part["shape"]) / 255 * (high - low)
        assert np.abs(shown - values).max() <= (high - low).max() / 500
        offset += count
    outputs = header["outputs"]
    assert outputs["distances"] == (name == "lenet5")
    assert outputs["answer"] == (np.argmin if outputs["distances"] else np.argmax)(activations.logits.numpy())


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 2), (1, 65_535), (65_535, 1), (16, 256), (3, 4096), (257, 16)])
@pytest.mark.parametrize("levels", ["white", "black", "noise"])
def test_pictures_of_any_shape_become_pixels(size: tuple[int, int], levels: str) -> None:
    width, height = size
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    found = digits.as_digit(Image.fromarray(noise) if levels == "noise" else Image.new("RGB", size, levels))
    assert found.digit is None or found.digit.shape == (112, 112)
    assert found.note
    assert found.digit is None or max(size) <= 16 * min(size)
