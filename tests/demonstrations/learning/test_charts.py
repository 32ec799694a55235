"""The curves and bars: round ticks, every point in its place, nothing that is no number."""

from __future__ import annotations

import base64
import re
from xml.etree import ElementTree

import pytest

from explorer.demonstrations.learning import charts
from explorer.demonstrations.learning.compute import Point, Rates, Score, Size

POINTS = (
    Point(0, None, Score(2.4, 10.0), Score(2.5, 8.0)),
    Point(20, Score(2.0, 30.0), Score(1.2, 50.0), Score(float("inf"), 25.0)),
)
CHANGES = ((0, Rates(0.1, 0.9)), (10, Rates(0.05, 0.9)))


def picture(html: str) -> ElementTree.Element:
    (found,) = re.findall(r"data:image/svg\+xml;base64,([^\"]+)", html)
    return ElementTree.fromstring(base64.b64decode(found))


def lines(html: str) -> list[list[tuple[float, float]]]:
    """The lines' points in percent of the width and, from the bottom, of the height."""
    found = picture(html).findall("{*}polyline")
    shown = [[tuple(map(float, pair.split(","))) for pair in (line.get("points") or "").split()] for line in found]
    return [[(x, 100 - y) for x, y in line] for line in shown]


@pytest.mark.parametrize("high", [1e-3, 0.7, 1, 2.41, 85, 100, 4321])
def test_ticks_are_round_and_reach_just_above(high: float) -> None:
    found = charts.ticks(high)
    assert found[0] == 0 and found[-1] >= high * (1 - 1e-9) > found[-2] - 1e-12 and len(found) <= 6
    step = found[1]
    assert found == pytest.approx([step * i for i in range(len(found))])
    assert f"{step:.0e}"[0] in "125"


def near(line: list[tuple[float, float]], *points: tuple[float, float]) -> bool:
    return line == [pytest.approx(point, abs=0.01) for point in points]


def test_lines_have_their_points_and_gaps() -> None:
    training, fresh, unseen = lines(charts.accuracies(POINTS, CHANGES, False))
    assert near(training, (20, 30)) and near(fresh, (0, 10), (20, 50))  # of the 100 steps on the axis
    assert len(unseen) == 2
    loss = charts.losses(POINTS, CHANGES, True)
    training, fresh, unseen = lines(loss)
    assert near(fresh, (0, 96), (20, 48)) and near(unseen, (0, 100))  # infinity has no place
    upright = [line for line in picture(loss).findall("{*}line") if line.get("x1") == line.get("x2")]
    assert [float(line.get("x1") or -1) for line in upright] == [10]  # where the rates changed
    without = tuple(Point(p.step, p.training, p.fresh, None) for p in POINTS)
    assert len(lines(charts.losses(without, CHANGES[:1], True))) == 2


def test_bars_are_as_long_as_their_logarithms() -> None:
    html = charts.sizes([Size("c1", 2.0, 1e-5, 0.02), Size("c3", 0.0, 100.0, 1.0), Size("f6", 1.0, 0.0)], False)
    widths = [float(w) for w in re.findall(r"width:([\d.]+)%;background", html)]
    # gradients 1e-5, 100 and 0 between 1e-5 and 100; updates 1 % between 0.0001 % and 100 %, none of zero weights
    assert widths == [0, pytest.approx(200 / 3, abs=0.1), 100, 0]
    assert html.count("<td>–</td>") == 2
