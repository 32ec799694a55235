"""MobileNet's demonstrations: filter, then mix; narrow and wide; what ReLU6 destroys; the two multipliers."""

from __future__ import annotations

from dataclasses import replace
from threading import Condition

import numpy as np
import streamlit as st
from cachetools import LRUCache, cached

from explorer.analysis import cost, designs
from explorer.analysis.cost import Design
from explorer.analysis.text import pair_text, shape_text, thousands
from explorer.analysis.trace import Node, Trace, trace_variant
from explorer.architectures import variant as variant_called
from explorer.architectures.family import Variant
from explorer.demonstrations.mobilenet import charts as mobile_charts
from explorer.demonstrations.mobilenet.multipliers import ALPHAS, PRINTED, SIZES, block_widths
from explorer.demonstrations.mobilenet.spiral import DIMENSIONS, Decoder, recover
from explorer.demonstrations.separable.compute import Mix, Pair, mix, pairs
from explorer.runtime.pictures import LoadedImage
from explorer.ui import cache, cost_bars
from explorer.ui.charts import chart, dark
from explorer.ui.following import Follower, enclosing
from explorer.ui.link import beside, fresh, rewrite, seed, seed_number
from explorer.ui.map_images import Strip, common, strips
from explorer.ui.sidebar import settings, weights_for

SHOWN = 4  # channels of a mix
MOST_SEED, DRAWS = 999, 50
BOX, OUTPUT = Follower("mix-block", "block"), "mix-output"
SPIRAL_SEED = "spiral-seed"
# Controls with a few values: in the session and in the link, what people call them, their values, the first of them.
CONTROLS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "spiral-n": ("number of dimensions", tuple(map(str, DIMENSIONS)), str(DIMENSIONS[0])),
    "spiral-decoder": ("way back", ("best", "inverse"), "best"),
    "alpha": ("α", tuple(map(str, ALPHAS)), "1.0"),
    "rho": ("picture's side", tuple(map(str, SIZES)), "224"),
}
DECODERS: dict[Decoder, str] = {"best": "Best affine map", "inverse": "Pseudo-inverse of T"}


# ---- state -------------------------------------------------------------------------------------------------


def begin(variant: Variant) -> None:
    """Give the controls their values, before the screen: the link's, or as before, or a first one."""
    if fresh():
        for key in (OUTPUT, SPIRAL_SEED, *CONTROLS):
            st.session_state.pop(key, None)
    if found := _pairs(variant.name, weights_for(variant.name)):
        BOX.begin(found)
        _seed_output(found[st.session_state[BOX.key]])
    seed_number(SPIRAL_SEED, 0, MOST_SEED, 0)
    for key, (what, options, first) in CONTROLS.items():
        seed(key, options, first, what)


def _seed_output(pair: Pair) -> int:
    """Give the output map a number that the pair has; returns the largest one."""
    most = pair.pointwise.out_shape[0] - 1
    seed_number(OUTPUT, 0, most, 0)
    return most


def follow(trace: Trace, node: Node) -> bool:
    """Turn to the selected node's block, if it has a depthwise convolution."""
    found = _pairs(trace.variant, weights_for(trace.variant))
    moved = bool(found) and BOX.follow(trace, node, enclosing(found, node))
    _into_link(variant_called(trace.variant))
    return moved


def _into_link(variant: Variant) -> None:
    """What differs from a fresh page at this node."""
    state = st.session_state
    values = {key: state[key] for key, (_, _, first) in CONTROLS.items() if state[key] != first}
    values |= {SPIRAL_SEED: state[SPIRAL_SEED]} if state[SPIRAL_SEED] else {}
    if found := _pairs(variant.name, weights_for(variant.name)):
        usual = enclosing(found, cache.trace(variant.name).node(state["node"])) or next(iter(found))
        values |= BOX.in_link(usual) | ({OUTPUT: state[OUTPUT]} if state[OUTPUT] else {})
    beside("mobilenet", **values)


def _keep(variant: Variant) -> None:
    _into_link(variant)
    rewrite()


# ---- computed once for all viewers -------------------------------------------------------------------------


@cached(LRUCache(128), condition=Condition())
def _scaled(name: str, alpha: float, size: int) -> Trace:
    return trace_variant(variant_called(name), size, width=alpha)


@cache.bounded(32)
def _mix(name: str, weights: str, device: str, image: LoadedImage, depthwise: str, output: int) -> Mix:
    pair = _pairs(name, weights)[depthwise]
    return mix(cache.activations(name, weights, device, image), pair, output, SHOWN)


def _pairs(name: str, weights: str) -> dict[str, Pair]:
    """Of the network that runs, by block."""
    return {pair.depthwise.block: pair for pair in pairs(cache.ran(name, weights))}


