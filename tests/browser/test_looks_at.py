"""Where the network looks, by real clicks: each control changes the map, and stands in the link."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import AppPage, OpenPage
from tests.browser.parts import link, offered, pick, press, step, wait_for_link, within

MAPS = "() => [...document.querySelectorAll('.st-key-looks figure img')].map((image) => image.src)"
TESTED = ".st-key-section-looks-tested"


def add_method(view: AppPage, name: str) -> None:
    offered(view, within(view, "looks.methods").get_by_role("combobox"), name).click()
    view.page.keyboard.press("Escape")
    view.settle()


def wait(view: AppPage, place: str, count: int) -> None:
    """Until so many maps stand there."""
    expect(view.page.locator(f"{place} figure img")).to_have_count(count)
    view.settle()


def test_each_control_of_the_instrument(open_page: OpenPage) -> None:
    view = open_page("/lenet?variant=lenet5&instrument=looks-at")
    page = view.page
    shown = [page.evaluate(MAPS)]
    image = page.locator(".st-key-looks figure").first.bounding_box()
    room = page.locator(".st-key-instrument-shown").bounding_box()
    assert image and room and image["y"] + image["height"] <= room["y"] + room["height"] + 1  # with its legend

    pick(view, "looks.class", "3")
    assert link(view)["looks.class"] == "3"
    shown.append(page.evaluate(MAPS))
    add_method(view, "Gradient × input")
    assert link(view)["looks.methods"] == "grad-cam~times"
    shown.append(page.evaluate(MAPS))
    page.get_by_role("button", name="Settings").click()
    view.settle()
    pick(view, "looks.other", "5")
    assert link(view)["looks.other"] == "5"
    shown.append(page.evaluate(MAPS))
    assert [len(maps) for maps in shown] == [1, 1, 2, 4]
    step(view, "looks.opacity")
    assert link(view)["looks.opacity"] == "61"
    shown.append(page.evaluate(MAPS))
    press(view, "looks.at", "Selected operation")
    assert link(view)["looks.at"] == "selected"
    shown.append(page.evaluate(MAPS))
    page.keyboard.press("Escape")
    assert len({str(maps) for maps in shown}) == len(shown)

    add_method(view, "Occlusion")
    begin = page.get_by_role("button", name="Compute")
    begin.click()
    wait(view, ".st-key-looks", 6)
    pick(view, "looks.of", "A maximum")
    wait_for_link(view, "looks.of", "largest")
    page.get_by_role("button", name="Can it be believed?").click()
    wait_for_link(view, "section", "looks-tested")
    expect(page.locator(".st-key-section-looks-tested .st-key-looks-tested")).to_have_count(1)
    expect(page.locator(".st-key-looks-class")).to_have_count(0)


def test_the_section_says_whether_guided_backpropagation_shows_what_was_learned(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet18&sample=church&section=looks-tested", size=(390, 844))
    page = view.page
    pick(view, "looks.tested", "Guided backpropagation")
    assert link(view)["looks.tested"] == "guided"
    page.get_by_role("button", name="Test it").click()
    wait(view, TESTED, 3)
    section = page.locator(".st-key-section-looks-tested")
    expect(section.get_by_role("heading").first).to_contain_text("fails here")
    step(view, "looks.depth", "ArrowLeft")
    wait(view, TESTED, 4)
    assert link(view)["looks.depth"] == "18"
    press(view, "looks.gone", "Blurred")
    begin = page.get_by_role("button", name="Let pixels go and come")
    begin.click()
    # At once: Playwright would wait until the button, which each slice draws anew, has stood still.
    page.locator(".st-key-looks-fade-begin-cancel button").dispatch_event("click")
    view.settle()
    expect(begin).to_be_enabled()
    assert page.get_by_test_id("stMain").evaluate("e => e.scrollWidth - e.clientWidth") <= 0
