"""The dense block: who made which maps, who reads them, and what growth rate and compression cost."""

from __future__ import annotations

import math

import streamlit as st

from explorer.analysis.text import pair_text, si, thousands
from explorer.analysis.trace import Trace
from explorer.architectures import variant as variant_called
from explorer.architectures.densenet import DenseNetConfig
from explorer.demonstrations.dense_block import charts
from explorer.demonstrations.dense_block.compute import (
    DenseBlock,
    dense_blocks,
    has_stem_of_2k,
    redesigned,
    relative,
    source_weights,
    strongest_maps,
)
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.answer import answer
from explorer.ui.charts import chart, dark
from explorer.ui.controls import segments, select, slider
from explorer.ui.link import Control, choice, number
from explorer.ui.map_figure import limits, tiles
from explorer.ui.section import Section
from explorer.ui.selection import enclosing, selected

TILES = 12
TILES_PER_ROW = 7
TILES_ROW_HEIGHT_PX = 200
RELATIVE = "relative"
MEANS = "means"

WEIGHTS = choice("dense.weights", "Weights", {RELATIVE: "Each reader by its largest", MEANS: "Mean absolute weights"})


def _config(run: Run) -> DenseNetConfig:
    config: DenseNetConfig = variant_called(run.variant).config
    return config


def _percent(config: DenseNetConfig) -> int:
    return round(100 * config.compression)


def _growth_control(run: Run) -> Control:
    return number("dense.growth", "Growth rate k", 4, 64, lambda: _config(run).growth_rate)


def _kept_control(run: Run) -> Control:
    label = "Compression θ: maps that a transition keeps"
    return number("dense.kept", label, 10, 100, lambda: _percent(_config(run)))


def _blocks(trace: Trace) -> dict[str, DenseBlock]:
    return {b.path: b for b in dense_blocks(trace)}


def _titles(run: Run) -> dict[str, str]:
    return {
        path: f"{path}: {block.layers} layers, {pair_text(block.size)}"
        for path, block in _blocks(cache.trace(run.variant)).items()
    }


def _block_control(run: Run) -> Control:
    return choice("dense.block", "Dense block", lambda: _titles(run), follows=True)


def _as_selected(run: Run) -> str:
    trace = cache.trace(run.variant)
    found = _blocks(trace)
    return enclosing(found, selected(trace)) or next(iter(found))


# ---- one block ---------------------------------------------------------------------------------------------


def _show_block(run: Run) -> None:
    """The maps after each layer, the weights that read them, and the strongest ones."""
    as_selected = _as_selected(run)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = select(_block_control(run), as_selected=_titles(run)[as_selected], width=460)
        weights = segments(WEIGHTS)
    block = _blocks(cache.running_trace(run))[chosen or as_selected]
    left, right = st.columns(2, gap="medium")
    with left:
        _growth(block)
    with right:
        _use(run, block, weights == RELATIVE)
    _maps(run, block)


def _growth(block: DenseBlock) -> None:
    k = block.channels[1]
    st.markdown(
        f"**{block.channels[0]}** maps enter, each layer adds **{k}**, and **{block.maps_after(block.layers)}** leave. "
        "**What to look for:** the bands: no layer changes the existing maps; it appends its own."
    )
    alt = f"Maps after each layer of {block.path}, by the layer that made them"
    chart(charts.growth(block, dark()), "dense-state", alt)
    st.caption(f"Maps after each layer of {block.path} in the network that runs; a colour is the layer that made them.")


