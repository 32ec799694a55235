"""Painting on a page: everything follows the painted picture, and a browser can report anything."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from explorer.instruments.paint.component import reported_strokes
from explorer.instruments.paint.compute import Stroke, painted
from explorer.runtime.maps import unpack
from explorer.runtime.pictures import png_bytes
from explorer.runtime.run import Run
from explorer.runtime.samples import samples
from explorer.ui import cache
from explorer.ui.sidebar import sample_picture

Open = Callable[..., Any]
STROKE = Stroke("grey", 0.2, ((0.3, 0.3), (0.6, 0.7)))
PAINT = {"instrument": "edit", "edit.view": "paint"}


def easel(view: Any) -> dict[str, Any]:
    """The header of what the easel was sent."""
    header, _ = unpack(view.components("paint")[0].proto.bytes)
    return header


@pytest.fixture
def resnet(visit: Open) -> Any:
    return visit("resnet", variant="resnet18", weights="narrow", instrument="edit", edit__view="paint")


def test_the_answer_the_maps_and_the_input_are_those_of_the_painted_picture(resnet: Any) -> None:
    assert easel(resnet)["strokes"] == []
    maps = resnet.model_input
    resnet.set(paint__strokes=(STROKE,))
    run = Run("resnet18", "narrow", "cpu", painted(sample_picture(), [STROKE]))
    assert resnet.model_input == png_bytes(cache.network_input(run).picture) != maps
    assert easel(resnet)["strokes"] == [STROKE.as_dict()]
    assert "paint.strokes" not in resnet.link
    assert "stands in no link" in resnet.text
    resnet.set(instrument="maps", node="input")
    values = cache.activations(run).maps("input").numpy()
    assert resnet.maps["low"] == pytest.approx(values.min((1, 2)).tolist())
    resnet.set(sample=samples()[2].id)  # strokes go with their picture
    assert resnet.app.session_state["paint.strokes"] == ()


def test_both_answers_stand_side_by_side(visit: Open) -> None:
    view = visit("resnet", variant="resnet50", instrument="edit", edit__view="paint").set(paint__strokes=(STROKE,))
    shown = view.classes("paint-answers")
    run = Run("resnet50", "bundled", "cpu", sample_picture())
    for name, picture in (("As it was", run.picture), ("Painted", painted(run.picture, [STROKE]))):
        first = cache.activations(Run("resnet50", "bundled", "cpu", picture)).answer.top(1)[0]
        assert shown[name][first.label] == pytest.approx(first.probability, abs=1e-6)


def test_an_own_picture_keeps_the_strokes_for_other_pages(resnet: Any) -> None:
    resnet.set(paint__strokes=(STROKE,)).open("lenet", **PAINT)
    digit = resnet.model_input
    assert not resnet.components("paint")
    resnet.open("resnet", **PAINT)
    assert easel(resnet)["strokes"] == [STROKE.as_dict()] and resnet.model_input != digit


@pytest.mark.parametrize(
    "reported",
    [None, 3, {}, {"drawing": 3}, {"drawing": {"number": 1, "strokes": []}}, {"drawing": {"number": False}}],
)
def test_a_browser_can_report_anything(reported: object) -> None:
    assert reported_strokes(reported, 0) is None
    right = {"drawing": {"number": 0, "strokes": [STROKE.as_dict(), 3]}}
    assert reported_strokes(json.loads(json.dumps(right)), 0) == (STROKE,)


def test_a_chip_clears_the_strokes(resnet: Any) -> None:
    resnet.set(paint__strokes=())
    clean = resnet.model_input
    resnet.set(paint__strokes=(STROKE,))
    assert resnet.model_input != clean
    resnet.app.button(key="undo-strokes").click()
    resnet.run()
    assert resnet.model_input == clean and "undo-strokes" not in {b.key for b in resnet.app.button}
