"""The home page: every family with a page, and the ways in."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import pytest

from explorer.analysis.words import WORDS
from explorer.architectures import families, family_of
from explorer.cards import cards
from explorer.previews import PREVIEWS
from explorer.runtime.samples import samples
from explorer.ui.home import PLOT_HEIGHT_PX, PLOT_WIDTHS_PX, WAYS_IN, across, positions
from explorer.ui.link import plain

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
    assert links[-len(FAMILIES) :] == [f"{card.title} ({card.year})" for card in cards()]
    for family in FAMILIES:
        assert family.idea in home.text
        assert family.authors in home.text


def test_three_ways_in_come_first_each_with_a_picture(home: Any) -> None:
    links = home.app.get("page_link")[len(PREVIEWS) :][: len(WAYS_IN)]
    assert [link.label for link in links] == [way.title for way in WAYS_IN]
    for way, link in zip(WAYS_IN, links, strict=True):
        assert str(link.proto.page).strip("/") == way.page
        assert dict(parse_qsl(link.proto.query_string)) == way.link
        svg = ElementTree.fromstring(way.picture())
        assert len(list(svg.iter())) > 2
    pictures = [e.proto.body for e in home.app.get("html") if "data:image/svg+xml" in e.proto.body]
    assert len(pictures) == len(WAYS_IN)


def test_networks_at_work_are_seen_first_and_lead_to_where_they_are_from(visit: Open) -> None:
    home = visit("home")
    links = home.app.get("page_link")[: len(PREVIEWS)]
    pictures = [e.proto.body for e in home.app.get("html") if "data:image/png" in e.proto.body]
    assert len(pictures) == len(PREVIEWS)
    assert plain(samples()[0].title) in home.text
    for preview, link in zip(PREVIEWS, links, strict=True):
        assert str(link.proto.page).strip("/") == preview.page
        assert dict(parse_qsl(link.proto.query_string)) == preview.link
        assert family_of(preview.network).default == preview.network
    last = PREVIEWS[-1]
    page = home.open(last.page, **last.link)
    assert page.warnings == [] and page.link == last.link


def test_the_calculators_card_draws_true_lengths() -> None:
    svg = ElementTree.fromstring(WAYS_IN[2].picture())
    direct, *reduced = [float(rect.attrib["width"]) for rect in svg.iter("{http://www.w3.org/2000/svg}rect")]
    assert direct / sum(reduced) == pytest.approx(120_422_400 / 12_443_648, rel=0.01)


def test_the_timeline_has_a_bubble_for_each_family_and_none_covers_another(home: Any) -> None:
    (chart,) = home.app.get("plotly_chart")
    spec = json.loads(chart.proto.spec)
    (bubbles,) = spec["data"]
    assert bubbles["y"] == [card.macs for card in cards()]
    assert {note["text"] for note in spec["layout"]["annotations"]} >= {card.title for card in cards()}
    low, high = spec["layout"]["xaxis"]["range"]
    least, most = spec["layout"]["yaxis"]["range"]
    width, height = PLOT_WIDTHS_PX[0], PLOT_HEIGHT_PX
    points = [
        (width * (x - low) / (high - low), height * (math.log10(y) - least) / (most - least), size / 2)
        for x, y, size in zip(bubbles["x"], bubbles["y"], bubbles["marker"]["size"], strict=True)
    ]
    for (x, y, r), (other_x, other_y, other_r) in combinations(points, 2):
        assert math.hypot(x - other_x, y - other_y) > r + other_r


def test_years_stand_at_their_distances_but_for_what_is_broken_out() -> None:
    at = positions([1998, 2012, 2013, 2015])
    assert [at[2013] - at[2012], at[2015] - at[2013]] == pytest.approx([1, 2])
    assert 1 < at[2012] - at[1998] < 2
    assert across([2012, 2014, 2014])[1:] == pytest.approx([2 - 0.18, 2 + 0.18])


def test_the_words_are_listed(home: Any) -> None:
    assert all(word in home.text and sentence in home.text for word, sentence in WORDS.items())


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