def _use(run: Run, block: DenseBlock, by_column: bool) -> None:
    network = cache.network(run)
    table = source_weights(network, block)
    st.markdown(
        "How much weight each layer (column) puts on the maps of each earlier source (row). **What to look for:** "
        "sources far above the diagonal that are still read."
        if network.trained
        else "**Untrained network**: random weights treat all sources alike, so a column is even by construction. What "
        "layers use shows in trained weights only."
    )
    figure = charts.use(block, relative(table) if by_column else table, dark())
    chart(figure, "dense-use", f"Mean absolute weights from each source to each reader in {block.path}")
    st.caption(
        "As in figure 5 of arXiv 1608.06993: a cell is the sum of the absolute weights from a source to a reader's "
        "first convolution, divided by the number of the source's maps"
        + (
            " and of filters and positions; here each column is also divided by its largest cell."
            if by_column
            else " and of filters and positions, their mean."
        )
        + " BN scales the maps before they are weighted and is not counted."
    )


def _maps(run: Run, block: DenseBlock) -> None:
    """The strongest map of each layer, at most `TILES` of them, as the last layer passes them on."""
    values = cache.activations(run).maps(block.output).numpy()
    found = strongest_maps(values, block, TILES)
    shown = values[[channel for _, channel in found]]
    scale = limits(float(shown.min()), float(shown.max()))
    st.markdown(f"**The strongest map of {'each' if len(found) > block.layers else 'some'} of the layers**")
    titles = [f"{source or 'in'}: #{channel}" for source, channel in found]
    rows = math.ceil(len(found) / TILES_PER_ROW)
    columns = math.ceil(len(found) / rows)
    figure = tiles(shown, titles, dark(), columns, scale, height=TILES_ROW_HEIGHT_PX * rows)
    chart(figure, "dense-maps", f"Strongest maps of layers in {block.path}")
    st.caption(
        f"{run.picture.title}: layer, and number of the map after the block's last layer; strength is the mean "
        f"absolute value. All on one scale. {cache.network(run).caption}"
    )


# ---- growth rate and compression ---------------------------------------------------------------------------


@cache.kept()
def _redesigned(name: str, growth_rate: int, percent: int) -> Trace:
    return redesigned(variant_called(name), growth_rate, percent / 100)


def _show_cost(run: Run) -> None:
    """Parameters and MACs with another growth rate and compression, beside the published network's."""
    own, variant, config = cache.trace(run.variant), variant_called(run.variant), _config(run)
    with st.container(horizontal=True):
        with st.container(width=360):
            k = slider(_growth_control(run))
        with st.container(width=360):
            kept = slider(_kept_control(run), step=5, format="%d %%")
    other = own if (k, kept) == (config.growth_rate, _percent(config)) else _redesigned(run.variant, k, kept)
    title = f"k = {k}, θ = {kept / 100:g}"
    params, macs = other.inference_params / own.inference_params, other.inference_macs / own.inference_macs
    answer(f"{title}: {params:.2f} × the parameters, {macs:.2f} × the MACs")
    st.markdown(
        f"**{si(other.inference_params)}** parameters and **{si(other.inference_macs)}** MACs, relative to "
        f"{variant.title}. **What to look for:** costs that grow faster than k: a "
        "layer makes more maps, and each layer after it reads more."
    )
    table, stages = st.columns([2, 3], gap="medium")
    with table:
        st.table(
            [
                {
                    "": label,
                    "parameters": thousands(t.inference_params),
                    "MACs": thousands(t.inference_macs),
                    "maps at the end": t.node(t.output.inputs[0]).out_shape[0],
                }
                for label, t in ((variant.title, own), (title, other))
            ]
        )
        st.caption(
            "Counted on the published network, with only these two changed"
            + (" and a stem of 2k maps." if has_stem_of_2k(config) else ".")
        )
    with stages:
        figure = charts.by_stage({variant.title: own, title: other}, dark())
        chart(figure, "dense-cost", "MACs of each stage, both networks")


DENSE_BLOCK = Section(
    "dense-block", "Inside a dense block", _show_block, lambda run: (_block_control(run), WEIGHTS), follows=True
)
DENSE_COST = Section(
    "dense-cost", "Growth and compression", _show_cost, lambda run: (_growth_control(run), _kept_control(run))
)
