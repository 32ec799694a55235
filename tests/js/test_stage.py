"""The tour's bar: what the keys mean where the focus is, what is shown at once, and what is asked of the server."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.js.conftest import Modules

STAGE = "ui/components/stage/stage.js"
KEYS = "ui/components/stage/keys.js"
STYLE = "ui/components/stage/stage.css"
AT_HOME = {"step": 0, "presenting": False}
ON_TOUR = {"step": 2, "presenting": False}
PRESENTING = {"step": 0, "presenting": True}


def data(**changes: Any) -> dict[str, Any]:
    steps = [
        {"title": f"Title {number}", "text": f"A **bold** word, {number}.", "node": "a", "look": "screen"}
        for number in (1, 2, 3)
    ]
    now = {"step": 0, "presenting": False, "build": 0, "presses": 0}
    return {"steps": steps, **now, "noun": "Tour", "idea": "The idea.", "pieces": 4, "lesson": False, **changes}


def wishes(stage: Modules) -> list[dict[str, Any]]:
    return [value for name, value in stage.reports if name == "wish"]


def presenting(stage: Modules) -> bool:
    return bool(stage.page.evaluate("document.documentElement.hasAttribute('data-presenting')"))


@pytest.mark.parametrize(
    ("key", "focus", "now", "meaning"),
    [
        ("PageDown", "page", AT_HOME, None),  # the page scrolls, as pages do
        ("ArrowRight", "page", AT_HOME, None),
        ("PageDown", "page", ON_TOUR, "next"),
        ("PageUp", "part", ON_TOUR, "previous"),
        ("PageDown", "text", ON_TOUR, None),
        ("PageDown", "text", PRESENTING, "next"),  # a presenter's remote
        ("ArrowRight", "page", ON_TOUR, "next"),
        ("ArrowLeft", "page", PRESENTING, "previous"),
        ("ArrowRight", "part", PRESENTING, None),  # a diagram's own
        (" ", "page", ON_TOUR, None),
        (" ", "page", PRESENTING, "next"),
        ("b", "page", AT_HOME, "build"),
        ("B", "part", AT_HOME, "unbuild"),
        ("b", "text", AT_HOME, None),
        ("p", "part", AT_HOME, "present"),
        ("p", "text", PRESENTING, None),
        ("l", "page", ON_TOUR, None),
        ("l", "part", PRESENTING, "laser"),
        (".", "page", PRESENTING, "blank"),
        ("Escape", "page", ON_TOUR, None),
        ("Escape", "page", PRESENTING, "end"),
        ("?", "page", AT_HOME, "help"),
        ("toString", "page", PRESENTING, None),
    ],
)
def test_what_a_key_means(modules: Modules, key: str, focus: str, now: dict[str, Any], meaning: str | None) -> None:
    assert modules.call(KEYS, "meaningOf", key, focus, now) == meaning


def test_steps_are_shown_at_once_and_asked_for_with_their_count(stage: Modules) -> None:
    stage.mount(STAGE, data(), STYLE)
    text, number = stage.locator(".text"), stage.locator(".number")
    expect(text).to_have_text("The idea.")
    stage.page.get_by_role("button", name="Next step").click()
    expect(text).to_have_text("Title 1 A bold word, 1.")
    assert text.locator("strong").all_inner_texts() == ["Title 1", "bold"]
    stage.page.keyboard.press("PageDown")
    stage.page.keyboard.press("ArrowRight")  # the focus is on a button of the bar itself
    expect(number).to_contain_text("3/3")
    assert [(w["step"], w["presses"]) for w in wishes(stage)] == [(1, 1), (2, 2), (3, 3)]
    stage.receive(data(step=1, presses=1))  # the answer to the first of them: nobody goes back
    expect(number).to_contain_text("3/3")
    stage.receive(data(step=3, presses=3))
    stage.page.keyboard.press("PageDown")  # there is no fourth
    assert len(wishes(stage)) == 3
    stage.receive(data(step=2, presses=3))  # Back
    expect(number).to_contain_text("2/3")


def test_nothing_moves_from_step_to_step(stage: Modules) -> None:
    stage.page.set_viewport_size({"width": 1000, "height": 700})
    steps = [{"title": "T", "text": "word " * count, "node": "a", "look": "screen"} for count in (1, 30)]
    stage.mount(STAGE, data(steps=steps), STYLE)
    next_step, bar = stage.page.get_by_role("button", name="Next step"), stage.locator(".bar")
    boxes = []
    for step in (0, 1, 2):
        stage.receive(data(steps=steps, step=step, presses=step))
        boxes.append((next_step.bounding_box(), bar.bounding_box()))
    assert boxes[0] == boxes[1] == boxes[2]


def test_the_list_jumps_and_marks_the_step(stage: Modules) -> None:
    stage.mount(STAGE, data(step=2), STYLE)
    opener = stage.locator(".number")
    opener.click()
    marked = stage.locator('.list [aria-current="step"]')
    assert marked.all_inner_texts() == ["2. Title 2"]
    stage.page.get_by_role("button", name="3. Title 3").click()
    expect(stage.locator("ol.list")).to_be_hidden()
    assert wishes(stage)[-1]["step"] == 3
    opener.click()
    stage.page.keyboard.press("Escape")
    expect(stage.locator("ol.list")).to_be_hidden()


def test_keys_do_not_fire_while_a_person_types(stage: Modules) -> None:
    stage.mount(STAGE, data(step=1), STYLE)
    stage.page.evaluate(
        """() => {
          const host = document.createElement("div");
          document.body.append(host);
          host.attachShadow({ mode: "open" }).innerHTML = "<input><input type=range><button>x</button>";
        }"""
    )
    stage.locator("input").first.focus()
    stage.page.keyboard.type("p?b.l")
    stage.page.keyboard.press("PageDown")
    assert stage.locator("input").first.input_value() == "p?b.l"
    assert stage.reports == []
    stage.page.get_by_role("button", name="x", exact=True).focus()
    stage.page.keyboard.press("ArrowRight")
    assert stage.reports == []
    stage.page.keyboard.press("PageDown")
    assert wishes(stage)[-1]["step"] == 2


def test_presenting_laser_blank_and_help(stage: Modules) -> None:
    stage.mount(STAGE, data(), STYLE)
    keyboard, laser, blank = stage.page.keyboard, stage.locator(".laser"), stage.locator(".blank")
    keyboard.press("l")
    keyboard.press(".")
    expect(laser).to_be_hidden()
    expect(blank).to_be_hidden()
    keyboard.press("p")
    assert presenting(stage) and wishes(stage)[-1]["presenting"]
    stage.page.mouse.move(300, 200)
    keyboard.down("l")
    stage.page.mouse.move(320, 210)
    box: Any = laser.bounding_box()
    assert (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) == (320, 210)
    keyboard.up("l")
    expect(laser).to_be_hidden()
    keyboard.press(".")
    assert blank.bounding_box() == {"x": 0, "y": 0, "width": 1000, "height": 800}
    keyboard.press("Escape")  # only brings the screen back
    expect(blank).to_be_hidden()
    assert presenting(stage)
    keyboard.press("?")
    expect(stage.locator("dialog")).to_be_visible()
    keyboard.press("PageDown")
    keyboard.press("Escape")
    expect(stage.locator("dialog")).to_be_hidden()
    assert presenting(stage) and wishes(stage)[-1]["step"] == 0
    keyboard.press("Escape")
    assert not presenting(stage) and not wishes(stage)[-1]["presenting"]


def test_a_block_is_built_up_and_whole_again(stage: Modules) -> None:
    stage.mount(STAGE, data(pieces=3), STYLE)
    for key in "bbbbB":
        stage.page.keyboard.press("Shift+B" if key == "B" else key)
    assert [w["build"] for w in wishes(stage)] == [1, 2, 3, 0, 3]
    stage.receive(data(pieces=0, presses=5))
    stage.page.keyboard.press("b")
    assert len(wishes(stage)) == 5


def test_a_lesson_says_so_and_has_a_way_out(stage: Modules) -> None:
    stage.mount(STAGE, data(), STYLE)
    expect(stage.page.get_by_role("button", name="Lesson", exact=False)).to_have_count(0)
    stage.receive(data(lesson=True))
    stage.page.get_by_role("button", name="Lesson").click()
    expect(stage.page.get_by_text("This is a lesson")).to_be_visible()
    stage.page.get_by_role("button", name="Show everything").click()
    assert stage.reports[-1] == ["lesson", True]


def test_a_page_without_a_tour_has_no_bar_but_its_keys(stage: Modules) -> None:
    stage.mount(STAGE, data(steps=[], pieces=0), STYLE)
    expect(stage.locator(".bar")).to_be_hidden()
    stage.page.keyboard.press("p")
    stage.page.keyboard.press("PageDown")
    assert wishes(stage) == [{"step": 0, "presenting": True, "build": 0, "presses": 1}]
