"""The chart of accuracies in a browser: every control is pressed, and the names in it lie on nothing else."""

from __future__ import annotations

import re
from itertools import combinations

from playwright.sync_api import expect

from tests.browser.conftest import AppPage, OpenPage
from tests.browser.parts import choose, link

PAIR = {"compare.a": "resnet50", "compare.b": "se_resnet50"}
PAGE = "/accuracy?compare.a=resnet50&compare.b=se_resnet50"
# Of each name and each bubble, its rectangle; of a round bubble, the one that has its area.
BOXES = """selector => Array.from(document.querySelectorAll(selector), (e) => {
  const { x, y, width, height } = e.getBoundingClientRect();
  return [x, y, x + width, y + height];
})"""


def page_name(view: AppPage) -> str:
    return view.page.url.partition("?")[0].rpartition("/")[2]


def test_names_touch_no_bubble_and_no_other_name(open_page: OpenPage) -> None:
    view = open_page(PAGE, size=(1280, 720))
    page = view.page
    names = ".st-key-accuracy .annotation-text"
    expect(page.locator(names).first).to_be_visible()
    for size in ((1280, 720), (1000, 720)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.wait_for_timeout(600)  # Plotly follows the window after a while
        texts = page.evaluate(BOXES, names)
        assert len(texts) > 5
        for (left, top, right, bottom), (x0, y0, x1, y1) in combinations(texts, 2):
            assert right <= x0 or x1 <= left or bottom <= y0 or y1 <= top
        for x0, y0, x1, y1 in page.evaluate(BOXES, ".st-key-accuracy .points path"):
            x, y, radius = (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2
            for left, top, right, bottom in texts:
                across, down = max(left - x, 0, x - right), max(top - y, 0, y - bottom)
                assert (across**2 + down**2) ** 0.5 >= radius - 2  # the outline


def test_every_control_changes_the_chart_which_leads_to_a_network_and_back(open_page: OpenPage) -> None:
    view = open_page(PAGE)
    page = view.page
    bubbles = page.locator(".scatterlayer .points path")
    expect(bubbles.first).to_be_visible()
    counts = [bubbles.count()]
    assert counts[0] > 10
    for group in ("More", "Library weights", "Papers"):
        page.get_by_text(re.compile(f"{group}: ")).first.click()
        view.settle()
        expect(bubbles).not_to_have_count(counts[-1])
        counts.append(bubbles.count())
    choose(view, "Top-5")
    expect(page.locator(".ytitle")).to_contain_text("top-5")
    shown = PAIR | {
        "accuracy.measure": "5",
        "accuracy.paper": "no",
        "accuracy.library": "no",
        "accuracy.more": "yes",
    }
    assert link(view) == shown
    page.get_by_test_id("stMain").get_by_role("link", name="ResNet-34", exact=True).click()
    view.settle()
    assert page_name(view) == "resnet"
    page.go_back()
    view.settle()
    assert (page_name(view), link(view)) == ("accuracy", shown)
    page.locator(".st-key-compare-a input").fill("plain-34")
    page.get_by_role("option", name="plain-34 (no shortcuts)", exact=True).click()
    view.settle()
    expect(page.locator(".annotation-text").filter(has_text="plain-34")).to_have_count(1)
    assert link(view)["compare.a"] == "plain34"
    here = link(view)
    bubbles.first.scroll_into_view_if_needed()
    bubbles.first.hover(force=True)
    hover = page.locator(".hoverlayer")
    expect(hover).to_contain_text("counted here")
    title = hover.locator("text").first.text_content() or ""
    bubbles.first.click(force=True)
    view.settle()
    assert page_name(view) != "accuracy"
    assert title.strip().startswith(page.locator("h1").inner_text().partition(" (")[0])
    page.go_back()
    view.settle()
    assert (page_name(view), link(view)) == ("accuracy", here)
    choose(view, "All figures, as printed")
    expect(page.get_by_test_id("stTable").get_by_role("row").nth(5)).to_be_visible()
