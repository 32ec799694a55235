"""The sections about gates: bars and each control are pressed, and a click in a diagram is followed."""

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
from tests.browser.parts import check_controls, choose, element, link, pick, press, section, step, type_number, within

NAME = "se_resnet18"
AXIS = 4.25  # of the type's size, at the left of the bars


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
    axis = AXIS * plot.evaluate("() => parseFloat(getComputedStyle(document.documentElement).fontSize)")
    return {"x": axis + (bar + 0.5) * (width - axis) / count, "y": 48}


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


def test_the_block_follows_a_click_and_the_channel_stays(open_page: OpenPage) -> None:
    view = open_page(f"/senet?variant={NAME}&weights=untrained&section=gates&gates.channel=28")
    before = section(view, "gates")
    element(view, "Stages of", "conv4_x").click()
    view.settle()
    assert section(view, "gates") != before and "gates.block" not in link(view)
    check_controls(view, "gates", {"gates.block": lambda view, name: pick(view, name, "conv5_x.1: 512 → 32 → 512")})
    assert channel(view) == 28
    choose(view, "Altered")
    type_number(view, "gates.channel", 9)
    choose(view, "Gates")
    assert channel(view) == 9


def test_each_control_of_an_alteration(open_page: OpenPage) -> None:
    view = open_page(f"/senet?variant={NAME}&weights=untrained&section=altered")
    one = {
        "gates.alteration": lambda view, name: press(view, name, "One channel"),
        "gates.percent": lambda view, name: step(view, name, "End"),
        "gates.channel": lambda view, name: type_number(view, name, 5),
        "gates.block": lambda view, name: pick(view, name, "conv3_x.0: 128 → 8 → 128"),
    }
    check_controls(view, "altered", one)
    many = {
        "gates.alteration": lambda view, name: press(view, name, "Shuffled"),
        "gates.scope": lambda view, name: press(view, name, "All blocks"),
        "gates.seed": lambda view, name: type_number(view, name, 3),
    }
    check_controls(view, "altered", many)


def test_comparison_and_cost(open_page: OpenPage) -> None:
    view = open_page(f"/senet?variant={NAME}&weights=untrained&section=all-gates")
    check_controls(view, "all-gates", {"gates.against": lambda view, name: pick(view, name, "Coffee")})
    plots = view.page.locator(".st-key-section-all-gates .js-plotly-plot")
    own, theirs = (plots.nth(index).bounding_box() for index in range(2))
    assert own and theirs and (own["y"], own["width"]) == (theirs["y"], theirs["width"])
    choose(view, "Cost")
    check_controls(view, "gates-cost", {"gates.reduction": step})
    choose(view, "Softmax or sigmoid")
    controls = {
        "softmax.constant": step,
        "softmax.raised": step,
        "softmax.rank": lambda view, name: pick(view, name, second_class(view, name)),
        "gates.block": lambda view, name: pick(view, name, "conv3_x.0: 128 → 8 → 128"),
    }
    check_controls(view, "softmax", controls)


def second_class(view: AppPage, control: str) -> str:
    """The words of the second option of a select box."""
    within(view, control).get_by_role("combobox").press("ArrowDown")
    words = view.page.get_by_role("option").nth(1).inner_text()
    view.page.keyboard.press("Escape")
    return words
