"""Numbers as people read them."""

from __future__ import annotations

import pytest

from explorer.analysis.text import bytes_text, pair_text, shape_text, si, tex, thousands


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.00 k"),
        (9_995, "10.0 k"),
        (999_499, "999 k"),
        (999_500, "1.00 M"),
        (25_557_032, "25.6 M"),
        (4_089_184_256, "4.09 G"),
        (10**16, "10000 T"),
    ],
)
def test_si_has_three_significant_digits(number: int, text: str) -> None:
    assert si(number) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(12, "12 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (3_211_264, "3.06 MiB"), (2**40, "1.00 TiB")],
)
def test_bytes_have_binary_prefixes(count: int, text: str) -> None:
    assert bytes_text(count) == text


def test_shapes_are_height_width_channels() -> None:
    assert shape_text((256, 56, 48)) == "56×48×256"
    assert shape_text((1000,)) == "1000"
    assert pair_text((1, 7)) == "1×7"


def test_thousands_are_grouped() -> None:
    assert thousands(25_557_032) == "25,557,032"


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (-0.51234, "-0.5123"), (1.2344e-5, r"1.234 \cdot 10^{-5}"), (2e9, r"2 \cdot 10^{9}")]
)
def test_numbers_in_a_formula_have_four_digits(number: float, text: str) -> None:
    assert tex(number) == text
