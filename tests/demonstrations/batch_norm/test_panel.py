"""The section of batch normalization: where it is, what it follows, and that its options show what was computed."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.architectures import families
from explorer.demonstrations.batch_norm import compute, panel
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.sidebar import sample_picture

Open = Callable[..., Any]  # a page and its link -> Visit
PAGES = Path(__file__).resolve().parents[3] / "pages"
SMALL = "resnet20_cifar"
TRAINED = "resnet34"


def run_of(name: str, weights: str) -> Run:
    return Run(name, weights, "cpu", sample_picture())


@pytest.fixture
def page(visit: Open) -> Any:
    return visit("resnet", variant=TRAINED, section="batchnorm")


def lines(page: Any) -> list[dict[str, Any]]:
    """The lines of the chart by depth, without the ring."""
    data: list[dict[str, Any]] = page.chart("batchnorm-depth")["data"]
    return data[:-1]


@pytest.mark.parametrize("family", families(), ids=lambda f: f.name)
def test_pages_have_the_section_where_networks_have_the_layers(family: Any) -> None:
    """Of variants that differ in this the first of each kind is looked at: traces take a while."""
    names = [v.name for v in family.variants]
    normalized = next((n for n in names if n.endswith("_bn")), family.default)
    has = panel.BATCH_NORM.available(run_of(normalized, "untrained"))
    assert has == bool(compute.layers(cache.trace(normalized)))
    assert has == ("BATCH_NORM" in (PAGES / f"{family.name}.py").read_text())
    if normalized != family.default and not family.default.endswith("_bn"):
        assert not panel.BATCH_NORM.available(run_of(family.default, "untrained"))


def test_the_layer_is_the_selected_or_the_nearest_one_unless_it_is_chosen(page: Any) -> None:
    assert "Batch norm" in page.sections
    assert lines(page)[1]["text"][0] == "conv2_x.0.bn2"
    page.click("conv4_x.2.bn1")
    assert lines(page)[1]["text"][0] == "conv4_x.2.bn1"
    page.click("conv3_x.0.shortcut.conv")
    assert lines(page)[1]["text"][0] == "conv3_x.0.shortcut.bn"
    assert "batchnorm.layer" not in page.link
    page.set(batchnorm__layer="conv5_x.0.bn1")
    page.click("stem.conv")
    assert lines(page)[1]["text"][0] == "conv5_x.0.bn1"
    assert page.link["batchnorm.layer"] == "conv5_x.0.bn1"


def test_the_answers_are_those_of_the_altered_networks(page: Any) -> None:
    run, layer = run_of(TRAINED, "bundled"), "conv2_x.0.bn2"
    found = panel.layers_of(run)
    for scope, names in (("one", [layer]), ("all", list(found))):
        page.set(batchnorm__scope=scope)
        own, without = (
            compute.outcome(cache.activations(run), tuple(found.values()), names, i) for i in ("own", "nothing")
        )
        shown = page.classes("batchnorm-answers")
        assert list(shown) == [panel.AS_IT_IS, panel.OWN, panel.WITHOUT]
        for title, outcome in ((panel.OWN, own), (panel.WITHOUT, without)):
            assert all(shown[title][p.label] == pytest.approx(p.probability, abs=1e-5) for p in outcome.answer.top())
        assert without.answer.first in page.answers[0]
        assert f"**{own.moved:.0%}**" in page.text and f"**{without.moved:.0%}**" in page.text
        assert [len(line["x"]) for line in lines(page)] == [len(found), len(own.spread), len(without.spread)]
    assert page.link["batchnorm.scope"] == "all"


def test_a_channel_is_shown_with_its_numbers(page: Any) -> None:
    page.set(batchnorm__channel=7)
    assert page.link["batchnorm.channel"] == "7"
    run = run_of(TRAINED, "bundled")
    c = compute.channel(cache.activations(run), panel.layers_of(run)["conv2_x.0.bn2"], 7)
    titles = [note["text"] for note in page.chart("batchnorm-values")["layout"]["annotations"]]
    for title, values in zip(titles, (c.before, c.after, c.own), strict=True):
        assert f"mean {values.mean():.3g}, standard deviation {values.std():.3g}" in title
    formulas = "\n".join(formula.value for formula in page.app.latex)
    for number in (c.mean, c.variance, c.gamma, c.beta, c.stored_mean, c.stored_variance, c.factor):
        assert f"{number:.4g}" in formulas
    assert f"times **{c.factor:.4g}**" in page.text and f"{c.next_mean:.4g}" in page.text


def test_an_untrained_network_is_called_one(visit: Open) -> None:
    page = visit("resnet", variant=SMALL, section="batchnorm", batchnorm__scope="all")
    assert "Nothing has been learned" in page.text
    run = run_of(SMALL, "untrained")
    own = panel._outcome(run, panel.ALL, "own")
    points = page.chart("batchnorm-answers")["data"][1]
    shown = [np.frombuffer(b64decode(points[axis]["bdata"]), points[axis]["dtype"]) for axis in ("x", "y")]
    assert np.array_equal(shown, [cache.activations(run).logits, own.answer.logits])
    assert panel._percent(panel._outcome(run, panel.ALL, "nothing").moved) in page.answers[0]


def test_where_no_convolution_comes_before_nothing_is_folded(visit: Open) -> None:
    page = visit("densenet", variant="densenet40_cifar", node="dense_block1.layer3.bn", section="batchnorm")
    assert "Folded" not in page.text
    assert "dense_block1.layer2.cat" in page.text


@pytest.mark.parametrize(
    ("moved", "text"),
    [
        (0.4912, "49%"),
        (12.0, "1200%"),
        (123_456.0, "120,000 times"),
        (0.00123, "0.12%"),
        (1e-6, "less than"),
        (float("nan"), "float32"),
    ],
)
def test_moves_are_said_in_words_that_fit_their_size(moved: float, text: str) -> None:
    assert text in panel._percent(moved)


def test_wrong_values_are_named(visit: Open) -> None:
    wrong = {f"batchnorm.{name}": "1.5" for name in ("layer", "channel", "scope")}
    page = visit("resnet", variant=SMALL, section="batchnorm", **wrong)
    assert len(page.warnings) == 3
    assert not set(wrong) & set(page.link)
