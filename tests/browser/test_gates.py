"""The gates of a network with squeeze-and-excitation: pointing, choosing, ordering, and what an alteration does."""

from __future__ import annotations

import re
from typing import Any

import pytest
from explorer.runtime.images import load_image, model_input, preprocessing_for, samples
from playwright.sync_api import Locator, expect

from explorer.analysis.trace import trace_variant
from explorer.architectures import variant
from explorer.demonstrations.gates.compute import gate_blocks, gates_of
from explorer.runtime.activations import capture
from explorer.runtime.weights.network import load_network
from tests.browser.conftest import AppPage, OpenPage
from tests.browser.parts import choose, link

NAME = "se_resnet18"
AXIS = 68  # CSS pixels, at the left of the bars


@pytest.fixture(scope="module")
def gates() -> Any:
    """The gates of the first block, for the first sample."""
    chosen = variant(NAME)
    x = model_input(load_image(samples()[0].path).image, preprocessing_for(chosen.input_size)).tensor
    return gates_of(capture(load_network(chosen), x), gate_blocks(trace_variant(chosen)))[0]


def bars(view: AppPage, name: str) -> Locator:
    return view.page.locator(f".gates .plot.{name}")


def at(plot: Locator, bar: int, count: int) -> Any:
    """Where a bar is in its plot."""
    width = plot.evaluate("e => e.clientWidth")
    return {"x": AXIS + (bar + 0.5) * (width - AXIS) / count, "y": 48}


def channel(view: AppPage) -> int:
    words = view.page.locator(".gates .words").inner_text()
    found = re.match(r"Channel (\d+): mean \S+, gate \S+, rank \d+ of \d+", words)
    assert found, words
    return int(found[1])


def test_pointing_choosing_and_ordering(open_page: OpenPage, gates: Any) -> None:
    view = open_page(f"/senet?variant={NAME}")
    plot, count = bars(view, "gate"), len(gates)
    plot.scroll_into_view_if_needed()
    assert channel(view) == 0
    plot.hover(position=at(plot, 9, count))
    assert channel(view) == 9
    assert "gate" not in link(view)
    bars(view, "squeeze").click(position=at(plot, 20, count))
    view.page.mouse.move(0, 0)
    assert channel(view) == 20
    expect(view.page).to_have_url(re.compile(r"[?&]gate=20\b"))
    view.settle()
    plot.press("ArrowRight")
    assert channel(view) == 21
    expect(view.page).to_have_url(re.compile(r"[?&]gate=21\b"))
    view.settle()

    view.page.locator(".gates").get_by_label("Order").select_option("channels by gate")
    expect(view.page).to_have_url(re.compile(r"[?&]gate-order=strength\b"))
    view.settle()
    assert channel(view) == 21
    plot.press("Home")
    strongest = int(gates.argmax())
    assert channel(view) == strongest
    expect(view.page).to_have_url(re.compile(rf"[?&]gate={strongest}\b"))
    view.settle()

    again = open_page(f"/senet?{view.page.url.partition('?')[2]}")
    assert channel(again) == strongest
    expect(again.page.locator(".gates").get_by_label("Order")).to_have_value("true")


def test_an_alteration_shows_pairs_of_maps(open_page: OpenPage) -> None:
    view = open_page(f"/senet?variant={NAME}&gate=5")
    choose(view, "All 1")
    pairs = view.page.locator(".pairs .pair")
    expect(pairs.first).to_contain_text("Channel 5:")
    assert pairs.count() > 1
    for pair in pairs.all():
        expect(pair.locator("figcaption").last).to_have_text("altered, gate 1")
        original, altered = pair.locator("canvas").evaluate_all("all => all.map((canvas) => canvas.toDataURL())")
        assert original != altered
