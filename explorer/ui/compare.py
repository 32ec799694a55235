"""Two networks on the same picture: their maps at a chosen resolution, and what they differ in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from explorer.analysis.compare import Difference, Level, differences, levels
from explorer.analysis.text import bytes_text, pair_text, shape_text, thousands
from explorer.architectures import catalogue, family_of
from explorer.runtime.maps import Message, Order, encode_page, statistics
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.components.feature_maps import feature_maps
from explorer.ui.controls import reports, segments, select
from explorer.ui.link import Control, choice, link_to, publish, revision
from explorer.ui.map_controls import MapControls, map_controls
from explorer.ui.screen import answer
from explorer.ui.section import Section
from explorer.ui.selection import SCREEN
from explorer.ui.weights_box import weights_for

DEFAULT_STAGE = 8  # where both networks have it


def _labels() -> dict[str, str]:
    return {name: variant.label for name, variant in catalogue().items()}


A = choice("compare.a", "First network", _labels, "resnet34")
B = choice("compare.b", "Second network", _labels, "plain34")
NETWORKS = (A, B)


def _both_levels() -> tuple[dict[int, Level], dict[int, Level]]:
    return levels(cache.trace(A.value)), levels(cache.trace(B.value))


def _stages() -> dict[int, str]:
    a, b = _both_levels()
    return {reduction: f"1/{reduction}" for reduction in a if reduction in b}


def _default_stage() -> int:
    return DEFAULT_STAGE if DEFAULT_STAGE in _stages() else list(_stages())[-1]


STAGE = choice("compare.stage", "Side of the maps, as a part of the input's", _stages, _default_stage)


def _runs(run: Run) -> tuple[Run, Run]:
    return run, replace(run, variant=B.value, weights=weights_for(B.value))


def _map_controls(run: Run) -> list[MapControls]:
    """How each network's maps are looked at."""

    def of(index: int, name: str) -> MapControls:
        def shape() -> tuple[int, ...]:
            node = _both_levels()[index][STAGE.value].node.name
            return cache.running_trace(_runs(run)[index]).node(node).out_shape

        return map_controls(name, shape, scale="shared")

    return [of(index, control.name) for index, control in enumerate(NETWORKS)]


def _controls(run: Run) -> Sequence[Control]:
    return STAGE, *(control for looked_at in _map_controls(run) for control in looked_at.by_field.values())


# ---- the pair and their maps --------------------------------------------------------------------------------


@st.fragment(key=SCREEN)
def _show_pair(run: Run) -> None:
    """The choice of two networks, and their maps side by side on one scale of colours."""
    columns = st.columns(2, gap="medium")
    for control, column in zip(NETWORKS, columns, strict=True):
        with column:
            _network_box(control)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"{STAGE.label}:", width="content")
        segments(STAGE, label_visibility="collapsed")
    chosen = [found[STAGE.value] for found in _both_levels()]
    runs = _runs(run)
    ranges = [_range(r, level.node.name) for r, level in zip(runs, chosen, strict=True)]
    limits = min(low for low, _ in ranges), max(high for _, high in ranges)
    for side, column in enumerate(st.columns(2, gap="medium")):
        with column:
            _maps(runs[side], chosen[side].node.name, NETWORKS[side].name, _map_controls(run)[side], limits)
    st.caption(
        "Both share one scale of colours. What to look for: how many maps there are, how strong they are, and how much "
        "of the picture they still show."
    )
    publish()


def _network_box(control: Control) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        name = select(control, label_visibility="collapsed", on_change=st.rerun)  # the whole page
        with st.container(key=f"cost-{control.name}", width="content"):
            st.page_link(
                f"../pages/{family_of(name).name}.py",
                label=f"Open {catalogue()[name].title} →",
                query_params=link_to(variant=name),
            )


def _maps(run: Run, node: str, side: str, looked_at: MapControls, limits: tuple[float, float]) -> None:
    channels, *size = cache.running_trace(run).node(node).out_shape
    st.markdown(f"**{node}** · {channels} maps of {pair_text(size)}")
    key, view = f"{side}-{revision()}", looked_at.view
    feature_maps(
        _message(run, side, node, limits, view.order, view.page),
        key=key,
        view=view,
        on_view_change=reports(key, **looked_at.by_field),
    )
    answer(run, group=side, key=f"{side}-input")


@cache.few(64)
def _range(run: Run, node: str) -> tuple[float, float]:
    """The least and the largest value of an operation's maps."""
    found = statistics(cache.activations(run).maps(node).numpy())
    return float(found.minimum.min()), float(found.maximum.max())


@cache.bounded(64)
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
