"""One screen: a click and its effect are seen together; texts can be read; phones scroll only down."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from explorer.cards import cards
from explorer.ui.app.navigation import page_files
from tests.browser.conftest import AppPage, OpenPage
from tests.browser.parts import diagram, element

SMALLEST_TEXT = 14  # CSS pixels
# Of each drawing: its accessible name, the smallest text on screen, and how far it has to be scrolled.
DRAWINGS = """drawings => drawings.map((svg) => {
  const sizes = [...svg.querySelectorAll("text")].map(
    (text) => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a);
  const { scrollWidth, clientWidth, scrollHeight, clientHeight } = svg.parentElement;
  return [svg.getAttribute("aria-label"), Math.min(...sizes),
    Math.max(scrollWidth - clientWidth, scrollHeight - clientHeight)];
})"""


def assert_one_screen(view: AppPage) -> None:
    """Everything that a click changes lies in the window, whole, with texts of a readable size."""
    page = view.page
    size = page.viewport_size
    parts = [*page.locator(".viewport > svg").all(), page.locator(".model-input img")]
    parts += (
        [page.locator(".maps > .bars")]
        if page.locator(".maps > .bars").is_visible()
        else [
            page.locator(".maps .grid"),
            page.locator(".maps .legend"),
        ]
    )
    for part in parts:
        box: Any = part.bounding_box()
        what = part.evaluate("p => p.getAttribute('aria-label') ?? p.outerHTML.slice(0, 60)")
        assert box["x"] >= 0, what
        assert box["y"] >= 0, what
        assert box["x"] + box["width"] <= size["width"], what
        assert box["y"] + box["height"] <= size["height"], what
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollTop") == 0
    for label, text, hidden in page.locator(".viewport > svg").evaluate_all(DRAWINGS):
        assert text >= SMALLEST_TEXT - 0.01, label
        assert hidden <= 0, label


@pytest.mark.parametrize(
    "variant", ["resnet18", "resnet50", "resnet152", "plain34", "preact_resnet50", "resnet110_cifar"]
)
def test_every_stage_fits_on_one_screen_and_can_be_read(open_page: OpenPage, variant: str) -> None:
    view = open_page(f"/resnet?variant={variant}")
    assert_one_screen(view)
    elements = diagram(view, "Stages of").locator(".element")
    stages = elements.evaluate_all("elements => elements.map((e) => e.dataset.element)")
    assert len(stages) >= 6
    for stage in stages[1:]:  # the first is the input
        element(view, "Stages of", stage).click()
        view.settle()
        assert_one_screen(view)


def test_a_projector_in_full_hd(open_page: OpenPage) -> None:
    view = open_page("/resnet", size=(1920, 1080))
    assert_one_screen(view)
    element(view, "Stages of", "conv4_x").click()
    view.settle()
    assert_one_screen(view)


@pytest.mark.parametrize("path", ["/resnet", "/"])
def test_nothing_overflows_on_a_phone(open_page: OpenPage, path: str) -> None:
    view = open_page(path, size=(390, 844))
    page = view.page
    for part in (page.locator("html"), page.get_by_test_id("stMain")):
        hidden = part.evaluate("e => e.scrollWidth - e.clientWidth")
        assert hidden <= 0
    if path == "/resnet":
        block: Any = page.locator(".viewport", has=diagram(view, "Operations of")).bounding_box()
        grid: Any = page.locator(".maps").bounding_box()
        assert grid["y"] >= block["y"] + block["height"]  # the columns are stacked
        assert grid["x"] >= 0
        assert grid["x"] + grid["width"] <= 390
    else:
        expect(page.get_by_test_id("stPlotlyChart")).to_be_hidden()  # the names of the timeline would overlap


@pytest.mark.parametrize("size", [(1440, 900), (1920, 1080)])
def test_home_shows_each_network_as_a_whole(open_page: OpenPage, size: tuple[int, int]) -> None:
    view = open_page("/", size=size)
    expect(view.page.get_by_test_id("stPlotlyChart")).to_be_visible()
    strips = view.page.locator(".viewport")
    assert strips.count() == len(cards())
    assert strips.evaluate_all("all => all.map(e => e.scrollWidth - e.clientWidth)") == [0] * len(cards())


def test_the_navigation_holds_all_pages_beside_the_sidebar(open_page: OpenPage) -> None:
    view = open_page("/nin")
    assert view.page.viewport_size == {"width": 1440, "height": 900}
    links = view.page.get_by_test_id("stTopNavLink")
    assert [text.strip() for text in links.all_inner_texts()] == [title for _, title, _ in page_files()]
