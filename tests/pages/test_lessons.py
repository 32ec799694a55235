"""A page that a lesson's link opened: only what the lesson shows, and a way to all of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from explorer.ui.lesson import CAN_GO, LESSON

Open = Callable[..., Any]  # -> tests.visit.Visit
TEXT = f"sections.sum.code variants.resnet34.plain34 samples.rocket.horse without.{'.'.join(CAN_GO)}"


def keys(page: Any) -> set[str]:
    """The widgets on the page that a person could use, by key."""
    app = page.app
    widgets = (*app.selectbox, *app.segmented_control, *app.radio, *app.button, *app.toggle)
    return {widget.key for widget in widgets}


def test_a_lesson_shows_what_it_names(visit: Open) -> None:
    whole, page = visit("resnet"), visit("resnet", lesson=TEXT)
    assert page.warnings == [] and page.link == {LESSON: TEXT}
    assert page.sections == ["Identity + residual", "Code"]
    offered = page.app.selectbox(key="variant").options
    assert len(offered) == 2 < len(whole.app.selectbox(key="variant").options)
    assert page.maps["group"] == "resnet34"  # the family's default is not offered
    assert page.app.selectbox(key="sample").value == "rocket"
    gone = keys(whole) - keys(page)
    assert {"colour", "instrument", "source", "weights-box"} <= gone
    assert page.bar["lesson"] and not whole.bar["lesson"]


def test_a_step_of_the_tour_leads_wherever_it_does(visit: Open) -> None:
    page = visit("resnet", lesson="sections.code variants.resnet34", step="1")
    assert page.maps["group"] == "resnet50"
    page.set(step=2)
    assert page.app.segmented_control(key="section").value == "sum"


def test_everything_can_be_shown_again(visit: Open) -> None:
    page = visit("resnet", lesson=TEXT)
    page.set(lesson="")
    assert page.link == {} and page.maps["group"] == "resnet50"  # what the lesson chose goes with it
    assert len(page.sections) > 2 and not page.bar["lesson"]


def test_a_lesson_is_of_its_page_only(visit: Open) -> None:
    page = visit("resnet", lesson=TEXT)
    page.open("compare")
    assert len(page.app.selectbox(key="sample").options) > 2 and LESSON not in page.link


def test_a_wrong_lesson_is_said_and_hides_nothing(visit: Open) -> None:
    page = visit("resnet", lesson="sections.gates")
    assert len(page.warnings) == 1 and "gates" in page.warnings[0]
    assert page.link == {} and not page.bar["lesson"] and len(page.sections) > 2


def test_where_a_network_has_no_section_of_the_lesson_all_are_shown(visit: Open) -> None:
    page = visit("senet", lesson="sections.gates", variant="se_resnet50")
    assert len(page.sections) == 1
    page = visit("resnet", lesson="sections.training", variant="resnet152")
    assert len(page.sections) > 1
