"""The page that compares: two networks on one picture, and the chart of published figures."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from explorer.analysis.accuracy import RECORDS, counts
from explorer.analysis.compare import levels
from explorer.architectures import variant
from explorer.runtime.maps import unpack
from explorer.ui import cache
from explorer.ui.app.navigation import page_files

Open = Callable[..., Any]  # -> Visit of conftest.py
ALL = ["paper", "library", "more"]


@pytest.fixture(scope="module")
def compare(visit: Open) -> Any:
    return visit("compare", a="resnet20_cifar", b="nin_cifar", stage="4")


def headers(page: Any) -> list[dict[str, Any]]:
    return [unpack(component.proto.bytes)[0] for component in page.components("feature_maps")]


def choose(page: Any, **chosen: str) -> None:
    for key, value in chosen.items():
        page.app.selectbox(key=key).set_value(value)
    page.run()


def test_navigation_finds_the_page() -> None:
    assert ("compare", "Compare") in [(name, title) for name, title, _ in page_files()]


def test_two_networks_at_the_same_resolution_share_a_scale(compare: Any) -> None:
    choose(compare, a="resnet20_cifar", b="nin_cifar")
    first, second = headers(compare)
    for header, name in ((first, "resnet20_cifar"), (second, "nin_cifar")):
        node = levels(cache.trace(name))[4].node
        assert header["node"] == node.name
        assert tuple(header["shape"]) == node.out_shape
        assert header["view"]["scale"] == "shared"
    assert [first[k] for k in ("minimum", "maximum", "signed")] == [second[k] for k in ("minimum", "maximum", "signed")]
    assert first["minimum"] == min(*first["low"], *second["low"])
    assert first["maximum"] == max(*first["high"], *second["high"])
    assert compare.text.count("**Untrained network**") == 2
    assert compare.link == {"a": "resnet20_cifar", "b": "nin_cifar", "stage": "4", "sample": compare.link["sample"]}


def test_the_resolution_and_the_networks_can_be_chosen(compare: Any) -> None:
    choose(compare, a="resnet20_cifar", b="nin_cifar")
    compare.app.segmented_control(key="stage").set_value("2")
    compare.run()
    assert [header["shape"][1:] for header in headers(compare)] == [[16, 16], [16, 16]]
    assert compare.link["stage"] == "2"
    choose(compare, a="lenet5", b="lenet5")
    assert compare.link["a"] == compare.link["b"] == "lenet5"
    assert [header["node"] for header in headers(compare)] == ["s2.tanh", "s2.tanh"]


def test_the_tables_tell_the_differences(compare: Any) -> None:
    choose(compare, a="resnet20_cifar", b="resnet56_cifar")
    totals, stages = (table.value for table in compare.app.table)
    a, b = "ResNet-20 (CIFAR)", "ResNet-56 (CIFAR)"
    rows = totals.set_index("")
    assert rows.loc["Weight layers"].tolist() == ["20", "56", "2.8"]
    assert rows.loc["Parameters", [a, b]].tolist() == ["269,722", "853,018"]
    assert stages["network"].tolist() == [a, b] * 3
    assert stages["side"].tolist() == ["1/1"] * 2 + ["1/2"] * 2 + ["1/4"] * 2
    assert stages["output"].tolist()[-2:] == ["8×8×64"] * 2


def test_what_does_not_exist_is_said(visit: Open) -> None:
    page = visit("compare", a="resnet21", b="nin_cifar", stage="3")
    assert len(page.warnings) == 2
    assert "resnet21" in page.warnings[0]
    assert "'3'" in page.warnings[1]
    assert len(headers(page)) == 2


# ---- accuracy against operations ---------------------------------------------------------------------------


def figure(page: Any) -> dict[str, Any]:
    (chart,) = page.app.get("plotly_chart")
    return json.loads(chart.proto.spec)


def test_every_published_figure_is_a_bubble_at_our_own_macs(compare: Any) -> None:
    for measure, top in (("Top-1", 1), ("Top-5", 5)):
        compare.app.segmented_control(key="accuracy-measure").set_value(measure)
        compare.app.pills(key="accuracy-groups").set_value(ALL)
        compare.run()
        traces = figure(compare)["data"]
        assert len({trace["marker"]["symbol"] for trace in traces}) == len(ALL)
        shown = {(point[0], point[1]) for trace in traces for point in trace["customdata"]}
        expected = [r for r in RECORDS if r.accuracy(top) is not None]
        assert sum(len(trace["customdata"]) for trace in traces) == len(expected)
        for record in expected:
            assert any(name == record.variant and record.source in words for name, words in shown)
    assert figure(compare)["layout"]["xaxis"]["type"] == "log"


def test_competitions_are_shown_when_asked_for(compare: Any) -> None:
    compare.app.pills(key="accuracy-groups").set_value(["paper"])
    compare.run()
    (trace,) = figure(compare)["data"]
    assert "crops" not in str(trace["customdata"])
    compare.app.pills(key="accuracy-groups").set_value([])
    compare.run()
    assert figure(compare)["data"] == []
    compare.app.pills(key="accuracy-groups").set_value(["paper"])
    compare.run()


def test_every_bubble_has_a_link_for_the_keyboard(compare: Any) -> None:
    compare.app.segmented_control(key="accuracy-measure").set_value("Top-1")
    compare.app.pills(key="accuracy-groups").set_value(ALL)
    compare.run()
    labels = {link.label for link in compare.app.get("page_link")}
    for record in RECORDS:
        if record.top1 is not None:
            assert variant(record.variant).title in labels
    printed = compare.app.dataframe[0].value
    assert len(printed) == len(RECORDS)
    assert set(printed["source"]) == {r.source for r in RECORDS}


def test_a_click_on_a_bubble_opens_its_page(visit: Open) -> None:
    page = visit("compare", a="resnet20_cifar", b="nin_cifar")
    page.app.session_state["accuracy"] = {"selection": {"points": [{"customdata": ["densenet121", ""]}]}}
    page.run()
    assert page.app.title[0].value.startswith(counts()["densenet121"].title)
    assert page.link["variant"] == "densenet121"
