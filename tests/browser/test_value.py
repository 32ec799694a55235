"""One value, taken apart: reached by a click on a pixel, walked back by what it reads; Back is one step each."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.parts import link, type_number, wait_for_link
from tests.browser.test_layout import LAPTOP, assert_in_window, assert_type

# How far the window's tables reach below what is seen of the instrument, in pixels.
HIDDEN = """value => {
  const ends = [...value.querySelectorAll(".window")].map((table) => table.getBoundingClientRect().bottom);
  return Math.max(...ends) - value.getBoundingClientRect().bottom;
}"""


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
    made, one = view.page.locator(".st-key-value-made"), view.page.locator(".value")
    expect(made).to_contain_text("288 products")
    expect(one.locator(".picture img")).to_be_visible()
    expect(one.locator(".window td")).to_have_count(27)

    shown = one.locator(".drawn").inner_text()
    channels = one.get_by_role("group", name="Input channels").get_by_role("button")
    other = re.search(r"#(\d+)", channels.nth(2).inner_text())
    assert other is not None
    channels.nth(2).click()
    wait_for_link(view, "value.input", other[1])
    assert one.locator(".drawn").inner_text() != shown
    box_ = one.get_by_role("spinbutton")
    expect(box_).to_have_value(other[1])
    box_.fill("30")
    box_.press("Enter")
    wait_for_link(view, "value.input", "30")
    for _ in range(2):
        view.page.go_back()
        view.settle()
    assert one.locator(".drawn").inner_text() == shown

    product = one.get_by_role("group", name="Largest of 288").get_by_role("button").first
    place = re.search(r"#(\d+) at (\d+), (\d+)$", product.inner_text())
    assert place is not None
    product.click()
    wait_for_link(view, "node", "conv3_x.1.relu1")
    after = link(view)
    assert list(place.groups()) == [after["maps.channel"], after["value.row"], after["value.column"]]
    expect(made).to_contain_text("ReLU(")
    expect(one.locator(".curve")).to_be_visible()
    one.get_by_role("group", name="It reads").get_by_role("button").click()
    wait_for_link(view, "node", "conv3_x.1.bn1")
    way = one.get_by_role("navigation", name="Way").get_by_role("button")
    assert [step.split()[0] for step in way.all_inner_texts()] == ["conv2", "relu1"]
    way.first.click()
    wait_for_link(view, "node", "conv3_x.1.conv2")
    assert link(view) == found
    expect(way).to_have_count(0)

    one.locator(".window button").nth(4).click()  # the number in the middle
    wait_for_link(view, "node", "conv3_x.1.relu1")
    assert (link(view)["value.row"], link(view)["value.column"]) == (str(row), str(column))
    one.get_by_role("group", name="Read by").get_by_role("button").first.click()
    wait_for_link(view, "node", "conv3_x.1.conv2")
    type_number(view, "value.row", 0)
    assert link(view)["value.row"] == "0"
    expect(one.locator(".padding")).to_have_count(9)
    for _ in range(3):
        view.page.go_back()
        view.settle()
    assert link(view) == found


def test_the_classifiers_bar_is_taken_apart_and_the_numbers_are_seen_on_one_screen(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet34&node=head.fc", size=LAPTOP)
    view.page.get_by_role("group", name="Values as bars").click(position={"x": 30, "y": 40})
    wait_for_link(view, "instrument", "value")
    made, one = view.page.locator(".st-key-value-made"), view.page.locator(".value")
    expect(made).to_contain_text("Softmax")
    one.get_by_role("group", name=re.compile("^Against ")).get_by_role("button").first.click()
    wait_for_link(view, "node", "head.flatten")
    one.get_by_role("group", name="It reads").get_by_role("button").click()
    wait_for_link(view, "node", "head.pool")
    assert_type(view)
    assert_in_window(view, [made, *one.locator(".window").all(), view.page.locator(".st-key-value-place")])
    for node in ("stem.conv", "conv3_x.1.conv2"):
        view.page.goto(re.sub(r"node=[^&]*", f"node={node}", view.page.url))
        view.settle()
        expect(one.locator(".window")).to_have_count(3)
        assert_in_window(view, [made, *one.locator(".window").all(), one.locator(".picture")])
        assert one.evaluate(HIDDEN) <= 0
    assert_type(view)
