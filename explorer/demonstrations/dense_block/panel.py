"""The dense block: who made which maps, who reads them, and what growth rate and compression cost."""

from __future__ import annotations

import math
from threading import Condition
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from cachetools import LRUCache, cached

from explorer.analysis.palette import INK
from explorer.analysis.text import pair_text, si, thousands
from explorer.analysis.trace import Node, Trace, trace_variant
from explorer.architectures import variant as variant_called
from explorer.architectures.densenet import DenseNetConfig
from explorer.architectures.family import Variant
from explorer.demonstrations.dense_block.compute import DenseBlock, dense_blocks, relative, source_weights
from explorer.runtime import colormaps
from explorer.runtime.maps import FloatArray
from explorer.ui import cache
from explorer.ui.charts import FONT, LEGEND, ROW, chart, dark, fill, shared, styled
from explorer.ui.following import Follower, enclosing
from explorer.ui.link import beside, fresh, rewrite, seed_number
from explorer.ui.map_charts import colour_scale
from explorer.ui.map_figure import limits, tiles
from explorer.ui.sidebar import run_of, settings, weights_for

BOX = Follower("dense-block", "dense block")
GROWTH, KEPT = "growth", "kept"  # in the session and in the link: k; theta in percent
RANGES = {GROWTH: (4, 64), KEPT: (10, 100)}
HEIGHT = 400
TILES, ACROSS, TICKS = 12, 7, 8
RELATIVE, MEANS = "Each reader by its largest", "Mean absolute weights"


# ---- state -------------------------------------------------------------------------------------------------


def begin(variant: Variant) -> None:
    """Give the controls their values, before the screen."""
    state, last = st.session_state, "dense-of"
    BOX.begin(_blocks(variant.name))
    if fresh() or state.get(last) != variant.name:
        state[last] = variant.name
        for key in RANGES:
            state.pop(key, None)
    for key, (low, high) in RANGES.items():
        seed_number(key, low, high, _own(variant)[key])


def follow(trace: Trace, node: Node) -> bool:
    """Turn to the dense block of the selected node."""
    moved = BOX.follow(trace, node, enclosing(_blocks(trace.variant), node))
    _into_link(variant_called(trace.variant))
    return moved


def _blocks(name: str) -> dict[str, DenseBlock]:
    return {b.path: b for b in dense_blocks(cache.trace(name))}


def _own(variant: Variant) -> dict[str, int]:
    config: DenseNetConfig = variant.config
    return {GROWTH: config.growth_rate, KEPT: round(100 * config.compression)}


def _into_link(variant: Variant) -> None:
    state, name = st.session_state, variant.name
    numbers = {key: state[key] for key, own in _own(variant).items() if state[key] != own}
    blocks = _blocks(name)
    usual = enclosing(blocks, cache.trace(name).node(state["node"])) or next(iter(blocks))
    beside(**BOX.in_link(usual), **numbers)


def _keep(variant: Variant) -> None:
    _into_link(variant)
    rewrite()


def demonstration(variant: Variant) -> None:
    """Everything below the screen that dense blocks have to show."""
    st.header("The state of a dense block", anchor=False)
    _state(variant)
    st.header("What growth rate and compression cost", anchor=False)
    _cost(variant)


# ---- one block ---------------------------------------------------------------------------------------------


@st.fragment
def _state(variant: Variant) -> None:
    name, weights, state = variant.name, weights_for(variant.name), st.session_state
    ran = {b.path: b for b in dense_blocks(cache.ran(name, weights))}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            "Dense block",
            ran,
            key=BOX.key,
            required=True,
            persist_state="session",
            format_func=lambda p: f"{p.removeprefix('dense_block')}: {ran[p].layers} layers, {pair_text(ran[p].size)}",
        )
        shown = st.segmented_control("Weights", (RELATIVE, MEANS), key="dense-weights", default=RELATIVE, required=True)
    block = ran[state[BOX.key]]
    left, right = st.columns(2, gap="medium")
    with left:
        _growth(block)
    with right:
        _use(variant, block, shown == RELATIVE)
    _maps(variant, block)
    _keep(variant)


