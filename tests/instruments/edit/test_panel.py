"""Edits on a page: all that is shown is of the altered network, the link says them, chips undo them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from explorer.instruments.edit import panel
from explorer.instruments.edit.panel import silence_reported
from explorer.runtime.edits import Edit
from explorer.runtime.maps import unpack
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.cache import UNEDITED
from explorer.ui.sidebar import sample_picture

Open = Callable[..., Any]
NODE = "conv3_x.1.relu1"
EDITS = f"{NODE}:0-3:zero;conv4_x.1:skip"


def run_of(*edits: Edit) -> Run:
    return Run("resnet34", "bundled", "cpu", sample_picture(), edits)


@pytest.fixture
def page(visit: Open) -> Any:
    return visit("resnet", variant="resnet34", node=NODE, edits=EDITS, section="removal")


def undo_buttons(page: Any) -> list[str]:
    return [b.key for b in page.app.button if (b.key or "").startswith("undo-")]


def test_a_link_opens_the_altered_network(page: Any) -> None:
    altered = run_of(Edit(NODE, "zero", (0, 1, 2, 3)), Edit("conv4_x.1", "skip"))
    assert page.link["edits"] == EDITS
    assert page.warnings == []
    top, before = cache.activations(altered).top(1)[0], cache.activations(altered.unedited).top(1)[0]
    assert top.probability != pytest.approx(before.probability, abs=1e-4)
    assert f"**{top.label} {top.probability:.1%}" in page.text
    _, body = unpack(page.components("feature_maps")[0].proto.bytes)
    height, width = page.maps["shape"][1:]
    shown = np.frombuffer(body, np.uint8).reshape(-1, height, width)
    assert page.maps["low"][:4] == page.maps["high"][:4] == [0] * 4 and shown[4:].any()


def test_chips_undo_edits_one_by_one(page: Any) -> None:
    assert undo_buttons(page) == ["undo-0", "undo-1", "undo-all"]
    page.app.button(key="undo-0").click()
    page.run()
    assert page.link["edits"] == "conv4_x.1:skip" and undo_buttons(page) == ["undo-0"]
    page.app.button(key="undo-0").click()
    page.run()
    assert "edits" not in page.link and undo_buttons(page) == []


def test_maps_stand_beside_those_before_the_edits(page: Any) -> None:
    page.look(beside=UNEDITED)
    before = cache.activations(run_of()).maps(NODE).numpy()
    beside = page.maps["beside"]
    assert beside["low"] == pytest.approx(before.min((1, 2)).tolist()) and beside["node"] == UNEDITED
    page.set(edits=())  # then there is no before
    assert "beside" not in page.maps and "maps.beside" not in page.link


def test_a_section_compares_with_the_network_without_its_own_edit(page: Any) -> None:
    button = next(b for b in page.app.button if b.key == "on-whole-page")
    said = page.answers
    button.click()
    page.run()
    assert page.link["edits"].endswith("conv3_x.1:skip")
    assert page.answers == said


def test_another_network_has_none_of_them(page: Any) -> None:
    page.app.selectbox(key="variant").set_value("resnet50")
    page.run()
    assert "edits" not in page.link and undo_buttons(page) == []


@pytest.mark.parametrize("written", ["conv9:zero", "![x](http://a.b/c):zero", f"{NODE}:99:zero", "a;b;c", ":::"])
def test_a_wrong_edit_in_a_link_is_one_sentence(visit: Open, written: str) -> None:
    page = visit("resnet", variant="resnet34", edits=written)
    assert len(page.warnings) == 1 and "![" not in page.warnings[0]
    assert "edits" not in page.link


@pytest.mark.parametrize("name", ["Silence", "By the mean", "× 200 %"])
def test_buttons_alter_the_chosen_channels(visit: Open, name: str) -> None:
    page = visit("resnet", variant="resnet34", instrument="edit", node=NODE)
    page.app.text_input(key="edit.which").set_value("2, 5-6")
    page.run()
    next(b for b in page.app.button if b.label == name).click()
    page.run()
    assert page.link["edits"].startswith(f"{NODE}:2,5-6:")
    next(b for b in page.app.button if b.label == f"{name} ×").click()
    page.run()
    assert "edits" not in page.link


def test_channels_that_are_none_are_a_sentence(visit: Open) -> None:
    page = visit("resnet", variant="resnet34", instrument="edit", node=NODE)
    page.app.text_input(key="edit.which").set_value("2, 500")
    page.run()
    assert "0 to 31" in page.text
    assert not any((b.key or "").startswith("edit-") for b in page.app.button)


@pytest.mark.parametrize("view", ["channels", "blocks"])
@pytest.mark.parametrize("variant", ["resnet34", "resnet34_a"])  # trained, untrained
def test_rankings_begin_with_a_press_and_stay(visit: Open, view: str, variant: str) -> None:
    for kept in (panel._channels, panel._block):
        kept.forget()
    page = visit("resnet", variant=variant, instrument="edit", node="conv4_x.1.relu1", edit__view=view)
    page.app.button(key="edit-begin").click()
    page.run()
    while "edit-begin-cancel" in {b.key for b in page.app.button}:
        page.run()
    figure = page.chart(f"edit-losses-{view}")
    sizes = figure["data"][0]["y"]
    assert len(sizes) == (20 if view == "channels" else len(figure["data"][0]["x"]))
    assert view == "blocks" or list(sizes) == sorted(sizes, reverse=True)
    page.set(colour="macs")
    assert page.chart(f"edit-losses-{view}")["data"][0]["y"] == sizes
    assert not any(b.key == "edit-begin" for b in page.app.button)


@pytest.mark.parametrize(
    "reported", [None, 3, {}, {"node": NODE}, {"node": "a", "channel": 1}, {"node": NODE, "channel": 99}]
)
def test_a_browser_can_report_anything(reported: object) -> None:
    silence_reported(run_of(), reported)  # and nothing happens: outside of a session, an edit would raise
