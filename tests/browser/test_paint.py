"""The picture painted over, with the mouse and with keys."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import AppPage, OpenPage
from tests.browser.parts import link, press

PICTURE = """canvas => canvas.toDataURL()"""


def answer(view: AppPage) -> str:
    """What came out, below the maps."""
    return view.page.locator("[class*=-input-answer]").inner_text()


def test_each_stroke_changes_the_answer_and_undo_brings_it_back(open_page: OpenPage) -> None:
    view = open_page("/resnet?instrument=edit&edit.view=paint")
    page, canvas = view.page, view.page.locator("canvas.board")
    before, unpainted = answer(view), canvas.evaluate(PICTURE)
    box: Any = canvas.bounding_box()
    side = box["width"]
    page.mouse.move(box["x"] + 0.3 * side, box["y"] + 0.2 * side)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * side, box["y"] + 0.6 * side, steps=6)
    assert canvas.evaluate(PICTURE) != unpainted  # before the server has said anything
    page.mouse.up()
    view.settle()
    first, painted = answer(view), canvas.evaluate(PICTURE)
    assert first != before and painted != unpainted
    assert link(view) == {"instrument": "edit", "edit.view": "paint"}
    expect(page.locator(".st-key-paint-answers .js-plotly-plot")).to_have_count(1)

    press(view, "paint.brush", "Noise")
    canvas.focus()
    for key in ("ArrowLeft", "ArrowDown", "Space"):
        canvas.press(key)
    view.settle()
    assert answer(view) not in (before, first)
    canvas.press("u")
    view.settle()
    assert answer(view) == first and canvas.evaluate(PICTURE) == painted
    press(view, "instrument", "Kernels")  # all of the page sees the painted picture
    assert answer(view) == first
    press(view, "instrument", "Edit")
    assert canvas.evaluate(PICTURE) == painted
    page.get_by_role("button", name="Clear", exact=True).click()
    view.settle()
    assert answer(view) == before and canvas.evaluate(PICTURE) == unpainted


def test_a_finger_paints_and_the_page_stays(open_page: OpenPage) -> None:
    view = open_page("/alexnet?instrument=edit&edit.view=paint", size=(390, 844), touch=True)
    page, canvas = view.page, view.page.locator("canvas.board")
    canvas.evaluate("canvas => canvas.scrollIntoView({ block: 'center' })")
    assert page.get_by_test_id("stMain").evaluate("e => e.scrollWidth - e.clientWidth") <= 0
    before = answer(view)
    box: Any = canvas.bounding_box()
    scrolled = page.get_by_test_id("stMain").evaluate("main => main.scrollTop")
    touch = page.context.new_cdp_session(page)

    def finger(kind: str, *places: float) -> None:
        points = [{"x": box["x"] + p * box["width"], "y": box["y"] + p * box["width"]} for p in places]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    finger("touchStart", 0.3)
    for step in range(1, 8):
        finger("touchMove", 0.3 + 0.05 * step)
    finger("touchEnd")
    view.page.wait_for_function(
        "before => document.querySelector('[class*=-input-answer]').innerText !== before", arg=before
    )
    view.settle()
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollTop") == scrolled
