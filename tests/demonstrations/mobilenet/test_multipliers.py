"""Widths from the trace are the paper's table; narrower and smaller networks cost what others count."""

from __future__ import annotations

import pytest

from explorer.analysis.trace import trace_variant
from explorer.architectures import variant
from explorer.demonstrations.mobilenet.multipliers import ALPHAS, PRINTED, SIZES, block_widths
from tests.traces import traced

# Counted from the published Caffe prototxt and timm's networks: parameters, and MACs at 224, 192, 160, 128 pixels.
COUNTED = {
    1.0: (4_231_976, 568_740_352, 418_121_728, 290_675_200, 186_400_768),
    0.75: (2_585_560, 325_400_448, 239_273_472, 166_396_800, 106_770_432),
    0.5: (1_331_592, 149_497_088, 109_970_432, 76_524_800, 49_160_192),
    0.25: (470_072, 41_030_272, 30_212_608, 21_059_200, 13_570_048),
}


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("size", SIZES)
def test_alpha_and_rho_cost_what_an_independent_count_says(alpha: float, size: int) -> None:
    trace = trace_variant(variant("mobilenet_v1"), size, width=alpha)
    params, *macs = COUNTED[alpha]
    assert trace.params == params
    assert trace.macs == dict(zip(reversed(SIZES), macs, strict=True))[size]


@pytest.mark.parametrize(("name", "alpha", "size"), list(PRINTED))
def test_the_counts_round_to_what_the_paper_prints(name: str, alpha: float, size: int) -> None:
    printed = PRINTED[name, alpha, size]
    trace = trace_variant(variant(name), size, width=alpha)
    assert trace.macs / 1e6 == pytest.approx(printed.macs, abs=1.5)
    assert trace.params / 1e6 == pytest.approx(printed.params, abs=0.05)


def test_the_blocks_of_v2_are_narrow_wide_narrow_as_its_table_says() -> None:
    # table 2 of 1801.04381: expansion, channels, repetitions, stride
    table = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
    expected, channels_in = [], 32
    for expansion, channels, repetitions, _ in table:
        for repetition in range(repetitions):
            expected.append((channels_in, channels_in * expansion, channels, repetition > 0))
            channels_in = channels
    found = block_widths(traced("mobilenet_v2"))
    assert [(b.input, b.filtered, b.output, b.shortcut) for b in found] == expected


def test_v1_never_expands_and_full_convolutions_have_no_such_blocks() -> None:
    assert {b.expansion for b in block_widths(traced("mobilenet_v1"))} == {1.0}
    assert block_widths(traced("mobilenet_v1_full")) == ()
