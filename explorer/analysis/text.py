"""Numbers as people read them: grouped thousands, SI prefixes, binary bytes, accuracies, shapes as H×W×C."""

from __future__ import annotations

from collections.abc import Sequence

SI_PREFIXES = ("", "k", "M", "G", "T")
BINARY_PREFIXES = ("", "Ki", "Mi", "Gi", "Ti")


def thousands(number: int) -> str:
    """25557032 -> "25,557,032"."""
    return f"{number:,}"


def si(number: float) -> str:
    """25557032 -> "25.6 M": three significant digits and a decimal prefix."""
    return _prefixed(number, 1000, SI_PREFIXES).rstrip()


def bytes_text(count: int) -> str:
    """3211264 -> "3.06 MiB"."""
    return f"{_prefixed(count, 1024, BINARY_PREFIXES)}B"


def percent_text(accuracy: float) -> str:
    """85.146 -> "85.1 %": an accuracy in percent. More digits than one would be noise of one training."""
    return f"{accuracy:.1f} %"


def tex(value: float) -> str:
    """0.00012345 -> "1.234 · 10^-4" as a formula says it: four significant digits."""
    digits, _, exponent = f"{value:.4g}".partition("e")
    return rf"{digits} \cdot 10^{{{int(exponent)}}}" if exponent else digits


def _prefixed(number: float, base: int, prefixes: Sequence[str]) -> str:
    power = 0
    while round(number) >= base and power < len(prefixes) - 1:  # rounded: 999.6 k is 1.00 M
        number /= base
        power += 1
    if not power:
        return f"{number:g} "
    decimals = 2 if number < 9.995 else 1 if number < 99.95 else 0
    return f"{number:.{decimals}f} {prefixes[power]}"


def shape_text(shape: Sequence[int]) -> str:
    """(256, 56, 56) -> "56×56×256", (1000,) -> "1000"."""
    return "×".join(map(str, (*shape[1:], shape[0])))


def pair_text(pair: Sequence[int]) -> str:
    """(3, 3) -> "3×3"."""
    return "×".join(map(str, pair))
