"""Xception's demonstration: one layer as a full, a grouped and a depthwise separable convolution."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from explorer.analysis import cost, designs
from explorer.analysis.cost import Convolution, Design
from explorer.analysis.text import pair_text, shape_text, thousands
from explorer.architectures.family import Variant
from explorer.demonstrations.separable.compute import SpatialLayer, Version, group_counts, spatial_layers, version
from explorer.runtime.pictures import LoadedImage
from explorer.ui import cache, cost_bars
from explorer.ui.charts import chart, dark
from explorer.ui.link import asked, beside, fresh, rewrite, seed
from explorer.ui.map_images import Strip, common, strips
from explorer.ui.sidebar import settings, weights_for

LAYER, GROUPS = "layer", "groups"
SHOWN = 6  # maps and kernels of each kind
NOTHING_LEFT = 1e-4  # relative: the rounding of float32, and no more


def begin(variant: Variant) -> None:
    """Give the controls in the link their values."""
    state, layers = st.session_state, _layers(variant)
    if fresh():
        for key in (LAYER, GROUPS):
            state.pop(key, None)
    first = _first(layers)
    layer = layers[seed(LAYER, layers, first, "layer")]
    counts = group_counts(layer.first.in_shapes[0][0])
    wish = asked(GROUPS)
    if wish and wish not in map(str, counts):
        st.warning(f"{layer.title} cannot have {wish} groups; {counts[-1]} are shown.")
    elif wish:
        state[GROUPS] = int(wish)
    _fit(counts)
    _into_link(variant, layer)


def _layers(variant: Variant) -> dict[str, SpatialLayer]:
    """Of the network that runs, by title."""
    return {layer.title: layer for layer in spatial_layers(cache.ran(variant.name, weights_for(variant.name)))}


def _first(layers: dict[str, SpatialLayer]) -> str:
    return next(title for title, layer in layers.items() if layer.separable)


def _fit(counts: tuple[int, ...]) -> None:
    """As many groups as before, or, where that does not divide the channels, one for each channel."""
    if st.session_state.get(GROUPS) not in counts:
        st.session_state[GROUPS] = counts[-1]


def _into_link(variant: Variant, layer: SpatialLayer) -> None:
    """What differs from a fresh page."""
    state = st.session_state
    values = {LAYER: layer.title} if layer.title != _first(_layers(variant)) else {}
    most = layer.first.in_shapes[0][0]
    beside(**values, **({GROUPS: state[GROUPS]} if state[GROUPS] != most else {}))


@cache.bounded(48)
def _version(name: str, weights: str, device: str, image: LoadedImage, title: str, groups: int) -> Version:
    layer = {x.title: x for x in spatial_layers(cache.ran(name, weights))}[title]
    return version(cache.activations(name, weights, device, image), layer, groups, SHOWN)


def demonstration(variant: Variant) -> None:
    """Everything below the screen that is Xception's own."""
    st.header("From full to depthwise separable", anchor=False)
    st.markdown(
        "One slider from a **full** convolution (1 group: each filter sees all channels) over **grouped** ones to the "
        "**depthwise separable** one (a group for each channel). Inception's branches lie near the left end, with "
        "three or four segments; Xception is the right end (1610.02357)."
    )
    _spectrum(variant)


@st.fragment
def _spectrum(variant: Variant) -> None:
    layers, state, chosen = _layers(variant), st.session_state, settings()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.selectbox(
            "Layer",
            layers,
            key=LAYER,
            width=420,
            persist_state="session",
            format_func=lambda title: f"{title} ({'separable' if layers[title].separable else 'regular'})",
        )
        layer = layers[state[LAYER]]
        counts = group_counts(layer.first.in_shapes[0][0])
        _fit(counts)
        st.select_slider(
            "Groups",
            counts,
            key=GROUPS,
            width=460,
            persist_state="session",
            format_func=lambda g: f"{g} (full)" if g == 1 else f"{g} (depthwise)" if g == counts[-1] else str(g),
        )
    groups = state[GROUPS]
    v = _version(variant.name, weights_for(variant.name), chosen.device, chosen.image, layer.title, groups)
    st.markdown(_definition(layer, groups))
    trained = cache.network(variant.name, weights_for(variant.name), chosen.device).trained
    st.markdown(
        f"{_finding(v, layer, groups)} {chosen.image_title}."
        + ("" if trained else " **Untrained network**: random weights, seeded.")
    )
    _pictures(v, layer, groups)
    _costs(variant, layer, groups)
    _into_link(variant, layer)
    rewrite()


