"""What channels look for: from the ladder to a channel, back to all, and drawn on demand, with a way out."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.parts import choose, element, link, wait_for_link


def test_from_the_ladder_to_a_channel_and_to_others(open_page: OpenPage) -> None:
    view = open_page("/units")
    page = view.page
    page.get_by_role("button", name="golf ball of head.fc").click()
    page.wait_for_url(re.compile("/resnet"))
    view.settle()
    assert link(view) == {"variant": "resnet34", "node": "head.fc", "maps.channel": "8", "instrument": "looks-for"}
    expect(page.get_by_alt_text("What channel 8 looks for")).to_be_visible()
    page.get_by_role("button", name="All", exact=True).click()
    wait_for_link(view, "maps.channel", None)
    tiles = page.get_by_role("group", name="What channels of head.fc look for").get_by_role("button")
    expect(tiles).to_have_count(10)
    tiles.first.focus()
    page.keyboard.press("ArrowRight")
    expect(tiles.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    wait_for_link(view, "maps.channel", "1")
    choose(view, "Maps")
    assert link(view)["maps.channel"] == "1" and "instrument" not in link(view)

    choose(view, "Looks for")
    page.get_by_role("button", name="All", exact=True).click()
    element(view, "Operations of", "head.pool").click()
    wait_for_link(view, "node", "head.pool")
    page.get_by_role("button", name="Show head.fc").click()
    wait_for_link(view, "node", "head.fc")
    expect(tiles).to_have_count(10)


def test_drawn_on_demand_with_a_way_out(open_page: OpenPage) -> None:
    view = open_page("/lenet?instrument=looks-for&node=c3.conv")
    page = view.page
    begin = page.get_by_role("button", name="Draw what channels 0 to 11 look for")
    begin.click()
    page.get_by_role("button", name="Cancel").click()
    expect(begin).to_be_visible()
    begin.click()
    tiles = page.get_by_role("group", name="What channels of c3.conv look for").get_by_role("button")
    expect(tiles).to_have_count(12)
    view.settle()
    tiles.nth(2).click()
    wait_for_link(view, "maps.channel", "2")
    page.get_by_role("button", name="Draw what channel 2 looks for").click()
    expect(page.get_by_alt_text("What channel 2 looks for")).to_be_visible()
    expect(page.get_by_alt_text(re.compile("Part of"))).to_have_count(5)
    view.settle()
    page.get_by_role("button", name=re.compile("more pictures")).click()
    expect(page.get_by_alt_text(re.compile("Another picture"))).to_have_count(4)
