"""The page that compares: two networks on one picture, their blocks and their maps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from explorer.analysis.compare import levels
from explorer.runtime.maps import unpack
from explorer.ui import cache
from explorer.ui.app.navigation import page_files

Open = Callable[..., Any]  # -> Visit of conftest.py
PAIR = {"compare.a": "resnet20_cifar", "compare.b": "nin_cifar"}


@pytest.fixture(scope="module")
def compare(visit: Open) -> Any:
    return visit("compare", **PAIR)


def headers(page: Any) -> list[dict[str, Any]]:
    return [unpack(component.proto.bytes)[0] for component in page.components("feature_maps")]


def choose(page: Any, a: str, b: str) -> None:
    page.app.selectbox(key="compare.a").set_value(a)
    page.app.selectbox(key="compare.b").set_value(b)
    page.run()


def test_navigation_finds_the_page() -> None:
    assert ("compare", "Compare") in [(name, title) for name, title, _ in page_files()]


def test_the_default_pair_differs_in_its_shortcuts_alone(visit: Open) -> None:
    page = visit("compare")
    assert page.sections == ["What they differ in", "Stage by stage", "Questions"]
    assert [header["group"] for header in headers(page)] == ["compare.a", "compare.b"]
    assert page.app.table[0].value.set_index("").loc["Weight layers"].tolist() == ["34", "34", "1"]
    assert page.link == {}
    marked = [data["marked"] for data in page.diagrams().values()]
    assert marked == [["conv3_x.3.add"], []]


def test_what_only_one_block_has_is_framed_and_said(visit: Open) -> None:
    page = visit("compare", **{"compare.a": "resnet50", "compare.b": "se_resnet50"})
    first, second = page.diagrams().values()
    assert first["marked"] == []
    assert second["marked"] == [name for name in second["elements"] if ".se." in name]
    assert "se.squeeze" in page.text and "SE-ResNet-50" in page.text
    page.set(**{"compare.b": "resnet50_v1", "compare__stage": 16})
    assert [data["marked"] for data in page.diagrams().values()] == [[], []]


def test_each_networks_weights_can_be_chosen(visit: Open) -> None:
    page = visit("compare", **{"compare.a.weights": "untrained"})
    assert page.app.selectbox(key="compare.a.weights").value == "untrained"
    assert page.app.selectbox(key="compare.b.weights").value == "bundled"
    assert [header["shape"][0] for header in headers(page)] == [128, 32]
    page.app.selectbox(key="compare.b.weights").set_value("untrained")
    page.run()
    assert [header["shape"][0] for header in headers(page)] == [128, 128]
    assert page.link == {"compare.a.weights": "untrained", "compare.b.weights": "untrained"}


def test_two_networks_at_the_same_resolution_share_a_scale(compare: Any) -> None:
    choose(compare, "resnet20_cifar", "nin_cifar")
    compare.app.segmented_control(key="compare.stage").set_value(4)
    compare.run()
    first, second = headers(compare)
    for header, name in ((first, "resnet20_cifar"), (second, "nin_cifar")):
        node = levels(cache.trace(name))[4].node
        assert header["node"] == node.name
        assert tuple(header["shape"]) == node.out_shape
        assert header["view"]["scale"] == "shared"
    assert [first[k] for k in ("minimum", "maximum", "signed")] == [second[k] for k in ("minimum", "maximum", "signed")]
    assert first["minimum"] == min(*first["low"], *second["low"])
    assert first["maximum"] == max(*first["high"], *second["high"])
    assert compare.link == PAIR


def test_the_resolution_and_the_networks_can_be_chosen(compare: Any) -> None:
    choose(compare, "resnet20_cifar", "nin_cifar")
    compare.app.segmented_control(key="compare.stage").set_value(2)
    compare.run()
    assert [header["shape"][1:] for header in headers(compare)] == [[16, 16], [16, 16]]
    assert compare.link == PAIR | {"compare.stage": "2"}
    choose(compare, "lenet5", "lenet5")
    assert compare.link["compare.a"] == compare.link["compare.b"] == "lenet5"
    assert [header["node"] for header in headers(compare)] == ["s2.tanh", "s2.tanh"]


def test_each_side_has_a_view_of_its_own_and_the_link_carries_it(visit: Open) -> None:
    page = visit("compare", **PAIR)
    page.set(compare__a__order="strength", compare__a__scale="map", compare__b__channel=3, compare__b__enlarged=True)
    asked = {
        "compare.a.order": "strength",
        "compare.a.scale": "map",
        "compare.b.channel": "3",
        "compare.b.enlarged": "yes",
    }
    assert page.link == PAIR | asked
    first, second = headers(visit("compare", **PAIR, **asked))
    assert first["channels"] != sorted(first["channels"])
    assert second["channels"] == sorted(second["channels"])
    assert (first["view"]["scale"], second["view"]["scale"]) == ("map", "shared")
    assert (second["view"]["channel"], second["view"]["enlarged"]) == (3, True)


def test_the_tables_show_the_differences(visit: Open) -> None:
    page = visit("compare", **{"compare.a": "resnet20_cifar", "compare.b": "resnet56_cifar"})
    a, b = "ResNet-20 (CIFAR)", "ResNet-56 (CIFAR)"
    rows = page.app.table[0].value.set_index("")
    assert rows.loc["Weight layers"].tolist() == ["20", "56", "2.8"]
    assert rows.loc["Parameters", [a, b]].tolist() == ["269,722", "853,018"]
    page.show("stages")
    stages = page.app.table[0].value
    assert stages["network"].tolist() == [a, b] * 3
    assert stages["side"].tolist() == ["1/1"] * 2 + ["1/2"] * 2 + ["1/4"] * 2
    assert stages["output"].tolist()[-2:] == ["8×8×64"] * 2


def test_what_does_not_exist_is_named(visit: Open) -> None:
    page = visit("compare", **PAIR | {"compare.a": "resnet21", "compare.stage": "3"})
    assert len(page.warnings) == 2
    assert "resnet21" in page.warnings[0]
    assert "3" in page.warnings[1]
    assert len(headers(page)) == 2
