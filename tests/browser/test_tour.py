"""The tour as a lecturer leads it and as students get it: real keys and clicks, what is in the window, the links."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, expect

from explorer.architectures import families
from explorer.teaching.about import tour
from tests.browser.conftest import AppPage, OpenPage
from tests.browser.parts import diagram, element, link, maps, wait_for_link

LAPTOP = (1280, 720)
PHONE = (390, 844)
MOST = 0.6  # of a chart: its bars or curves, if not its axis; of pictures, not what stands under them
PRESENTED_REM = 20  # pixels, at 1280
# How many lines each text takes in the bar, with its title.
LINES = """(text, steps) => steps.map(([title, words]) => {
  const parts = words.split("**").map((part, index) => {
    return index % 2 ? Object.assign(document.createElement("strong"), { textContent: part }) : part;
  });
  text.querySelector(".title").textContent = title;
  text.replaceChildren(text.querySelector(".title"), " ", ...parts);
  return Math.round(text.getBoundingClientRect().height / parseFloat(getComputedStyle(text).lineHeight));
})"""


def bar(view: AppPage) -> Locator:
    return view.page.locator(".bar").filter(has=view.page.locator(".steps"))


def press(view: AppPage, key: str, pressed: list[str]) -> None:
    view.page.keyboard.press(key)
    view.settle()
    pressed.append(key)


def frame(view: AppPage) -> tuple[float, float]:
    """The upper and lower border of what is seen between the navigation and the bar."""
    page = view.page
    box: Any = bar(view).bounding_box()
    height = page.viewport_size["height"]
    if box["y"] > height / 2:
        return 0, box["y"]
    return box["y"] + box["height"], height


def assert_seen(view: AppPage, part: Locator, share: float = 1) -> None:
    """That share of the part comes to lie between the navigation and the bar; nobody scrolls for it."""
    expect(part).to_be_visible()
    view.page.wait_for_function(
        """([part, top, bottom, share]) => {
          const box = part.getBoundingClientRect();
          return box.top >= top - 1 && box.bottom - (1 - share) * box.height <= bottom + 1;
        }""",
        arg=[part.element_handle(), *frame(view), share],
    )


def chart(view: AppPage, section: str) -> Locator:
    return view.page.locator(f".st-key-section-{section} .js-plotly-plot").first


def terms(view: AppPage) -> Locator:
    """Input, residual and sum, in their section."""
    return view.page.locator(".st-key-section-sum .terms")


def selected_node(view: AppPage) -> str:
    return view.page.locator(".st-key-node-line").inner_text().partition(" · ")[0]


def presenting(view: AppPage) -> bool:
    return bool(view.page.evaluate("document.documentElement.hasAttribute('data-presenting')"))


def test_a_lesson_on_the_residual_unit_takes_six_keys_and_no_scroll(open_page: OpenPage) -> None:
    view = open_page("/resnet", size=LAPTOP)
    page, pressed = view.page, list[str]()
    press(view, "p", pressed)
    assert presenting(view)
    for part in ("stHeader", "stSidebar"):
        expect(page.get_by_test_id(part)).to_be_hidden()
    rem = page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
    assert rem == PRESENTED_REM
    press(view, "PageDown", pressed)  # a residual unit
    assert_seen(view, diagram(view, "Operations of conv2_x.1"))
    assert_seen(view, element(view, "Operations of", "conv2_x.1.add"))
    press(view, "PageDown", pressed)  # what it adds
    assert_seen(view, terms(view), MOST)
    press(view, "PageDown", pressed)  # without it
    assert_seen(view, chart(view, "removal"), MOST)
    press(view, "PageDown", pressed)  # without shortcuts
    assert_seen(view, diagram(view, "Operations of"))
    expect(page.locator("h1")).to_contain_text("plain-34")
    assert diagram(view, "Operations of").locator(".skip").count() == 0
    press(view, "PageDown", pressed)  # and what comes of that
    assert_seen(view, chart(view, "degradation"), MOST)
    assert len(pressed) == 6

    # Back is one press a step.
    page.go_back()
    view.settle()
    assert link(view) == {"step": "4", "present": "yes"}
    expect(bar(view).locator(".number")).to_contain_text("4/10")

    # The presenter's tools.
    laser, blank = page.locator(".laser"), page.locator(".blank")
    page.mouse.move(600, 300)
    page.keyboard.down("l")
    page.mouse.move(610, 320)
    box: Any = laser.bounding_box()
    assert abs(box["x"] + box["width"] / 2 - 610) < 1 and abs(box["y"] + box["height"] / 2 - 320) < 1
    page.keyboard.up("l")
    expect(laser).to_be_hidden()
    page.keyboard.press(".")
    assert blank.bounding_box() == {"x": 0, "y": 0, "width": LAPTOP[0], "height": LAPTOP[1]}
    page.keyboard.press("PageDown")  # any key brings the screen back, and does nothing else
    expect(blank).to_be_hidden()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    assert presenting(view) and link(view)["step"] == "4"
    page.keyboard.press("Escape")
    wait_for_link(view, "present", None)
    assert not presenting(view)
    expect(page.get_by_test_id("stHeader")).to_be_visible()


def test_the_bar_leads_and_stays_where_it_is(open_page: OpenPage) -> None:
    view = open_page("/resnet", size=LAPTOP)
    page = view.page
    next_step = page.get_by_role("button", name="Next step")
    place = next_step.bounding_box()
    next_step.click()
    view.settle()
    assert link(view) == {"step": "1"} and selected_node(view) == "conv2_x.1.add"
    assert next_step.bounding_box() == place

    # Every text of every tour fits into the bar's two lines.
    steps = [(step.title, step.text) for family in families() for step in tour(family.name)]
    lines = bar(view).locator(".text").evaluate(LINES, steps)
    assert [step for step, count in zip(steps, lines, strict=True) if count > 2] == []

    # Diagrams keep their arrows; a page key goes on from wherever the focus is.
    element(view, "Operations of", "conv2_x.1.conv2").click()
    view.settle()
    assert link(view) == {"step": "1", "node": "conv2_x.1.conv2"}
    page.keyboard.press("ArrowRight")
    view.settle()
    assert link(view)["step"] == "1"
    page.keyboard.press("PageDown")
    wait_for_link(view, "step", "2")
    assert link(view) == {"step": "2"}  # what was changed goes with the step
    assert_seen(view, terms(view), MOST)
    assert next_step.bounding_box() == place  # beside the section that it tells of

    bar(view).locator(".number").click()
    expect(page.locator('[aria-current="step"]')).to_have_text("2. What it adds")
    page.get_by_role("button", name="8. The bottleneck").click()
    wait_for_link(view, "step", "8")
    assert_seen(view, element(view, "Operations of", "conv4_x.1.conv2"))
    page.get_by_role("button", name="More about the tour").click()
    page.get_by_role("button", name="End the tour").click()
    wait_for_link(view, "step", None)
    assert link(view) == {}
    page.keyboard.press("PageDown")  # without a step the page scrolls, as pages do
    view.settle()
    assert link(view) == {}


def test_a_block_is_built_up_with_its_maps(open_page: OpenPage) -> None:
    view = open_page("/resnet?step=1", size=LAPTOP)
    page = view.page
    block = diagram(view, "Operations of conv2_x.1")
    whole = maps(view)
    selected = ["conv2_x.0.relu3", "conv2_x.1.relu1", "conv2_x.1.relu2", "conv2_x.1.bn3", "conv2_x.0.relu3"]
    seen = []
    for number, name in enumerate(selected, 1):
        page.keyboard.press("b")
        wait_for_link(view, "build", str(number))
        assert selected_node(view) == name
        expect(block).to_be_visible()
        seen.append(block.locator(".element:visible").count())
        expect(element(view, "Operations of", "conv2_x.1.add")).to_be_hidden()
        assert block.locator(".skip:visible").count() == (number == 5)
    assert seen == [1, 4, 7, 9, 9]
    copied = maps(view)
    assert copied != whole
    pasted = open_page("/" + page.url.partition("://")[2].partition("/")[2], size=LAPTOP)
    assert maps(pasted) == copied
    expect(element(pasted, "Operations of", "conv2_x.1.add")).to_be_hidden()
    page.keyboard.press("b")
    wait_for_link(view, "build", "6")
    expect(element(view, "Operations of", "conv2_x.1.add")).to_be_visible()
    assert maps(view) == whole
    element(view, "Operations of", "conv2_x.1.conv1").click()  # whoever selects something is done
    view.settle()
    assert link(view) == {"step": "1", "node": "conv2_x.1.conv1"}
    expect(element(view, "Operations of", "conv2_x.1.relu3")).to_be_visible()


def test_a_lessons_link_shows_what_was_chosen(open_page: OpenPage) -> None:
    view = open_page("/resnet", size=LAPTOP)
    page = view.page
    page.get_by_role("button", name="More about the tour").click()
    page.get_by_role("button", name="Lesson link").click()
    dialog = page.get_by_test_id("stDialog")
    for label, options in (("Sections", ["Identity + residual", "Remove a unit"]), ("Without", ["Weights", "Device"])):
        for option in options:
            dialog.get_by_role("combobox", name=label).click()
            page.get_by_role("option", name=option, exact=True).click()
            view.settle()
        page.keyboard.press("Tab")
    dialog.get_by_role("combobox", name="First").click()
    page.get_by_role("option", name="2. What it adds").click()
    view.settle()
    url = dialog.locator("code").inner_text()
    lesson = open_page("/" + url.partition("://")[2].partition("/")[2], size=LAPTOP)
    assert link(lesson) == {"lesson": "sections.sum.removal without.weights.device", "step": "2"}
    assert lesson.page.locator(".st-key-section").get_by_role("radio").count() == 2
    expect(lesson.page.locator(".st-key-weights-box")).to_have_count(0)
    assert_seen(lesson, terms(lesson), MOST)
    lesson.page.get_by_role("button", name="Lesson").click()
    lesson.page.get_by_role("button", name="Show everything").click()
    wait_for_link(lesson, "lesson", None)
    assert link(lesson) == {"step": "2"}
    assert lesson.page.locator(".st-key-section").get_by_role("radio").count() > 2


def test_on_a_phone_the_text_stands_beside_what_it_tells_of(open_page: OpenPage) -> None:
    view = open_page("/resnet?step=1", size=PHONE)
    box: Any = bar(view).bounding_box()
    assert box["y"] + box["height"] <= PHONE[1] and box["height"] <= PHONE[1] / 3
    assert_seen(view, element(view, "Operations of", "conv2_x.1.add"))
    view.page.get_by_role("button", name="Next step").click()
    view.settle()
    box = bar(view).bounding_box()
    assert box["y"] + box["height"] <= PHONE[1] and box["height"] <= PHONE[1] / 3
    assert_seen(view, view.page.locator(".st-key-section"))