def _growth(block: DenseBlock) -> None:
    k = block.channels[1]
    st.markdown(
        f"**{block.channels[0]}** maps enter, each layer adds **{k}**, and **{block.state(block.layers)}** leave. "
        "**Look for** the bands: no layer changes what is there, it puts its own maps behind it."
    )
    chart(growth(block, dark()), "dense-state", f"Maps behind each layer of {block.path}, by the layer that made them")
    st.caption(
        f"Maps behind each layer of {block.path} in the network that runs; a colour is the layer that made them."
    )


@shared
def growth(block: DenseBlock, dark: bool) -> go.Figure:
    """The maps behind each layer, divided by who made them; grey are those that entered the block."""
    names = _numbers(block)
    table = colormaps.SEQUENTIAL
    figure = go.Figure()
    for source, (channels, title) in enumerate(zip(block.channels, block.sources, strict=True)):
        colour = fill("activation", dark)
        if source:
            colour = "rgb({},{},{})".format(*table[round(255 * (source - 1) / max(1, block.layers - 1))])
        first = block.state(source) - channels
        figure.add_bar(
            x=names[source:],
            y=[channels] * (len(names) - source),
            name=title,
            marker_color=colour,
            marker_line={"width": 0.5 if block.layers <= 32 else 0, "color": INK},
            showlegend=False,
            hovertemplate=f"made by {title}: maps {first} to {first + channels - 1}<extra></extra>",
        )
    figure.update_xaxes(
        title="behind layer",
        type="category",
        categoryarray=names,
        tickangle=0,
        tickvals=names[:: math.ceil(len(names) / TICKS)],
    )
    figure.update_yaxes(title="maps", nticks=6)
    return styled(figure, dark, height=HEIGHT, bargap=0.12)


def _maps(variant: Variant, block: DenseBlock) -> None:
    """The strongest map of each layer, at most `TILES` of them, as the last layer hands them on."""
    chosen = settings()
    activations = cache.activations(*run_of(variant.name))
    values = activations.maps(block.output).numpy()
    picked = np.unique(np.linspace(0, block.layers, min(TILES, block.layers + 1)).round().astype(int))
    strengths = np.abs(values).mean((1, 2))
    best = [block.state(s - 1) + int(strengths[block.state(s - 1) : block.state(s)].argmax()) for s in picked]
    scale = limits(float(values[best].min()), float(values[best].max()))
    kind = "" if activations.network.trained else " **Untrained network**: random weights, seeded."
    st.markdown(f"**The strongest map of {'each' if len(picked) > block.layers else 'some'} of the layers**")
    titles = [f"{s or 'in'}: #{k}" for s, k in zip(picked, best, strict=True)]
    rows = math.ceil(len(picked) / ACROSS)
    figure = tiles(values[best], titles, dark(), math.ceil(len(picked) / rows), scale, height=200 * rows)
    chart(figure, "dense-maps", f"Strongest maps of layers in {block.path}")
    st.caption(
        f"{chosen.image_title}: layer, and number of the map behind the block's last layer; strength is the mean "
        f"absolute value. All on one scale.{kind}"
    )


def _use(variant: Variant, block: DenseBlock, by_column: bool) -> None:
    network = cache.network(variant.name, weights_for(variant.name), settings().device)
    table = source_weights(network, block)
    st.markdown(
        "How strongly the weights of each reader hold on to the maps of each source. **Look for** sources far "
        "above the diagonal that are still read."
        if network.trained
        else "**Untrained network**: random weights treat all sources alike, so a column is even by construction. What "
        "layers use shows in trained weights only."
    )
    figure = use(block, relative(table) if by_column else table, dark())
    chart(figure, "dense-use", f"Mean absolute weights from each source to each reader in {block.path}")
    st.caption(
        "As in figure 5 of arXiv 1608.06993: a cell is the sum of the absolute weights from a source to a reader's "
        "first convolution, divided by the number of the source's maps"
        + (
            " and of filters and positions; here each column is also divided by its largest cell."
            if by_column
            else " and of filters and positions, their mean."
        )
        + " BN scales the maps before they are weighed and is not counted."
    )


def _numbers(block: DenseBlock) -> list[str]:
    """The sources' names on an axis."""
    return ["in", *(str(i + 1) for i in range(block.layers))]


