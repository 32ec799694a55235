"""An inception module as a budget: six numbers, and what each branch costs."""

from __future__ import annotations

import streamlit as st

from explorer.analysis import designs
from explorer.analysis.text import shape_text, thousands
from explorer.analysis.types import MapShape
from explorer.architectures.googlenet import MODULES
from explorer.demonstrations.pointwise.calculator_panel import MAX_COUNT
from explorer.runtime.run import Run
from explorer.ui import cache, cost_bars
from explorer.ui.charts import chart, dark
from explorer.ui.controls import number_box, select
from explorer.ui.link import Control, choice, number
from explorer.ui.section import Section

GOOGLENET = "googlenet"


MODULE = choice("budget.module", "Module", {name: f"inception {name}" for name in MODULES})


def _width_control(index: int, label: str) -> Control:
    name = label.replace("×", "x").replace(" ", "-")
    return number(f"budget.{name}", label, 1, MAX_COUNT, lambda: MODULES[MODULE.value][index])


WIDTHS = tuple(_width_control(i, label) for i, label in enumerate(designs.WIDTHS))


def _set_published() -> None:
    for control in WIDTHS:
        st.session_state[control.name] = control.default()


def _module_input(module: str) -> MapShape:
    """The maps that the network gives to the module."""
    blocks = (b for s in cache.trace(GOOGLENET).stages for b in s.blocks)
    channels, height, width = next(b.in_shape for b in blocks if b.path.endswith(f".{module}"))
    return channels, height, width


def _show_budget(run: Run) -> None:
    """Six numbers, and what each branch costs."""
    st.markdown(
        "Six numbers decide what a module costs. The two **reduce** widths cost little themselves and set the "
        "price of the 3×3 and the 5×5 after them."
    )
    with st.container(horizontal=True, gap="small", key="numbers-budget"):
        module = select(MODULE, on_change=_set_published)
        widths = [number_box(control) for control in WIDTHS]
    in_shape = _module_input(module)
    branches = designs.inception(in_shape, widths)
    naive = designs.naive_inception(in_shape, widths)
    params, macs = sum(b.params for b in branches), sum(b.macs for b in branches)
    maps = sum(b.out_shape[0] for b in branches)
    naive_macs = sum(d.macs for d in naive)
    naive_maps = sum(d.out_shape[0] for d in naive) + in_shape[0]
    st.markdown(
        f"{shape_text(in_shape)} → **{shape_text((maps, *in_shape[1:]))}**: {thousands(params)} parameters, "
        f"**{thousands(macs)}** multiplications.  \nWithout reductions and projection, {thousands(naive_macs)} "
        f"multiplications ({naive_macs / macs:.2f}×), and a stack of {naive_maps} maps: the pooling branch passes all "
        f"{in_shape[0]} maps through."
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


BUDGET = Section("budget", "Inception budget", _show_budget, lambda run: (MODULE, *WIDTHS))
