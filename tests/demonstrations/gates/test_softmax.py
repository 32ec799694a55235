"""Softmax against sigmoid: what the definitions say, and the section that shows both."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from explorer.demonstrations.gates.panel import activity_of
from explorer.demonstrations.gates.softmax import altered, both, largest_change, of_others
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.sidebar import sample_picture

Open = Callable[..., Any]  # a page and its link -> Visit
LOGITS = torch.tensor([1.5, -0.5, 0.25, 4.0])


def test_both_are_what_the_definitions_say() -> None:
    found, numbers = both(LOGITS), LOGITS.tolist()
    total = sum(math.exp(z) for z in numbers)
    assert found.softmax.tolist() == pytest.approx([math.exp(z) / total for z in numbers])
    assert found.sigmoid.tolist() == pytest.approx([1 / (1 + math.exp(-z)) for z in numbers])


def test_a_softmax_does_not_see_a_constant_and_sigmoids_do() -> None:
    before, after = both(LOGITS), both(altered(LOGITS, 3, 0, 0))
    assert largest_change(before.softmax, after.softmax) < 1e-12
    assert bool((after.sigmoid > before.sigmoid).all())


def test_one_larger_logit_takes_from_all_others_of_a_softmax_and_from_no_sigmoid() -> None:
    before, after = both(LOGITS), both(altered(LOGITS, 0, 1, 2))
    others = [0, 2, 3]
    assert bool((after.softmax < before.softmax)[others].all()) and after.softmax[1] > before.softmax[1]
    assert torch.equal(after.sigmoid[others], before.sigmoid[others]) and after.sigmoid[1] > before.sigmoid[1]
    assert float(after.softmax.sum()) == pytest.approx(1)
    assert of_others(before.softmax, 1) == pytest.approx(1 - float(before.softmax[1]))
    assert LOGITS[1] == -0.5  # the network's own stay as they are


# ---- the section -------------------------------------------------------------------------------------------


def test_the_section_shows_the_runs_own_logits_as_they_are_and_altered(visit: Open) -> None:
    page = visit("senet", section="softmax")
    run = Run("se_resnet50", "bundled", "cpu", sample_picture())
    activations = cache.activations(run)
    before, names = both(activations.logits), activations.network.classes
    for name in ("softmax", "sigmoid"):
        (shown,) = page.classes(f"softmax-{name}").values()
        assert shown == pytest.approx({c: float(getattr(before, name)[names.index(c)]) for c in shown})
    page.set(softmax__constant=2)
    soft, alone = (page.classes(f"softmax-{name}") for name in ("softmax", "sigmoid"))
    assert soft["altered"] == pytest.approx(soft["as computed"])
    assert all(alone["altered"][c] > alone["as computed"][c] for c in alone["altered"])
    page.set(softmax__constant=0, softmax__rank="2", softmax__raised=4)
    soft, alone = (page.classes(f"softmax-{name}") for name in ("softmax", "sigmoid"))
    second = list(soft["as computed"])[1]
    for c, value in soft["altered"].items():
        assert (value > soft["as computed"][c]) == (alone["altered"][c] > alone["as computed"][c]) == (c == second)
    assert second in page.answers[0]
    assert {"softmax.rank": "2", "softmax.raised": "4"}.items() <= page.link.items()


def test_the_gates_of_the_selected_block_beside_a_softmax_of_the_same_numbers(visit: Open) -> None:
    page = visit("senet", section="softmax")
    page.click("conv4_x.1.conv2")
    run = Run("se_resnet50", "bundled", "cpu", sample_picture())
    gate = activity_of(run, "conv4_x.1").gate
    rows = page.app.table[0].value.to_dict("list")
    assert rows["sum"] == [f"{gate.sum():.4g}", "1"]
    assert rows["largest"][0] == f"{gate.max():.4g}"
    assert float(rows["mean"][1]) == pytest.approx(1 / len(gate), rel=1e-3)
