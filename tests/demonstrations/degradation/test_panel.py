"""The degradation experiment on the ResNet page: the same whatever the page shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from explorer.analysis.text import percent_text
from explorer.runtime.weights.bundled import manifest

Open = Callable[..., Any]  # a page and its link -> Visit


@pytest.mark.parametrize("variant", ["resnet20_cifar", "plain34"])
def test_both_accuracies_and_both_curves(visit: Open, variant: str) -> None:
    page = visit("resnet", variant=variant, weights="untrained", section="degradation")
    reached = [percent_text(manifest()[name].top1) for name in ("plain34", "resnet34")]
    (said,) = page.answers
    assert re.findall(r"[\d.]+ %", said) == reached
    lines = {line["name"]: line["y"] for line in page.chart("degradation")["data"]}
    for name, title in (("plain34", "plain-34"), ("resnet34", "ResNet-34")):
        epochs = manifest()[name].record()["epochs"]
        assert lines[f"{title}: loss"] == [e["loss"] for e in epochs]
        assert lines[f"{title}: accuracy"] == [e["top1"] for e in epochs if e["top1"] is not None]


def test_the_training_section_does_not_show_the_experiment_again(visit: Open) -> None:
    page = visit("resnet", variant="plain34", section="training")
    names = [line["name"] for line in page.chart("training-plain34")["data"]]
    assert len(names) == 2 and all("34" in name and not name.startswith("ResNet") for name in names)
