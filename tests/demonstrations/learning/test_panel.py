"""The section in a session: what the link says is trained, stages follow each other, what is odd is said."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from explorer.demonstrations.digits import compute as digits
from explorer.demonstrations.learning.compute import Rates, Recipe, Training
from explorer.demonstrations.learning.jobs import LINE, Job
from explorer.demonstrations.learning.panel import JOB
from explorer.runtime.run import Run
from explorer.ui import cache

Open = Callable[..., Any]  # a page and its link -> Visit
LINK = {"variant": "lenet5_modern", "section": "learn", "learn__batch": "1", "learn__seed": "7"}


@pytest.fixture
def opened(visit: Open) -> Iterator[Open]:
    """Opens the section; its network is dropped at the end."""
    pages: list[Any] = []

    def open_(**link: str) -> Any:
        pages.append(visit("lenet", **LINK | link))
        return pages[-1]

    yield open_
    for page in pages:
        LINE.drop(job(page))


def job(page: Any) -> Job:
    found = LINE.find(page.app.session_state[JOB])
    assert found is not None
    return found


def press(page: Any, key: str) -> Any:
    page.app.button(key=key).click()
    return page.run()


def same(training: Training, recipe: Recipe, rates: Rates) -> bool:
    """Whether it is one that went straight there."""
    other = Training(recipe, rates)
    for _ in range(training.number):
        other.go()
    pairs = zip(training.model.parameters(), other.model.parameters(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_the_link_names_what_is_trained_stage_by_stage(opened: Open) -> None:
    link = {"learn__from": "both", "learn__activation": "tanh", "learn__init": "paper", "learn__momentum": "0.0"}
    page = opened(learn__rate="0.2", **link)
    assert page.warnings == []
    training = job(page).training
    recipe, rates = Recipe("lenet5_modern", ("first", "second"), "tanh", "paper", 1, 7), Rates(0.2, 0.0)
    assert training.recipe == recipe and training.rates == rates
    assert f"{training.points[0].fresh.accuracy:.1f} %" in page.answers[0] and "handwriting" not in page.answers[0]
    for stage in ("loss", "backward", "update", "forward"):
        press(page, "learn-stage")
        assert page.app.button(key="learn-stage").label == f"Next: {stage}"
    press(page, "learn-step")
    assert training.place == (2, 0) and same(training, recipe, rates)
    page.set(learn__rate=0.01)  # acts at once
    assert job(page).training is training and training.rates == Rates(0.01, 0.0)
    page.set(learn__seed=8)  # begins anew
    assert job(page).training is not training and job(page).training.place == (0, 0)
    assert page.link["learn.seed"] == "8" and page.link["learn.rate"] == "0.01"


def test_it_starts_pauses_and_is_reset_while_the_pages_picture_is_read(opened: Open) -> None:
    page = opened(digit__sample="3")
    press(page, "learn-start")
    end = time.monotonic() + 60
    while job(page).training.number < 2:
        assert time.monotonic() < end
        page.run()
    press(page, "learn-pause")
    found = job(page)
    assert not found.going and page.app.button(key="learn-start").label == "Go on"
    page.run()
    view = found.view(cache.network_input(_run()).tensor)
    assert any(f"It reads {view.reading.answer} " in text.value for text in page.app.markdown)
    first = found.training.recipe
    press(page, "learn-reset")
    assert job(page) is found and found.training.place == (0, 0) and found.training.recipe == first
    assert page.app.button(key="learn-start").label == "Start"


def _run() -> Run:
    """What the section reads: the page's picture, as the trained network gets it."""
    strokes = digits.sample_digits()["3"]
    picture = digits.picture(digits.pixels(digits.standardised(digits.ink_of(strokes))))
    return Run("lenet5_modern", "bundled", "cpu", picture)


def test_what_diverges_and_what_stays_alike_is_said(opened: Open) -> None:
    page = opened(learn__init="large", learn__rate="1.0")
    while not job(page).training.done:
        press(page, "learn-step")
    assert "diverged" in page.answers[0]
    assert page.app.button(key="learn-start").disabled and page.app.button(key="learn-step").disabled
    page.set(learn__init="zero")
    press(page, "learn-step")
    assert not job(page).training.failed and "all alike" in page.text
    page.set(learn__init="torch")
    assert "all alike" not in page.text


def test_the_networks_default_and_nonsense(opened: Open) -> None:
    page = opened(variant="lenet5", learn__rate="7", learn__batch="3", learn__init="x", learn__seed="1000")
    assert len(page.warnings) == 4
    found = job(page).training
    assert found.recipe == Recipe("lenet5", activation="tanh") and found.rates == Rates(0.002, 0.9)
    LINE.drop(job(page))
    page.run()  # a new one takes its place
    assert job(page).training is not found and "dropped" in page.text


def test_who_waits_sees_the_place_in_the_line(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LINE, "places", 0)
    first, second = opened(), opened()
    for page, place in ((first, 1), (second, 2)):
        press(page, "learn-start")
        assert f"number {place} in the line" in page.text
    press(first, "learn-pause")
    second.run()
    assert "number 1 in the line" in second.text and job(second).training.number == 0
