"""Two networks on the same picture: their blocks with what differs, their maps, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from explorer.analysis.compare import Alignment, Difference, Level, aligned, differences, levels
from explorer.analysis.text import bytes_text, shape_text, thousands
from explorer.analysis.trace import Block, Node
from explorer.architectures import catalogue, family_of
from explorer.diagrams.labels import cell_text, window_text
from explorer.runtime.maps import Message, Order, encode_page, statistics
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.components.diagram import clicked, diagram, link
from explorer.ui.components.feature_maps import feature_maps
from explorer.ui.controls import reports, segments, select
from explorer.ui.link import Control, choice, link_to, publish, rerun_page, revision
from explorer.ui.map_controls import MapControls, map_controls
from explorer.ui.maps_title import maps_title
from explorer.ui.screen import input_and_answer
from explorer.ui.section import Section
from explorer.ui.weights_box import offered_weights, weights_for
from explorer.ui.window import SCREEN

DEFAULT_STAGE = 8  # where both networks have it
MAX_NAMED = 8  # of the operations that only one has
MAX_ALTERED = 3  # of those with other numbers


def _labels() -> dict[str, str]:
    return {name: variant.label for name, variant in catalogue().items()}


A = choice("compare.a", "First network", _labels, "resnet34")
B = choice("compare.b", "Second network", _labels, "plain34")
NETWORKS = (A, B)


def _weights_control(network: Control) -> Control:
    def kinds() -> dict[str, str]:
        return offered_weights(network.value)

    label = f"Weights of the {network.label.lower()}"
    return choice(f"{network.name}.weights", label, kinds, lambda: weights_for(network.value))


WEIGHTS = tuple(map(_weights_control, NETWORKS))


@cache.kept()
def _levels(name: str) -> dict[int, Level]:
    return levels(cache.trace(name))


def _both_levels() -> tuple[dict[int, Level], dict[int, Level]]:
    return _levels(A.value), _levels(B.value)


def _stages() -> dict[int, str]:
    a, b = _both_levels()
    return {reduction: f"1/{reduction}" for reduction in a if reduction in b}


def _default_stage() -> int:
    return DEFAULT_STAGE if DEFAULT_STAGE in _stages() else list(_stages())[-1]


STAGE = choice("compare.stage", "Side of the maps, as a part of the input's", _stages, _default_stage)


def _default_node(index: int) -> Node:
    """What makes the last maps of the chosen resolution."""
    return _both_levels()[index][STAGE.value].node


def _block(index: int) -> Block:
    return cache.trace(NETWORKS[index].value).block(_default_node(index).block)


def _node_control(index: int) -> Control:
    """Which operation of the block is looked at."""

    def operations() -> dict[str, str]:
        return {name: name for name in _block(index).nodes}

    network = NETWORKS[index]
    label = f"Operation of the {network.label.lower()}"
    return choice(f"{network.name}.node", label, operations, lambda: _default_node(index).name)


NODES = tuple(map(_node_control, range(len(NETWORKS))))


def runs(run: Run) -> tuple[Run, Run]:
    a, b = (
        replace(run, variant=network.value, weights=weights.value)
        for network, weights in zip(NETWORKS, WEIGHTS, strict=True)
    )
    return a, b


def _map_controls(run: Run) -> list[MapControls]:
    """How each network's maps are looked at."""

    def of(index: int, name: str) -> MapControls:
        def shape() -> tuple[int, ...]:
            return cache.running_trace(runs(run)[index]).node(NODES[index].value).out_shape

        return map_controls(name, shape, scale="shared", about=NETWORKS[index].value)

    return [of(index, control.name) for index, control in enumerate(NETWORKS)]


def _controls(run: Run) -> Sequence[Control]:
    own = (control for looked_at in _map_controls(run) for control in looked_at.by_field.values())
    return *WEIGHTS, STAGE, *NODES, *own


# ---- the pair: blocks and maps ------------------------------------------------------------------------------


