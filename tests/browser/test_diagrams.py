"""The linked diagrams: clicks, keys, hover text, the whole graph, files to take away, colours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from explorer.analysis.palette import INK, KINDS, contrast
from explorer.analysis.trace import trace_variant
from explorer.architectures import variant
from explorer.diagrams import block_diagram
from explorer.diagrams.drawing import SELECTION
from tests.browser.conftest import OpenPage
from tests.browser.parts import choose, diagram, element, link, maps, node, pick, selected

STAGES, BLOCKS, OPERATIONS, EVERYTHING = "Stages of", "Blocks of", "Operations of", "All operations of"
FOCUSED = """() => {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active?.dataset.element ?? null;
}"""


def test_a_click_in_each_diagram_changes_the_selection_the_maps_and_the_link(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet18")
    diagram(view, STAGES).evaluate("svg => { svg.drawnOnce = true; }")
    shown = maps(view)
    for label, clicked, chosen, block in (
        (STAGES, "conv4_x", "conv4_x.1.add", "conv4_x.1"),
        (BLOCKS, "conv4_x.0", "conv4_x.0.relu2", "conv4_x.0"),
        (OPERATIONS, "conv4_x.0.shortcut.conv", "conv4_x.0.shortcut.conv", "conv4_x.0"),
        (STAGES, "stem", "stem.pool", "stem"),
    ):
        element(view, label, clicked).click()
        view.settle()
        assert selected(view) == {chosen, block, block.partition(".")[0]}
        assert node(view) == link(view)["node"] == chosen
        expect(diagram(view, OPERATIONS)).to_have_attribute("aria-label", f"Operations of {block}")
        assert maps(view) != shown
        shown = maps(view)
    assert diagram(view, STAGES).evaluate("svg => svg.drawnOnce")  # a click does not draw the strip again


def test_the_keyboard_selects(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet18&node=conv3_x.0.add")
    page = view.page
    page.locator(".st-key-view button").focus()
    for _ in range(5):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED):
            break
    assert page.evaluate(FOCUSED) == "conv3_x"  # the selected element is the strip's one tab stop
    expect(page.get_by_role("tooltip").filter(has_text="conv3_x")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(FOCUSED) == "conv5_x"
    page.keyboard.press("Enter")
    view.settle()
    assert node(view) == "conv5_x.1.add"
    assert page.evaluate(FOCUSED) == "conv5_x"  # and on with the arrows
    page.keyboard.press("ArrowLeft")
    page.keyboard.press(" ")
    view.settle()
    assert node(view) == "conv4_x.1.add"


def test_hovering_tells_what_an_element_is_and_costs(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet18&node=conv3_x.0.conv1")
    trace = trace_variant(variant("resnet18"))
    conv = trace.node("conv3_x.0.conv1")
    expected = block_diagram(trace, "conv3_x.0").elements[conv.name]
    element(view, OPERATIONS, conv.name).hover()
    tooltip = view.page.get_by_role("tooltip").filter(has_text=conv.name)
    expect(tooltip).to_be_visible()
    text = tooltip.inner_text()
    assert text.splitlines() == [expected.title, *expected.lines]
    height, width = conv.receptive_field
    for fact in (
        "56×56×64",
        "28×28×128",
        f"{conv.params:,}",
        "MACs 57.8 M",
        f"{height}×{width} px, every 8 px",
    ):
        assert fact in text
    view.page.mouse.move(5, 5)
    expect(tooltip).to_be_hidden()
    element(view, STAGES, "conv5_x").hover()
    expect(view.page.locator(".tooltip:popover-open")).to_have_count(1)
    element(view, STAGES, "conv5_x").click()
    view.settle()
    expect(view.page.locator(".tooltip:popover-open")).to_have_count(0)  # it would cover what has opened


def test_the_whole_graph_zooms_pans_and_selects(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet50&node=conv4_x.2.add")
    page = view.page
    page.locator(".st-key-view button").click()
    choose(view, "All operations")
    page.keyboard.press("Escape")
    graph = diagram(view, EVERYTHING)
    box = lambda: [float(number) for number in graph.get_attribute("viewBox").split()]  # noqa: E731
    assert selected(view) == {"conv4_x", "conv4_x.2.add"}
    first = box()
    page.get_by_role("button", name="Zoom in").click()
    zoomed = box()
    assert zoomed[2] == pytest.approx(first[2] / 1.4)
    page.get_by_role("button", name="Zoom out").click()
    assert box() == pytest.approx(first)
    page.get_by_role("button", name="Show the whole diagram").click()
    assert box()[3] > 3 * first[3]
    assert selected(view) == {"conv4_x", "conv4_x.2.add"}
    page.get_by_role("button", name="Zoom in").click()
    middle = graph.bounding_box()
    x, y = middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2
    before = box()
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 80, steps=4)
    page.mouse.up()
    assert box()[1] > before[1]
    assert node(view) == "conv4_x.2.add"  # dragging selects nothing
    element(view, STAGES, "conv2_x").click()
    view.settle()
    element(view, EVERYTHING, "conv2_x.2.relu3").click()
    view.settle()
    assert node(view) == "conv2_x.2.relu3"
    assert selected(view) == {"conv2_x", "conv2_x.2.relu3"}


def test_diagrams_can_be_taken_away_as_files(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet18&colour=macs")
    view.page.locator(".st-key-view button").click()
    for name, start in (("SVG", b"<svg"), ("PNG", b"\x89PNG\r\n"), ("PDF", b"%PDF-"), ("DOT", b"digraph")):
        with view.page.expect_download() as download:
            view.page.get_by_role("button", name=name, exact=True).click()
        assert download.value.suggested_filename == f"resnet18-network-macs.{name.lower()}"
        content = Path(download.value.path()).read_bytes()
        assert content.lstrip().removeprefix(b"strict ").startswith(start)
        assert len(content) > 1000
    with view.page.expect_download() as titled:
        view.page.get_by_role("button", name="SVG", exact=True).click()
    assert "ResNet-18" in (with_title := Path(titled.value.path()).read_text())
    for part in ("Title", "Selection"):
        view.page.locator(".st-key-download-parts").get_by_role("button", name=part, exact=True).click()
        view.settle()
    with view.page.expect_download() as outlined:
        view.page.get_by_role("button", name="SVG", exact=True).click()
    without_title = Path(outlined.value.path()).read_text()
    assert "ResNet-18" not in without_title
    assert (SELECTION in with_title, SELECTION in without_title) == (False, True)


def test_a_phone_shows_the_block_whole_and_says_that_the_strip_goes_on(open_page: OpenPage) -> None:
    view = open_page("/senet?node=conv4_x.1.add", size=(390, 844), touch=True)
    drawings = view.page.locator(".viewport")
    cut = drawings.evaluate_all("all => all.map((e) => e.scrollWidth - e.clientWidth)")
    assert cut[0] > 0 and max(cut[1:]) <= 0
    assert view.page.locator(".root.cut-right").count() == 1
    block = view.page.locator(".viewport", has=diagram(view, OPERATIONS)).bounding_box()
    stage = view.page.locator(".viewport", has=diagram(view, BLOCKS)).bounding_box()
    line = view.page.locator(".st-key-node-line").bounding_box()
    assert stage["y"] + stage["height"] <= block["y"]
    assert 0 <= line["y"] - block["y"] - block["height"] < 40  # nothing of nothing between
    element(view, OPERATIONS, "conv4_x.1.se.gate").tap()
    view.settle()
    assert node(view) == "conv4_x.1.se.gate"
    expect(view.page.locator(".tooltip:popover-open")).to_have_count(0)  # the line says it all


def test_on_home_a_tooltip_leaves_the_card_readable(open_page: OpenPage) -> None:
    view = open_page("/", size=(1280, 720))
    stage = element(view, "Stages of ResNet-50", "conv4_x")
    stage.scroll_into_view_if_needed()
    card = view.page.get_by_test_id("stVerticalBlock").filter(has=stage).last
    stage.hover()
    tooltip = view.page.locator(".tooltip:popover-open").bounding_box()
    for text in card.get_by_test_id("stMarkdownContainer").all():
        box = text.bounding_box()
        assert tooltip["y"] >= box["y"] + box["height"] or tooltip["x"] >= box["x"] + box["width"]


def _rgb(colour: str) -> tuple[int, ...]:
    if colour.startswith("#"):
        return tuple(int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return tuple(int(number) for number in re.findall(r"\d+", colour)[:3])


def _hex(colour: str) -> str:
    return "#" + "".join(f"{channel:02x}" for channel in _rgb(colour))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_themes_are_readable_and_have_their_own_colours(open_page: OpenPage, theme: str) -> None:
    view = open_page("/resnet?variant=resnet18", dark=theme == "dark")
    page = view.page
    background = page.get_by_test_id("stApp").evaluate("app => getComputedStyle(app).backgroundColor")
    assert (sum(_rgb(background)) < 384) == (theme == "dark")
    conv = element(view, OPERATIONS, "conv2_x.0.conv1")
    shape = conv.locator("polygon, path").first
    fill = lambda: shape.evaluate("s => getComputedStyle(s).fill")  # noqa: E731
    assert _hex(fill()) == getattr(KINDS["convolution"], f"{theme}_fill")
    texts = page.locator(".viewport text")
    for ink, inside in texts.evaluate_all(
        "texts => texts.map((t) => [getComputedStyle(t).fill, t.classList.contains('inside')])"
    ):
        if inside:
            assert _hex(ink) == INK
        else:
            assert contrast(_hex(ink), _hex(background)) >= 4.5
    by_kind = fill()
    pick(view, "colour", "Colour: MACs")
    assert fill() != by_kind
    expect(page.get_by_text("MACs, log scale:")).to_have_count(1)  # for all three diagrams
