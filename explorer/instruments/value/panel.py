"""One value of the selected operation, taken apart: that of a clicked pixel, or chosen by its numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from explorer.analysis.trace import Node
from explorer.instruments.maps.panel import channel_control
from explorer.instruments.value.compute import Place, Reader, Value, Values, readers, value
from explorer.runtime import colormaps
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.controls import number_box
from explorer.ui.link import Control, number
from explorer.ui.screen import INSTRUMENT
from explorer.ui.section import Section
from explorer.ui.selection import select, selected

SHOWN_TERMS = 8  # of those that are read, the largest
SHOWN_READERS = 4
MOST_CELLS = 13  # rows or columns of a window that is written out: Inception's longest kernel has 7, AlexNet's 11
BOX = 110  # pixels


def _node(run: Run) -> Node:
    return selected(cache.running_trace(run))


def row_control(run: Run) -> Control:
    """The row of the value; at first, the middle."""
    return _along(run, "row", 1)


def column_control(run: Run) -> Control:
    """The column of the value; at first, the middle."""
    return _along(run, "column", 2)


def _along(run: Run, name: str, axis: int) -> Control:
    def size() -> int:
        shape = _node(run).out_shape
        return shape[axis] if axis < len(shape) else 1

    return number(f"value.{name}", name.capitalize(), 0, lambda: size() - 1, lambda: size() // 2, about=run.variant)


def input_control(run: Run) -> Control:
    """The input channel whose window is written out; none at first: the one that counts most."""
    return number("value.input", "Input channel", 0, lambda: max(_widest(run) - 1, 0), None, about=run.variant)


def _widest(run: Run) -> int:
    """How many channels the operation's input has, or the widest of its inputs."""
    return max((shape[0] for shape in _node(run).in_shapes), default=1)


def controls(run: Run) -> Sequence[Control]:
    """Where the value stands; its channel is that of the selected map."""
    return row_control(run), column_control(run), input_control(run)


def go_to(run: Run, node: str, place: Place) -> None:
    """Select a value of another operation, and draw anew what shows it; for a callback."""
    state = st.session_state
    state[channel_control(run).name] = place[0]
    for control, at in zip((row_control(run), column_control(run)), place[1:], strict=False):
        state[control.name] = at
    state[input_control(run).name] = None
    select(node)


@cache.kept()
def _value(run: Run, node: str, place: Place) -> Value:
    return value(cache.activations(run), node, place)


@cache.kept()
def _readers(run: Run, node: str, place: Place) -> tuple[Reader, ...]:
    return readers(cache.activations(run), node, place)


def show(run: Run) -> None:
    """Where the value stands, what it is made of, what counts most, and who reads it."""
    node = _node(run)
    is_map = len(node.out_shape) == 3
    with st.container(key="value-place", horizontal=True, vertical_alignment="center", gap="small"):
        boxes = [channel_control(run), *((row_control(run), column_control(run)) if is_map else ())]
        place: Place = tuple(
            number_box(b, width=BOX, label_visibility="collapsed", placeholder="0") or 0 for b in boxes
        )
        st.markdown("Channel, row, column" if is_map else "Index")
    found = _value(run, node.name, place)
    with st.container(key="one-value"):
        st.markdown(f"{_made_of(found)} The network's own: **{found.network:.6g}**, {found.difference:.1g} away.")
        if found.inputs.size:
            _window(run, found)
            _largest(run, found)
        _read_by(run, _readers(run, node.name, place))


# ---- in words ----------------------------------------------------------------------------------------------


def _made_of(found: Value) -> str:
    """The result first, then how it is made."""
    made, x = found.made, found.inputs
    result = f"**{made.result:.6g}** ="
    count = int(found.inside.sum())
    if made.how == "input":
        return f"**{made.result:.6g}**: a value of the picture, prepared as the network was trained."
    if made.how == "product":
        return f"{result} {x.flat[0]:.5g} × {x.flat[1]:.5g}, the gate of its channel."
    if made.how == "curve":
        return f"{result} {found.type}({x.flat[0]:.6g})."
    if made.how == "largest":
        return f"{result} the largest of {count} values."
    numbers = made.details
    if made.how == "neighbours":
        k, alpha, size, beta = (numbers[name] for name in ("k", "alpha", "size", "beta"))
        own = made.result * numbers["divisor"]
        return (
            f"{result} {own:.5g} / ({k:g} + {alpha:g} / {size:g} × {numbers['squares']:.5g})^{beta:g}: "
            f"the squares are those of {count} neighbouring channels."
        )
    if made.how == "distance":
        return f"{result} the sum of {count} squared differences from the digit's bitmap."
    if "mean" in numbers:
        return (
            f"{result} ({x.flat[0]:.5g} − {numbers['mean']:.5g}) / √({numbers['variance']:.5g} + "
            f"{numbers['epsilon']:g}) × {numbers['scale']:.5g} + {numbers['shift']:.5g}, in one step "
            f"{x.flat[0]:.5g} × {made.weights.flat[0] if made.weights is not None else 1:.5g} + ({made.bias:.5g})."
        )
    if x.size == 1:
        weight = 1.0 if made.weights is None else float(made.weights.flat[0])
        if weight != 1:
            return f"{result} {x.flat[0]:.5g} × {weight:g}."
        return f"{result} a zero of the padding." if not count else f"{result} a value that is passed on unchanged."
    if found.type == "add":
        return f"{result} {' + '.join(f'({v:.5g})' for v in x.flat)}."
    padding = f" ({x.size - count:,} of padding)" if count < x.size else ""
    bias = "" if made.bias is None else f" + bias {made.bias:.5g}"
    return f"{result} the sum of {x.size:,} products{padding}, {float(found.terms.sum()):.6g}{bias}."


