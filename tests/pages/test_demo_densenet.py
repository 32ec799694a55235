"""Dense blocks on their page: state, use and cost, every option."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from explorer.analysis.text import si, thousands
from explorer.analysis.trace import trace_variant
from explorer.architectures import family, variant
from explorer.ui import cache
from explorer.ui.sidebar import sample_image

Open = Callable[..., Any]  # -> Visit of conftest.py
SMALL = "densenet_bc100_cifar"


@pytest.fixture
def page(visit: Open) -> Any:
    return visit("densenet", variant=SMALL, weights="untrained")


def figures(page: Any) -> list[dict[str, Any]]:
    return [json.loads(element.proto.spec) for element in page.app.get("plotly_chart")]


def tables(page: Any) -> str:
    return "\n".join(table.value.to_string() for table in page.app.table)


def test_the_block_follows_the_selection_and_the_control_and_stands_in_the_link(page: Any) -> None:
    assert "**24** maps enter, each layer adds **12**, and **216** leave" in page.text
    assert "dense-block" not in page.link
    page.click("dense_block2.layer3.conv")
    assert "**108** maps enter, each layer adds **12**, and **300** leave" in page.text
    page.click("transition2.conv")  # in no dense block: nothing moves
    assert page.link["dense-block"] == "dense_block2"
    page.app.button_group(key="dense-block").set_value("dense_block3")
    page.run()
    assert page.link["dense-block"] == "dense_block3"
    assert "**150** maps enter, each layer adds **12**, and **342** leave" in page.text


def test_bars_grow_by_the_layers_that_made_the_maps(page: Any) -> None:
    bars = figures(page)[0]["data"]
    assert [len(bar["x"]) for bar in bars] == [17, *range(16, 0, -1)]
    assert len({bar["marker"]["color"] for bar in bars}) == 17


def test_the_strongest_map_of_each_layer_is_one_that_it_made(page: Any) -> None:
    maps = cache.activations(SMALL, "untrained", "cpu", sample_image("cat")).maps("dense_block1.layer16.cat").numpy()
    strengths = np.abs(maps).mean((1, 2))
    titles = [a["text"] for a in figures(page)[2]["layout"]["annotations"]]
    assert titles[0] == f"in: #{strengths[:24].argmax()}"
    assert titles[-1] == f"16: #{204 + strengths[204:].argmax()}"
    assert len(titles) == 12
    for title in titles[1:]:
        layer, number = map(int, title.split(": #"))
        assert 24 + 12 * (layer - 1) <= number < 24 + 12 * layer


@pytest.mark.parametrize("shown", ["Each reader by its largest", "Mean absolute weights"])
def test_weights_in_both_ways(page: Any, shown: str) -> None:
    page.app.button_group(key="dense-weights").set_value(shown)
    page.run()
    assert "even by construction" in page.text  # untrained
    assert ("divided by its largest cell" in page.text) == (shown == "Each reader by its largest")
    heat = figures(page)[1]["data"][0]
    assert heat["x"][-1] == "T" and heat["y"][0] == "in"
    assert (heat["zmax"] == 1) == (shown == "Each reader by its largest")


def test_of_trained_weights_it_is_not_said_that_they_are_even(visit: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    network = replace(cache.network(SMALL, "untrained", "cpu"), classes=tuple("abcdefghij"))
    monkeypatch.setattr(cache, "network", lambda *_: network)
    page = visit("densenet", variant=SMALL, weights="untrained")
    assert "**Look for** sources far above the diagonal" in page.text
    assert "even by construction" not in page.text


def test_growth_rate_and_compression_are_counted_anew(page: Any) -> None:
    own = trace_variant(variant(SMALL))
    assert f"{si(own.params)}** parameters (1.00×" in page.text
    page.app.slider(key="growth").set_value(24)
    page.run()
    other = trace_variant(variant(SMALL), growth_rate=24, stem_channels=48)
    assert thousands(other.params) in tables(page) and thousands(own.params) in tables(page)
    assert f"({other.params / own.params:.2f}× DenseNet-BC-100" in page.text
    page.app.slider(key="kept").set_value(100)
    page.run()
    other = trace_variant(variant(SMALL), growth_rate=24, stem_channels=48, compression=1.0)
    assert thousands(other.macs) in tables(page)
    assert page.link["growth"] == "24" and page.link["kept"] == "100"


def test_growth_rate_and_compression_of_the_link(visit: Open) -> None:
    page = visit("densenet", variant="densenet40_cifar", growth="20", kept="50")
    other = trace_variant(variant("densenet40_cifar"), growth_rate=20, compression=0.5)  # its stem isn't 2k
    assert thousands(other.params) in tables(page)
    page = visit("densenet", variant=SMALL, growth="500")
    assert any("growth 500" in warning for warning in page.warnings)
    assert page.app.slider(key="growth").value == 12


@pytest.mark.parametrize("name", [v.name for v in family("densenet").variants])
def test_every_variant(visit: Open, name: str) -> None:
    page = visit("densenet", variant=name, weights="untrained")
    assert page.warnings == []
    assert f"k = {variant(name).config.growth_rate}, θ = {variant(name).config.compression:g}: " in page.text
    assert "the network's own score" in page.text
