"""A 1x1 convolution at work: one position of one map of a network, as a weighted sum over the channels."""

from __future__ import annotations

from typing import Any

import streamlit as st

from explorer.analysis.text import shape_text
from explorer.analysis.trace import Node
from explorer.architectures import catalogue
from explorer.demonstrations.pointwise import weighted_sum as runtime
from explorer.demonstrations.pointwise.calculator import FROM, choose, choose_number, whole_number
from explorer.demonstrations.pointwise.weighted_sum import WeightedSum, pointwise_nodes
from explorer.ui import cache, cost_bars
from explorer.ui.charts import CHART, chart, dark
from explorer.ui.sidebar import settings, weights_for

NETWORK, NODE = "googlenet", "inception3.3a.conv5x5_reduce.conv"  # the 1x1 of the classic case


def begin() -> Node | None:
    """Give the controls their values; None where the chosen network has no 1x1 convolution.

    Where the calculator's numbers came from a network's 1x1 convolution, that one is the usual.
    """
    state = st.session_state
    came, _, wanted = state.get(FROM, "").partition(":")
    if not came or wanted not in _nodes(came):
        came, wanted = NETWORK, NODE
    net = choose("net", catalogue(), came, "variant")
    nodes = _nodes(net)
    if not nodes:
        state.pop("at", None)
        return None
    usual = wanted if wanted in nodes else next(iter(nodes))
    node = nodes[choose("at", nodes, usual, "1×1 convolution")]
    maps, rows, columns = node.out_shape
    choose_number("map", 0, maps - 1, 0)
    choose_number("row", 0, rows - 1, rows // 2)
    choose_number("column", 0, columns - 1, columns // 2)
    return node


def _nodes(net: str) -> dict[str, Node]:
    return {n.name: n for n in pointwise_nodes(cache.ran(net, weights_for(net)))}


def see_it() -> None:
    """The controls, the map with its position, and the sum that makes the value there."""
    node = begin()
    controls, _ = st.columns([3, 2])
    with controls, st.container(horizontal=True):
        st.selectbox(
            "Network",
            catalogue(),
            key="net",
            format_func=lambda n: catalogue()[n].title,
            persist_state="session",
        )
        if node is not None:
            st.selectbox("1×1 convolution", _nodes(st.session_state["net"]), key="at", persist_state="session")
    if node is None:
        st.markdown("This network has no 1×1 convolution.")
        return
    state, chosen = st.session_state, settings()
    activations = cache.activations(state["net"], weights_for(state["net"]), chosen.device, chosen.image)
    picture, numbers = st.columns(2, gap="medium")
    with picture:
        _position(node)
    row, column = state["row"], state["column"]
    trace = cache.ran(state["net"], weights_for(state["net"]))
    value = runtime.weighted_sum(activations, trace, node, state["map"], row, column)
    with picture:
        key = f"map-{state['net']}-{node.name}"
        st.plotly_chart(
            cost_bars.map_picture(value, row, column, dark()),
            key=key,
            config=CHART,
            selection_mode="points",
            on_select=lambda: _pick(state[key]),
            alt=f"Map {state['map']} of {node.name}",
        )
        kind = "" if activations.network.trained else " **Untrained network**: random weights, seeded."
        st.markdown(f"Click a position. {chosen.image_title}, {node.name}, {shape_text(node.out_shape)}.{kind}")
    with numbers:
        chart(cost_bars.products(value, dark()), "products", "Inputs, weights, products")
    _equation(node, value)
    with st.expander("All numbers"):
        columns = {"input": value.inputs, "weight": value.weights, "product": value.products}
        st.dataframe({"channel": range(len(value.inputs)), **columns}, hide_index=True, height=300)


def _position(node: Node) -> None:
    names = {"map": "Output map", "row": "Row", "column": "Column"}
    with st.container(horizontal=True, gap="small"):
        for (key, label), size in zip(names.items(), node.out_shape, strict=True):
            whole_number(label, 0, size - 1, key)


def _pick(event: Any) -> None:
    points = event["selection"]["points"]
    if points:
        st.session_state["row"], st.session_state["column"] = points[0]["y"], points[0]["x"]


def _equation(node: Node, value: WeightedSum) -> None:
    """The sum with its numbers, and what becomes of it."""
    total = float(value.products.sum())
    bias = "" if value.bias is None else " + b"
    added = "" if value.bias is None else f" {value.bias:+.4g}"
    terms = rf"\sum_{{c=0}}^{{{len(value.inputs) - 1}}} w_c \, x_c{bias}"
    lines = rf"{terms} &= {total:.4g}{added} \\ &= \mathbf{{{value.total:.4g}}}"
    st.latex(rf"\begin{{aligned}} {lines} \end{{aligned}}")
    chain = "".join(f" → {n.type} **{v:.4g}**" for n, v in value.after)
    where = f"row {value.position[0]}, column {value.position[1]}"
    st.markdown(f"Input {where} · the network's own map: **{value.network:.4g}**{chain}")
