"""Drawing a digit with the mouse, a finger and the keyboard: all layers, the answer and the big maps follow."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import AppPage, OpenPage
from tests.browser.parts import check_controls, link, maps, press, step

TIMEOUT_MS = 60_000
# The canvas is black and white, apart from its rounded corners.
INK = """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
  .filter((value, place) => place % 4 === 0 && value > 128).length"""
STRIPS = "canvases => canvases.map((canvas) => canvas.toDataURL())"


def box(view: AppPage) -> dict[str, float]:
    board = view.page.locator("canvas.board")
    board.evaluate("canvas => canvas.scrollIntoView({ block: 'center' })")  # not under the navigation
    found: Any = board.bounding_box()
    return found


def strips(view: AppPage) -> list[str]:
    shown: list[str] = view.page.locator(".strips .maps canvas").evaluate_all(STRIPS)
    return shown


def stroke(view: AppPage, x: float = 0.5, *, settle: bool = True) -> None:
    """A line down the canvas with the mouse; `x` from 0 to 1."""
    area, mouse = box(view), view.page.mouse
    side = area["width"]
    mouse.move(area["x"] + x * side, area["y"] + 0.1 * side)
    mouse.down()
    mouse.move(area["x"] + x * side, area["y"] + 0.9 * side, steps=20)
    mouse.up()
    if settle:
        view.settle()


def clear(view: AppPage) -> None:
    view.page.get_by_role("button", name="Clear").click()
    view.settle()
    assert view.page.locator("canvas.board").evaluate(INK) == 0


def answer(view: AppPage) -> Any:
    return expect(view.page.locator(".answer strong"))


def test_the_mouse_draws_a_one_and_everything_follows(open_page: OpenPage) -> None:
    view = open_page("/lenet?digit.sample=8")
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


def test_each_control_changes_all_layers_and_the_link(open_page: OpenPage) -> None:
    view = open_page("/lenet")
    before = view.page.locator("canvas.board").evaluate(INK)
    press(view, "digit.sample", "4")
    answer(view).to_have_text("4", timeout=TIMEOUT_MS)
    assert view.page.locator("canvas.board").evaluate(INK) != before
    controls = ("digit.right", "digit.down", "digit.rotate", "digit.scale", "digit.thicken")
    check_controls(view, "draw", dict.fromkeys(controls, step))
    values = {"digit.sample": "4", "digit.right": "1", "digit.rotate": "5", "digit.scale": "110"}
    assert values.items() <= link(view).items()
    big = maps(view)
    view.page.get_by_role("button", name="Reset the sliders").click()
    view.settle()
    assert link(view) == {"digit.sample": "4"} and maps(view) != big
    check_controls(view, "draw", {"digit.reads": partial(press, option="Picture of the sidebar")})
    expect(view.page.locator("canvas.board")).to_have_count(0)


def test_the_first_stroke_on_a_sample_clears_it_and_the_drawing_outlives_other_sections(open_page: OpenPage) -> None:
    view = open_page("/lenet?digit.sample=8")
    ink = view.page.locator("canvas.board").evaluate(INK)
    stroke(view)
    answer(view).to_have_text("1", timeout=TIMEOUT_MS)
    own = view.page.locator("canvas.board").evaluate(INK)
    assert 0 < own < ink  # of the 8 nothing is left
    press(view, "section", "Paper")
    press(view, "section", "Draw a digit")
    answer(view).to_have_text("1", timeout=TIMEOUT_MS)
    assert abs(view.page.locator("canvas.board").evaluate(INK) - own) < 0.02 * own
    press(view, "digit.sample", "8")
    answer(view).to_have_text("8", timeout=TIMEOUT_MS)
    assert abs(view.page.locator("canvas.board").evaluate(INK) - ink) < 0.02 * ink
    press(view, "digit.sample", "Yours")
    answer(view).to_have_text("1", timeout=TIMEOUT_MS)
    stroke(view, 0.3)
    assert view.page.locator("canvas.board").evaluate(INK) > 1.5 * own  # on a drawing, more is section
    view.page.get_by_role("button", name="Undo", exact=True).click()
    view.settle()
    assert view.page.locator("canvas.board").evaluate(INK) < 1.02 * own
    for x in (0.2, 0.8):  # quicker than the page can follow
        stroke(view, x, settle=False)
    view.settle()
    assert view.page.locator("canvas.board").evaluate(INK) > 2.5 * own
    assert link(view) == {"digit.sample": "drawn"}
    view.page.go_back()  # to the 8
    view.settle()
    answer(view).to_have_text("8", timeout=TIMEOUT_MS)
    view.page.go_forward()
    view.settle()
    assert view.page.locator("canvas.board").evaluate(INK) > 2.5 * own


def test_a_finger_draws_on_a_phone_and_the_page_stays(open_page: OpenPage) -> None:
    view = open_page("/lenet?digit.sample=8", size=(390, 844))
    page = view.page
    for part in (page.locator("html"), page.get_by_test_id("stMain")):
        assert part.evaluate("e => e.scrollWidth - e.clientWidth") <= 0
    canvas: Any = page.locator("canvas.board").bounding_box()
    assert canvas["x"] >= 0
    assert canvas["x"] + canvas["width"] <= 390
    results: Any = page.locator(".layers .bars").bounding_box()
    assert canvas["y"] < 400  # seen without scrolling, and the answers with it
    assert results["y"] + results["height"] / 2 < 844
    clear(view)
    area = box(view)
    scrolled = page.get_by_test_id("stMain").evaluate("main => main.scrollTop")
    touch = page.context.new_cdp_session(page)
    x, y, side = area["x"] + area["width"] / 2, area["y"], area["width"]

    def finger(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": px, "y": py} for px, py in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    finger("touchStart", (x, y + 0.1 * side))
    for moved in range(1, 21):
        finger("touchMove", (x, y + (0.1 + 0.04 * moved) * side))
    finger("touchEnd")
    expect(page).to_have_url(re.compile("digit.sample=drawn"), timeout=TIMEOUT_MS)
    view.settle()
    answer(view).to_have_text("1", timeout=TIMEOUT_MS)
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollTop") == scrolled


@pytest.mark.parametrize("dark", [False, True])
def test_the_keyboard_draws(open_page: OpenPage, dark: bool) -> None:
    view = open_page("/lenet?digit.sample=8", dark=dark)
    clear(view)
    board = view.page.locator("canvas.board")
    board.focus()
    board.press("ArrowUp")  # shows where the pen is
    board.press("Space")
    for _ in range(14):
        board.press("ArrowDown")
    board.press("Space")
    expect(view.page).to_have_url(re.compile("digit.sample=drawn"), timeout=TIMEOUT_MS)
    view.settle()
    answer(view).to_have_text("1", timeout=TIMEOUT_MS)
    board.press("Backspace")
    view.settle()
    assert view.page.locator("canvas.board").evaluate(INK) < 2000  # the cursor's ring alone
