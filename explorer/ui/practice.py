"""Theory against practice: the designs measured on the chosen device, beside what their counts promise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from explorer.analysis.cost import CostError, Design
from explorer.analysis.units import grouped, si
from explorer.runtime.device import describe, resolve
from explorer.runtime.timing import Measurement, check_size, measure
from explorer.ui import cost_charts
from explorer.ui.calculator import BATCHES, chart, dark
from explorer.ui.sidebar import settings

MEASURED = "measured"  # in the session: what was asked for, and what is known so far


def practice(designs: Sequence[Design]) -> None:
    """A button that measures, with progress; what was measured of these designs, also if it was cancelled."""
    state, device = st.session_state, resolve(settings().device)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            "Pictures at a time", BATCHES, key="batch", required=True, persist_state="session"
        )
        wanted = (tuple(designs), str(device), state["batch"])
        start = st.button(f"Measure on {describe(device)}", key="measure")
        place = st.empty()
    if start:
        state[MEASURED] = {"asked": wanted, "results": (), "refused": [], "progress": 0.0}
        with place:
            st.button("Cancel", key="cancel")  # any click ends the run at its next word to the browser
        _measure(designs, state[MEASURED])
        place.empty()
    measured = state.get(MEASURED)
    if measured is None or measured["asked"] != wanted:
        st.caption("Not measured yet with these numbers.")
        return
    if measured["results"]:
        _show(measured["results"])
    for sentence in measured["refused"]:
        st.caption(sentence)
    if measured["progress"] < 1:
        st.caption(f"Cancelled at {measured['progress']:.0%}.")


def _measure(designs: Sequence[Design], into: dict[str, Any]) -> None:
    device, batch = resolve(settings().device), int(st.session_state["batch"])
    possible = []
    for design in designs:
        try:
            check_size(design, device, batch)
        except CostError as error:
            into["refused"].append(str(error))
        else:
            possible.append(design)
    bar = st.progress(0.0, "Warming up")
    try:
        for into["progress"], into["results"] in measure(possible, device, batch):
            bar.progress(into["progress"], f"{into['progress']:.0%}")
    except CostError as error:
        into["refused"].append(str(error))
    bar.empty()


def _show(results: Sequence[Measurement]) -> None:
    first = results[0]
    st.markdown(
        f"{first.device}. Batch of {first.batch}, float32, after warming up, the median of {first.samples} "
        f"samples. Compared with **{first.design.name}**:"
    )
    chart(cost_charts.practice(results, dark()), "practice", "Fewer multiplications, and less time")
    st.table(
        [
            {
                "": m.design.name,
                "multiplications": grouped(m.batch * m.design.macs),
                "fewer": f"{first.design.macs / m.design.macs:.2f}×",
                "milliseconds": f"{1000 * m.seconds:.3f}",
                "less time": f"{first.seconds / m.seconds:.2f}×",
                "MAC/s": si(m.macs_per_second),
            }
            for m in results
        ]
    )
