"""VGG's sections: what a position sees, small kernels that see as far as large ones, and where the parameters are."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explorer.analysis import designs
from explorer.analysis.cost import Convolution, Design
from explorer.analysis.text import pair_text, shape_text, si, thousands
from explorer.analysis.trace import Trace
from explorer.architectures import variant as variant_called
from explorer.demonstrations.vgg import charts
from explorer.demonstrations.vgg.receptive_field import Field, field_in_stage_input, fields_up_to, window_layers
from explorer.demonstrations.vgg.shares import Quantity, parts, pooled_head_params
from explorer.runtime.run import Run
from explorer.ui import cache, cost_bars
from explorer.ui.answer import answer
from explorer.ui.charts import chart, dark
from explorer.ui.controls import segments, select, slider, toggle
from explorer.ui.link import Control, choice, flag, number
from explorer.ui.section import Section

FIRST_LAYER = 1  # the second convolution: the first that sees more than one kernel does
FIRST_SIDE = 2  # the third of the maps' sides
CHANNEL_STEP = 16
TABLE_HEIGHT_PX = 190
ALL_INSIDE = 0.9999  # of a window: the rest is rounding
QUANTITIES: dict[Quantity, str] = {"params": "Parameters", "macs": "MACs"}
UNITS: dict[Quantity, str] = {"params": "parameters", "macs": "MACs"}

ZOOMED = flag("field.zoomed", "Zoom in on the window", True)
KERNEL = choice("stack.kernel", "Compare", {5: "Two 3×3 for one 5×5", 7: "Three 3×3 for one 7×7"})
CHANNELS = number("stack.channels", "Channels, in and out", CHANNEL_STEP, 512, 256)
QUANTITY = choice("shares.quantity", "Show", QUANTITIES)


def _field_controls(run: Run) -> Sequence[Control]:
    trace = cache.running_trace(run)  # the windows lie on the input of the network that runs
    layers = window_layers(trace)
    first = [n.name for n in layers if n.kind != "pooling"][FIRST_LAYER]
    _, height, width = trace.input_size
    return (
        choice("field.layer", "Layer", [n.name for n in layers], first),
        number("field.row", "Row of the pixel", 0, height - 1, height // 2),
        number("field.column", "Column of the pixel", 0, width - 1, width // 2),
        ZOOMED,
    )


def _stack_controls(run: Run) -> Sequence[Control]:
    sides = [s.in_shape[1] for s in cache.trace(run.variant).stages if len(s.out_shape) == 3]
    return KERNEL, CHANNELS, choice("stack.side", "Side of the maps", sides, sides[FIRST_SIDE])


# ---- the receptive field -----------------------------------------------------------------------------------


def _show_field(run: Run) -> None:
    """The windows of all layers up to the chosen one, on the network's input."""
    trace = cache.running_trace(run)
    layer, row, column, _ = _field_controls(run)
    st.markdown(
        "Step through the layers. Each 3×3 sees two positions more of the maps before it; after each pooling, a "
        "position is twice as many pixels apart, so the same step reaches twice as far."
    )
    picture, facts = st.columns([3, 2], gap="medium")
    with facts:
        name = select(layer)
        pixel = slider(row), slider(column)
        zoomed = toggle(ZOOMED)
        fields = fields_up_to(trace, name, pixel)
        _facts(trace, fields)
    with picture:
        chart(
            charts.windows(cache.input_png(run), (trace.input_size[1], trace.input_size[2]), fields, zoomed),
            "windows",
            f"Windows of the layers up to {name} on the network's input",
        )


def _facts(trace: Trace, fields: Sequence[Field]) -> None:
    last = fields[-1]
    inside = last.inside((trace.input_size[1], trace.input_size[2]))
    outside = "" if inside > ALL_INSIDE else f" {1 - inside:.0%} of the window lies outside, on zeros of the padding."
    st.markdown(
        f"Position {last.position} of **{last.node.name}** sees **{pair_text(last.size)}** pixels.{outside} Of the "
        f"maps that enter {last.node.stage}, it sees **{pair_text(field_in_stage_input(trace, last.node))}** positions."
    )
    st.dataframe(
        [
            {
                "layer": f.node.name,
                "kernel": pair_text(f.node.kernel or ()),
                "pixels": pair_text(f.size),
                "of the stage's input": pair_text(field_in_stage_input(trace, f.node)),
            }
            for f in reversed(fields)
        ],
        hide_index=True,
        height=TABLE_HEIGHT_PX,
        key="fields",
    )


