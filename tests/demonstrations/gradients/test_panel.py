"""The section of gradients: what its controls measure."""

from __future__ import annotations

import json
import time
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from explorer.demonstrations.gradients.compute import Recipe, measure
from explorer.demonstrations.gradients.panel import _pictures
from explorer.runtime.pictures import load_image
from explorer.runtime.preprocessing import model_input, preprocessing_for
from explorer.runtime.samples import samples

Open = Callable[..., Any]  # a page and its link -> Visit


def lines(page: Any) -> dict[str, list[dict[str, Any]]]:
    """The lines of both charts, when they are there."""
    end = time.monotonic() + 60
    while not (shown := page.app.get("plotly_chart")):
        assert time.monotonic() < end
        time.sleep(0.1)
        page.run()
    return {name: json.loads(c.proto.spec)["data"] for name, c in zip(("gradients", "deviations"), shown, strict=True)}


def test_the_samples_are_measured_as_the_small_networks_see_them() -> None:
    expected = [model_input(load_image(s.path).image, preprocessing_for((3, 32, 32))).tensor for s in samples()]
    assert torch.equal(_pictures(), torch.cat(expected))


def test_what_the_link_names_is_measured(visit: Open) -> None:
    page = visit(
        "resnet",
        variant="resnet20_cifar",
        section="gradients",
        gradients__depth="20",
        gradients__norm="none",
        gradients__init="xavier",
        gradients__seed="7",
    )
    assert page.warnings == []
    shown = lines(page)
    for number, (skips, name) in enumerate(((True, "with shortcuts"), (False, "plain"))):
        *_, (_, found) = measure(Recipe(20, skips, False, "xavier", 7), _pictures(), torch.device("cpu"))
        assert found is not None
        for chart, names, values in (
            ("gradients", found.convolutions, found.gradients),
            ("deviations", found.units, found.deviations),
        ):
            line = shown[chart][number]
            assert line["name"] == name and line["customdata"] == list(names)
            assert np.frombuffer(b64decode(line["y"]["bdata"])) == pytest.approx(values, rel=1e-5)
    page.app.segmented_control(key="gradients.networks").set_value("plain")
    page.run()
    assert [line["name"] for line in lines(page)["gradients"]] == ["plain"]
    assert page.link["gradients.networks"] == "plain"


def test_what_does_not_exist_is_named(visit: Open) -> None:
    wrong = {"gradients__depth": "21", "gradients__norm": "x", "gradients__init": "y", "gradients__seed": "1000"}
    page = visit("resnet", variant="resnet20_cifar", **wrong)
    assert len(page.warnings) == 4
    assert not any(name.startswith("gradients.") for name in page.link)
