"""The sections on overfitting: the curves of both networks, and a hundred alterations of the viewer's picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from explorer.demonstrations.overfitting import panel
from explorer.demonstrations.overfitting.compute import COUNT, STRENGTHS
from explorer.runtime.run import Run
from explorer.runtime.weights.overfitting import trained
from explorer.ui.sidebar import sample_picture

Open = Callable[..., Any]  # -> tests.visit.Visit


def lines(page: Any) -> list[list[float]]:
    """What the curves show, first the network without augmentation: seen, unseen, then the other's."""
    return [list(trace["y"]) for trace in page.chart("overfitting-curves")["data"]]


def test_the_curves_are_those_of_the_record(visit: Open) -> None:
    page = visit("alexnet", section="overfitting")
    plain, augmented = trained()["plain"], trained()["augmented"]
    assert lines(page) == [list(c) for c in (plain.seen, plain.unseen, augmented.seen, augmented.unseen)]
    assert all(f"**{value:.1f} %**" in page.answers[0] for value in (*plain.top1, *augmented.top1))
    page.set(overfitting__measure="loss")
    series = (plain.seen_loss, plain.unseen_loss, augmented.seen_loss, augmented.unseen_loss)
    assert lines(page) == [list(c) for c in series]


@pytest.fixture
def run() -> Run:
    return Run("alexnet", "bundled", "cpu", sample_picture("cat"))


def test_a_hundred_answers_of_each_network_and_noise(visit: Open, run: Run) -> None:
    page = visit("alexnet", section="hundred", overfitting__seed="7", sample="cat")
    found = panel.hundred(run, 7)
    (table, *_) = (t.value for t in page.app.table)
    assert list(table["same answer"]) == [f"{n.kept} of {COUNT}" for n in found]
    assert f"**{found[0].kept}**" in page.answers[0] and f"**{found[1].kept}**" in page.answers[0]
    bars = page.chart("overfitting-answers")["data"]
    assert sum(bar["x"][0] for bar in bars) == len(found) * COUNT
    points = page.chart("overfitting-certainty")["data"]
    assert sum(len(trace["x"]) for trace in points if trace["mode"] == "markers") == len(found) * COUNT
    noises = panel.noises(run, 7)
    for trace, noise in zip(page.chart("hundred-noise")["data"], noises, strict=True):
        assert list(trace["y"]) == list(noise.certainty)
    page.set(overfitting__noise=128)
    assert all(f"**{noise.kept[STRENGTHS.index(128)]}**" in page.text for noise in noises)
    page.app.button(key="overfitting-draw").click()
    page.run()
    assert page.link["overfitting.seed"] == "8"
    other = panel.hundred(run, 8)
    assert f"{other[0].kept} of {COUNT}" in list(next(t.value for t in page.app.table)["same answer"])


def test_the_hundred_depend_on_the_picture_and_the_seed_only(run: Run) -> None:
    """Whatever weights or variant the page shows, nothing is computed anew."""
    first = panel.hundred(run, 7)
    assert panel.hundred(Run("alexnet_owt", "untrained", "cpu", run.picture), 7) is first
    assert panel.hundred(Run("alexnet", "bundled", "cpu", sample_picture("pagoda")), 7) is not first