def demonstration(variant: Variant) -> None:
    """Everything below the screen that is MobileNet's own, but for the gates."""
    st.header("Filter, then mix", anchor=False)
    if _pairs(variant.name, weights_for(variant.name)):
        _filter_and_mix(variant)
        st.header("Narrow and wide", anchor=False)
        _profile(variant)
    else:
        st.markdown(
            "This network has full convolutions only: every filter sees all channels. Choose another variant to see "
            "them taken apart into depthwise and 1×1."
        )
    st.header("What ReLU6 destroys", anchor=False)
    _spiral(variant)
    st.header("Narrower and smaller: α and ρ", anchor=False)
    _multipliers(variant)


# ---- filter, then mix --------------------------------------------------------------------------------------


@st.fragment
def _filter_and_mix(variant: Variant) -> None:
    weights, chosen = weights_for(variant.name), settings()
    found = _pairs(variant.name, weights)
    st.markdown(
        "A row is a channel's way: its map, **its own filter**, what the filter makes of it. Only the **1×1** mixes: "
        "it gives each channel one weight, and adds."
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        block = st.selectbox("Block", found, key=BOX.key, width=220, persist_state="session")
        pair = found[block]
        most = _seed_output(pair)
        output = st.number_input(
            f"Output map, 0 to {most}", 0, most, key=OUTPUT, step=1, width=200, persist_state="session"
        )
    _keep(variant)
    m = _mix(variant.name, weights, chosen.device, chosen.image, block, output)
    trained = cache.network(variant.name, weights, chosen.device).trained
    st.markdown(
        f"The {len(m.channels)} of {pair.depthwise.out_shape[0]} channels that contribute most to output map {output} "
        f"of **{pair.pointwise.name}**, {m.share:.0%} of the sum of all contributions' norms. {chosen.image_title}."
        + ("" if trained else " **Untrained network**: random weights, seeded.")
    )
    _channels(m, pair)
    _sums(m, pair, output)
    _pair_costs(variant, pair)


def _channels(m: Mix, pair: Pair) -> None:
    kernel = pair_text(pair.depthwise.kernel or ())
    after = ", ".join(
        "gate" if n.type == "mul" else "BN" if n.kind == "normalization" else n.type for n in pair.between
    )
    shown = []
    for c in m.channels:
        parts = [
            (c.given, "input map"),
            (c.kernel, f"its {kernel} filter"),
            (c.filtered, "filtered"),
            *([(c.entering, f"after {after}")] if after else []),
            (c.contribution, f"× {c.weight:.3g}, its share of the output"),
        ]
        maps, captions = zip(*parts, strict=True)
        shown.append(Strip(f"Channel {c.number}", maps, captions, legend=c is m.channels[-1]))
    strips(*shown)


def _sums(m: Mix, pair: Pair, output: int) -> None:
    """The sum of all channels, and the standard convolution that the pair would be with nothing between."""
    reach = float(np.abs(m.network).max()) or 1.0
    rounding = float(np.abs(m.total - m.network).max()) / reach
    off = float(np.linalg.norm(m.standard - m.network) / (np.linalg.norm(m.network) or 1.0))
    between = ["gate" if n.type == "mul" else n.type for n in pair.between if n.kind != "normalization"]
    st.markdown(
        f"All contributions added are the network's own map, but for rounding ({rounding:.1g} of its largest value). "
        f"Without {' and '.join(between)} in between, the pair would be **one standard convolution** on the same maps. "
        f"What the network has differs from that by **{off:.2f}** (L2 norm, relative)."
    )
    difference = m.network - m.standard
    scale = common(m.total, m.network, m.standard, difference)
    strips(
        Strip(
            f"Output map {output}",
            (m.total, m.network, m.standard, difference),
            ("all channels added", "the network's own", "standard convolution", "difference of the last two"),
            scale,
        )
    )


def pair_designs(trace: Trace, depthwise: str, pointwise: str) -> tuple[Design, Design]:
    """A standard convolution, and the depthwise one with its 1x1 in its place."""
    c = replace(cost.convolution_of(trace.node(depthwise)), groups=1, bias=False)
    c = replace(c, out_channels=trace.node(pointwise).out_shape[0])
    return designs.standard(c), designs.depthwise_separable(c)


def _pair_costs(variant: Variant, pair: Pair) -> None:
    full, separable = pair_designs(cache.trace(variant.name), pair.depthwise.name, pair.pointwise.name)
    layer = full.layers[0]
    st.markdown(
        f"**Cost** in the paper's network, {shape_text(layer.in_shape)} → {shape_text(full.out_shape)}: "
        f"{thousands(separable.macs)} MACs, **{full.macs / separable.macs:.2f}×** fewer than the standard "
        f"convolution's {thousands(full.macs)}; {thousands(separable.params)} weights in place of "
        f"{thousands(full.params)}."
    )
    chart(cost_bars.comparison((full, separable), dark()), "pair-costs", "Costs of both, layer by layer")
    cost_bars.legend(full, separable)


# ---- narrow and wide ---------------------------------------------------------------------------------------


def _profile(variant: Variant) -> None:
    blocks = block_widths(cache.trace(variant.name))
    expansions = sorted({b.expansion for b in blocks})
    if expansions == [1.0]:
        saying = (
            "The depthwise convolution works on as many maps as enter the block: nothing is expanded, nothing squeezed."
        )
    else:
        saying = (
            f"**Narrow, wide, narrow**: a 1×1 makes the maps up to {expansions[-1]:.3g} times as many, the depthwise "
            "convolution works there, and a 1×1 makes them few again. "
            f"{sum(b.shortcut for b in blocks)} of {len(blocks)} blocks have a shortcut; it joins the narrow ends."
        )
    st.markdown(f"{saying} Channels of the paper's network; point at a bar for its number.")
    chart(mobile_charts.profile(blocks, dark()), "profile", f"Channels along {variant.title}, block by block")


# ---- the spiral --------------------------------------------------------------------------------------------


@cached(LRUCache(16), condition=Condition())
def _mean_errors(decoder: Decoder) -> tuple[float, ...]:
    """Over seeds 0 to `DRAWS` - 1, by `DIMENSIONS`."""
    return tuple(float(np.mean([recover(n, seed, decoder).error for seed in range(DRAWS)])) for n in DIMENSIONS)


@st.fragment
def _spiral(variant: Variant) -> None:
    st.markdown(
        "A random matrix T embeds a spiral in n dimensions, ReLU6 cuts it, a linear map brings it back: the idea of "
        "figure 1 of the V2 paper (1801.04381). **In few dimensions it collapses, in many it survives.** So V2 keeps "
        "its ReLU6 where the maps are many, and has none where they are few."
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        n = int(_slider("Dimensions n", "spiral-n", 240))
        number = st.number_input("Seed of T", 0, MOST_SEED, key=SPIRAL_SEED, step=1, width=130, persist_state="session")
        st.segmented_control(
            "Way back",
            DECODERS,
            key="spiral-decoder",
            required=True,
            format_func=DECODERS.__getitem__,
            persist_state="session",
        )
        decoder: Decoder = st.session_state["spiral-decoder"]
        relu = st.toggle("ReLU6", value=True, key="spiral-relu")
    _keep(variant)
    recovered = recover(n, number, decoder, relu)
    lost = f" ReLU6 set {recovered.cut:.0%} of the values to 0 and {recovered.clipped:.0%} to 6." if relu else ""
    st.markdown(
        f"Relative error of what came back: **{recovered.error:.3g}** (0: all of it; 1: no better than a point).{lost}"
    )
    chart(mobile_charts.spirals(recovered, n, dark()), "spirals", "The spiral, and what came back of it")
    st.table(
        [
            {"relative error": f"seed {number}"}
            | {f"n = {d}": f"{recover(d, number, decoder).error:.2g}" for d in DIMENSIONS},
            {"relative error": f"mean of {DRAWS} seeds"}
            | {f"n = {d}": f"{e:.2g}" for d, e in zip(DIMENSIONS, _mean_errors(decoder), strict=True)},
        ]
    )
    if decoder == "inverse":
        st.caption(
            "The pseudo-inverse undoes T alone. ReLU6 cuts about half of every signal away, so even in many dimensions "
            "the spiral comes back at half its size: look at its shape. The best affine map makes up for that."
        )


def _slider(label: str, key: str, width: int) -> str:
    """A slider over a control's values."""
    chosen: str = st.select_slider(label, CONTROLS[key][1], key=key, width=width, persist_state="session")
    return chosen


# ---- alpha and rho -----------------------------------------------------------------------------------------


@st.fragment
def _multipliers(variant: Variant) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        alpha = float(_slider("α, width: times the channels", "alpha", 300))
        size = int(_slider("Picture's side in pixels, ρ × 224", "rho", 300))
    _keep(variant)
    whole, here = _scaled(variant.name, 1.0, 224), _scaled(variant.name, alpha, size)
    rho = size / 224
    st.markdown(
        f"α = {alpha}, ρ = {rho:.3g}: **{thousands(here.params)}** parameters, {here.params / whole.params:.1%} of the "
        f"whole network's; **{thousands(here.macs)}** MACs, {here.macs / whole.macs:.1%}. The rule of thumb α²ρ² says "
        f"{(alpha * rho) ** 2:.1%}. ρ changes no parameter."
    )
    rows = [
        {
            "α": str(a),
            "picture": f"{s}×{s}",
            "MACs, printed": f"{printed.macs:g} M",
            "MACs, counted": thousands(_scaled(name, a, s).macs),
            "parameters, printed": f"{printed.params:g} M",
            "parameters, counted": thousands(_scaled(name, a, s).params),
            "top-1, printed": f"{printed.top1} %",
            "source": printed.source,
        }
        for (name, a, s), printed in PRINTED.items()
        if name == variant.name
    ]
    if rows:
        st.table(rows)
