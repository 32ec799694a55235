"""Drawing a digit with the mouse, a finger and the keyboard: all layers, the answer and the big maps follow."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import AppPage, OpenPage
from tests.browser.parts import link, maps

TIMEOUT_MS = 60_000
# The canvas is black and white, apart from its rounded corners.
INK = """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
  .filter((value, place) => place % 4 === 0 && value > 128).length"""
STRIPS = "canvases => canvases.map((canvas) => canvas.toDataURL())"


def box(view: AppPage) -> dict[str, float]:
    board = view.page.locator("canvas.board")
    board.scroll_into_view_if_needed()
    found: Any = board.bounding_box()
    return found


def strips(view: AppPage) -> list[str]:
    shown: list[str] = view.page.locator(".strips .maps canvas").evaluate_all(STRIPS)
    return shown


def clear(view: AppPage) -> None:
    view.page.get_by_role("button", name="Clear").click()
    view.settle()
    assert view.page.locator("canvas.board").evaluate(INK) == 0


def answer(view: AppPage) -> Any:
    return expect(view.page.locator(".answer strong"))


def test_the_mouse_draws_a_one_and_everything_follows(open_page: OpenPage) -> None:
    view = open_page("/lenet?digit=8")
    page = view.page
    answer(view).to_have_text("8")
    all_layers, big = strips(view), maps(view)
    assert len(all_layers) == 6 + 6 + 16 + 16 + 1 + 1
    clear(view)
    area = box(view)
    x, y, side = area["x"] + area["width"] / 2, area["y"], area["width"]
    page.mouse.move(x, y + 0.1 * side)
    page.mouse.down()
    page.mouse.move(x, y + 0.9 * side, steps=20)
    answer(view).to_have_text("1", timeout=TIMEOUT_MS)  # the pen is still down
    page.mouse.up()
    view.settle()
    changed = [now != before for now, before in zip(strips(view), all_layers, strict=True)]
    assert sum(changed) > 0.8 * len(changed)  # a small map may be the same, where every value is saturated
    assert maps(view) != big

    ink = page.locator("canvas.board").evaluate(INK)
    page.get_by_role("button", name="Eraser").click()
    page.mouse.move(x - 0.3 * side, y + 0.5 * side)
    page.mouse.down()
    page.mouse.move(x + 0.3 * side, y + 0.5 * side, steps=5)
    page.mouse.up()
    assert page.locator("canvas.board").evaluate(INK) < ink
    page.get_by_role("button", name="Undo", exact=True).click()
    assert page.locator("canvas.board").evaluate(INK) == ink
    view.settle()
    answer(view).to_have_text("1", timeout=TIMEOUT_MS)


def test_a_sample_and_a_slider_from_the_page(open_page: OpenPage) -> None:
    view = open_page("/lenet?digit=0")
    before = view.page.locator("canvas.board").evaluate(INK)
    view.page.locator(".st-key-digit").get_by_role("radio", name="4", exact=True).click()
    view.settle()
    answer(view).to_have_text("4", timeout=TIMEOUT_MS)
    assert view.page.locator("canvas.board").evaluate(INK) != before
    slider = view.page.get_by_role("slider", name=re.compile("Rotate"))
    slider.press("ArrowRight")
    view.settle()
    assert {"digit": "4", "rotate": "5"}.items() <= link(view).items()
    expect(view.page.get_by_text("Read as 4 from").first).to_be_visible()


def test_a_finger_draws_on_a_phone_and_the_page_stays(open_page: OpenPage) -> None:
    view = open_page("/lenet?digit=8", size=(390, 844))
    page = view.page
    for part in (page.locator("html"), page.get_by_test_id("stMain")):
        assert part.evaluate("e => e.scrollWidth - e.clientWidth") <= 0
    clear(view)
    area = box(view)
    assert area["x"] >= 0
    assert area["x"] + area["width"] <= 390
    results: Any = page.locator(".layers .bars").bounding_box()
    assert area["y"] < 400  # seen without scrolling, and the answers with it
    assert results["y"] + results["height"] / 2 < 844
    scrolled = page.get_by_test_id("stMain").evaluate("main => main.scrollTop")
    touch = page.context.new_cdp_session(page)
    x, y, side = area["x"] + area["width"] / 2, area["y"], area["width"]

    def finger(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": px, "y": py} for px, py in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    finger("touchStart", (x, y + 0.1 * side))
    for step in range(1, 21):
        finger("touchMove", (x, y + (0.1 + 0.04 * step) * side))
    finger("touchEnd")
    expect(page).to_have_url(re.compile("digit=drawn"), timeout=TIMEOUT_MS)
    view.settle()
    answer(view).to_have_text("1", timeout=TIMEOUT_MS)
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollTop") == scrolled


@pytest.mark.parametrize("dark", [False, True])
def test_the_keyboard_draws(open_page: OpenPage, dark: bool) -> None:
    view = open_page("/lenet?digit=8", dark=dark)
    clear(view)
    board = view.page.locator("canvas.board")
    board.focus()
    board.press("ArrowUp")  # shows where the pen is
    board.press("Space")
    for _ in range(14):
        board.press("ArrowDown")
    board.press("Space")
    expect(view.page).to_have_url(re.compile("digit=drawn"), timeout=TIMEOUT_MS)
    view.settle()
    answer(view).to_have_text("1", timeout=TIMEOUT_MS)
    board.press("Backspace")
    view.settle()
    assert view.page.locator("canvas.board").evaluate(INK) < 2000  # the cursor's ring alone
