"""One screen: a click and its effect are seen together, with type for the last row; phones scroll only down."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from explorer.architectures import families
from explorer.cards import cards
from explorer.ui.app.navigation import page_files
from tests.browser.conftest import AppPage, OpenPage
from tests.browser.parts import diagram, element, link, wait_for_link

LAPTOP = (1280, 720)
PROJECTOR = (1920, 1080)
PHONE = (390, 844)
PRESENTED_PX = 20
LEAST_PRESENTED_PX = 19.7  # labels of the highest blocks
# How far a drawing has to be scrolled, by its accessible name.
HIDDEN = """drawings => drawings.map((svg) => {
  const { scrollWidth, clientWidth, scrollHeight, clientHeight } = svg.parentElement;
  return [svg.getAttribute("aria-label"), Math.max(scrollWidth - clientWidth, scrollHeight - clientHeight)];
})"""
# Every text in the window whose type is smaller than the root's: its size in rem, and its words.
SMALL = r"""(selector) => {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const found = [];
  const look = (root) => {
    for (const e of root.querySelectorAll("*")) {
      if (e.shadowRoot) look(e.shadowRoot);
      const texts = [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.textContent.trim());
      const words = e.matches("input[type=text], input[type=number]") ? e.value : texts.join(" ").trim();
      const box = e.getBoundingClientRect();
      if (!words || /^(STYLE|SCRIPT)$/.test(e.tagName)) continue;
      if (!box.width || box.bottom < 0 || box.top > innerHeight) continue;
      if (e.closest(".katex, .katex-mathml") || getComputedStyle(e).visibility === "hidden") continue;
      const size = parseFloat(getComputedStyle(e).fontSize) * (e.getScreenCTM?.().a ?? 1);
      if (size < rem - 0.02) found.push(`${(size / rem).toFixed(2)} rem: ${words.slice(0, 40)}`);
    }
  };
  look(document.querySelector(selector));
  return found;
}"""
# The contrast of an element's text to what it stands on, by WCAG 2.1; the element's own opacity counts.
CONTRAST = r"""element => {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const parents = [];
  for (let e = element; e; e = e.parentElement) parents.push(e);
  const ground = parents.map((e) => rgba(getComputedStyle(e).backgroundColor)).find((colour) => colour[3] === 255);
  const opacity = parents.reduce((product, e) => product * getComputedStyle(e).opacity, 1);
  const ink = rgba(getComputedStyle(element).color);
  const share = (opacity * ink[3]) / 255;
  const luminance = (colour) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
    const value = colour[i] / 255;
    return sum + weight * (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  }, 0);
  const seen = ink.map((value, i) => share * value + (1 - share) * ground[i]);
  const [low, high] = [luminance(seen), luminance(ground)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}"""
# In how many rows maps are seen whole.
ROWS = """grid => {
  const frame = grid.getBoundingClientRect();
  const boxes = [...grid.querySelectorAll(".map")].map((map) => map.getBoundingClientRect());
  const whole = boxes.filter((box) => box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1);
  return [new Set(whole.map((box) => Math.round(box.top))).size, new Set(boxes.map((b) => Math.round(b.top))).size];
}"""


def assert_in_window(view: AppPage, parts: list[Locator]) -> None:
    """Each lies in the window, whole, without any scrolling."""
    size = view.page.viewport_size
    assert view.page.get_by_test_id("stMain").evaluate("main => main.scrollTop") == 0
    for part in parts:
        box: Any = part.bounding_box()
        what = part.evaluate("p => p.getAttribute('aria-label') ?? p.outerHTML.slice(0, 80)")
        assert box["x"] >= 0, what
        assert box["y"] >= 0, what
        assert box["x"] + box["width"] <= size["width"] + 0.5, what
        assert box["y"] + box["height"] <= size["height"] + 0.5, what


def assert_one_screen(view: AppPage) -> None:
    """Everything that a click changes: strip, stage, block, two rows of maps with their legend, and the answer."""
    page = view.page
    values, grid = page.locator(".maps > .bars"), page.locator(".maps .grid").first
    is_vector = values.is_visible()
    maps = [values] if is_vector else [grid, page.locator(".maps .legend").first]
    answer = page.locator('[class*="-answer"]')
    assert_in_window(view, [*page.locator(".viewport > svg").all(), *maps, answer, page.locator(".st-key-node-line")])
    for label, hidden in page.locator(".viewport > svg").evaluate_all(HIDDEN):
        assert hidden <= 1, f"{label} has to be scrolled by {hidden} px"
    if not is_vector:
        seen, all_rows = grid.evaluate(ROWS)
        assert seen >= min(2, all_rows)


def assert_type(view: AppPage, *, but: tuple[str, ...] = ()) -> None:
    """No text on the page is smaller than the root's type."""
    small = view.page.evaluate(SMALL, '[data-testid="stApp"]')
    assert [text for text in small if not any(word in text for word in but)] == []


