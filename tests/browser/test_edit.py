"""The network altered by real clicks and keys: each is a step of the link, and the diagrams, maps and answer follow."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import AppPage, OpenPage
from tests.browser.parts import link, type_number, wait_for_link


def press(view: AppPage, name: str | re.Pattern[str]) -> None:
    view.page.get_by_role("button", name=name, exact=isinstance(name, str)).first.click()
    view.settle()


def test_silence_rank_and_undo(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet34&sample=church&instrument=edit&node=conv4_x.1.relu1")
    page = view.page
    answer = page.locator('[class*="-answer"]').first
    whole = answer.inner_text()
    press(view, "Silence")
    assert link(view)["edits"] == "conv4_x.1.relu1:zero"
    assert "was" in answer.inner_text() and answer.inner_text() != whole
    edited = page.locator(".marks .edited")
    expect(edited).to_have_count(3)  # the stage in the strip, the unit in its stage, the operation in its unit
    press(view, "Skip conv4_x.1")
    assert link(view)["edits"] == "conv4_x.1.relu1:zero;conv4_x.1:skip"
    press(view, "Undo all")
    assert "edits" not in link(view) and answer.inner_text() == whole
    expect(edited).to_have_count(0)
    page.go_back()
    view.settle()
    assert link(view)["edits"] == "conv4_x.1.relu1:zero;conv4_x.1:skip"
    press(view, re.compile("silenced ×"))
    press(view, re.compile("skipped ×"))
    assert "edits" not in link(view)

    page.get_by_label("Channels").fill("3, 8-9")
    page.keyboard.press("Enter")
    view.settle()
    press(view, "Keep only")
    assert link(view)["edits"] == "conv4_x.1.relu1:3,8-9:keep"
    press(view, "Keep only ×")

    type_number(view, "edit.percent", -50)
    press(view, "× -50 %")
    assert link(view)["edits"] == "conv4_x.1.relu1:3,8-9:scale=-0.5"
    press(view, "× -50 % ×")

    page.get_by_role("combobox", name="Edit").click()
    page.get_by_role("option", name="Rank channels").click()
    view.settle()
    press(view, re.compile("Silence each of the 64"))
    bars = page.locator(".st-key-edit .points .point")
    expect(bars).to_have_count(20)
    bars.first.scroll_into_view_if_needed()
    bar = bars.first.bounding_box()  # Plotly takes the clicks of a layer above the bars
    assert bar is not None
    page.mouse.click(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2)
    wait_for_link(view, "edit.view", "channels")
    view.settle()
    silenced = re.fullmatch(r"conv4_x\.1\.relu1:\d+:zero", link(view)["edits"])
    assert silenced is not None
    expect(bars).to_have_count(20)  # the ranking is that of the whole network still
    said = page.locator(".st-key-edit p").first.inner_text()
    page.locator(".st-key-edit").get_by_role("combobox").click()
    page.get_by_role("option", name="gas pump", exact=True).click()
    wait_for_link(view, "edit.class", "7")
    assert page.locator(".st-key-edit p").first.inner_text() != said


def test_a_key_silences_what_has_the_focus(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet34&node=conv2_x.1.relu2")
    page = view.page
    maps = page.locator("button.map")
    maps.nth(2).focus()
    page.keyboard.press("x")
    view.settle()
    assert link(view)["edits"] == "conv2_x.1.relu2:2:zero"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Delete")
    view.settle()
    assert link(view)["edits"] == "conv2_x.1.relu2:2-3:zero"
    page.get_by_label("Compare with").select_option("before the edits")
    view.settle()
    assert link(view)["maps.beside"] == "before the edits"
    expect(page.locator(".pane:not([hidden])")).to_have_count(2)
    page.keyboard.press("Escape")
    page.locator('[data-element="conv2_x.1.conv1"]').focus()
    page.keyboard.press("x")
    view.settle()
    assert link(view)["edits"] == "conv2_x.1.relu2:2-3:zero;conv2_x.1.conv1:zero"
    page.locator('[data-element="conv2_x.1.conv1"]').focus()
    page.keyboard.press("x")
    view.settle()
    assert link(view)["edits"] == "conv2_x.1.relu2:2-3:zero"


def test_sections_and_kernels_alter_the_whole_page(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet34&section=removal&node=conv3_x.1.conv1&instrument=kernels")
    press(view, "Do this on the whole page")
    assert link(view)["edits"] == "conv3_x.1:skip"
    press(view, "Undo on the whole page")
    assert "edits" not in link(view)
    press(view, "Silence it")
    assert link(view)["edits"] == "conv3_x.1.conv1:0:zero"
