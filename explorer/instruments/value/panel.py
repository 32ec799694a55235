"""One value of the selected operation, taken apart: that of a clicked pixel or bar, or chosen by its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from explorer.analysis.trace import Node, Trace
from explorer.analysis.types import Shape
from explorer.instruments.maps.panel import channel_control
from explorer.instruments.value.component import clicked, parts
from explorer.instruments.value.compute import Place, Reader, Value, readers, softmax, value
from explorer.instruments.value.message import Step, message
from explorer.instruments.value.words import said, score_said
from explorer.runtime import colormaps
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.controls import number_box
from explorer.ui.link import Control, integer, number, plain, revision
from explorer.ui.screen import INSTRUMENT
from explorer.ui.section import Section
from explorer.ui.selection import select, selected

MOST_STEPS = 8  # of the way that a link carries
BETWEEN_STEPS, BEFORE_PLACE, BETWEEN_NUMBERS = "~", ":", "."  # in a link


def _node(run: Run) -> Node:
    return selected(cache.running_trace(run))


# ---- what can be set ---------------------------------------------------------------------------------------


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


def way_control(run: Run) -> Control:
    """The values from which one walked to this one, and this one last; it means nothing at any other."""
    return Control(
        "value.way",
        "Way",
        lambda text: _way_of(cache.running_trace(run), text),
        tuple,
        _text_of_way,
        about=run.variant,
        active=lambda: bool(_way(run)),
    )


def _way_of(trace: Trace, text: str) -> tuple[Step, ...] | None:
    steps = []
    for part in text.split(BETWEEN_STEPS)[-MOST_STEPS:]:
        node, _, numbers = part.partition(BEFORE_PLACE)
        place = tuple(integer(n) if n else None for n in numbers.split(BETWEEN_NUMBERS))
        if node not in trace or not _is_inside(place, trace.node(node).out_shape):
            return None
        steps.append((node, tuple(i for i in place if i is not None)))
    return tuple(steps)


def _text_of_way(way: Sequence[Step]) -> str:
    return BETWEEN_STEPS.join(f"{node}{BEFORE_PLACE}{BETWEEN_NUMBERS.join(map(str, place))}" for node, place in way)


def _way(run: Run) -> tuple[Step, ...]:
    """The way to the value that is shown, with it at the end; none where one came to it from elsewhere."""
    way: tuple[Step, ...] = way_control(run).value
    return way if way and way[-1] == here(run) else ()


def controls(run: Run) -> Sequence[Control]:
    """Where the value stands; its channel is that of the selected map."""
    return row_control(run), column_control(run), input_control(run), way_control(run)


def _place_controls(run: Run) -> Sequence[Control]:
    is_map = len(_node(run).out_shape) == 3
    return channel_control(run), *((row_control(run), column_control(run)) if is_map else ())


def here(run: Run) -> Step:
    """The value that is shown: its operation and its place."""
    return _node(run).name, tuple(control.value or 0 for control in _place_controls(run))


def go_to(run: Run, step: Step, way: Sequence[Step] = ()) -> None:
    """Select a value of another operation, and draw anew what shows it; for a callback."""
    state = st.session_state
    node, place = step
    state[channel_control(run).name] = place[0]
    for control, at in zip((row_control(run), column_control(run)), place[1:], strict=False):
        state[control.name] = at
    state[input_control(run).name] = None
    state[way_control(run).name] = tuple(way)[-MOST_STEPS:] if len(way) > 1 else ()
    select(node)


# ---- what is shown -----------------------------------------------------------------------------------------


@cache.kept()
def _value(run: Run, node: str, place: Place) -> Value:
    return value(cache.activations(run), node, place)


@cache.kept()
def _readers(run: Run, node: str, place: Place) -> tuple[Reader, ...]:
    shapes = {n.name: n.out_shape for n in cache.running_trace(run).nodes}
    return readers(cache.network(run), shapes, node, place)


def place_boxes(run: Run) -> None:
    """Where the value stands; words and widths are the style sheet's."""
    with st.container(key="value-place", horizontal=True, vertical_alignment="center", gap="xsmall"):
        for control in _place_controls(run):
            number_box(control, label_visibility="collapsed", placeholder="0")


def show(run: Run) -> None:
    """How the value is made, in a sentence, and the parts that it is made of."""
    node, place = here(run)
    found = _value(run, node, place)
    label = next((n for i, n in enumerate(cache.class_names(run, node)) if i == place[0]), "")
    with st.container(key="value-made"):
        st.markdown(f"{said(found)} {_score(run, found, label)}")
    key = f"value-{revision()}"
    header = cache.grid_header(run, node)
    parts(
        message(
            found,
            _readers(run, node, place),
            last=not any(node in n.inputs for n in cache.running_trace(run).nodes),
            wanted=input_control(run).value,
            label=label,
            way=_way(run)[:-1],
        )
        | {
            "colours": colormaps.as_text()["diverging"],
            "picture": {name: header[name] for name in ("group", "input_size", "receptive_field")},
        },
        key=key,
        on_picked_change=lambda: _walk(run, clicked(key, "picked")),
        on_input_change=lambda: input_control(run).set(clicked(key, "input")),
        on_back_change=lambda: _walk_back(run, clicked(key, "back")),
    )


def _score(run: Run, found: Value, label: str) -> str:
    """What softmax makes of a class's score; nothing of other values, or where no training has named the classes."""
    network = cache.network(run)
    if not label or found.node != cache.running_trace(run).classifier:
        return ""
    score = softmax(cache.activations(run).scores, found.place[0])
    return score_said(score, plain(label), network.distances)


# ---- what is clicked ---------------------------------------------------------------------------------------


def take_apart(run: Run, reported: object) -> None:
    """Open the instrument at the value that was clicked in the maps; for a component's callback."""
    if step := _clicked(run, reported):
        st.session_state[INSTRUMENT] = VALUE.name
        go_to(run, step)


def _walk(run: Run, reported: object) -> None:
    """Go to a value that was clicked among the parts of this one."""
    if step := _clicked(run, reported):
        go_to(run, step, [*(_way(run) or [here(run)]), step])


def _walk_back(run: Run, reported: object) -> None:
    """Go back to a step of the way."""
    way = _way(run)
    if type(reported) is int and 0 <= reported < len(way):
        go_to(run, way[reported], way[: reported + 1])


def _clicked(run: Run, reported: object) -> Step | None:
    """The value that was clicked, if there is such a one: a browser can send anything."""
    if not isinstance(reported, Mapping):
        return None
    trace = cache.running_trace(run)
    node = reported.get("node")
    if not isinstance(node, str) or node not in trace:
        return None
    shape = trace.node(node).out_shape
    place = tuple(reported.get(name) for name in ("channel", "row", "column")[: len(shape)])
    return (node, tuple(i for i in place if isinstance(i, int))) if _is_inside(place, shape) else None


def _is_inside(place: Sequence[object], shape: Shape) -> bool:
    return len(place) == len(shape) and all(
        type(i) is int and 0 <= i < size for i, size in zip(place, shape, strict=True)
    )


VALUE = Section("value", "Value", show, controls, follows=True, head=place_boxes)