@pytest.mark.parametrize("family", [f.name for f in families()])
def test_one_screen_with_the_sidebar_hidden_or_shown(open_page: OpenPage, family: str) -> None:
    view = open_page(f"/{family}?sidebar=hidden", size=LAPTOP)
    assert_one_screen(view)
    assert_type(view)
    links = view.page.get_by_test_id("stTopNavLink")
    titles = [title for _, title, _ in page_files()]
    assert [text.strip() for text in links.all_inner_texts()] == titles
    main: Any = view.page.get_by_test_id("stMain").bounding_box()
    assert main["x"] < 1  # the sidebar's width is the page's
    view.page.get_by_test_id("stExpandSidebarButton").click()
    wait_for_link(view, "sidebar", None)
    assert_one_screen(view)
    assert_type(view)
    assert [text.strip() for text in links.all_inner_texts()] == titles
    view.page.keyboard.press("p")
    wait_for_link(view, "present", "yes")
    assert_one_screen(view)
    root = view.page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
    assert root == PRESENTED_PX
    small = view.page.evaluate(SMALL, '[data-testid="stApp"]')
    assert [text for text in small if float(text.split()[0]) * root < LEAST_PRESENTED_PX] == []


@pytest.mark.parametrize("variant", ["resnet18", "resnet152", "plain34", "preact_resnet50", "resnet110_cifar"])
def test_every_stage_fits_on_one_screen_and_can_be_read(open_page: OpenPage, variant: str) -> None:
    view = open_page(f"/resnet?variant={variant}&sidebar=hidden", size=LAPTOP)
    elements = diagram(view, "Stages of").locator(".element")
    stages = elements.evaluate_all("elements => elements.map((e) => e.dataset.element)")
    assert len(stages) >= 6
    for stage in stages[1:]:  # the first is the input
        element(view, "Stages of", stage).click()
        view.settle()
        assert_one_screen(view)
        assert_type(view)


def test_type_diagrams_and_charts_grow_with_the_window(open_page: OpenPage) -> None:
    view = open_page("/resnet?section=sum", size=LAPTOP)
    page = view.page
    parts = ("h1", ".st-key-node-line p", 'svg[aria-label^="Operations of"] text', ".js-plotly-plot .xtick text")

    def sizes() -> list[float]:
        size = "e => parseFloat(getComputedStyle(e).fontSize) * (e.getScreenCTM?.().a ?? 1)"
        return [page.locator(part).first.evaluate(size) for part in parts]

    before = sizes()
    page.set_viewport_size({"width": PROJECTOR[0], "height": PROJECTOR[1]})
    page.wait_for_timeout(500)
    view.settle()
    assert_one_screen(view)
    assert_type(view)
    for part, small, large in zip(parts, before, sizes(), strict=True):
        assert large >= 1.45 * small, part


@pytest.mark.parametrize("dark", [False, True])
def test_captions_can_be_read_on_a_pale_projector(open_page: OpenPage, dark: bool) -> None:
    view = open_page("/nin?section=training", size=LAPTOP, dark=dark)
    captions = view.page.locator('[data-testid="stCaptionContainer"] p, [data-testid="stImageCaption"] p').all()
    assert captions
    for caption in captions:
        assert caption.evaluate(CONTRAST) >= 4.5, caption.inner_text()


def test_hiding_the_sidebar_is_remembered(open_page: OpenPage) -> None:
    view = open_page("/nin")
    view.page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    wait_for_link(view, "sidebar", "hidden")
    view.page.get_by_test_id("stTopNavLink").filter(has_text="VGG").click()
    view.settle()
    main: Any = view.page.get_by_test_id("stMain").bounding_box()
    assert main["x"] < 1
    assert link(view)["sidebar"] == "hidden"


def test_the_browsers_zoom_of_150_percent_loses_nothing(open_page: OpenPage) -> None:
    view = open_page("/resnet?sidebar=hidden", size=(853, 480))
    page = view.page
    for part in (page.locator("html"), page.get_by_test_id("stMain")):
        assert part.evaluate("e => e.scrollWidth - e.clientWidth") <= 0
    width = 853
    for part in page.locator(".viewport > svg, .maps, .st-key-header > *, .st-key-instrument-title > *").all():
        box: Any = part.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


@pytest.mark.parametrize("path", ["/resnet", "/"])
def test_nothing_overflows_on_a_phone(open_page: OpenPage, path: str) -> None:
    view = open_page(path, size=PHONE)
    page = view.page
    for part in (page.locator("html"), page.get_by_test_id("stMain")):
        hidden = part.evaluate("e => e.scrollWidth - e.clientWidth")
        assert hidden <= 0
    if path == "/resnet":
        block: Any = page.locator(".viewport", has=diagram(view, "Operations of")).bounding_box()
        grid: Any = page.locator(".maps").bounding_box()
        assert grid["y"] >= block["y"] + block["height"]  # the columns are stacked
        assert grid["y"] <= block["y"] + block["height"] + 300  # nothing but the operation's line lies between
        assert grid["x"] >= 0
        assert grid["x"] + grid["width"] <= PHONE[0]
        expect(page.locator(".st-key-node-line")).to_contain_text("MACs")
    else:
        expect(page.get_by_test_id("stPlotlyChart")).to_be_hidden()  # the names of the timeline would overlap


@pytest.mark.parametrize("size", [(1440, 900), PROJECTOR])
def test_home_shows_each_network_as_a_whole(open_page: OpenPage, size: tuple[int, int]) -> None:
    view = open_page("/", size=size)
    expect(view.page.get_by_test_id("stPlotlyChart")).to_have_count(1)  # the window's size draws it again
    strips = view.page.locator(".viewport")
    assert strips.count() == len(cards())
    assert strips.evaluate_all("all => all.map(e => e.scrollWidth - e.clientWidth)") == [0] * len(cards())
