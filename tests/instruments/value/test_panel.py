"""One value on a page: each kind of operation says its numbers, and what a browser reports is checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from explorer.architectures import variant
from explorer.instruments.value.compute import value
from explorer.instruments.value.panel import _clicked, _table
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
    said = next(m.value for m in view.app.markdown if "The network's own" in m.value)
    assert said.startswith(f"**{found.made.result:.6g}**")
    backs = [b for b in view.app.button if (b.key or "").startswith("value-back-")]
    assert len(backs) == min(8, int(found.inside.sum()))


def test_a_vector_has_an_index_only(visit: Open) -> None:
    view = visit("resnet", instrument="value", node="head.fc", maps__channel="7")
    assert "value.row" not in {n.key for n in view.app.number_input}
    assert "answer, before softmax" in view.text
    view.app.button(key="value-back-0").click()
    view.run()
    assert view.link["node"] == "head.flatten"


@pytest.mark.parametrize(
    "reported",
    [
        None,
        3,
        {"node": "nothing", "channel": 0, "row": 0, "column": 0},
        {"node": "conv2_x.0.add", "channel": 0},
        {"node": "conv2_x.0.add", "channel": True, "row": 0, "column": 0},
        {"node": "conv2_x.0.add", "channel": 0, "row": 56, "column": 0},
    ],
)
def test_a_browser_can_report_anything(reported: object) -> None:
    run = Run("resnet18", "narrow", "cpu", sample_picture())
    assert _clicked(run, reported) is None
    there = {"node": "conv2_x.0.add", "channel": 0, "row": 55, "column": 0}
    assert _clicked(run, there) == ("conv2_x.0.add", (0, 55, 0))


def test_what_broken_weights_make_is_written_as_it_is() -> None:
    values = np.array([[np.nan, np.inf], [1.0, -2.0]])
    table = _table("inputs", values, np.array([[True, True], [True, False]]))
    assert "<td>nan</td><td>inf</td>" in table and 'class="padding"' in table
