"""VGG's demonstrations: small kernels that see as far as large ones, and where the parameters sit."""

from __future__ import annotations

import streamlit as st

from explorer.analysis import designs
from explorer.analysis.cost import Convolution, Design
from explorer.analysis.text import pair_text, shape_text, si, thousands
from explorer.analysis.trace import Trace
from explorer.architectures.family import Variant
from explorer.demonstrations.vgg import charts as field_charts
from explorer.demonstrations.vgg.receptive_field import Field, field_in_stage_input, fields_up_to, window_layers
from explorer.demonstrations.vgg.shares import Quantity, parts, pooled_head_params
from explorer.ui import cache, cost_bars
from explorer.ui.charts import chart, dark
from explorer.ui.link import beside, fresh, rewrite, seed, seed_number
from explorer.ui.sidebar import settings, weights_for

LAYER, ROW, COLUMN = "window", "window-row", "window-column"
KERNELS = {5: "Two 3×3 for one 5×5", 7: "Three 3×3 for one 7×7"}
CHANNELS = (16, 512)
QUANTITIES: dict[Quantity, tuple[str, str]] = {"params": ("Parameters", "parameters"), "macs": ("MACs", "MACs")}


def begin(variant: Variant) -> None:
    """Give the controls in the link their values."""
    state, first = st.session_state, _first_values(variant)
    _, height, width = _geometry(variant).input_size
    if fresh():
        for key in first:
            state.pop(key, None)
    seed(LAYER, _layers(variant), str(first[LAYER]), "layer")
    seed_number(ROW, 0, height - 1, height // 2)
    seed_number(COLUMN, 0, width - 1, width // 2)
    _into_link(variant)


def _first_values(variant: Variant) -> dict[str, str | int]:
    _, height, width = _geometry(variant).input_size
    return {LAYER: _first(_layers(variant)), ROW: height // 2, COLUMN: width // 2}


def _first(layers: list[str]) -> str:
    """The second convolution: it is the first that sees more than one kernel does."""
    return [name for name in layers if not name.endswith("pool")][1]


def _layers(variant: Variant) -> list[str]:
    return [n.name for n in window_layers(_geometry(variant))]


def _into_link(variant: Variant) -> None:
    """What differs from a fresh page."""
    state = st.session_state
    beside(**{key: state[key] for key, first in _first_values(variant).items() if state[key] != first})


def _geometry(variant: Variant) -> Trace:
    """Of the network that runs: its input is what the windows lie on."""
    return cache.ran(variant.name, weights_for(variant.name))


def demonstration(variant: Variant) -> None:
    """Everything below the screen that is VGG's own."""
    st.header("What a position sees", anchor=False)
    _receptive_field(variant)
    st.header("Small kernels in place of a large one", anchor=False)
    _stacks(variant)
    st.header("Where the parameters sit", anchor=False)
    _shares(variant)


# ---- the receptive field -----------------------------------------------------------------------------------


@st.fragment
def _receptive_field(variant: Variant) -> None:
    trace, state = _geometry(variant), st.session_state
    _, height, width = trace.input_size
    st.markdown(
        "Step through the layers. Each 3×3 sees two positions more of the maps before it; behind each pooling, a "
        "position is twice as many pixels apart, so the same step reaches twice as far."
    )
    picture, facts = st.columns([3, 2], gap="medium")
    with facts:
        st.selectbox("Layer", _layers(variant), key=LAYER, persist_state="session")
        st.slider("Row of the pixel", 0, height - 1, key=ROW, persist_state="session")
        st.slider("Column of the pixel", 0, width - 1, key=COLUMN, persist_state="session")
        zoomed = st.toggle("Zoom in on the window", value=True, key="window-zoom")
    fields = fields_up_to(trace, state[LAYER], (state[ROW], state[COLUMN]))
    with picture:
        png = cache.input_png(variant.name, weights_for(variant.name), settings().image)
        chart(
            field_charts.windows(png, (height, width), fields, zoomed),
            "windows",
            f"Windows of the layers up to {state[LAYER]} on the network's input",
        )
    with facts:
        _facts(trace, fields)
    _into_link(variant)
    rewrite()


def _facts(trace: Trace, fields: tuple[Field, ...]) -> None:
    last = fields[-1]
    inside = last.inside((trace.input_size[1], trace.input_size[2]))
    outside = "" if inside > 0.9999 else f" {1 - inside:.0%} of the window lies outside, on zeros of the padding."
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
        height=190,
    )


# ---- two for one -------------------------------------------------------------------------------------------


@st.fragment
def _stacks(variant: Variant) -> None:
    sides = [s.in_shape[1] for s in cache.trace(variant.name).stages if len(s.out_shape) == 3]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        kernel = st.segmented_control(
            "Compare", KERNELS, key="stack", default=5, required=True, format_func=KERNELS.__getitem__
        )
        channels = st.slider("Channels, in and out", *CHANNELS, 256, step=16, key="stack-channels", width=300)
        side = st.select_slider("Side of the maps", sides, sides[2], key="stack-side", width=260)
    large, small = stacks(channels, side, kernel)
    st.markdown(_saying(large, small))
    chart(cost_bars.comparison((large, small), dark()), "stack-costs", "Costs of both")
    cost_bars.legend(large, small)
    st.caption(
        f"{shape_text(large.layers[0].in_shape)} in and out, weights without biases, as the paper counts. In the "
        "paper, B with one 5×5 in place of each pair of 3×3 has a top-1 error 7 points higher (1409.1556)."
    )


def stacks(channels: int, side: int, kernel: int) -> tuple[Design, Design]:
    """One convolution that keeps channels and size, and the 3x3 convolutions that see the same."""
    c = Convolution((channels, side, side), channels, (kernel, kernel), bias=False)
    return designs.direct(c), designs.stacked(c)


def _saying(large: Design, small: Design) -> str:
    """Both in one sentence."""
    layers, side = len(small.layers), large.layers[0].kernel[0]
    square = large.layers[0].in_shape[0] ** 2
    return (
        f"Both see **{pair_text(large.receptive_field)}** positions. {layers} × 3×3: {small.params // square}C² = "
        f"**{thousands(small.params)}** weights; one {side}×{side}: {large.params // square}C² = "
        f"**{thousands(large.params)}**. That is **{1 - small.params / large.params:.0%}** less, in multiplications "
        f"too, with {layers} ReLUs for one. The price: {layers} stacks of maps to keep instead of one."
    )


# ---- where they sit ----------------------------------------------------------------------------------------


@st.fragment
def _shares(variant: Variant) -> None:
    trace = cache.trace(variant.name)
    quantity = st.segmented_control(
        "Show", QUANTITIES, key="shares", default="params", required=True, format_func=lambda q: QUANTITIES[q][0]
    )
    whole, *rest = found = parts(trace, quantity)
    dense = sum(p.amount for p in rest if p.kind == "linear")
    largest = max((p for p in rest if p.kind), key=lambda p: p.amount)
    unit = QUANTITIES[quantity][1]
    st.markdown(
        f"**{thousands(whole.amount)}** {unit}: {dense / whole.amount:.1%} in the three fully connected layers, "
        f"{1 - dense / whole.amount:.1%} in the convolutions{_and_normalization(trace, quantity)}. The largest part is "
        f"**{largest.path}** with {thousands(largest.amount)}. Click a part to enlarge it."
    )
    chart(
        field_charts.treemap(found, unit, dark()),
        f"treemap-{quantity}",
        f"{QUANTITIES[quantity][0]} of {variant.title} by stage and layer; the numbers stand in the table of layers",
    )
    if quantity == "params":
        pooled = pooled_head_params(trace)
        st.markdown(
            f"With a global average pooling and one layer in place of the three, {thousands(pooled)} parameters would "
            f"follow the convolutions, and the network would have {si(whole.amount - dense + pooled)}."
        )


def _and_normalization(trace: Trace, quantity: Quantity) -> str:
    normalized = any(n.kind == "normalization" and getattr(n, quantity) for n in trace.nodes)
    return " and their normalization" if normalized else ""