@st.fragment(key=SCREEN)
def _show_pair(run: Run) -> None:
    """The choice of two networks, what their blocks differ in, and their maps on one scale of colours."""
    for index, column in enumerate(_columns()):
        with column:
            _network_box(index)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="cost-stage"):
        st.markdown(f"{STAGE.label}:", width="content")
        segments(STAGE, label_visibility="collapsed")
        both = {control.name: control.value for control in NETWORKS}
        st.page_link("../pages/accuracy.py", label="Accuracy of both →", query_params=link_to(**both))
    found = _alignment()
    st.markdown(_what_differs(found))
    for index, (column, marked) in enumerate(zip(_columns(), (found.only_first, found.only_second), strict=True)):
        with column:
            _block_diagram(index, marked)
    shown = runs(run)
    ranges = [_range(r, control.value) for r, control in zip(shown, NODES, strict=True)]
    limits = min(low for low, _ in ranges), max(high for _, high in ranges)
    for index, column in enumerate(_columns()):
        with column:
            _maps(shown[index], index, _map_controls(run)[index], limits)
    st.caption(
        "Both share one scale of colours. What to look for: how many maps there are, how strong they are, and how much "
        "of the picture they still show. A click in a block shows that operation's maps, and those of its partner."
    )
    publish()


def _columns() -> list[Any]:
    return st.columns(len(NETWORKS), gap="medium")


def _network_box(index: int) -> None:
    network, weights = NETWORKS[index], WEIGHTS[index]
    name = select(network, label_visibility="collapsed", on_change=rerun_page)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"cost-{network.name}-row"):
        select(weights, label_visibility="collapsed")
        st.page_link(
            f"../pages/{family_of(name).name}.py",
            label=f"Open {catalogue()[name].title} →",
            query_params=link_to(variant=name),
        )


def _alignment() -> Alignment:
    return aligned(cache.trace(A.value), cache.trace(B.value), (_block(0), _block(1)))


def _what_differs(found: Alignment) -> str:
    """In a sentence, what one block has and the other has not, and what both have with other numbers."""
    heads = [f"**{head}**" for head in _heads()]
    alone = [
        f"only {head} has {_listed(list(map(_named, nodes)), MAX_NAMED, ', ')}"
        for head, nodes in zip(heads, (found.only_first, found.only_second), strict=True)
        if nodes
    ]
    altered = [f"{_own_name(a)} {window_text(a)} against {window_text(b)}" for a, b in found.altered]
    sentences = [f"Framed: {'; '.join(alone)}."] if alone else []
    if altered:
        sentences.append(f"With other numbers: {_listed(altered, MAX_ALTERED, '; ')}.")
    return " ".join(sentences) or "These two blocks do the same, operation by operation."


def _listed(words: Sequence[str], most: int, separator: str) -> str:
    """The first of them, and how many there are besides."""
    more = f"{separator}and {len(words) - most} more" if len(words) > most else ""
    return separator.join(words[:most]) + more


def _own_name(node: Node) -> str:
    """Within its block: "se.squeeze"."""
    return node.name.removeprefix(f"{node.block}.")


def _named(node: Node) -> str:
    """With the sign that stands in the diagram, if it is one: "add (+)"."""
    sign = cell_text(node)
    return f"{_own_name(node)} ({sign})" if len(sign) == 1 else _own_name(node)


def _block_diagram(index: int, marked: Sequence[Node]) -> None:
    name, group, block = NETWORKS[index].value, NETWORKS[index].name, _block(index)
    node = cache.trace(name).node(NODES[index].value)
    diagram(
        cache.diagram(name, "block", block.path),
        group=group,
        key=f"{group}-block",
        label=f"Operations of {block.path}, {catalogue()[name].title}",
        legend=False,
        marked=[n.name for n in marked],
    )
    key = f"{group}-link"
    link(
        group=group,
        key=key,
        node=node.name,
        block=node.block,
        stage=node.stage,
        on_node_change=partial(_select_clicked, index, key),
    )