def _definition(layer: SpatialLayer, groups: int) -> str:
    """What is computed, in one sentence."""
    kernel = pair_text(layer.first.kernel or ())
    if groups == 1 and layer.separable:
        return (
            f"**1 group**: the pair written as one full convolution, whose {kernel} kernel from input c to output m is "
            "*the depthwise kernel of c, times the 1×1's weight from c to m*."
        )
    if groups == 1:
        return f"**1 group**: the network's own full {kernel} convolution."
    return (
        f"**{groups} groups**: of all {kernel} convolutions in {groups} groups with as many maps as go in, followed by "
        "a 1×1, the one that together comes nearest to the layer's full kernel (least squares)."
    )


def _finding(v: Version, layer: SpatialLayer, groups: int) -> str:
    """What follows for this layer, from its numbers."""
    measured = f"Relative difference of all output maps from the network's own: **{v.difference:.2g}**"
    if v.difference < NOTHING_LEFT:
        why = "it is the same function" if groups < layer.first.in_shapes[0][0] else "it is the pair itself"
        return f"{measured}: rounding only, {why if layer.separable else 'it is the layer itself'}."
    return (
        f"{measured}; of the kernels: **{v.kernel_difference:.2g}**. A regular kernel is not separable: what the "
        "groups cannot express is lost. The more it is separable already, the less."
    )


def _pictures(v: Version, layer: SpatialLayer, groups: int) -> None:
    shown = [Strip("Strongest maps that go in", v.given, [f"#{c}" for c in v.inputs], common(v.given))]
    if groups > 1:
        reads = [
            f"#{c}, reads {'#' + str(a) if a == b else f'#{a} to #{b}'}"
            for c, (a, b) in zip(v.inputs, v.reads, strict=True)
        ]
        shown.append(Strip(f"After the convolution in {groups} groups", v.between, reads, common(v.between)))
    scale, names = common(v.output, v.network), [f"#{m}" for m in v.outputs]
    after = "After the 1×1" if groups > 1 else "After the full convolution"
    shown += [Strip(after, v.output, names, scale, legend=False), Strip("The network's own", v.network, names, scale)]
    strips(*shown)
    reach = float(np.abs(v.kernels).max())
    with st.expander("The composed kernels"):
        st.markdown(
            "A row for an output, a column for an input. From one input, a separable layer's kernels are the same "
            "picture for every output, up to a factor; a full convolution could have a different one each time."
        )
        strips(
            *(
                Strip(
                    f"To output #{m}", row, [f"from #{c}" for c in v.inputs], (-reach, reach), legend=m == v.outputs[-1]
                )
                for m, row in zip(v.outputs, v.kernels, strict=True)
            )
        )


def design(c: Convolution, groups: int) -> Design:
    """The convolution `c` in this many groups. More than one need a 1x1 behind them: without, no group would ever
    learn of another."""
    if groups == 1:
        return designs.standard(c)
    if groups == c.in_shape[0]:
        return designs.depthwise_separable(c)
    spatial = replace(c, out_channels=c.in_shape[0], groups=groups)
    mixing = Convolution(spatial.out_shape, c.out_channels, (1, 1), bias=c.bias)
    return Design(f"{groups} groups, then 1×1", (spatial, mixing))


def _costs(variant: Variant, layer: SpatialLayer, groups: int) -> None:
    """In the paper's network, whatever its width that runs."""
    trace = cache.trace(variant.name)
    first, last = trace.node(layer.first.name), trace.node(layer.last.name)
    c = replace(cost.convolution_of(first), out_channels=last.out_shape[0], groups=1)
    channels, narrow = c.in_shape[0], layer.first.in_shapes[0][0]
    in_paper = channels if groups == narrow or channels % groups else groups
    full, here = designs.standard(c), design(c, in_paper)
    st.markdown(
        f"**Cost** in the paper's network, {shape_text(c.in_shape)} → {shape_text(c.out_shape)}: "
        f"{thousands(here.params)} weights, **{full.params / here.params:.2f}×** fewer than the full convolution's "
        f"{thousands(full.params)}; {thousands(here.macs)} MACs, **{full.macs / here.macs:.2f}×** fewer."
    )
    compared = [design(c, g) for g in sorted({1, in_paper, channels})]
    chart(cost_bars.comparison(compared, dark()), "spectrum-costs", "Costs from full to depthwise separable")
    cost_bars.legend(*compared)
