"""The diagram component's Python side; what the browser does with it is tested in tests/js and tests/browser."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from explorer.analysis.palette import KINDS
from explorer.ui.components import diagram


def _page() -> None:
    import streamlit as st

    from explorer.analysis.element import Element
    from explorer.diagrams import Diagram
    from explorer.diagrams.scale import Scale
    from explorer.ui.components.diagram import clicked, diagram, link

    class Drawing(Diagram):
        def svg(self) -> str:
            return "<svg/>"

    elements = {
        "stem.conv": Element("stem.conv", "conv", ("7×7",), "convolution"),
        "stem.bn": Element("stem.bn", "bn", (), "normalization"),
        "stem.relu": Element("stem.relu", "<b>relu</b>", (), "activation"),
    }
    node = clicked("link") or "stem.conv"
    st.text(node)
    by_kind, by_cost = Drawing("block", "", elements), Drawing("block", "", elements, Scale("macs", 10, 10**6, True))
    diagram(by_kind, group="net", key="block", label="Stem", fill=True, marked=["stem.bn", "gone"])
    diagram(by_cost, group="net", key="strip", label="Stages")
    diagram(by_cost, group="net", key="stage", label="Blocks", legend=False)
    link(group="net", key="link", node=node, block="stem", stage="stem")


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_function(_page, default_timeout=60).run()


def _components(page: AppTest) -> list[Any]:
    assert not page.exception
    return [element.proto for element in page.get("bidi_component")]


def _sent(page: AppTest) -> list[Any]:
    """The data of the diagrams, and of the link."""
    return [json.loads(component.json) for component in _components(page)]


def test_diagram_sends_what_the_browser_draws(page: AppTest) -> None:
    data = _sent(page)[0]
    assert (data["svg"], data["group"], data["fill"], data["marked"]) == ("<svg/>", "net", True, ["stem.bn"])
    assert data["elements"]["stem.conv"] == {
        "target": "stem.conv",
        "title": "conv",
        "lines": ["7×7"],
        "kind": "convolution",
    }


def test_a_legend_names_the_kinds_that_occur_and_a_style_once_or_the_scale(page: AppTest) -> None:
    by_kind, by_cost, without, _ = _sent(page)
    assert list(by_kind["kinds"].values()) == ["convolution", "activation"]
    assert by_kind["scale"] is None
    assert by_cost["kinds"] == {}
    assert by_cost["scale"] == {"label": "MACs", "low": "≤ 10", "high": "1.00 M", "steps": 7}
    assert (without["kinds"], without["scale"]) == ({}, None)


def test_css_carries_the_palette(page: AppTest) -> None:
    css = _components(page)[0].css_content
    for kind, style in KINDS.items():
        assert f".kind-{kind}{{--fill:{style.light_fill};--stroke:{style.light_stroke}}}" in css
        assert f".dark .kind-{kind}{{--fill:{style.dark_fill};--stroke:{style.dark_stroke}}}" in css


def test_click_reaches_the_page_and_only_the_link_is_sent_again(page: AppTest) -> None:
    before = _components(page)
    assert page.text[0].value == "stem.conv"
    for node in ("stem.relu", "stem.bn", "stem.relu"):
        page.session_state["link"] = {"node": node}
        page.run()
        after = _components(page)
        assert page.text[0].value == node
        sent = {"group": "net", "node": node, "block": "stem", "stage": "stem", "hidden": [], "edited": []}
        assert _sent(page)[-1] == sent
        assert after[:-1] == before[:-1]


def test_the_page_hears_of_a_click_where_it_wants_to(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: dict[str, Any] = {}
    monkeypatch.setattr(diagram, "_LINK", lambda **arguments: sent.update(arguments))

    def heard() -> None: ...

    diagram.link(group="net", key="link", node="a", block="a", stage="a", on_node_change=heard)
    assert sent["on_node_change"] is heard
    diagram.link(group="net", key="link", node="a", block="a", stage="a")
    assert callable(sent["on_node_change"])  # else Streamlit would report no click
