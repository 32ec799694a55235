"""The sections of an inception module: branches and shares, the table of all modules, the auxiliary heads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from explorer.architectures import family
from explorer.demonstrations.inception_module.compute import heads
from explorer.demonstrations.inception_module.panel import HEADS, _modules
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.sidebar import sample_picture

Open = Callable[..., Any]  # a page and its link -> Visit
NETWORKS = [v.name for f in ("googlenet", "inception") for v in family(f).variants]


@pytest.fixture
def page(visit: Open) -> Any:
    return visit("googlenet", weights="bundled", section="module")


def run_of(name: str = "googlenet", weights: str = "bundled") -> Run:
    return Run(name, weights, "cpu", sample_picture())


def shares(page: Any) -> dict[str, list[str]]:
    """The counts in the bars of the branches: maps, parameters, MACs."""
    return {bar["name"]: bar["customdata"] for bar in page.chart("branch-shares")["data"]}


def maps_of_first_branch(page: Any) -> int:
    """How many maps the first branch adds to the stack."""
    return int(next(iter(shares(page).values()))[0])


def test_the_module_follows_the_selection_unless_it_was_chosen(page: Any) -> None:
    # 16·193 + 32·(25·16 + 1); 784 times the products
    assert shares(page)["1×1 → 5×5"] == ["32", "15,920", "12,443,648"]
    page.click("inception4.4b.conv3x3.conv")
    assert maps_of_first_branch(page) == 160
    assert "inception.module" not in page.link
    page.app.selectbox(key="inception.module").set_value("inception5.5b")
    page.run()
    assert page.link["inception.module"] == "inception5.5b"
    assert maps_of_first_branch(page) == 384
    page.click("inception4.4b.conv3x3.conv")
    assert maps_of_first_branch(page) == 384


def test_the_maps_of_a_branch_are_the_strongest_of_the_network(page: Any) -> None:
    maps = cache.activations(run_of()).maps("inception3.3a.conv5x5.relu").numpy()
    best = np.argsort(-maps.mean((1, 2)), kind="stable")[:4]
    first = (64 + 128) // 4  # after the maps of two branches, at a quarter of the width
    titles = [annotation["text"] for annotation in page.chart("branch-2")["layout"]["annotations"]]
    assert titles == [f"#{first + k}" for k in best]


def test_the_table_of_the_nine_modules(page: Any) -> None:
    page.show("modules")
    (table,) = (t.value for t in page.app.table)
    assert len(table) == 9
    rows = dict(zip(table["module"], zip(table["printed"], table["parameters"], strict=True), strict=True))
    assert rows["3a"] == ("159K / 128M", "163,696")
    assert rows["4c"] == ("463K / 100M", "510,104")
    assert rows["5b"] == ("1388K / 71M", "1,444,080")


def test_the_heads_of_trained_weights_name_classes(page: Any) -> None:
    page.show("heads")
    a, shown = cache.activations(run_of()), page.classes("heads")
    (said,) = page.answers
    for (title, bars), head in zip(shown.items(), heads(cache.trace("googlenet")), strict=True):
        probabilities = a.maps(head.scores).softmax(0)
        assert title.startswith(head.stage)
        for number in probabilities.topk(5).indices.tolist():
            assert bars[a.network.classes[number]] == pytest.approx(float(probabilities[number]))
        assert f"{title}: {a.network.classes[int(probabilities.argmax())]}" in said


def test_the_heads_of_an_untrained_network_name_nothing(visit: Open) -> None:
    page = visit("googlenet", weights="untrained", section="heads")
    assert page.answers == [] and not page.app.get("plotly_chart")
    assert all(head.reads in page.text for head in heads(cache.trace("googlenet")))


@pytest.mark.parametrize("name", NETWORKS)
def test_every_variant_has_modules_and_heads_where_it_has_them(name: str) -> None:
    assert len(_modules(name)) >= 9
    assert HEADS.available(run_of(name)) == bool(cache.trace(name).auxiliary)


def test_another_networks_modules(visit: Open) -> None:
    page = visit("inception", variant="inception_v3", weights="bundled", section="module", node="mixed6.6a.cat")
    assert page.warnings == []
    assert list(shares(page)) == [b.title for b in _modules("inception_v3")["mixed6.6a"].branches]
    page.show("modules")
    (table,) = (t.value for t in page.app.table)
    assert list(table["module"]) == list(_modules("inception_v3")) and "printed" not in table.columns


def test_a_module_that_does_not_exist_is_named(visit: Open) -> None:
    page = visit("googlenet", inception__module="inception9.9z")
    assert len(page.warnings) == 1 and "inception9" in page.warnings[0]
    assert "inception.module" not in page.link