def _select_clicked(index: int, key: str) -> None:
    """The operation that was clicked, and the other block's that does the same, if there is one."""
    name = clicked(key)
    if name is not None and NODES[index].accepts(name):
        NODES[index].set(name)
        partner = _alignment().partner(index, name)
        if partner is not None:
            NODES[1 - index].set(partner)


def _maps(run: Run, index: int, looked_at: MapControls, limits: tuple[float, float]) -> None:
    side, node = NETWORKS[index].name, NODES[index].value
    st.markdown(f"**{node}** · {maps_title(run, cache.trace(run.variant).node(node))}")
    key, view = f"{side}-{revision()}", looked_at.view
    feature_maps(
        _message(run, side, node, limits, view.order, view.page),
        key=key,
        view=view,
        on_view_change=reports(key, **looked_at.by_field),
    )
    input_and_answer(run, group=side, key=f"{side}-input")


@cache.kept()
def _range(run: Run, node: str) -> tuple[float, float]:
    """The least and the largest value of an operation's maps."""
    found = statistics(cache.activations(run).maps(node).numpy())
    return float(found.minimum.min()), float(found.maximum.max())


@cache.kept()
def _message(run: Run, side: str, node: str, limits: tuple[float, float], order: Order, page: int) -> Message:
    values = cache.activations(run).maps(node).numpy()
    header = cache.grid_header(run, node, side)
    header["minimum"], header["maximum"] = limits
    header["signed"] = limits[0] < 0
    return encode_page(values, statistics(values), header, order, page)


# ---- tables -------------------------------------------------------------------------------------------------


def _show_differences(run: Run) -> None:
    """The totals of both."""
    a, b = cache.trace(A.value), cache.trace(B.value)
    st.table([_row(d) for d in differences(a, b)])
    st.caption(
        "Counted from the code, for one picture, without heads that only serve training. Depth is the number of weight "
        "layers on the longest path. A pixel of the receptive field is one of the network's own input."
    )


def _row(d: Difference) -> dict[str, str]:
    first, second = _heads()
    return {
        "": d.label,
        first: _quantity(d.unit, d.first),
        second: _quantity(d.unit, d.second),
        "second ÷ first": f"{d.ratio:.3g}",
    }


def _quantity(unit: str, value: int) -> str:
    return {"bytes": bytes_text(value), "pixels": f"{thousands(value)} px"}.get(unit, thousands(value))


def _heads() -> tuple[str, str]:
    """The networks' titles as heads of columns, which must differ."""
    first, second = (catalogue()[control.value].title for control in NETWORKS)
    return first, second if second != first else f"{second} (the same)"


def _show_stages(run: Run) -> None:
    """For each resolution at which either has a stage's output, a row for each of the two."""
    st.markdown(
        "Stages are aligned by the resolution of their output: how many times smaller than the input. What to look "
        "for: the resolution at which each network spends its multiplications, and the one that holds its parameters."
    )
    both = _both_levels()
    rows = []
    for reduction in sorted({r for found in both for r, level in found.items() if level.stages}):
        for title, found in zip(_heads(), both, strict=True):
            level = found.get(reduction)
            row: dict[str, Any] = {"side": f"1/{reduction}", "network": title, "stages": "none"}
            if level is not None and level.stages:
                row |= {
                    "stages": ", ".join(s.path for s in level.stages),
                    "output": shape_text(level.stages[-1].out_shape),
                    "parameters": thousands(level.params),
                    "MACs": thousands(level.macs),
                    "activations": bytes_text(level.activation_bytes),
                    "receptive field": f"{level.node.receptive_field[0]} px",
                }
            rows.append(row)
    st.table(rows)


PAIR = Section("compare", "Compare", _show_pair, _controls)
DIFFERENCES = Section("differences", "What they differ in", _show_differences)
STAGES = Section("stages", "Stage by stage", _show_stages)
