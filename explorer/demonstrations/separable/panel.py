"""One layer as a full, a grouped and a depthwise separable convolution."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explorer.analysis.text import pair_text, shape_text, thousands
from explorer.demonstrations.separable.compute import (
    SpatialLayer,
    Version,
    group_counts,
    layer_designs,
    spatial_layers,
    version,
)
from explorer.runtime.run import Run
from explorer.ui import cache, cost_bars
from explorer.ui.charts import chart, dark
from explorer.ui.controls import select, slider
from explorer.ui.link import Control, choice
from explorer.ui.map_images import Strip, common, strips
from explorer.ui.section import Section

MAPS_SHOWN = 6  # and kernels, of each kind
ROUNDING = 1e-4  # relative: what float32 leaves of two computations of the same


def layers_of(run: Run) -> dict[str, SpatialLayer]:
    """Of the network that runs, by title."""
    return {layer.title: layer for layer in spatial_layers(cache.running_trace(run))}


def layer_control(run: Run) -> Control:
    """The layer that is replaced: at first the first separable one."""

    def titles() -> dict[str, str]:
        return {t: f"{t} ({'separable' if layer.separable else 'regular'})" for t, layer in layers_of(run).items()}

    def first_separable() -> str:
        return next(title for title, layer in layers_of(run).items() if layer.separable)

    return choice("separable.layer", "Layer", titles, first_separable)


def groups_control(run: Run) -> Control:
    """In how many groups: at first one for each channel."""

    def channels() -> int:
        return layers_of(run)[layer_control(run).value].channels

    def titles() -> dict[int, str]:
        special = {channels(): f"{channels()} (depthwise)", 1: "1 (full)"}
        return {groups: special.get(groups, str(groups)) for groups in group_counts(channels())}

    return choice("separable.groups", "Groups", titles, channels)


@cache.kept()
def _version(run: Run, title: str, groups: int) -> Version:
    return version(cache.activations(run), layers_of(run)[title], groups, MAPS_SHOWN)


def _show(run: Run) -> None:
    """One slider from the full convolution to the depthwise separable one."""
    st.markdown(
        "One slider from a **full** convolution (1 group: each filter sees all channels) over **grouped** ones to the "
        "**depthwise separable** one (a group for each channel). Inception's branches lie near the left end, with "
        "three or four segments; Xception is the right end (1610.02357)."
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        layer = layers_of(run)[select(layer_control(run), width=420)]
        groups = slider(groups_control(run), width=460)
    v = _version(run, layer.title, groups)
    st.markdown(_definition(layer, groups))
    st.markdown(_summary(v, layer, groups))
    st.caption(f"{run.picture.title}. {cache.network(run).caption}")
    _maps(v, groups)
    _kernels(v)
    _costs(run, layer, groups)


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
    if groups == layer.channels:
        return (
            f"**{groups} groups**: {groups} filtered maps are all that the 1×1 has to mix into "
            f"{layer.last.out_shape[0]}. Of all such pairs, this is the nearest to the layer's full kernel (least "
            "squares)."
        )
    return (
        f"**{groups} groups**: of all {kernel} convolutions in {groups} groups with as many output maps as input maps, "
        "followed by a 1×1, the one that together comes nearest to the layer's full kernel (least squares)."
    )


def _summary(v: Version, layer: SpatialLayer, groups: int) -> str:
    """What the numbers mean for this layer."""
    measured = f"Relative difference of all output maps from the network's own: **{v.difference:.2g}**"
    if v.difference < ROUNDING:
        separable = "it is the same function" if groups < layer.channels else "it is the pair itself"
        return f"{measured}: rounding only, {separable if layer.separable else 'it is the layer itself'}."
    return (
        f"{measured}; of the kernels: **{v.kernel_difference:.2g}**. A regular kernel is not separable: what the "
        "groups cannot express is lost; the closer the kernel is to separable, the less."
    )


def _maps(v: Version, groups: int) -> None:
    """The strongest maps before and after each step, and the network's own."""
    shown = [Strip("Strongest input maps", v.input_maps, [f"#{c}" for c in v.inputs], common(v.input_maps))]
    if groups > 1:
        captions = [
            f"#{c}, reads #{first}" if first == last else f"#{c}, reads #{first} to #{last}"
            for c, (first, last) in zip(v.inputs, v.reads, strict=True)
        ]
        title = f"After the convolution in {groups} groups"
        shown.append(Strip(title, v.grouped_maps, captions, common(v.grouped_maps)))
    scale, names = common(v.output_maps, v.network_maps), [f"#{m}" for m in v.outputs]
    last_step = "After the 1×1" if groups > 1 else "After the full convolution"
    shown.append(Strip(last_step, v.output_maps, names, scale, legend=False))
    shown.append(Strip("The network's own", v.network_maps, names, scale))
    strips(*shown)


def _kernels(v: Version) -> None:
    reach = float(np.abs(v.kernels).max())
    columns = [f"from #{c}" for c in v.inputs]
    with st.expander("The composed kernels"):
        st.markdown(
            "A row for an output, a column for an input. From one input, a separable layer's kernels are the same "
            "picture for every output, up to a factor; a full convolution could have a different one each time."
        )
        rows = zip(v.outputs, v.kernels, strict=True)
        strips(*(Strip(f"To output #{m}", row, columns, (-reach, reach), legend=m == v.outputs[-1]) for m, row in rows))


def _costs(run: Run, layer: SpatialLayer, groups: int) -> None:
    """In the paper's network, also where a narrower one runs."""
    full, here, separable = layer_designs(cache.trace(run.variant), layer, groups)
    st.markdown(
        f"**Cost** in the paper's network, {shape_text(full.layers[0].in_shape)} → {shape_text(full.out_shape)}: "
        f"{thousands(here.params)} weights, **{full.params / here.params:.2f}×** fewer than the full convolution's "
        f"{thousands(full.params)}; {thousands(here.macs)} MACs, **{full.macs / here.macs:.2f}×** fewer."
    )
    compared = tuple(dict.fromkeys((full, here, separable)))
    chart(cost_bars.comparison(compared, dark()), "spectrum-costs", "Costs from full to depthwise separable")
    cost_bars.legend(*compared)


SPECTRUM = Section("spectrum", "Full to separable", _show, lambda run: (layer_control(run), groups_control(run)))
