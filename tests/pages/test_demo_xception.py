"""Xception's demonstration on its page: any layer, any number of groups, what is said, and the link."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from explorer.analysis.cost import Convolution
from explorer.demonstrations.separable.panel import design

Open = Callable[..., Any]  # -> Visit of conftest.py
REGULAR = "entry_flow.module1.conv2"


@pytest.fixture
def page(visit: Open) -> Any:
    return visit("xception", variant="xception", weights="untrained")


def difference(page: Any) -> float:
    found = re.search(r"own: \*\*([0-9.e+-]+)\*\*", page.text)
    assert found
    return float(found[1])


def pictures(page: Any) -> list[str]:
    """The alternative texts of all maps on the page."""
    return [alt for html in page.app.get("html") for alt in re.findall(r'alt="([^"]*)"', html.proto.body)]


def groups(page: Any, count: int) -> Any:
    page.app.select_slider(key="groups").set_value(count)
    return page.run()


def test_it_opens_with_a_separable_layer_that_is_itself(page: Any) -> None:
    assert page.app.session_state["layer"] == "entry_flow.module2.residual.separable1"
    assert page.app.session_state["groups"] == 64
    assert difference(page) < 1e-4 and "it is the pair itself" in page.text
    assert page.link.keys() == {"variant", "node", "colour", "sample", "weights"}
    assert page.warnings == []


def test_a_separable_layer_is_one_full_convolution_and_every_grouped_one(page: Any) -> None:
    for count in (1, 2, 16):
        groups(page, count)
        assert difference(page) < 1e-4 and "it is the same function" in page.text
        after = [alt for alt in pictures(page) if alt.startswith("After the convolution in")]
        assert len(after) == (0 if count == 1 else 6)
    assert "reads #" in after[0]


def test_a_regular_layer_loses_more_with_more_groups(page: Any) -> None:
    page.app.selectbox(key="layer").set_value(REGULAR)
    page.run()
    assert page.app.session_state["groups"] == 32  # 64 do not divide its input
    lost = []
    for count in (1, 2, 32):
        groups(page, count)
        lost.append(difference(page))
    assert lost[0] < 1e-4 < lost[1] < lost[2]
    assert "A regular kernel is not separable" in page.text


def test_every_kernel_of_a_row_and_a_column_is_shown(page: Any) -> None:
    kernels = [alt for alt in pictures(page) if alt.startswith("To output")]
    assert len(kernels) == 36


def test_the_cost_is_that_of_the_papers_network(visit: Open) -> None:
    page = visit("xception", variant="xception", weights="untrained", layer="middle_flow.module5.residual.separable1")
    assert page.app.session_state["groups"] == 728
    assert "536,536 weights, **8.89×** fewer than the full convolution's 4,769,856" in page.text
    groups(page, 8)
    assert f"{728 * 91 * 9 + 728 * 728:,} weights" in page.text
    assert page.link["groups"] == "8"


def test_the_link_brings_layer_and_groups_back(page: Any, visit: Open) -> None:
    page.app.selectbox(key="layer").set_value(REGULAR)
    page.run()
    groups(page, 4)
    again = visit("xception", **page.link)
    assert again.app.session_state["layer"] == REGULAR and again.app.session_state["groups"] == 4
    assert difference(again) == difference(page)


@pytest.mark.parametrize(("link", "named"), [({"layer": "nothing"}, "nothing"), ({"groups": "7"}, "7 groups")])
def test_what_a_link_asks_for_and_does_not_exist_is_said(visit: Open, link: dict[str, str], named: str) -> None:
    page = visit("xception", variant="xception", weights="untrained", **link)
    assert any(named in warning for warning in page.warnings)
    assert page.app.session_state["groups"] == 64


def test_designs_run_from_full_to_separable() -> None:
    c = Convolution((64, 14, 14), 128, (3, 3), bias=False)
    weights = [design(c, g).params for g in (1, 2, 4, 64)]
    assert weights == [9 * 64 * 128, *(9 * 64 * 64 // g + 64 * 128 for g in (2, 4, 64))]
    assert {design(c, g).out_shape for g in (1, 2, 64)} == {(128, 14, 14)}
    assert {design(c, g).receptive_field for g in (1, 2, 64)} == {(3, 3)}
