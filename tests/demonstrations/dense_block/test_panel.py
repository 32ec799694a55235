"""The sections of a dense block: state, use and cost."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from explorer.analysis.text import thousands
from explorer.analysis.trace import Trace, trace_variant
from explorer.architectures import family, variant
from explorer.demonstrations.dense_block.compute import dense_blocks, relative, source_weights, strongest_maps
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.sidebar import sample_picture
from tests.traces import traced

Open = Callable[..., Any]  # a page and its link -> Visit
SMALL = "densenet_bc100_cifar"


@pytest.fixture
def page(visit: Open) -> Any:
    return visit("densenet", variant=SMALL, weights="untrained", section="dense-block")


@pytest.fixture
def costs(visit: Open) -> Any:
    return visit("densenet", variant=SMALL, weights="untrained", section="dense-cost")


def bars(page: Any) -> list[int]:
    """The maps of each source."""
    return [bar["y"][0] for bar in page.chart("dense-state")["data"]]


def test_the_block_follows_the_selection_unless_it_was_chosen(page: Any) -> None:
    assert bars(page) == [24, *[12] * 16]
    page.click("dense_block2.layer3.conv")
    assert bars(page)[0] == 108
    assert "dense.block" not in page.link
    page.app.selectbox(key="dense.block").set_value("dense_block3")
    page.run()
    assert page.link["dense.block"] == "dense_block3"
    page.click("dense_block2.layer3.conv")
    assert bars(page)[0] == 150


def test_bars_grow_by_the_layers_that_made_the_maps(page: Any) -> None:
    shown = page.chart("dense-state")["data"]
    assert [len(bar["x"]) for bar in shown] == [17, *range(16, 0, -1)]
    assert len({bar["marker"]["color"] for bar in shown}) == 17


def test_the_strongest_maps_are_shown(page: Any) -> None:
    maps = cache.activations(Run(SMALL, "untrained", "cpu", sample_picture())).maps("dense_block1.layer16.cat")
    block = dense_blocks(cache.trace(SMALL))[0]
    titles = [annotation["text"] for annotation in page.chart("dense-maps")["layout"]["annotations"]]
    assert titles == [f"{source or 'in'}: #{k}" for source, k in strongest_maps(maps.numpy(), block, 12)]


def test_weights_in_both_ways(page: Any) -> None:
    run = Run(SMALL, "untrained", "cpu", sample_picture())
    means = source_weights(cache.network(run), dense_blocks(cache.trace(SMALL))[0])
    for weights, expected in (("relative", relative(means)), ("means", means)):
        page.app.segmented_control(key="dense.weights").set_value(weights)
        page.run()
        heat = page.chart("dense-use")["data"][0]
        assert heat["x"][-1] == "T" and heat["y"][0] == "in"
        assert heat["zmax"] == pytest.approx(np.nanmax(expected))
        shown = np.frombuffer(b64decode(heat["z"]["bdata"]), heat["z"]["dtype"])
        assert np.array_equal(shown, expected.ravel(), equal_nan=True)
    assert page.link["dense.weights"] == "means"


def test_growth_rate_and_compression_are_counted_anew(costs: Any) -> None:
    def counted(trace: Trace) -> bool:
        rows = costs.app.table[0].value
        numbers = thousands(trace.inference_params), thousands(trace.inference_macs)
        return tuple(rows[["parameters", "MACs"]].iloc[1]) == numbers

    assert counted(traced(SMALL))
    costs.app.slider(key="dense.growth").set_value(24)
    costs.run()
    assert counted(trace_variant(variant(SMALL), growth_rate=24, stem_channels=48))
    costs.app.slider(key="dense.kept").set_value(100)
    costs.run()
    assert counted(trace_variant(variant(SMALL), growth_rate=24, stem_channels=48, compression=1.0))
    assert (costs.link["dense.growth"], costs.link["dense.kept"]) == ("24", "100")


def test_another_variant_shows_its_own_growth_rate(costs: Any) -> None:
    costs.set(variant="densenet40_cifar")
    assert (costs.app.slider(key="dense.growth").value, costs.app.slider(key="dense.kept").value) == (12, 100)
    assert not any(name.startswith("dense.") for name in costs.link)


def test_growth_rate_and_compression_of_the_link(visit: Open) -> None:
    page = visit("densenet", variant=SMALL, section="dense-cost", dense__growth="20", dense__kept="500")
    assert page.app.slider(key="dense.growth").value == 20
    assert page.app.slider(key="dense.kept").value == 50
    assert len(page.warnings) == 1


@pytest.mark.parametrize("name", [v.name for v in family("densenet").variants])
def test_every_variant_lies_within_the_sliders(name: str) -> None:
    config = variant(name).config
    assert 4 <= config.growth_rate <= 64 and round(100 * config.compression) % 5 == 0
    assert dense_blocks(cache.trace(name))
