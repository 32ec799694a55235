"""LeNet-5's demonstrations on its page: the table of connections, and distances or logits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from explorer.architectures import variant
from explorer.architectures.lenet import C3_TABLE
from explorer.runtime.activations import capture
from explorer.runtime.maps import unpack
from explorer.runtime.preprocessing import model_input, preprocessing_for
from explorer.runtime.weights.network import load_network
from explorer.ui import cache

Open = Callable[..., Any]  # -> Visit of conftest.py
FULL = [list(range(6))] * 16


@pytest.fixture
def page(visit: Open) -> Any:
    return visit("lenet", variant="lenet5", weights="untrained")


def links(page: Any) -> dict[str, Any]:
    header, _ = unpack(page.components("connections")[0].proto.bytes)
    return header


def switch(page: Any, reading: str) -> None:
    page.app.button_group(key="c3").set_value(reading)
    page.run()


def distances(page: Any) -> torch.Tensor:
    """Of the picture on the page, by the model itself."""
    picture = page.app.session_state["settings"].image.image
    x = model_input(picture, preprocessing_for((1, 32, 32))).tensor
    with torch.inference_mode():
        found: torch.Tensor = load_network(variant("lenet5")).model(x)[0]
    return found


def test_the_table_of_the_network_comes_with_its_kernels(page: Any) -> None:
    header = links(page)
    assert header["table"] == [list(row) for row in C3_TABLE]
    assert [part["shape"] for part in header["parts"]] == [[6, 14, 14], [16, 10, 10], [60, 5, 5]]
    assert "c3" not in page.link


def test_the_full_switch_lights_everything_and_says_whose_maps_these_are(page: Any) -> None:
    switch(page, "full")
    header = links(page)
    assert header["table"] == FULL
    assert len(header["parts"]) == 2  # this network has no kernels for these links
    assert "those of this network, whose C3 is partial" in page.text
    assert page.link["c3"] == "full"
    switch(page, "partial")
    assert "c3" not in page.link


def test_both_counts_stand_side_by_side(page: Any) -> None:
    table = next(t.value for t in page.app.table if "C3 parameters" in t.value)
    assert list(table["C3 parameters"]) == ["1,516", "2,416"]
    assert list(table["C3 connections"]) == ["151,600", "241,600"]
    assert list(table["C3 MACs"]) == ["150,000", "240,000"]
    assert list(table["network connections"]) == ["340,908", "430,908"]
    assert "leaves out 37.5%" in page.text


def test_the_modern_version_reads_all_and_can_show_the_table(visit: Open) -> None:
    page = visit("lenet", variant="lenet5_modern", weights="untrained")
    assert links(page)["table"] == FULL
    assert len(links(page)["parts"]) == 3
    switch(page, "partial")
    assert links(page)["table"] == [list(row) for row in C3_TABLE]
    assert page.link["c3"] == "partial"
    page.app.selectbox(key="variant").set_value("lenet5")
    page.run()
    assert len(links(page)["parts"]) == 3  # each variant begins as it is built
    assert "c3" not in page.link


def test_a_link_opens_the_full_table_and_a_wrong_one_is_told(visit: Open) -> None:
    assert links(visit("lenet", variant="lenet5", c3="full"))["table"] == FULL
    page = visit("lenet", variant="lenet5", c3="half")
    assert any("'half'" in warning for warning in page.warnings)
    assert len(links(page)["parts"]) == 3


def test_distances_and_the_smallest(page: Any) -> None:
    values = distances(page)
    assert f"The smallest distance is **{values.min():.4g}**, to the picture of {int(values.argmin())}" in page.text
    assert "It says nothing of the picture" in page.text


def test_each_distance_is_taken_apart(page: Any) -> None:
    values = distances(page)
    for digit in range(10):
        page.app.button_group(key="rbf-digit").set_value(str(digit))
        page.run()
        assert f"**Code of {digit}: +1 and −1**" in page.text
        assert f"sum {values[digit]:.4g}" in page.text


def test_the_modern_version_has_logits(visit: Open) -> None:
    page = visit("lenet", variant="lenet5_modern", weights="untrained")
    assert "This version has no bitmaps" in page.text
    assert "The smallest distance" not in page.text
    assert all(group.key != "rbf-digit" for group in page.app.button_group)


@pytest.mark.parametrize("name", ["lenet5", "lenet5_modern"])
def test_a_trained_network_names_its_answer(visit: Open, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    own = load_network(variant(name))
    trained = replace(own, classes=tuple(f"digit {i}" for i in range(10)))
    if name == "lenet5":
        with torch.no_grad():  # F6 that draws a 3
            trained.model.f6.linear.weight.zero_()
            trained.model.f6.linear.bias.copy_(100 * trained.model.output.rbf.codes[3])
    found = capture(trained, torch.zeros(1, 1, 32, 32))
    monkeypatch.setattr(cache, "activations", lambda *arguments: found)
    monkeypatch.setattr(cache, "network", lambda *arguments: trained)
    page = visit("lenet", variant=name, weights="untrained")
    assert "**Untrained network**" not in page.text
    if name == "lenet5":
        assert "The network's answer: **digit 3**" in page.text
        assert np.isclose(float(found.logits[3]), 84 * (1.7159 - 1) ** 2, rtol=1e-3)
