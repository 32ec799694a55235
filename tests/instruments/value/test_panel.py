"""One value on a page: each kind of operation says its numbers, and what a browser reports is checked."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from explorer.architectures import variant
from explorer.demonstrations.digits.compute import ink_of, picture, pixels, sample_digits, standardised
from explorer.instruments.value.compute import value
from explorer.instruments.value.panel import _clicked, _text_of_way, _way_of
from explorer.instruments.value.words import with_minus
from explorer.runtime.run import Run
from explorer.runtime.weights.network import available_weights
from explorer.ui import cache
from explorer.ui.sidebar import sample_picture

Open = Callable[..., Any]
KINDS = [
    ("alexnet", "conv1.norm", 2, 3, 4),
    ("alexnet", "conv1.pool", 2, 3, 4),
    ("senet", "input", 1, 3, 4),
    ("senet", "conv2_x.0.se.mul", 2, 3, 4),
    ("senet", "conv2_x.0.bn1", 2, 3, 4),
    ("senet", "conv2_x.0.add", 2, 3, 4),
    ("googlenet", "inception3.3a.cat", 2, 3, 4),
    ("mobilenet", "stage2.0.depthwise.conv", 2, 3, 4),
]


@pytest.mark.parametrize(("page", "node", "channel", "row", "column"), KINDS)
def test_the_result_stands_first(visit: Open, page: str, node: str, channel: int, row: int, column: int) -> None:
    place = {"maps__channel": str(channel), "value__row": str(row), "value__column": str(column)}
    view = visit(page, instrument="value", node=node, **place)
    name = view.app.selectbox(key="variant").value
    run = Run(name, available_weights(variant(name))[0], "cpu", sample_picture())
    found = value(cache.activations(run), node, (channel, row, column))
    said = next(m.value for m in view.app.markdown if "Network:" in m.value)
    assert said.startswith(with_minus(f"**{found.made.result:.6g}**"))
    *back, on = shown(view)["lists"]
    assert [len(list_["chips"]) for list_ in back] == ([min(8, int(found.inside.sum()))] if found.sources else [])
    assert on["chips"]


def shown(view: Any) -> dict[str, Any]:
    """What the browser is sent."""
    (sent,) = view.components("parts")
    parts: dict[str, Any] = json.loads(sent.proto.json)
    return parts


def test_a_vector_has_an_index_only(visit: Open) -> None:
    view = visit("resnet", instrument="value", node="head.fc", maps__channel="7")
    assert {"value.row", "value.column"}.isdisjoint(n.key for n in view.app.number_input)
    run = Run(view.app.selectbox(key="variant").value, "bundled", "cpu", sample_picture())
    activations = cache.activations(run)
    probability = float(activations.answer.probabilities[7])
    said = next(m.value for m in view.app.markdown if "Softmax" in m.value)
    assert f"**{probability:.1%}**" in said
    strongest, against, after = shown(view)["lists"]
    weights = activations.network.model.get_submodule("head.fc").weight[7]
    terms = (weights * activations.maps("head.flatten")).double().numpy()
    assert [c["place"] for c in strongest["chips"]] == [[int(i)] for i in (-terms).argsort()[:5]]
    assert [c["place"] for c in against["chips"]] == [[int(i)] for i in terms.argsort()[:5]]
    assert after["chips"] == []


def test_lenets_softmax_is_of_minus_its_distances(visit: Open) -> None:
    view = visit("lenet", instrument="value", node="output.rbf", maps__channel="7")
    run = Run("lenet5", "bundled", "cpu", picture(pixels(standardised(ink_of(sample_digits()["7"])))))
    said = next(m.value for m in view.app.markdown if "Softmax of minus" in m.value)
    assert f"**{cache.activations(run).answer.probabilities[7]:.1%}**" in said


def test_a_way_is_its_text_and_nothing_else_is() -> None:
    trace = cache.trace("resnet18")
    way = (("head.fc", (3,)), ("head.flatten", (9,)), ("conv2_x.0.add", (0, 55, 0)))
    assert _way_of(trace, _text_of_way(way)) == way
    for text in ("", "head.fc", "head.fc:", "head.fc:x", "head.fc:3.4", "nothing:3", "head.fc:3~conv2_x.0.add:0.56.0"):
        assert _way_of(trace, text) is None


@pytest.mark.parametrize(
    "reported",
    [
        None,
        3,
        {"node": "nothing", "channel": 0, "row": 0, "column": 0},
        {"node": "conv2_x.0.add", "channel": 0},
        {"node": "conv2_x.0.add", "channel": True, "row": 0, "column": 0},
        {"node": "conv2_x.0.add", "channel": 0, "row": 56, "column": 0},
        {"node": "head.fc", "channel": 1000},
    ],
)
def test_a_browser_can_report_anything(reported: object) -> None:
    run = Run("resnet18", "narrow", "cpu", sample_picture())
    assert _clicked(run, reported) is None
    there = {"node": "conv2_x.0.add", "channel": 0, "row": 55, "column": 0}
    assert _clicked(run, there) == ("conv2_x.0.add", (0, 55, 0))
    assert _clicked(run, {"node": "head.fc", "channel": 9, "row": 0, "column": 0}) == ("head.fc", (9,))
