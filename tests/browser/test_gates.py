"""The sections about gates: each control is pressed, bars are clicked, and a diagram's click is followed."""

from __future__ import annotations

from tests.browser.conftest import AppPage, OpenPage
from tests.browser.parts import choose, element, link
from tests.browser.widgets import changes, drawn, fill, select, slide


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
