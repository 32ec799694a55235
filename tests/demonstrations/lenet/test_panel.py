"""LeNet-5's sections on their page: the table of connections, and distances or logits."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import torch

from explorer.architectures import variant
from explorer.architectures.lenet import C3_TABLE
from explorer.demonstrations.digits.compute import ink_of, picture, pixels, sample_digits, standardised
from explorer.runtime.maps import unpack
from explorer.runtime.preprocessing import model_input
from explorer.runtime.weights.network import load_network

Open = Callable[..., Any]  # -> tests.visit.Visit
FULL = [list(range(6))] * 16
PARTIAL = [list(row) for row in C3_TABLE]


def links(page: Any) -> dict[str, Any]:
    header, _ = unpack(page.components("connections")[0].proto.bytes)
    return header


def distances(weights: str) -> torch.Tensor:
    """Of the sample digit 7, by the model itself."""
    network = load_network(variant("lenet5"), weights)
    digit = picture(pixels(standardised(ink_of(sample_digits()["7"])))).image
    with torch.inference_mode():
        found: torch.Tensor = network.model(model_input(digit, network.preprocessing).tensor)[0]
    return found


def test_the_networks_own_connections_come_with_its_kernels_and_the_others_without(visit: Open) -> None:
    page = visit("lenet", section="connections", weights="untrained")
    assert page.warnings == []
    header = links(page)
    assert header["table"] == PARTIAL
    assert [part["shape"] for part in header["parts"]] == [[6, 14, 14], [16, 10, 10], [60, 5, 5]]
    (table,) = (t.value for t in page.app.table)
    assert list(table["C3 parameters"]) == ["1,516", "2,416"]
    assert list(table["C3 connections"]) == ["151,600", "241,600"]
    assert list(table["C3 MACs"]) == ["150,000", "240,000"]
    assert list(table["network connections"]) == ["340,908", "430,908"]
    page.set(connections__of="other")
    assert links(page)["table"] == FULL
    assert len(links(page)["parts"]) == 2  # this network has no kernels for these links
    assert page.link == {"section": "connections", "weights": "untrained", "connections.of": "other"}


def test_the_modern_version_reads_all_and_can_show_the_table(visit: Open) -> None:
    page = visit("lenet", variant="lenet5_modern", section="connections", connections__of="other")
    assert links(page)["table"] == PARTIAL and len(links(page)["parts"]) == 2
    page.set(connections__of="own")
    assert links(page)["table"] == FULL and len(links(page)["parts"]) == 3
    page.set(variant="lenet5")
    assert links(page)["table"] == PARTIAL and len(links(page)["parts"]) == 3  # each variant as it is built
    wrong = visit("lenet", section="connections", connections__of="half")
    assert len(wrong.warnings) == 1 and "half" in wrong.warnings[0]


@pytest.mark.parametrize("weights", ["bundled", "untrained"])
def test_distances_the_smallest_and_each_taken_apart(visit: Open, weights: str) -> None:
    page = visit("lenet", section="output", weights=weights)
    values = distances(weights)
    nearest = int(values.argmin())
    assert f"**{values.min():.4g}**" in page.text
    assert f"sum {values[nearest]:.4g}**" in page.text
    assert (nearest == 7) == (weights == "bundled")
    digit = (nearest + 3) % 10
    page.set(output__digit=str(digit))
    assert page.link["output.digit"] == str(digit)
    assert f"sum {values[digit]:.4g}**" in page.text
    assert {"output-distances", "output-f6", "output-code", "output-squares"} <= charts(page)


def charts(page: Any) -> set[str]:
    """The keys of the charts on the page."""
    return {e.proto.id.split("-", 2)[2] for e in page.app.get("plotly_chart") if json.loads(e.proto.spec)}


def test_the_modern_version_has_logits(visit: Open) -> None:
    page = visit("lenet", variant="lenet5_modern", section="output")
    (bars,) = page.chart("output-logits")["data"]
    assert len(bars["text"]) == 10
    assert "output-distances" not in charts(page)
