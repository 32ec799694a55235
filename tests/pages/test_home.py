"""The home page: every family with a page, and the ways in."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from explorer.architectures import families
from explorer.cards import cards

ROOT = Path(__file__).resolve().parents[2]
Open = Callable[..., Any]  # -> Visit of conftest.py
FAMILIES = [f for f in families() if (ROOT / "pages" / f"{f.name}.py").is_file()]


@pytest.fixture
def home(visit: Open) -> Any:
    return visit("home")


def test_every_family_with_a_page_is_shown_oldest_first(home: Any) -> None:
    assert {card.name for card in cards()} == {f.name for f in FAMILIES}
    assert [card.year for card in cards()] == sorted(f.year for f in FAMILIES)
    links = [link.label for link in home.app.get("page_link")]
    assert links[2:] == [f"{card.title} ({card.year})" for card in cards()]
    assert links[:2] == ["Compare two networks", "What a 1×1 convolution saves"]
    for family in FAMILIES:
        assert family.idea in home.text
        assert family.authors in home.text


def test_the_timeline_has_a_bubble_for_each_family(home: Any) -> None:
    (chart,) = home.app.get("plotly_chart")
    (bubbles,) = json.loads(chart.proto.spec)["data"]
    assert bubbles["text"] == [card.title for card in cards()]
    assert bubbles["y"] == [card.macs for card in cards()]


def test_a_click_on_a_bubble_opens_its_page(home: Any) -> None:
    (index,) = (i for i, card in enumerate(cards()) if card.name == "resnet")
    home.app.session_state["timeline"] = {"selection": {"points": [], "point_indices": [index]}}
    home.run().follow()
    assert home.app.title[0].value == "ResNet-50 (2015)"
    assert home.link == {}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_a_click_into_a_familys_strip_opens_its_page_there(home: Any, family: Any) -> None:
    elements = home.diagrams()[f"Stages of {family.variant(family.default).title}"]["elements"]
    target = list(elements.values())[2]["target"]
    home.app.session_state[f"{family.name}-home"] = {"node": target}
    home.run().follow()
    assert home.maps["node"] == home.link["node"] == target
    assert home.app.title[0].value.startswith(family.variant(family.default).title)


def test_a_click_into_a_strip_wins_over_the_node_that_was_left(visit: Open) -> None:
    page = visit("resnet", node="conv5_x.2.add", variant="resnet50_v1", sample="coffee")
    page.open("home")
    page.app.session_state["resnet-home"] = {"node": "conv3_x.3.relu3"}
    assert page.run().follow().maps["node"] == "conv3_x.3.relu3"
    assert page.link == {"node": "conv3_x.3.relu3", "sample": "coffee"}


def test_a_card_leads_to_the_page_as_it_was_left(visit: Open) -> None:
    left = {"variant": "resnet18", "node": "conv5_x.1.add", "sample": "coffee"}
    page = visit("resnet", **left)
    page.open("home")
    links = {link.label: link.proto.query_string for link in page.app.get("page_link")}
    assert dict(parse_qsl(links["ResNet (2015)"])) == left
    assert dict(parse_qsl(links["VGG (2014)"])) == {"sample": "coffee"}


def test_home_waits_neither_for_torch_nor_for_graphviz() -> None:
    code = """
import sys
for name in ("torch", "torchvision", "pygraphviz", "graphviz"):
    sys.modules[name] = None  # importing it raises ImportError
from streamlit.testing.v1 import AppTest
from explorer.ui.app import warmup
warmup.start = lambda: None
page = AppTest.from_file("explorer/app.py", default_timeout=60).run()
assert page.title[0].value == "CNN explorer", page.exception
assert not page.exception, page.exception
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
