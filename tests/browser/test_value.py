"""One value, taken apart: reached by a click on a pixel, walked back by what it reads; Back is one step each."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.parts import link, node, type_number, wait_for_link


def test_a_pixel_leads_to_its_value_and_from_there_back_to_those_that_it_reads(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet34&node=conv3_x.1.conv2&maps.channel=3&maps.enlarged=yes")
    figure = view.page.locator(".figure").first
    box = figure.bounding_box()
    assert box is not None
    figure.click(position={"x": box["width"] * 0.3, "y": box["height"] * 0.6})
    wait_for_link(view, "instrument", "value")
    found = link(view)
    row, column = int(found["value.row"]), int(found["value.column"])
    assert abs(column - 28 * 0.3) <= 1 and abs(row - 28 * 0.6) <= 1  # of 28 x 28
    one = view.page.locator(".st-key-one-value")
    expect(one).to_contain_text("288 products")
    expect(one.locator(".windows table")).to_have_count(3)
    expect(one.locator(".windows td")).to_have_count(27)

    shown = one.locator(".windows").inner_text()
    adds = re.search(r"channel (\d+) of", one.inner_text())
    assert adds is not None
    other = (int(adds[1]) + 1) % 32
    type_number(view, "value.input", other)
    assert link(view)["value.input"] == str(other)
    assert one.locator(".windows").inner_text() != shown
    view.page.go_back()
    view.settle()
    assert one.locator(".windows").inner_text() == shown

    product = one.get_by_role("button", name=re.compile("×")).first
    place = re.search(r"(\S+) #(\d+) at (\d+), (\d+)$", product.inner_text())
    assert place is not None
    product.click()
    wait_for_link(view, "node", place[1])
    after = link(view)
    assert [int(n) for n in place.groups()[1:]] == [
        int(after["maps.channel"]),
        int(after["value.row"]),
        int(after["value.column"]),
    ]
    assert node(view) == place[1]
    expect(one).to_contain_text("ReLU(")

    type_number(view, "value.row", 0)
    assert link(view)["value.row"] == "0"
    view.page.go_back()
    view.settle()
    view.page.go_back()
    view.settle()
    assert link(view) == found
    expect(one).to_contain_text("288 products")
