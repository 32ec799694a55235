"""The questions on a page: predicting, what the reveal does, turning to the next one, and a room in one session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from explorer.architectures import family
from explorer.hall.rooms import rooms
from explorer.teaching.about import questions
from explorer.ui import cache

Open = Callable[..., Any]  # -> tests.visit.Visit
FEWEST = 5  # questions of a page
OPEN = {"instrument": "questions"}
PAGES = ("lenet", "resnet", "googlenet")  # its own picture; units; heads for training


def buttons(page: Any) -> dict[str, Any]:
    return {button.key: button for button in page.app.button}


def press(page: Any, key: str) -> Any:
    buttons(page)[key].click()
    return page.run()


def question(page: Any) -> str:
    return str(page.app.main.header[0].value)


def test_a_prediction_is_marked_and_the_answer_is_shown_in_the_diagrams(visit: Open) -> None:
    page = visit("resnet", **OPEN, **{"questions.name": "most-params"})
    press(page, "question-predict-0")
    assert buttons(page)["question-predict-0"].proto.type == "primary"
    assert "question-show" in buttons(page)
    press(page, "question-show")
    assert page.link["colour"] == "params" and page.link["node"].startswith("conv5_x.")
    assert "question-show" not in buttons(page)
    marks = [b.proto.icon for key, b in buttons(page).items() if key.startswith("question-predict-")]
    assert marks.count(":material/check_circle:") == 1


def test_the_next_question_undoes_what_the_answer_changed(visit: Open) -> None:
    page = visit("resnet", **OPEN, variant="resnet34", **{"questions.name": "without-a-unit"})
    press(page, "question-show")
    assert page.link["edits"].endswith(":skip")
    press(page, "question-next")
    assert "edits" not in page.link and page.link["questions.name"] != "without-a-unit"
    press(page, "question-before")
    assert page.link["questions.name"] == "without-a-unit" and "question-show" in buttons(page)


@pytest.mark.parametrize("name", PAGES)
def test_the_reveal_of_every_question_is_shown(visit: Open, name: str) -> None:
    page = visit(name, **OPEN)
    trace, seen = cache.trace(family(name).default), set()
    for _ in questions(name):
        asked = question(page)
        seen.add(asked)
        press(page, "question-show")
        assert page.warnings == []
        assert question(page) == asked
        assert page.link.get("node", trace.nodes[0].name) in trace
        press(page, "question-next")
        assert set(page.link) <= {"instrument", "questions.name"}
    assert len(seen) >= FEWEST


def test_a_value_that_the_answer_names_is_taken_apart(visit: Open) -> None:
    page = visit("resnet", **OPEN, **{"questions.name": "products"})
    press(page, "question-show")
    press(page, "question-look")
    assert page.link["instrument"] == "value" and page.link["node"] == "conv2_x.0.conv2"
    assert (page.link["maps.channel"], page.app.session_state["value.row"]) == ("0", 28)


def test_on_a_tools_page_the_section_with_the_answer_is_a_press_away(visit: Open) -> None:
    page = visit("convolution", section="questions")
    first = question(page)
    press(page, "question-next")  # an instrument has these in its head
    assert question(page) != first
    press(page, "question-before")
    press(page, "question-show")
    assert page.link["section"] == "questions" and question(page) == first
    press(page, "question-look")
    assert page.link.get("section") not in ("questions", None)


def test_a_hall_is_asked_and_its_votes_come_before_the_answer(visit: Open) -> None:
    page = visit("resnet", **OPEN, **{"questions.name": "most-params"})
    press(page, "room-open")
    ticket = page.app.session_state["room"]
    press(page, "hall-ask")
    now = rooms().state(ticket.code)["question"]
    assert now["phase"] == "open" and now["text"] == question(page).replace("\\", "")
    for voter in ("a", "b", "c"):
        rooms().vote(ticket.code, voter, 0 if voter == "a" else 1, now["id"])
    press(page, "hall-count")
    assert "hall-close" not in buttons(page)
    bodies = [e.proto.body for e in page.app.get("html") if "votes" in e.proto.body]
    assert ["33.3%" in bodies[0], "66.7%" in bodies[1], "0%" in bodies[2]] == [True] * 3
    assert "colour" not in page.link
    press(page, "hall-again")
    press(page, "hall-count")
    press(page, "hall-reveal")
    assert page.link["colour"] == "params"
    assert rooms().state(ticket.code)["question"]["right"] is not None
    press(page, "hall-done")
    assert rooms().state(ticket.code)["question"] is None
    assert [result.round for result in rooms().results(ticket)] == [1, 2]
    rooms().end(ticket)


def test_an_own_question_stands_in_the_place_of_the_pages(visit: Open) -> None:
    page = visit("resnet", **OPEN)
    press(page, "room-open")
    ticket = page.app.session_state["room"]
    page.app.text_area(key="questions.own").set_value("<b>Who?</b>\n![x](http://a.b/c)\n*Two*")
    page.run()
    press(page, "hall-ask-own")
    assert "http://" not in question(page) and "\\<b" in question(page)
    assert rooms().state(ticket.code)["question"]["options"][1]["text"] == "*Two*"
    press(page, "hall-count")
    press(page, "hall-reveal")
    press(page, "hall-done")
    rooms().end(ticket)


def test_a_room_that_has_ended_is_said_and_another_can_be_opened(visit: Open) -> None:
    page = visit("resnet", **OPEN)
    press(page, "room-open")
    first = page.app.session_state["room"]
    rooms().end(first)
    page.run()
    press(page, "room-again")
    second = page.app.session_state["room"]
    assert second.code != first.code and rooms().state(second.code)["ended"] is False
    rooms().end(second)
