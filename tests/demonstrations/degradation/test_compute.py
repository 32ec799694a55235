"""The records of plain-34 and ResNet-34: one experiment."""

from __future__ import annotations

import re

from explorer.demonstrations.degradation.compute import claims, trainings
from explorer.runtime.weights.bundled import manifest


def test_the_two_trainings_differ_in_nothing_else() -> None:
    plain, residual = (manifest()[name].record() for name in ("plain34", "resnet34"))
    for part in ("recipe", "data", "seed"):
        assert plain[part] == residual[part]
    assert manifest()["plain34"].width == manifest()["resnet34"].width


def test_the_plain_network_is_worse_on_its_training_pictures_and_on_others() -> None:
    plain, residual = trainings()
    assert plain.entry.top1 < residual.entry.top1 - 10
    assert plain.last_loss > residual.last_loss + 0.3
    assert len(plain.epochs) == len(residual.epochs) == plain.entry.epochs


def test_only_the_projections_are_parameters_of_shortcuts() -> None:
    plain, residual = trainings()
    assert 0 < residual.params / plain.params - 1 < 0.01


def test_the_paper_prints_that_depth_harms_without_shortcuts_alone() -> None:
    errors = [[float(error) for error in re.findall(r"[\d.]+(?= %)", claim.printed)] for claim in claims()]
    (plain18, residual18), (plain34, residual34) = errors
    assert plain34 > plain18 and residual34 < residual18
