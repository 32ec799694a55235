"""The chart of published figures: every record, at our own counts, with its family's colour and the chosen marked."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from explorer.analysis.accuracy import MISTAKES, RECORDS, WITHOUT_FIGURES, counts
from explorer.architectures import family, variant
from explorer.ui.app.navigation import page_files

Open = Callable[..., Any]  # -> Visit of conftest.py
PAIR = {"compare.a": "resnet50", "compare.b": "se_resnet50"}
GROUPS = ["paper", "library", "more"]


@pytest.fixture(scope="module")
def accuracy(visit: Open) -> Any:
    return visit("accuracy", **PAIR)


def show(page: Any, top: int, *groups: str) -> None:
    """Choose what the chart shows, and nothing else."""
    page.app.segmented_control(key="accuracy.measure").set_value(top)
    for group in GROUPS:
        page.app.toggle(key=f"accuracy.{group}").set_value(group in groups)
    page.run()


def figure(page: Any) -> dict[str, Any]:
    (chart,) = page.app.get("plotly_chart")
    return json.loads(chart.proto.spec)


def test_it_is_a_page_of_its_own_and_compare_leads_there(visit: Open) -> None:
    assert "accuracy" in [name for name, _, _ in page_files()]
    page = visit("compare", **PAIR)
    (link,) = [link for link in page.app.get("page_link") if "accuracy" in str(link.proto.page)]
    assert link.proto.query_string == "compare.a=resnet50&compare.b=se_resnet50"


def test_every_published_figure_is_a_bubble_at_our_own_macs(accuracy: Any) -> None:
    for top in (1, 5):
        show(accuracy, top, *GROUPS)
        traces = figure(accuracy)["data"]
        assert len({trace["marker"]["symbol"] for trace in traces}) == len(GROUPS)
        points = [(*point, x) for trace in traces for point, x in zip(trace["customdata"], trace["x"], strict=True)]
        expected = [r for r in RECORDS if r.accuracy(top) is not None]
        assert len(points) == len(expected)
        for record in expected:
            macs = counts()[record.variant].macs
            assert any(name == record.variant and record.source in words and x == macs for name, words, x in points)
    assert figure(accuracy)["layout"]["xaxis"]["type"] == "log"
    assert accuracy.link == PAIR | {"accuracy.measure": "5", "accuracy.more": "yes"}  # both are a library's


def test_it_says_what_is_often_wrong_with_such_charts(accuracy: Any) -> None:
    assert [box.label for box in accuracy.app.expander] == [f"“{m.often_written}”" for m in MISTAKES]


def test_a_family_has_a_colour_of_its_own(accuracy: Any) -> None:
    show(accuracy, 1, *GROUPS)
    colours: dict[str, set[str]] = {}
    for trace in figure(accuracy)["data"]:
        pages = {counts()[name].page for name, _ in trace["customdata"]}
        assert len(pages) == 1
        assert trace["line"]["color"] == trace["marker"]["color"]
        colours.setdefault(pages.pop(), set()).add(trace["marker"]["color"])
    assert all(len(own) == 1 for own in colours.values())
    assert len(set.union(*colours.values())) == len(colours)


def test_the_chosen_networks_are_outlined_and_named(accuracy: Any) -> None:
    show(accuracy, 1, "paper")
    outlines = {
        name: width
        for trace in figure(accuracy)["data"]
        for (name, _), width in zip(trace["customdata"], trace["marker"]["line"]["width"], strict=True)
    }
    bold = max(outlines.values())
    assert {name for name, width in outlines.items() if width == bold} == {"se_resnet50"}  # v1.5 is no paper's
    named = [note["text"] for note in figure(accuracy)["layout"]["annotations"]]
    assert named[0] == f"<b>{counts()['se_resnet50'].title}</b>"
    assert len(named) > 5
    assert "ResNet-50" in accuracy.app.caption[0].value
    accuracy.app.selectbox(key="compare.a").set_value("resnet101_v1")
    accuracy.run()
    assert sum("<b>" in note["text"] for note in figure(accuracy)["layout"]["annotations"]) == 2
    accuracy.app.selectbox(key="compare.a").set_value("resnet50")
    accuracy.run()


def test_at_first_the_groups_are_shown_in_which_both_can_be_compared(visit: Open) -> None:
    page = visit("accuracy")  # ResNet-34 and plain-34: ten crops only
    assert [page.app.toggle(key=f"accuracy.{group}").value for group in GROUPS] == [True, False, True]
    assert sum("<b>" in note["text"] for note in figure(page)["layout"]["annotations"]) == 2
    assert page.link == {}


def test_competitions_are_shown_when_asked_for(accuracy: Any) -> None:
    show(accuracy, 1, "paper")
    assert "crops" not in str([trace["customdata"] for trace in figure(accuracy)["data"]])
    show(accuracy, 1)
    assert figure(accuracy)["data"] == []


def test_families_without_a_bubble_are_named(accuracy: Any) -> None:
    show(accuracy, 1, *GROUPS)
    said = accuracy.app.caption[0].value
    for page, reason in WITHOUT_FIGURES.items():
        assert family(page).title in said and reason in said


def test_every_bubble_has_a_link_for_the_keyboard_and_a_row(accuracy: Any) -> None:
    show(accuracy, 1, *GROUPS)
    labels = {link.label for link in accuracy.app.get("page_link")}
    for record in RECORDS:
        if record.top1 is not None:
            assert variant(record.variant).title in labels
    accuracy.show("printed")
    printed = accuracy.app.table[0].value
    assert len(printed) == len(RECORDS)
    assert set(printed["source"]) == {r.source for r in RECORDS}
    accuracy.show("chart")


def test_a_click_on_a_bubble_opens_its_page(visit: Open) -> None:
    page = visit("accuracy", sample="coffee", **PAIR)
    page.app.session_state["accuracy"] = {"selection": {"points": [{"customdata": ["resnet50_v1", ""]}]}}
    page.run().follow()
    assert page.app.title[0].value.startswith(counts()["resnet50_v1"].title)
    assert page.link == {"sample": "coffee", "variant": "resnet50_v1"}