@shared
def use(block: DenseBlock, table: FloatArray, dark: bool) -> go.Figure:
    """Sources by readers; cells without a connection stay empty."""
    last = block.readers[-1].title
    sources = _numbers(block)
    readers = [*sources[1:], last[0].upper()]
    titles = [[(source, reader.title) for reader in block.readers] for source in block.sources]
    figure = go.Figure()
    figure.add_heatmap(
        z=table,
        x=readers,
        y=sources,
        customdata=titles,
        zmin=0,
        zmax=float(np.nanmax(table)),
        colorscale=colour_scale(False),
        hoverongaps=False,
        hovertemplate="%{customdata[0]} → %{customdata[1]}: %{z:.4g}<extra></extra>",
        colorbar={"tickfont_size": FONT, "thickness": 14, "nticks": 5},
    )
    step = math.ceil(block.layers / TICKS)
    figure.update_xaxes(
        title=f"read by layer, {last[0].upper()}: {last}",
        type="category",
        tickangle=0,
        tickvals=[*readers[:-1:step], readers[-1]],
    )
    figure.update_yaxes(title="made by layer", type="category", autorange="reversed", tickvals=sources[::step])
    return styled(figure, dark, height=HEIGHT)


# ---- growth rate and compression ---------------------------------------------------------------------------


@cached(LRUCache(256), condition=Condition())
def _with(name: str, growth_rate: int, percent: int) -> Trace:
    """The same network with another k and theta; a stem of 2k maps stays one."""
    variant = variant_called(name)
    config: DenseNetConfig = variant.config
    changed: dict[str, Any] = {"growth_rate": growth_rate, "compression": percent / 100}
    if config.stem_channels == 2 * config.growth_rate:
        changed["stem_channels"] = 2 * growth_rate
    return trace_variant(variant, **changed)


@st.fragment
def _cost(variant: Variant) -> None:
    own = cache.trace(variant.name)
    with st.container(horizontal=True):
        with st.container(width=360):
            k = st.slider("Growth rate k", *RANGES[GROWTH], key=GROWTH, persist_state="session")
        with st.container(width=360):
            kept = st.slider(
                "Compression θ: maps that a transition keeps",
                *RANGES[KEPT],
                key=KEPT,
                step=5,
                format="%d %%",
                persist_state="session",
            )
    other = own if {GROWTH: k, KEPT: kept} == _own(variant) else _with(variant.name, k, kept)
    title = f"k = {k}, θ = {kept / 100:g}"
    params, macs = other.inference_params / own.inference_params, other.inference_macs / own.inference_macs
    st.markdown(
        f"{title}: **{si(other.inference_params)}** parameters ({params:.2f}× {variant.title}) and "
        f"**{si(other.inference_macs)}** MACs ({macs:.2f}×). **Look for** costs that grow faster than k: a layer "
        "makes more maps, and each layer behind it reads more."
    )
    numbers, stages = st.columns([2, 3], gap="medium")
    with numbers:
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
            + (" and a stem of 2k maps." if variant.config.stem_channels == 2 * variant.config.growth_rate else ".")
        )
    with stages:
        chart(by_stage({variant.title: own, title: other}, dark()), "dense-cost", "MACs of each stage, both networks")
    _keep(variant)


@shared
def by_stage(traces: dict[str, Trace], dark: bool) -> go.Figure:
    """The MACs of each stage, network beside network."""
    figure = go.Figure()
    for (label, trace), colour in zip(
        traces.items(), (fill("activation", dark), fill("convolution", dark)), strict=False
    ):
        figure.add_bar(
            x=[s.macs for s in trace.stages],
            y=[s.path for s in trace.stages],
            orientation="h",
            name=label,
            marker={"color": colour, "line": {"width": 1, "color": INK}},
            hovertemplate="%{y}: %{x:,} MACs<extra></extra>",
        )
    figure.update_xaxes(title="MACs", nticks=6, exponentformat="SI")
    figure.update_yaxes(autorange="reversed", ticksuffix=" ")
    figure.update_layout(legend={**LEGEND, "traceorder": "normal"})
    return styled(figure, dark, height=len(next(iter(traces.values())).stages) * ROW + 110, barmode="group")