# ---- the window --------------------------------------------------------------------------------------------


def _window(run: Run, found: Value) -> None:
    """The window of one input channel: inputs, weights, products; and what that channel adds."""
    layers, *size = found.inside.shape
    if found.inside.ndim != 3 or max(size) == 1 or max(size) > MOST_CELLS:
        return
    numbers = [int(found.places[layer, 0, 0, 0]) for layer in range(layers)]
    sums = found.terms.sum((1, 2))
    wanted = input_control(run)
    strongest = numbers[int(np.abs(sums).argmax())]
    shown = wanted.value if wanted.value in numbers else strongest
    layer = numbers.index(shown)
    named = {"inputs": found.inputs[layer]}
    if found.made.weights is not None:
        named |= {"× weights": found.made.weights[layer], "= products": found.terms[layer]}
    with st.container(key="value-window", horizontal=True, vertical_alignment="center", gap="small"):
        if layers > 1:
            number_box(wanted, width=BOX, label_visibility="collapsed", placeholder=str(strongest))
        unread = "" if wanted.value is None else f" (it does not read {wanted.value})"
        which = "" if wanted.value in numbers else f", the one that counts most{unread}"
        st.markdown(
            f"Input channel {shown} of {found.sources[0]}{which}: adds **{sums[layer]:.5g}**."
            if found.made.how == "sum"
            else f"Channel {shown} of {found.sources[0]}."
        )
    st.html(
        '<div class="windows">' + "".join(_table(*named_, found.inside[layer]) for named_ in named.items()) + "</div>"
    )


def _table(name: str, values: Values, inside: np.ndarray[Any, Any]) -> str:
    """A window as a table of numbers on their colours."""
    reach = float(np.abs(values[np.isfinite(values)]).max(initial=0.0)) or 1.0
    rows = "".join(
        f"<tr>{''.join(_cell(v, i, reach) for v, i in zip(*row, strict=True))}</tr>"
        for row in zip(values, inside, strict=True)
    )
    return f"<table><caption>{escape(name)}</caption>{rows}</table>"


def _cell(number: float, inside: bool, reach: float) -> str:
    if not inside:
        return '<td class="padding">0</td>'
    if not math.isfinite(number):  # of broken weights
        return f"<td>{number}</td>"
    red, green, blue = colormaps.DIVERGING[round(127.5 + 127.5 * number / reach)].tolist()
    ink = "#000" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "#fff"
    return f'<td style="background:rgb({red},{green},{blue});color:{ink}">{number:.3g}</td>'


# ---- ways on -----------------------------------------------------------------------------------------------


def _largest(run: Run, found: Value) -> None:
    """The values that count most; each leads to what it is made of itself."""
    shown = found.strongest[:SHOWN_TERMS]
    st.markdown(f"The largest of {int(found.inside.sum()):,}; a click asks the same of that one:")
    for number_, i in enumerate(shown):
        node, place = found.sources[found.source[i]], tuple(found.places[i].tolist())
        st.button(
            f"{_term(found, i)} · {node} {_place_text(place)}",
            key=f"value-back-{number_}",
            type="tertiary",
            on_click=go_to,
            args=(run, node, place),
        )


def _term(found: Value, i: tuple[int, ...]) -> str:
    x, weights = found.inputs[i], found.made.weights
    if weights is None or found.made.how == "distance":
        return f"{x:.4g}"
    return f"{x:.4g} × {weights[i]:.4g} = {found.terms[i]:.4g}"


def _place_text(place: Place) -> str:
    return f"#{place[0]}" + (f" at {place[1]}, {place[2]}" if len(place) == 3 else "")


def _read_by(run: Run, found: Sequence[Reader]) -> None:
    """Who reads the value; each leads to the first value that is made of it."""
    if not found:
        st.markdown("Nothing reads it: it is the network's answer, before softmax.")
        return
    st.markdown("Read by:")
    for reader in found[:SHOWN_READERS]:
        place = tuple(indices[len(indices) // 2] for indices in reader.indices)
        st.button(
            f"{reader.node}, for {reader.count:,} of its values",
            key=f"value-on-{reader.node}",
            type="tertiary",
            on_click=go_to,
            args=(run, reader.node, place),
        )


def take_apart(run: Run, reported: object) -> None:
    """Open the instrument at the value that was clicked in an enlarged map; for a component's callback."""
    if found := _clicked(run, reported):
        st.session_state[INSTRUMENT] = VALUE.name
        go_to(run, *found)


def _clicked(run: Run, reported: object) -> tuple[str, Place] | None:
    """The value that was clicked, if there is such a one: a browser can send anything."""
    if not isinstance(reported, Mapping):
        return None
    trace = cache.running_trace(run)
    node = reported.get("node")
    place = tuple(i for name in ("channel", "row", "column") if type(i := reported.get(name)) is int)
    if not isinstance(node, str) or node not in trace:
        return None
    shape = trace.node(node).out_shape
    inside = len(place) == len(shape) == 3 and all(0 <= i < size for i, size in zip(place, shape, strict=True))
    return (node, place) if inside else None


VALUE = Section("value", "Value", show, controls, follows=True)
