"""The section on the Inception page: targets for the network's own number of classes, and the network's lead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from explorer.demonstrations.label_smoothing.compute import Targets, lead
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.sidebar import sample_picture

Open = Callable[..., Any]  # a page and its link -> Visit


def test_the_bundled_network_and_the_share_that_is_chosen(visit: Open) -> None:
    page = visit("inception", section="smoothing")
    run = Run("inception_v3", "bundled", "cpu", sample_picture(page.app.selectbox(key="sample").value))
    own = lead(cache.activations(run).logits)
    figure = page.chart("smoothing")
    assert figure["layout"]["shapes"][0]["x0"] == pytest.approx(own)
    assert f"{own:.2f}" in page.text
    for percent in (10, 40):
        page.set(smoothing__percent=percent)
        t = Targets(10, percent / 100)
        (said,) = page.answers
        assert f"{t.right:.4g}" in said and f"{t.other:.4g}" in said
        (least,) = [line for line in page.chart("smoothing")["data"] if line.get("mode") == "markers"]
        assert least["x"] == pytest.approx([t.best_lead])
    assert page.link["smoothing.percent"] == "40"


def test_an_untrained_network_has_a_thousand_classes_and_no_lead(visit: Open) -> None:
    page = visit("inception", variant="inception_v4", section="smoothing")
    assert f"{Targets(1000, 0.1).right:.4g}" in page.answers[0]
    assert not page.chart("smoothing")["layout"].get("shapes")
