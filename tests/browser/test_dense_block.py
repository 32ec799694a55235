"""The sections of a dense block: each control, and a click that the block follows."""

from __future__ import annotations

from tests.browser.conftest import OpenPage
from tests.browser.parts import choose, element, link, pick, section, step


def test_the_block_and_its_weights(open_page: OpenPage) -> None:
    view = open_page("/densenet?variant=densenet40_cifar&section=dense-block")
    shown = [section(view, "dense-block")]
    choose(view, "Mean absolute weights")
    shown.append(section(view, "dense-block"))
    assert link(view)["dense.weights"] == "means"
    element(view, "Stages of", "dense_block3").click()
    view.settle()
    shown.append(section(view, "dense-block"))
    assert "dense.block" not in link(view)
    pick(view, "dense.block", "dense_block2: 12 layers, 16×16")
    shown.append(section(view, "dense-block"))
    assert link(view)["dense.block"] == "dense_block2"
    assert len(set(shown)) == len(shown)


def test_growth_rate_and_compression(open_page: OpenPage) -> None:
    view = open_page("/densenet?variant=densenet40_cifar&section=dense-cost")
    shown = [section(view, "dense-cost")]
    step(view, "dense.growth")
    shown.append(section(view, "dense-cost"))
    assert link(view)["dense.growth"] == "13"
    step(view, "dense.kept", "ArrowLeft")
    shown.append(section(view, "dense-cost"))
    assert link(view)["dense.kept"] == "95"
    assert len(set(shown)) == len(shown)
