"""See it: one value of a 1x1 convolution, taken apart."""

from __future__ import annotations

from typing import Any

import streamlit as st

from explorer.analysis.text import shape_text
from explorer.analysis.trace import Node
from explorer.architectures import catalogue
from explorer.demonstrations.pointwise import charts
from explorer.demonstrations.pointwise.calculator_panel import FROM
from explorer.demonstrations.pointwise.weighted_sum import WeightedSum, pointwise_nodes, weighted_sum
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.charts import CHART, chart, dark
from explorer.ui.controls import number_box, select
from explorer.ui.link import Control, choice, number, rerun_page
from explorer.ui.long_table import long_table
from explorer.ui.section import Section

CLASSIC_REDUCTION = ("googlenet", "inception3.3a.conv5x5_reduce.conv")  # before the calculator's first convolution


def _default_sum() -> tuple[str, str]:
    """Network and 1×1 convolution: the one that the calculator's numbers came from, if they did."""
    if FROM.value is not None:
        name, _, node = FROM.value.partition(":")
        if node in {n.name for n in pointwise_nodes(cache.trace(name))}:
            return name, node
    return CLASSIC_REDUCTION


NET = choice(
    "one.net", "Network", lambda: {name: v.label for name, v in catalogue().items()}, lambda: _default_sum()[0]
)


def _nodes(run: Run) -> dict[str, Node]:
    return {n.name: n for n in pointwise_nodes(cache.running_trace(run))}


def _node_control(run: Run) -> Control:
    def default() -> str | None:
        nodes, node = _nodes(run), _default_sum()[1]
        return node if node in nodes else next(iter(nodes), None)

    return choice("one.node", "1×1 convolution", lambda: {name: name for name in _nodes(run)}, default)


def _position_controls(run: Run) -> tuple[Control, Control, Control]:
    """Output map, row and column."""

    def size(axis: int) -> int:
        nodes = _nodes(run)
        return nodes[_node_control(run).value].out_shape[axis] if nodes else 1

    return (
        number("one.map", "Output map", 0, lambda: size(0) - 1),
        number("one.row", "Row", 0, lambda: size(1) - 1, lambda: size(1) // 2),
        number("one.column", "Column", 0, lambda: size(2) - 1, lambda: size(2) // 2),
    )


def _show_position(run: Run) -> None:
    """The map with its position, and the sum that makes the value there."""
    nodes = _nodes(run)
    with st.container(horizontal=True, gap="small", key="numbers-position"):
        select(NET, on_change=rerun_page)  # the whole page: what runs is another network
        if nodes:
            select(_node_control(run))
            for control in _position_controls(run):
                number_box(control)
    if not nodes:
        st.markdown("This network has no 1×1 convolution.")
        return
    node = nodes[_node_control(run).value]
    channel, row, column = (control.value for control in _position_controls(run))
    value = weighted_sum(cache.activations(run), cache.running_trace(run), node, channel, row, column)
    picture, numbers = st.columns(2, gap="medium")
    with picture:
        key = f"map-{run.variant}-{node.name}"
        st.plotly_chart(
            charts.clickable_map(value, row, column, dark()),
            key=key,
            config=CHART,
            selection_mode="points",
            on_select=lambda: _take_position(run, st.session_state[key]),
            alt=f"Map {channel} of {node.name}",
        )
        st.markdown(
            f"Click a position. {run.picture.title}, {node.name}, {shape_text(node.out_shape)}. "
            f"{cache.network(run).caption}"
        )
    with numbers:
        chart(charts.products(value, dark()), "products", "Inputs, weights, products")
    _equation(value)
    with st.expander("All numbers"):
        channels = zip(value.inputs, value.weights, value.products, strict=True)
        long_table([_row(channel, *of_channel) for channel, of_channel in enumerate(channels)])


def _row(channel: int, x: float, weight: float, product: float) -> dict[str, str]:
    return {"channel": str(channel), "input": f"{x:.5g}", "weight": f"{weight:.5g}", "product": f"{product:.5g}"}


def _take_position(run: Run, event: Any) -> None:
    """The position that was clicked in the map."""
    points = event["selection"]["points"]
    if points:
        _, row, column = _position_controls(run)
        row.set(points[0]["y"])
        column.set(points[0]["x"])


def _equation(shown: WeightedSum) -> None:
    """The sum with its numbers, and what becomes of it."""
    made = shown.value.made
    total = float(shown.products.sum())
    bias = "" if made.bias is None else " + b"
    added = "" if made.bias is None else f" {made.bias:+.4g}"
    terms = rf"\sum_{{c=0}}^{{{len(shown.inputs) - 1}}} w_c \, x_c{bias}"
    lines = rf"{terms} &= {total:.4g}{added} \\ &= \mathbf{{{made.result:.4g}}}"
    st.latex(rf"\begin{{aligned}} {lines} \end{{aligned}}")
    chain = "".join(f" → {n.type} **{v:.4g}**" for n, v in shown.after)
    where = f"row {shown.position[0]}, column {shown.position[1]}"
    st.markdown(f"Input {where} · the network's own map: **{shown.value.network:.4g}**{chain}")


POSITION = Section("position", "See it", _show_position, lambda run: (_node_control(run), *_position_controls(run)))


def _introduce(run: Run) -> None:
    st.markdown(
        "At each position, a weighted sum over the channels: the same weights everywhere, and no neighbour is looked "
        "at. Before a k×k convolution it makes fewer channels of many, and the k×k then costs a fraction."
    )


TOP = Section("convolution", "1×1 convolution", _introduce)
