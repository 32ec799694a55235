"""The 1x1 convolution's page in a browser: every control is pressed, and something changes."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.browser.conftest import AppPage, OpenPage
from tests.browser.parts import choose, link, wait_for_link


def box(view: AppPage, key: str) -> Locator:
    """The field of a control."""
    return view.page.locator(f'[class*="st-key-{key.replace(".", "-")}"] input').first


def content(view: AppPage, key: str) -> str:
    return view.page.locator(f".st-key-{key}").inner_html()


def type_into(view: AppPage, key: str, text: str, value: str | None = "") -> None:
    """Type a value; `value` is what the link says then, if it is not the text."""
    field = box(view, key)
    field.fill(text)
    field.press("Enter")
    wait_for_link(view, key, text if value == "" else value)


def select(view: AppPage, key: str, option: str, value: str) -> None:
    """Choose an option, of which a long list shows only what fits what is typed."""
    box(view, key).fill(option)
    view.page.get_by_role("option", name=option, exact=True).click()
    wait_for_link(view, key, value)


def test_the_sections_follow_every_number(open_page: OpenPage) -> None:
    view = open_page("/convolution?section=formulas")
    page = view.page
    formulas = page.locator(".st-key-section-formulas .katex-mathml")
    first = formulas.all_inner_texts()
    shown = [first]
    counts = {"height": "14", "width": "12", "channels": "48", "out": "40", "stride": "2", "groups": "2"}
    for name, value in {**counts, "bottleneck": "8"}.items():
        type_into(view, f"cost.{name}", value)
        assert formulas.all_inner_texts() not in shown
        shown.append(formulas.all_inner_texts())
    type_into(view, "cost.kernel", "1×7", "1x7")
    type_into(view, "cost.padding", "0x3")
    before = formulas.all_inner_texts()
    page.get_by_text("Bias", exact=True).click()
    wait_for_link(view, "cost.bias", "no")
    right = formulas.all_inner_texts()
    assert right != before
    alerts = page.get_by_test_id("stAlert")
    type_into(view, "cost.kernel", "big", "1x7")  # it stays
    expect(alerts).to_contain_text("big")
    type_into(view, "cost.groups", "999999")
    expect(alerts).to_contain_text("999,999")
    field = box(view, "cost.groups")
    assert field.evaluate("e => e.scrollWidth - e.clientWidth") <= 0  # the number is seen whole
    assert formulas.all_inner_texts() == right  # the last right picture
    page.get_by_role("button", name="ResNet bottleneck").click()
    wait_for_link(view, "cost.channels", "256")
    expect(alerts).to_have_count(0)
    assert box(view, "cost.height").input_value() == "56"
    page.get_by_role("button", name="MobileNet", exact=True).click()
    wait_for_link(view, "section", "family")
    page.get_by_role("button", name="GoogLeNet 3a").click()
    wait_for_link(view, "cost.channels", None)
    choose(view, "Formulas")
    assert formulas.all_inner_texts() == first


def test_other_sections(open_page: OpenPage) -> None:
    view = open_page("/convolution?section=family")
    table = view.page.get_by_test_id("stTable")
    family = table.inner_text()
    type_into(view, "cost.expansion", "2")
    assert table.inner_text() != family
    choose(view, "How narrow")
    assert link(view) == {"section": "widths", "cost.expansion": "2"}
    expect(view.page.locator(".st-key-curve .js-line").first).to_be_visible()
    choose(view, "Inception budget")
    branches = table.inner_text()
    type_into(view, "budget.5x5-reduce", "32")
    assert table.inner_text() != branches
    select(view, "budget.module", "inception 3b", "3b")
    assert link(view) == {"section": "budget", "cost.expansion": "2", "budget.module": "3b"}
    assert box(view, "budget.1x1").input_value() == "128"


def test_one_position(open_page: OpenPage) -> None:
    view = open_page("/convolution")
    formula = view.page.locator(".katex-mathml").first
    sums = [formula.inner_text()]
    for name, value in {"map": "1", "row": "3", "column": "5"}.items():
        type_into(view, f"one.{name}", value)
        assert formula.inner_text() not in sums
        sums.append(formula.inner_text())
    view.page.locator('[class*="st-key-map-"] .nsewdrag').click(position={"x": 150, "y": 200})
    view.settle()
    assert formula.inner_text() not in sums
    assert (link(view).get("one.row"), link(view).get("one.column")) != ("3", "5")
    select(view, "one.net", "ResNet-18", "resnet18")
    assert box(view, "one.node").input_value() == "conv3_x.0.shortcut.conv"
    select(view, "one.node", *["conv4_x.0.shortcut.conv"] * 2)


def test_measured_time(open_page: OpenPage) -> None:
    view = open_page("/convolution?section=measured&cost.height=7&cost.width=7&cost.channels=16")
    page = view.page
    choose(view, "8")
    assert link(view)["time.batch"] == "8"
    page.get_by_role("button", name="Measure on").click()
    expect(page.get_by_test_id("stTable")).to_be_visible(timeout=30_000)
    rows = page.get_by_test_id("stTable").get_by_role("row")
    expect(rows).to_have_count(10)
    view.settle()
    page.get_by_role("button", name="GoogLeNet 3a").click()
    view.settle()
    page.get_by_role("button", name="Measure on").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled at")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    expect(page.get_by_role("button", name="Measure on")).to_be_enabled()
    view.settle()


def test_from_a_network_and_back(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet18&node=conv3_x.0.shortcut.conv")
    there = view.page.url
    view.page.get_by_role("link", name="Cost of this convolution").click()
    view.settle()
    assert link(view) == {"cost.from": "resnet18:conv3_x.0.shortcut.conv", "section": "calculator"}
    view.page.go_back()
    view.settle()
    assert view.page.url == there
    view.page.go_forward()
    view.settle()
    view.page.get_by_role("link", name="← ResNet-18").click()
    view.settle()
    assert view.page.url == there
    view.page.go_back()
    view.settle()
    assert link(view) == {"cost.from": "resnet18:conv3_x.0.shortcut.conv", "section": "calculator"}
