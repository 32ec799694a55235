"""Lessons of 45 minutes, led over the pages that they name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from explorer.teaching.lesson import lessons, parse
from explorer.teaching.shelf import heads

Open = Callable[..., Any]  # -> tests.visit.Visit
NAMES = [name for name, _ in lessons()]
OWN = """# Two pages
3 minutes

## vgg, step 1 (1 min)
## resnet, question most-params, variant resnet34 (2 min)
"""


def test_the_shelf_says_what_the_files_say() -> None:
    assert [(h.name, h.title, h.page) for h in heads()] == [(n, o.title, o.items[0].page) for n, o in lessons()]


@pytest.mark.parametrize("name", NAMES)
def test_the_first_item_of_each_page_opens_by_its_number(visit: Open, name: str) -> None:
    lesson = dict(lessons())[name]
    page = visit(lesson.items[0].page, lecture=name)
    at = lesson.items[0].page
    assert len(page.bar["steps"]) == len(lesson.items) and page.bar["noun"] == "Lesson"
    for number, item in enumerate(lesson.items, 1):
        before = lesson.items[number - 2] if number > 1 else None
        if before and before.page == item.page and (before.step is None) == (item.step is None):
            continue
        page.set(step=number)
        if item.page != at:
            page.follow()
            at = item.page
        assert page.warnings == []
        assert page.bar["step"] == number
        assert page.link["lecture"] == name and page.link["step"] == str(number)
        if item.question is not None:
            assert page.app.main.header[0].value
        elif item.step is not None:
            assert page.maps["node"] == item.step.node


def test_the_end_of_a_lesson_gives_the_page_back_its_tour(visit: Open) -> None:
    page = visit("resnet", lecture="residual-learning", step="1")
    assert page.bar["noun"] == "Lesson"
    page.set(lecture="", step=0)
    assert page.bar["noun"] == "Tour" and page.link == {}


def test_an_unknown_lesson_is_said(visit: Open) -> None:
    page = visit("resnet", lecture="nothing")
    assert len(page.warnings) == 1 and page.link == {}


def test_an_own_lesson_is_led_in_its_session(visit: Open) -> None:
    page = visit("vgg")
    page.app.session_state["lecture-own"] = parse(OWN)
    page.set(lecture="own", step=2).follow()
    assert page.maps is not None if page.components("feature_maps") else page.app.main.header[0].value
    assert page.link["lecture"] == "own" and page.link["step"] == "2"
    assert page.app.selectbox(key="variant").value == "resnet34"
