"""Statistics, paging, quantisation and the message of feature maps, against plain numpy."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from explorer.runtime import colormaps, maps
from explorer.runtime import png as maps_png


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def show_all(activation: np.ndarray) -> maps.QuantizedMaps | maps.VectorValues:
    stats = maps.statistics(activation)
    return maps.show(activation, stats, stats.order())


def quantized(activation: np.ndarray) -> maps.QuantizedMaps:
    shown = show_all(activation)
    assert isinstance(shown, maps.QuantizedMaps)
    return shown


def dequantized(shown: maps.QuantizedMaps) -> np.ndarray:
    """The values as the browser reads them, (K, H, W)."""
    low, high = (limit.astype(np.float64)[:, None, None] for limit in (shown.low, shown.high))
    return (low + shown.values / 255 * (high - low)).astype(np.float32)


def test_statistics_are_those_of_numpy(rng):
    activation = rng.normal(size=(5, 6, 7)).astype(np.float32)
    stats = maps.statistics(activation)
    assert stats.shape == (5, 6, 7)
    np.testing.assert_array_equal(stats.minimum, activation.min(axis=(1, 2)))
    np.testing.assert_array_equal(stats.maximum, activation.max(axis=(1, 2)))
    np.testing.assert_allclose(stats.mean, activation.mean(axis=(1, 2)), atol=1e-6)
    np.testing.assert_allclose(stats.strength, np.abs(activation).mean(axis=(1, 2)), rtol=1e-6)
    assert stats.signed
    assert not maps.statistics(np.maximum(activation, 0)).signed
    assert stats.non_finite.sum() == 0


def test_order_by_strength_counts_negative_values_and_keeps_ties_in_order():
    activation = np.array([1, -3, 2, -3, 0], dtype=np.float32)[:, None, None] * np.ones((1, 2, 2), np.float32)
    stats = maps.statistics(activation)
    assert stats.order("strength").tolist() == [1, 3, 2, 0, 4]
    assert stats.order("index").tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("scale", [1e-38, 1e-3, 1.0, 1e30, 1e38])
def test_a_quantised_value_is_off_by_half_a_step_at_most(rng, scale):
    activation = (rng.uniform(-3, 3, size=(4, 9, 5)) * scale).astype(np.float32)
    shown = quantized(activation)
    span = activation.max(axis=(1, 2)).astype(np.float64) - activation.min(axis=(1, 2))
    error = np.abs(dequantized(shown).astype(np.float64) - activation).max(axis=(1, 2))
    assert (error <= span / 510 * (1 + 1e-5)).all()
    assert (shown.values.min(axis=(1, 2)) == 0).all()
    assert (shown.values.max(axis=(1, 2)) == 255).all()


def test_constant_maps_keep_their_value():
    activation = np.stack([np.full((3, 3), value, np.float32) for value in (0.0, 1.5, -2.0)])
    shown = quantized(activation)
    assert not shown.values.any()
    np.testing.assert_array_equal(dequantized(shown), activation)


def test_values_that_are_not_finite_are_counted_and_drawn_inside_the_limits(rng):
    activation = rng.uniform(-1, 1, size=(4, 5, 5)).astype(np.float32)
    clean = maps.statistics(activation)
    activation[1, 0, :3] = np.nan
    activation[2, 0, 0], activation[2, 0, 1] = np.inf, -np.inf
    activation[3] = np.nan
    shown = quantized(activation)
    stats = shown.statistics
    assert stats.non_finite.tolist() == [0, 3, 2, 25]
    finite = activation[2][np.isfinite(activation[2])]
    assert (stats.minimum[2], stats.maximum[2]) == (finite.min(), finite.max())
    assert stats.mean[2] == pytest.approx(finite.mean(), abs=1e-6)
    assert (stats.minimum[0], stats.mean[0]) == (clean.minimum[0], clean.mean[0])
    drawn = dequantized(shown)
    assert np.isfinite(drawn).all()
    half_step = ((stats.maximum - stats.minimum) / 509).tolist()
    assert np.abs(drawn[1, 0, :3]).max() <= half_step[1]
    assert drawn[2, 0, 0] == pytest.approx(finite.max(), abs=half_step[2])
    assert drawn[2, 0, 1] == pytest.approx(finite.min(), abs=half_step[2])
    assert not drawn[3].any()
    header, _ = maps.unpack(maps.encode(shown, {}).packed())  # JSON has no NaN
    assert header["non_finite_total"] == 30


def test_the_message_carries_the_shown_maps_and_their_limits(rng):
    activation = rng.normal(size=(6, 4, 3)).astype(np.float32)
    stats = maps.statistics(activation)
    shown = maps.show(activation, stats, np.array([4, 1]))
    assert isinstance(shown, maps.QuantizedMaps)
    header, body = maps.unpack(maps.encode(shown, {"node": "stufe.α", "group": "net"}).packed())
    assert (header["kind"], header["shape"], header["channels"]) == ("maps", [6, 4, 3], [4, 1])
    assert (header["node"], header["group"], header["signed"]) == ("stufe.α", "net", True)
    assert header["minimum"] == activation.min()  # of the whole activation, not only of what is shown
    assert header["maximum"] == activation.max()
    values = np.frombuffer(body, np.uint8).reshape(2, 4, 3)
    low, high = (np.array(header[name])[:, None, None] for name in ("low", "high"))
    np.testing.assert_allclose(low + values / 255 * (high - low), activation[[4, 1]], atol=0.02)
    table = np.frombuffer(base64.b64decode(header["colormaps"]["diverging"]), np.uint8).reshape(256, 3)
    np.testing.assert_array_equal(table, colormaps.DIVERGING)


@pytest.mark.parametrize("shape", [(300,), (300, 1, 1)])
def test_a_vector_keeps_its_exact_values(rng, shape):
    activation = rng.normal(size=shape).astype(np.float32)
    shown = show_all(activation)
    assert isinstance(shown, maps.VectorValues)
    header, body = maps.unpack(maps.encode(shown, {}).packed())
    assert header["kind"] == "vector"
    np.testing.assert_array_equal(np.frombuffer(body, "<f4"), activation.reshape(-1))
    expected = sorted(range(300), key=lambda channel: -abs(activation.reshape(-1)[channel]))[:8]
    assert header["strongest"] == expected


@pytest.mark.parametrize(("side", "expected"), [(1, 4096), (7, 64), (56, 64), (112, 31), (224, 8), (512, 8)])
def test_a_page_stays_near_its_budget(side, expected):
    assert maps.channels_per_page(side, side) == expected


def test_pages_show_every_channel_once_and_clamp_the_page_number():
    order = np.random.default_rng(0).permutation(130)
    pages = [maps.page_of(order, page, 64) for page in range(maps.page_count(130, 64))]
    assert [len(page) for page in pages] == [64, 64, 2]
    np.testing.assert_array_equal(np.concatenate(pages), order)
    np.testing.assert_array_equal(maps.page_of(order, 99, 64), pages[2])


def test_encode_page_takes_the_strongest_channels_and_names_the_page(rng):
    activation = rng.normal(size=(70, 3, 3)).astype(np.float32) * np.arange(70)[:, None, None]
    stats = maps.statistics(activation)
    header, body = maps.unpack(maps.encode_page(activation, stats, {"node": "n"}, "strength", page=5).packed())
    assert (header["order"], header["page"], header["pages"]) == ("strength", 1, 2)
    assert header["channels"] == stats.order("strength")[64:].tolist()
    assert len(body) == 6 * 9


@pytest.mark.parametrize(("other", "places"), [((50, 2, 3), 6), ((50,), 1), ((90, 4, 4), 16)])
def test_a_pair_has_the_same_channels_and_one_scale(rng, other, places):
    first = rng.uniform(-3, 1, size=(70, 4, 4)).astype(np.float32)
    second = np.abs(rng.uniform(0, 9, size=other)).astype(np.float32)
    first_stats, second_stats = maps.statistics(first), maps.statistics(second)
    pair = (first, first_stats, {"node": "add"}), (second, second_stats, {"node": "relu"})
    assert maps.channels_per_pair(first.shape, second.shape) == 64
    for order in ("index", "strength"):
        for page, expected in enumerate((first_stats.order(order)[:64], first_stats.order(order)[64:])):
            header, body = maps.unpack(maps.encode_pair(*pair, order, page).packed())
            beside = header["beside"]
            assert (header["node"], beside["node"]) == ("add", "relu")
            assert (header["page"], header["pages"], header["order"]) == (page, 2, order)
            assert header["channels"] == expected.tolist()
            assert beside["channels"] == [channel for channel in expected if channel < other[0]]
            assert (header["minimum"], header["maximum"]) == (first.min(), second.max())
            assert header["signed"] is True
            assert len(body) == 16 * len(header["channels"]) + places * len(beside["channels"])
            values = np.frombuffer(body[16 * len(expected) :], np.uint8).reshape(-1, places)
            low, high = (np.array(beside[name])[:, None] for name in ("low", "high"))
            shown = second.reshape(other[0], places)[beside["channels"]]
            np.testing.assert_allclose(low + values / 255 * (high - low), shown, atol=0.02)


def test_a_pair_of_a_vector_and_maps_has_the_pages_of_maps():
    assert maps.channels_per_pair((2048, 1, 1), (2048,)) == 64
    assert maps.channels_per_pair((512,), (64, 112, 112)) == 31
    vector = np.arange(100, dtype=np.float32)
    stats = maps.statistics(vector)
    header, body = maps.unpack(maps.encode_pair((vector, stats, {}), (vector, stats, {}), page=9).packed())
    assert (header["kind"], header["page"], header["pages"]) == ("maps", 1, 2)
    assert header["low"] == header["beside"]["high"] == list(range(64, 100))
    assert not any(body)  # each map is one value, its least


@pytest.mark.parametrize("shape", [(2, 3), (1, 2, 3, 4), (0, 4, 4), (0,)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match="feature maps have shape"):
        maps.statistics(np.zeros(shape, np.float32))


def test_statistics_of_another_activation_are_refused():
    stats = maps.statistics(np.zeros((3, 4, 4), np.float32))
    with pytest.raises(ValueError, match="the statistics are of"):
        maps.show(np.zeros((3, 5, 5), np.float32), stats, np.array([0]))


def lightness(colours: np.ndarray) -> np.ndarray:
    """OKLab lightness of (N, 3) sRGB bytes."""
    srgb = colours / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    to_lms = np.array([[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]])
    return np.cbrt(linear @ to_lms.T) @ np.array([0.2105, 0.7936, -0.0041])


def test_the_colour_maps_read_as_an_order_of_lightness():
    # every fourth colour: neighbours differ by less than what rounding to bytes changes
    assert (np.diff(lightness(colormaps.SEQUENTIAL[::4])) > 0).all()
    arms = lightness(colormaps.DIVERGING)
    assert (np.diff(arms[:128:4]) > 0).all()
    assert (np.diff(arms[128::4]) < 0).all()
    np.testing.assert_allclose(arms, arms[::-1], atol=0.02)  # neither sign looks stronger
    middle = colormaps.DIVERGING[127:129].astype(int)
    assert np.ptp(middle, axis=1).max() <= 3  # zero is grey


@pytest.mark.parametrize("scale", ["map", "shared"])
def test_the_picture_colours_zero_neutrally_and_uses_the_scale(scale):
    activation = np.array([[[-4.0, 0.0, 2.0]], [[-1.0, 0.0, 1.0]]], np.float32)
    coloured = maps_png.colour(quantized(activation), "auto", scale).astype(int)
    assert np.ptp(coloured[:, 0, 1], axis=-1).max() <= 6
    np.testing.assert_array_equal(coloured[0, 0, 0], colormaps.DIVERGING[0])
    strongest_of_weak = coloured[1, 0, 0]
    assert (strongest_of_weak == colormaps.DIVERGING[0]).all() == (scale == "map")


@pytest.mark.parametrize("shape", [(9, 7, 7), (3, 130, 130), (40,)])
def test_the_picture_is_a_png_that_holds_the_colours(rng, shape):
    shown = show_all(rng.normal(size=shape).astype(np.float32))
    image = Image.open(io.BytesIO(maps_png.draw_png(shown, title="resnet50 stem.conv")))
    assert image.format == "PNG"
    colours = {colour for _, colour in image.getcolors(1 << 24) or []}
    if isinstance(shown, maps.QuantizedMaps):
        assert {tuple(pixel) for pixel in maps_png.colour(shown).reshape(-1, 3).tolist()} <= colours
    else:
        assert {tuple(colormaps.DIVERGING[place].tolist()) for place in (40, 215)} <= colours
