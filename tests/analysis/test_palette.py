"""Colours of kinds and of the ramp: readable, on light and on dark, and different for every vision."""

from __future__ import annotations

import itertools
from typing import get_args

import numpy as np
import pytest

from explorer.analysis.palette import INK, KINDS, RAMP_DARK, RAMP_LIGHT, SERIES, contrast
from explorer.analysis.trace import Kind

PAGES = {"light": "#ffffff", "dark": "#0e1117"}
RAMPS = {"light": RAMP_LIGHT, "dark": RAMP_DARK}
# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]],
    "deuteranopia": [[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]],
    "tritanopia": [[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]],
}


def test_contrast_of_known_pairs() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == contrast("#ffffff", "#777777") == pytest.approx(4.48, abs=0.01)


def test_every_kind_has_a_style() -> None:
    assert set(KINDS) == set(get_args(Kind))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_is_readable_on_every_fill(theme: str) -> None:
    fills = {getattr(style, f"{theme}_fill") for style in KINDS.values()}
    fills |= {RAMPS[theme].none, *RAMPS[theme].steps}
    assert {fill: contrast(INK, fill) for fill in fills if contrast(INK, fill) < 4.5} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_strokes_stand_out_from_the_page(theme: str) -> None:
    strokes = {getattr(style, f"{theme}_stroke") for style in KINDS.values()}
    assert min(contrast(stroke, PAGES[theme]) for stroke in strokes) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=PAGES)
def test_lines_stand_out_from_the_page_and_differ(theme: int) -> None:
    colours = [series[theme] for series in SERIES]
    assert len(set(colours)) == len(SERIES)
    assert min(contrast(colour, [*PAGES.values()][theme]) for colour in colours) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_ramp_moves_away_from_the_page(theme: str) -> None:
    contrasts = [contrast(step, PAGES[theme]) for step in RAMPS[theme].steps]
    assert contrasts == sorted(contrasts)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("vision", VISION)
def test_kinds_differ_for_every_vision(theme: str, vision: str) -> None:
    fills = {getattr(style, f"{theme}_fill") for style in KINDS.values()}
    seen = [_oklab(fill, np.asarray(VISION[vision])) for fill in fills]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 0.06


def _oklab(colour: str, vision: np.ndarray) -> np.ndarray:
    """Perceived colour (Ottosson 2020, "A perceptual color space for image processing")."""
    srgb = np.array([int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    to_lms = np.array([[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]])
    to_lab = np.array([[0.2105, 0.7936, -0.0041], [1.9780, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]])
    return to_lab @ np.cbrt(to_lms @ np.clip(vision @ linear, 0, 1))
