"""An inception module as a budget: six numbers, and what each branch costs."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explorer.analysis import designs
from explorer.analysis.cost import CostError
from explorer.analysis.text import shape_text, thousands
from explorer.analysis.types import MapShape
from explorer.architectures.googlenet import MODULES
from explorer.demonstrations.pointwise.calculator import MOST, USUAL, choose, whole, whole_number
from explorer.ui import cache, cost_bars
from explorer.ui.charts import chart, dark
from explorer.ui.link import asked

NETWORK = "googlenet"
KEYS = [f"widths-{i}" for i in range(len(designs.WIDTHS))]


def begin() -> None:
    """Give the controls their values: the link's, the ones before, or those of table 1."""
    choose("module", MODULES, next(iter(MODULES)), "module")
    wish = asked("widths")
    if "widths" not in st.session_state:
        _published()
    if wish:
        try:
            numbers = [whole(part) for part in wish.split("-")]
        except CostError:
            numbers = []
        if len(numbers) == len(KEYS):
            _set(numbers)
        else:
            st.warning(f"The link asks for the widths {wish!r}, which are not six numbers.")


def _published() -> None:
    """The six numbers of table 1."""
    numbers = MODULES[st.session_state["module"]]
    _set(numbers)
    st.session_state[USUAL]["widths"] = _text(numbers)


def _set(numbers: Sequence[int]) -> None:
    st.session_state.update(zip(KEYS, numbers, strict=True))
    st.session_state["widths"] = _text(numbers)


def _text(numbers: Sequence[int]) -> str:
    """As the link says it."""
    return "-".join(map(str, numbers))


def _input(module: str) -> MapShape:
    """The maps that the network gives to the module."""
    blocks = (b for s in cache.trace(NETWORK).stages for b in s.blocks)
    channels, height, width = next(b.in_shape for b in blocks if b.path.endswith(f".{module}"))
    return channels, height, width


def budget() -> None:
    """The controls, the bill and the branches."""
    state = st.session_state
    st.selectbox(
        "Module",
        MODULES,
        key="module",
        on_change=_published,
        width=160,
        persist_state="session",
        format_func=lambda name: f"inception {name}",
    )
    with st.container(horizontal=True, gap="small"):
        for label, key in zip(designs.WIDTHS, KEYS, strict=True):
            whole_number(label, 1, MOST, key)
    numbers = [state[key] for key in KEYS]
    state["widths"] = _text(numbers)
    in_shape = _input(state["module"])
    branches = designs.inception(in_shape, numbers)
    naive = designs.naive_inception(in_shape, numbers)
    params, macs = sum(b.params for b in branches), sum(b.macs for b in branches)
    maps = sum(b.out_shape[0] for b in branches)
    naive_macs = sum(d.macs for d in naive)
    naive_maps = sum(d.out_shape[0] for d in naive) + in_shape[0]
    st.markdown(
        f"{shape_text(in_shape)} → **{shape_text((maps, *in_shape[1:]))}**: {thousands(params)} parameters, "
        f"**{thousands(macs)}** multiplications.  \nWithout reductions and projection, {thousands(naive_macs)} "
        f"multiplications ({naive_macs / macs:.2f}×), and a stack of {naive_maps} maps: the pooling hands on "
        f"all {in_shape[0]}."
    )
    chart(cost_bars.bars(branches, dark()), "budget", "Multiplications of the four branches")
    cost_bars.legend(*branches)
    st.table(
        [
            {
                "branch": b.name,
                "layers": "; ".join(map(cost_bars.layer_text, b.layers)),
                "maps": thousands(b.out_shape[0]),
                "parameters": thousands(b.params),
                "multiplications": thousands(b.macs),
                "of the module": f"{b.macs / macs:.1%}",
            }
            for b in branches
        ]
    )
