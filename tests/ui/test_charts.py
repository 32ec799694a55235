"""Figures that viewers share."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from explorer.ui.charts import shared


@shared
def bars(values: np.ndarray, dark: bool) -> go.Figure:
    return go.Figure(go.Bar(y=values))


@shared
def boxes(values: np.ndarray, dark: bool) -> go.Figure:
    return go.Figure(go.Box(y=values))


def test_the_same_values_are_drawn_once() -> None:
    assert bars(np.arange(4.0), True) is bars(np.arange(4.0), True)
    assert bars(np.arange(4.0), dark=True) is bars(np.arange(4.0), dark=True)


def test_other_values_another_theme_and_another_chart_are_drawn_anew() -> None:
    first = bars(np.arange(4.0), True)
    for other in (bars(np.arange(4.0) + 1e-9, True), bars(np.arange(4.0), False), boxes(np.arange(4.0), True)):
        assert other is not first
    assert boxes(np.arange(4.0), True).data[0].type == "box"


def test_an_array_that_changes_later_does_not_take_the_old_figure() -> None:
    values = np.zeros(3)
    before = bars(values, True)
    values[1] = 1
    assert bars(values, True) is not before


def test_what_drawing_raises_reaches_the_caller_each_time() -> None:
    @shared
    def broken(values: np.ndarray, dark: bool) -> go.Figure:
        raise ValueError("no such chart")

    for _ in range(2):
        with pytest.raises(ValueError, match="no such chart"):
            broken(np.zeros(2), False)
