"""Targets and loss against torch's own label smoothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from explorer.demonstrations.label_smoothing.compute import Targets, lead


@pytest.mark.parametrize("classes", [2, 10, 1000])
@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.4])
def test_the_loss_is_torchs(classes: int, epsilon: float) -> None:
    leads = np.array([0.0, 1.5, 9.0])
    for value, found in zip(leads, Targets(classes, epsilon).loss(leads), strict=True):
        logits = torch.zeros(1, classes, dtype=torch.float64)
        logits[0, 0] = value
        expected = F.cross_entropy(logits, torch.tensor([0]), label_smoothing=epsilon)
        assert found == pytest.approx(float(expected))


def test_the_targets_of_the_paper_and_the_lead_where_a_softmax_meets_them() -> None:
    t = Targets(1000, 0.1)
    assert t.right + 999 * t.other == pytest.approx(1)
    assert (t.right, t.other) == pytest.approx((0.9001, 0.0001))
    logits = torch.zeros(1000, dtype=torch.float64)
    logits[3] = t.best_lead
    assert float(logits.softmax(0)[3]) == pytest.approx(t.right)
    around = np.array([t.best_lead - 0.1, t.best_lead, t.best_lead + 0.1])
    assert t.loss(around).argmin() == 1
    assert math.isinf(Targets(1000, 0).best_lead)


def test_the_lead_is_that_of_the_largest_over_the_mean_of_the_others() -> None:
    assert lead(torch.tensor([1.0, 7.0, 3.0])) == 5.0
