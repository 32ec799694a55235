"""Strokes over a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as s
from PIL import Image

from explorer.instruments.paint.compute import (
    BRUSHES,
    MOST_POINTS,
    MOST_STROKES,
    RADII,
    Brush,
    Stroke,
    layer,
    painted,
    seen,
    strokes_from,
)
from explorer.runtime.pictures import LoadedImage
from explorer.runtime.preprocessing import IMAGENET, Preprocessing, model_input
from explorer.runtime.samples import samples

SIZE = (90, 60)
LINE = ((0.2, 0.3), (0.5, 0.8), (0.9, 0.8))
OTHER = samples()[1].id


def picture(size: tuple[int, int] = SIZE) -> LoadedImage:
    levels = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return LoadedImage.of(Image.fromarray(levels))


def stroke(brush: Brush, points: Sequence[tuple[float, float]] = LINE, radius: float = 0.1) -> Stroke:
    return Stroke(brush, radius, tuple(points), OTHER if brush == "paste" else "")


def distances(points: Sequence[tuple[float, float]], size: tuple[int, int] = SIZE) -> np.ndarray[Any, Any]:
    """From each pixel's middle to the line through the points, in pixels."""
    y, x = np.mgrid[: size[1], : size[0]] + 0.5
    places = [(px * size[0], py * size[1]) for px, py in points]
    found = np.full(y.shape, np.inf)
    for (ax, ay), (bx, by) in zip(places, places[1:] or places, strict=False):
        length = (bx - ax) ** 2 + (by - ay) ** 2
        t = np.clip(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length, 0, 1) if length else 0
        found = np.minimum(found, np.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)))
    return found


@pytest.mark.parametrize("points", [LINE, LINE[:1]])
@pytest.mark.parametrize("brush", BRUSHES)
def test_a_brush_shows_its_layer_under_it_and_leaves_the_rest(
    brush: Brush, points: tuple[tuple[float, float], ...]
) -> None:
    before = picture()
    one = stroke(brush, points)
    after = painted(before, [one])
    assert after.digest == painted(picture(), [one]).digest != before.digest
    assert before.digest == picture().digest  # the picture itself is as it was
    old, new = np.asarray(before.image), np.asarray(after.image)
    shown = np.asarray(layer(before.image, brush, one.sample))
    far, radius = distances(points), one.radius * min(SIZE)
    assert (new[far > radius + 1.5] == old[far > radius + 1.5]).all()
    assert (new[far < radius - 1.5] == shown[far < radius - 1.5]).all()
    assert (shown != old).any(2).mean() > 0.9


def test_no_strokes_are_the_very_picture_and_later_ones_lie_over_earlier_ones() -> None:
    before = picture()
    assert painted(before, ()) is before
    grey, noise = stroke("grey"), stroke("noise")
    assert painted(before, [grey, noise]) == painted(before, [noise])
    assert painted(before, [noise, grey]) == painted(before, [grey])
    assert painted(before, [noise, grey, grey]) == painted(before, [noise, grey])


@pytest.mark.parametrize("size", [(1, 1), (400, 1), (3, 700)])
def test_a_picture_of_any_size_can_be_painted(size: tuple[int, int]) -> None:
    for brush in BRUSHES:
        assert painted(picture(size), [stroke(brush, [(0.5, 0.5)], RADII[1])]).image.size == size


def test_what_a_browser_has_comes_back_as_itself() -> None:
    strokes = tuple(stroke(brush) for brush in BRUSHES)
    assert strokes_from([one.as_dict() for one in strokes]) == strokes


ANYTHING = s.recursive(
    s.none() | s.booleans() | s.integers() | s.floats() | s.text(max_size=8),
    lambda inner: s.lists(inner, max_size=4) | s.dictionaries(s.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
NEARLY = s.fixed_dictionaries(
    {
        "brush": s.sampled_from(BRUSHES) | ANYTHING,
        "radius": s.floats(*RADII) | ANYTHING,
        "points": s.lists(s.floats(0, 1) | s.integers(0, 1), max_size=6) | ANYTHING,
        "sample": s.sampled_from(["", OTHER]) | ANYTHING,
    }
)


@given(s.lists(NEARLY | ANYTHING, max_size=4) | ANYTHING)
def test_whatever_a_browser_sends_gives_strokes_that_can_be_painted(reported: object) -> None:
    for one in strokes_from(reported):
        assert one.brush in BRUSHES
        assert all(math.isfinite(c) and 0 <= c <= 1 for point in one.points for c in point)
        assert RADII[0] <= one.radius <= RADII[1]
        assert (one.sample == OTHER) == (one.brush == "paste")
        if one.brush != "paste":  # which reads a file
            painted(picture((8, 6)), [one])


@pytest.mark.parametrize(
    "wrong",
    [
        {"points": []},
        {"points": [0.5]},
        {"points": [0.5, float("nan")]},
        {"points": [0.5, 1.01]},
        {"points": [True, 0.5]},
        {"points": "0.5"},
        {"radius": 0},
        {"radius": float("inf")},
        {"radius": True},
        {"brush": "eraser"},
        {"brush": ["grey"]},
        {"brush": "paste", "sample": "nothing"},
        {"brush": "paste", "sample": ""},
        {"brush": "paste", "sample": ["cat"]},
    ],
)
def test_a_stroke_that_is_none_is_left_out(wrong: dict[str, object]) -> None:
    right = stroke("grey").as_dict()
    assert strokes_from([right | wrong, right]) == (stroke("grey"),)


def test_strokes_and_points_are_bounded() -> None:
    dab, long = stroke("grey", [(0.5, 0.5)]), stroke("grey", [(0.5, 0.5)] * (MOST_POINTS - 1))
    assert strokes_from([dab.as_dict()] * (MOST_STROKES + 5)) == (dab,) * MOST_STROKES
    assert strokes_from([one.as_dict() for one in (long, stroke("grey"), dab, dab)]) == (long, dab)


@pytest.mark.parametrize("size", [(300, 200), (200, 300), (256, 256)])
def test_a_network_sees_the_middle(size: tuple[int, int]) -> None:
    """A dot in the middle of what it sees, and one at its corner, are found there."""
    for how in (IMAGENET, Preprocessing(32, 32, (0.5,) * 3, (0.5,) * 3)):
        frame = seen(size, how)
        for x, y in ((0.5, 0.5), (0.25, 0.75)):
            place = (frame.left + x * frame.side) / size[0], (frame.top + y * frame.side) / size[1]
            image = Image.new("RGB", size)
            image.paste((255, 255, 255), mask=_dot(size, place))
            levels = np.asarray(model_input(image, how).picture.convert("L"), dtype=float)
            rows, columns = np.mgrid[: how.crop, : how.crop] + 0.5
            found = [float((axis * levels).sum() / levels.sum()) / how.crop for axis in (columns, rows)]
            assert found == pytest.approx([x, y], abs=1.5 / how.crop)


def _dot(size: tuple[int, int], place: tuple[float, float]) -> Image.Image:
    mask = np.asarray(distances([place], size)) < 8
    return Image.fromarray((255 * mask).astype(np.uint8))
