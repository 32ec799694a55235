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
    from explorer.ui.components.diagram import clicked, diagram, link

    class Drawing(Diagram):
        def svg(self) -> str:
            return "<svg/>"

    elements = {
        "stem.conv": Element("stem.conv", "conv", ("7×7",), "convolution", 118013952, 9408, 3211264),
        "stem.bn": Element("stem.bn", "bn", (), "normalization", 0, 128, 3211264),
        "stem.relu": Element("stem.relu", "<b>relu</b>", (), "activation", 0, 0, 3211264),
    }
    node = clicked("link") or "stem.conv"
    st.text(node)
    drawing = Drawing("block", "", elements)
    diagram(drawing, group="net", key="block", label="Stem", colour_by="macs", height=300)
    link(group="net", key="link", node=node, block="stem", stage="stem")


@pytest.fixture
def page() -> AppTest:
    return AppTest.from_function(_page).run()


def _components(page: AppTest) -> dict[str, Any]:
    assert not page.exception
    return {element.proto.component_name: element.proto for element in page.get("bidi_component")}


def test_diagram_sends_what_the_browser_draws(page: AppTest) -> None:
    data = json.loads(_components(page)["cnn_explorer.diagram"].json)
    assert (data["svg"], data["group"], data["colour_by"], data["height"]) == ("<svg/>", "net", "macs", 300)
    assert data["elements"]["stem.conv"] == {
        "target": "stem.conv",
        "title": "conv",
        "lines": ["7×7"],
        "kind": "convolution",
        "macs": 118013952,
        "params": 9408,
        "activation_bytes": 3211264,
    }


def test_legend_names_only_kinds_that_occur_and_styles_once(page: AppTest) -> None:
    kinds = json.loads(_components(page)["cnn_explorer.diagram"].json)["kinds"]
    assert list(kinds) == ["Convolution", "Normalization, activation"]


def test_css_carries_the_palette(page: AppTest) -> None:
    css = _components(page)["cnn_explorer.diagram"].css_content
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
        sent = {"group": "net", "node": node, "block": "stem", "stage": "stem", "hidden": []}
        assert json.loads(after["cnn_explorer.link"].json) == sent
        assert after["cnn_explorer.diagram"] == before["cnn_explorer.diagram"]


def test_the_page_hears_of_a_click_where_it_wants_to(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: dict[str, Any] = {}
    monkeypatch.setattr(diagram, "_LINK", lambda **arguments: sent.update(arguments))

    def heard() -> None: ...

    diagram.link(group="net", key="link", node="a", block="a", stage="a", on_node_change=heard)
    assert sent["on_node_change"] is heard
    diagram.link(group="net", key="link", node="a", block="a", stage="a")
    assert callable(sent["on_node_change"])  # else Streamlit would report no click
