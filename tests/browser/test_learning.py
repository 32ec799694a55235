"""LeNet learns in the browser: one step stage by stage, start, pause, reset; the canvas tries it."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import AppPage, OpenPage
from tests.browser.parts import link, section, within

SECTION = ".st-key-section-learn"


def click(view: AppPage, name: str) -> None:
    view.page.locator(SECTION).get_by_role("button", name=name, exact=True).click()


def stepped(view: AppPage) -> int:
    """How many steps it says are complete."""
    text = view.page.locator(".st-key-learn-buttons").inner_text()
    (found,) = re.findall(r"step (\d+)", text)
    return int(found)


def test_a_step_in_stages_then_it_learns_pauses_and_begins_anew(open_page: OpenPage) -> None:
    view = open_page("/lenet?variant=lenet5_modern&section=learn&learn.batch=8")
    page = view.page
    shown = [section(view, "learn")]
    for stage, following in (("forward", "loss"), ("loss", "backward"), ("backward", "update"), ("update", "forward")):
        click(view, f"Next: {stage}")
        expect(page.locator(SECTION).get_by_role("button", name=f"Next: {following}")).to_be_visible()
        view.settle()
        assert "…" not in page.locator(f".st-key-learn-in-{stage}").inner_text()
        shown.append(section(view, "learn"))
    assert len(set(shown)) == len(shown) and stepped(view) == 1
    click(view, "Go on")
    status = page.locator(".st-key-learn-buttons")
    expect(status).to_contain_text(re.compile(r"Learning: step (?:[3-9]|\d\d)"))
    # acts while it goes on; the page is not still meanwhile
    within(view, "learn.momentum").get_by_role("radio", name="plain", exact=True).click()
    page.wait_for_url(lambda url: "learn.momentum=0.0" in url)
    expect(page.locator(SECTION).get_by_role("button", name="Next: forward")).to_be_disabled()
    click(view, "Pause")
    expect(status).to_contain_text("Paused after step")
    view.settle()
    reached, kernels = stepped(view), page.locator(f'{SECTION} img[alt^="C1\'s"]').first.get_attribute("src")
    assert reached >= 3
    board = page.locator("canvas.board")
    board.evaluate("canvas => canvas.scrollIntoView({ block: 'center' })")
    area = board.bounding_box()
    assert area is not None
    before = section(view, "learn")
    page.mouse.move(area["x"] + area["width"] / 2, area["y"] + 0.1 * area["height"])
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] / 2, area["y"] + 0.9 * area["height"], steps=5)
    page.mouse.up()
    view.settle()
    assert link(view)["digit.sample"] == "drawn" and section(view, "learn") != before
    assert stepped(view) == reached  # drawing does not train it
    click(view, "Reset")
    expect(status).to_contain_text("Not begun")
    view.settle()
    assert page.locator(f'{SECTION} img[alt^="C1\'s"]').first.get_attribute("src") != kernels
