"""The charts of batch normalization: what stands in them is what they were given."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from explorer.demonstrations.batch_norm import charts


def test_histograms_hold_all_values_each_within_its_own_range() -> None:
    values = np.random.default_rng(0).normal(size=(20, 30)).astype(np.float32)
    figure = charts.histograms({"before": values, "after": 3 * values - 1}, False)
    go.Figure(figure.to_dict())  # valid
    before, after = figure.data
    for bars, shown in ((before, values), (after, 3 * values - 1)):
        assert sum(bars.y) == pytest.approx(1)
        edges = np.array(bars.customdata)
        assert (edges[0, 0], edges[-1, 1]) == pytest.approx((shown.min(), shown.max()), rel=1e-5)
        assert np.allclose(bars.width, edges[:, 1] - edges[:, 0])
    assert np.allclose(before.y, after.y, atol=2 / values.size)  # shifted and scaled, with the same outline
    titles = [note.text for note in figure.layout.annotations]
    assert f"standard deviation {3 * values.std():.3g}" in titles[1]


def test_a_mean_that_is_zero_but_for_rounding_is_zero() -> None:
    (note,) = charts.histograms({"own": np.array([[-1, 1 + 1e-7]], np.float32)}, False).layout.annotations
    assert "mean 0," in note.text


def test_lines_begin_where_their_layers_do_and_end_where_numbers_do() -> None:
    order = ("a", "b", "c", "d")
    lines = {
        "as it is": dict(zip(order, (1.0, 2.0, 3.0, 4.0), strict=True)),
        "own": {"b": 1.0, "c": 1.0, "d": 1.0},
        "without": {"c": 1e30, "d": float("inf")},
    }
    figure = charts.spreads(lines, order, "b", True)
    go.Figure(figure.to_dict())
    first, own, without, ring = figure.data
    assert (list(first.x), list(first.y)) == ([1, 2, 3, 4], [1, 2, 3, 4])
    assert list(own.x) == [2, 3, 4]
    assert list(without.y) == [1e30, None]
    assert (list(ring.x), list(ring.y)) == ([2], [2.0])
    assert len({line.line.color for line in (first, own, without)}) == 3
    ticks = figure.layout.yaxis.tickvals
    assert len(ticks) <= charts.MAX_TICKS and ticks[0] == 1 and max(ticks) > 1e20


def test_near_numbers_have_ticks_between_the_powers_of_ten() -> None:
    figure = charts.spreads({"a": {"x": 0.4, "y": 3.0}, "b": {"y": 1.0}, "c": {"y": 2.0}}, ("x", "y"), "x", False)
    assert {0.5, 1, 2} <= {round(tick, 6) for tick in figure.layout.yaxis.tickvals}
