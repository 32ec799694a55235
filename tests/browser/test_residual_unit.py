"""The sections of a residual unit: each control, and a click in the diagram that both follow."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.parts import choose, element, link, pick, section, wait_for_link


def test_the_sum_its_controls_and_the_selection(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet20_cifar&section=sum")
    shown = [section(view, "sum")]
    view.page.get_by_role("spinbutton", name="Map, 0 to 15").fill("3")
    view.page.keyboard.press("Enter")
    wait_for_link(view, "residual.map", "3")
    shown.append(section(view, "sum"))
    element(view, "Stages of", "conv3_x").click()
    view.settle()
    shown.append(section(view, "sum"))
    assert "conv3_x.1.add" in shown[-1] and "residual.unit" not in link(view)
    pick(view, "residual.unit", "conv3_x.0, padding shortcut")
    shown.append(section(view, "sum"))
    assert "conv3_x.0.add" in shown[-1]
    assert link(view)["residual.unit"] == "conv3_x.0"
    assert len(set(shown)) == len(shown)


def test_the_removal_follows_the_selection_until_a_bar_or_the_box_chooses_a_unit(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet34&section=removal")
    shown = [section(view, "removal")]
    element(view, "Stages of", "conv4_x").click()
    view.settle()
    shown.append(section(view, "removal"))
    assert "Without conv4_x.1" in shown[-1] and "residual.unit" not in link(view)
    bars = view.page.locator(".st-key-removals-plain34")
    bars.scroll_into_view_if_needed()
    bar = bars.locator(".barlayer .trace").last.locator(".point path").nth(7).bounding_box()
    assert bar is not None
    view.page.mouse.click(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2)
    wait_for_link(view, "residual.unit", "conv4_x.2")
    shown.append(section(view, "removal"))
    assert "Without conv4_x.2" in shown[-1]
    pick(view, "residual.unit", "conv2_x.2, identity shortcut")
    shown.append(section(view, "removal"))
    assert link(view)["residual.unit"] == "conv2_x.2"
    element(view, "Stages of", "conv2_x").click()
    view.settle()
    assert section(view, "removal") == shown[-1]
    assert len(set(shown)) == len(shown)
    choose(view, "Identity + residual")
    assert "conv2_x.2.add" in section(view, "sum")
    numbers = view.page.locator(".terms .words")
    view.page.locator(".terms canvas").nth(1).hover(position={"x": 1, "y": 1})
    expect(numbers).to_have_text(re.compile(r"Row 0, column 0: \S+ \+ \S+ = \S+"))
    view.page.locator(".terms .row").press("ArrowDown")
    expect(numbers).to_contain_text("Row 1, column 0:")
    choose(view, "Degradation")
    curves = view.page.locator(".st-key-degradation .scatterlayer .trace")
    expect(curves).to_have_count(4)
