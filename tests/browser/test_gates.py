"""The sections about gates: each control is pressed, bars are clicked, and a diagram's click is followed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from explorer.analysis.trace import trace_variant
from explorer.architectures import variant
from explorer.demonstrations.gates.compute import gate_blocks, gates_of
from explorer.runtime.activations import capture
from explorer.runtime.pictures import load_image
from explorer.runtime.preprocessing import model_input, preprocessing_for
from explorer.runtime.samples import samples
from explorer.runtime.weights.network import load_network
from tests.browser.conftest import AppPage, OpenPage
from tests.browser.parts import choose, element, link
from tests.browser.widgets import changes, drawn, fill, select, slide

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
    view = open_page(f"/senet?variant={NAME}&weights=untrained")
    plot, count = bars(view, "gate"), len(gates)
    plot.scroll_into_view_if_needed()
    assert channel(view) == 0
    plot.hover(position=at(plot, 9, count))
    assert channel(view) == 9
    assert "gates.channel" not in link(view)
    bars(view, "squeeze").click(position=at(plot, 20, count))
    view.page.mouse.move(0, 0)
    assert channel(view) == 20
    expect(view.page).to_have_url(re.compile(r"gates\.channel=20\b"))
    view.settle()
    plot.press("ArrowRight")
    assert channel(view) == 21
    expect(view.page).to_have_url(re.compile(r"gates\.channel=21\b"))
    view.settle()

    view.page.locator(".gates").get_by_label("Order").select_option("channels by gate")
    expect(view.page).to_have_url(re.compile(r"gates\.sorted=yes\b"))
    view.settle()
    assert channel(view) == 21
    plot.press("Home")
    strongest = int(gates.argmax())
    assert channel(view) == strongest
    expect(view.page).to_have_url(re.compile(rf"gates\.channel={strongest}\b"))
    view.settle()

    again = open_page(f"/senet?{view.page.url.partition('?')[2]}")
    assert channel(again) == strongest
    expect(again.page.locator(".gates").get_by_label("Order")).to_have_value("true")


def test_an_alteration_shows_pairs_of_maps(open_page: OpenPage) -> None:
    view = open_page(f"/senet?variant={NAME}&weights=untrained&section=altered&gates.channel=5")
    choose(view, "All 1")
    pairs = view.page.locator(".pairs .pair")
    expect(pairs.first).to_contain_text("Channel 5:")
    assert pairs.count() > 1
    for pair in pairs.all():
        expect(pair.locator("figcaption").last).to_have_text("altered, gate 1")
        original, altered = pair.locator("canvas").evaluate_all("all => all.map((canvas) => canvas.toDataURL())")
        assert original != altered


def click_bar(view: AppPage, name: str, part: float) -> None:
    """Click a bar of one of the three vectors, at a part of its width."""
    plot = view.page.locator(f".plot.{name}")
    plot.click(position={"x": part * plot.evaluate("e => e.clientWidth"), "y": 40})
    view.page.wait_for_timeout(400)  # the report waits for further clicks
    view.settle()


def words(view: AppPage) -> str:
    return view.page.locator(".gates .words").inner_text()


def test_bars_block_and_order(open_page: OpenPage) -> None:
    view = open_page("/senet?variant=se_resnet18&weights=untrained")
    changes(view, "gates", lambda: click_bar(view, "gate", 0.5))
    channel = link(view)["gates.channel"]
    assert words(view).startswith(f"Channel {channel}:")
    order = view.page.locator(".gates").get_by_label("Order", exact=True)
    changes(view, "gates", lambda: (order.select_option("channels by gate"), view.settle()), gates__sorted="yes")
    followed = words(view)
    element(view, "Stages of", "conv4_x").click()
    view.settle()
    assert words(view) != followed and link(view)["gates.channel"] == channel
    changes(view, "gates", lambda: select(view, "Block", "conv5_x.1"), gates__block="conv5_x.1")
    choose(view, "Altered")  # its channel is the one of the bars
    assert view.page.get_by_role("spinbutton", name="Channel").input_value() == channel
    fill(view, "Channel", 9)
    choose(view, "Gates")
    assert words(view).startswith("Channel 9:")


def test_alterations(open_page: OpenPage) -> None:
    view = open_page("/senet?variant=se_resnet18&weights=untrained&section=altered")

    def press(option: str) -> None:
        view.page.get_by_role("radio", name=option, exact=True).click()
        view.settle()

    changes(view, "altered", lambda: press("All 1"), gates__alteration="one")
    changes(view, "altered", lambda: press("All blocks"), gates__scope="all")
    changes(view, "altered", lambda: press("Shuffled"), gates__alteration="shuffle")
    changes(view, "altered", lambda: fill(view, "Seed", 3), gates__seed="3")
    changes(view, "altered", lambda: press("One channel"), gates__alteration="channel")
    changes(view, "altered", lambda: slide(view, "Gate of channel", "End"), gates__percent="100")
    changes(view, "altered", lambda: fill(view, "Channel", 5), gates__channel="5")
    changes(view, "altered", lambda: select(view, "Block", "conv3_x.0"), gates__block="conv3_x.0")


def test_comparison_and_cost(open_page: OpenPage) -> None:
    view = open_page("/senet?variant=se_resnet18&weights=untrained&section=all-gates")
    plots = view.page.locator(".st-key-section-all-gates .js-plotly-plot")
    changes(view, "all-gates", lambda: select(view, "Compare with", "Coffee"), gates__against="coffee")
    own, theirs = (plots.nth(index).bounding_box() for index in range(2))
    assert own and theirs and (own["y"], own["width"]) == (theirs["y"], theirs["width"])
    choose(view, "Cost")
    before = drawn(view, "gates-cost")
    slide(view, "Reduction ratio r", "ArrowRight")
    assert link(view)["gates.reduction"] == "17" and drawn(view, "gates-cost") != before