# ---- small kernels for a large one -------------------------------------------------------------------------


def _show_stack(run: Run) -> None:
    """The costs of one large kernel and of the 3×3 convolutions that see the same."""
    _, _, side_control = _stack_controls(run)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        kernel = segments(KERNEL)
        channels = slider(CHANNELS, step=CHANNEL_STEP, width=300)
        side = slider(side_control, width=260)
    both = stacks(channels, side, kernel)
    large, small = both
    layers, side = len(small.layers), pair_text(large.layers[0].kernel)
    answer(f"{layers} × 3×3 see as much as one {side}, with {1 - small.params / large.params:.0%} fewer weights")
    st.markdown(_summary(*both))
    chart(cost_bars.comparison(both, dark()), "stack-costs", "Costs of both")
    cost_bars.legend(*both)
    st.caption(
        f"{shape_text(both[0].layers[0].in_shape)} in and out, weights without biases, as the paper counts. In the "
        "paper, B with one 5×5 in place of each pair of 3×3 has a top-1 error 7 points higher on a centre crop "
        "(1409.1556, section 4.1)."
    )


def stacks(channels: int, side: int, kernel: int) -> tuple[Design, Design]:
    """One convolution that keeps channels and size, and the 3×3 convolutions that see the same."""
    c = Convolution((channels, side, side), channels, (kernel, kernel), bias=False)
    return designs.direct(c), designs.stacked(c)


def _summary(large: Design, small: Design) -> str:
    layers, side = len(small.layers), large.layers[0].kernel[0]
    square = large.layers[0].in_shape[0] ** 2
    return (
        f"Both see **{pair_text(large.receptive_field)}** positions. {layers} × 3×3: {small.params // square}C² = "
        f"**{thousands(small.params)}** weights; one {side}×{side}: {large.params // square}C² = "
        f"**{thousands(large.params)}**; in multiplications the same share. And {layers} "
        f"ReLUs for one. The price: {layers} stacks of maps to keep instead of one."
    )


# ---- where the parameters are ------------------------------------------------------------------------------


def _show_shares(run: Run) -> None:
    """Stages and layers as areas."""
    trace = cache.trace(run.variant)
    quantity = segments(QUANTITY)
    unit = UNITS[quantity]
    whole, *rest = found = parts(trace, quantity)
    dense = sum(p.amount for p in rest if p.kind == "linear")
    largest = max((p for p in rest if p.kind), key=lambda p: p.amount)
    answer(
        f"{dense / whole.amount:.1%} of all {unit} in three fully connected layers, {1 - dense / whole.amount:.1%} in "
        f"the convolutions{_and_normalization(trace, quantity)}"
    )
    st.markdown(
        f"**{thousands(whole.amount)}** {unit} in all; the largest part is **{largest.path}** with "
        f"{thousands(largest.amount)}. Click a part to enlarge it."
    )
    title = variant_called(run.variant).title
    chart(
        charts.treemap(found, unit, dark()),
        f"treemap-{quantity}",
        f"{QUANTITIES[quantity]} of {title} by stage and layer; the section Layers has the numbers",
    )
    if quantity == "params":
        pooled = pooled_head_params(trace)
        st.markdown(
            f"With global average pooling and one layer in place of the three, {thousands(pooled)} parameters would "
            f"follow the convolutions, and the network would have {si(whole.amount - dense + pooled)}."
        )


def _and_normalization(trace: Trace, quantity: Quantity) -> str:
    normalized = any(n.kind == "normalization" and getattr(n, quantity) for n in trace.nodes)
    return " and their normalization" if normalized else ""


FIELD = Section("field", "Receptive field", _show_field, _field_controls)
STACK = Section("stack", "Small kernels", _show_stack, _stack_controls)
SHARES = Section("shares", "Parameters by layer", _show_shares, lambda run: (QUANTITY,))
