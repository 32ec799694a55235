"""Theory against practice: the designs measured on the chosen device, beside what their counts promise."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explorer.analysis.cost import CostError, Design
from explorer.analysis.units import grouped, si
from explorer.runtime.device import describe, resolve
from explorer.runtime.timing import SAMPLES, Measurement, measure
from explorer.ui import cost_charts
from explorer.ui.calculator import BATCHES, chart, dark
from explorer.ui.sidebar import settings

MEASURED = "measured"  # in the session: (what was asked, the measurements so far, sentences about the others)


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
        state[MEASURED] = (wanted, [], [])
        with place:
            st.button("Cancel", key="cancel")  # any click ends the run at its next word to the browser
        _measure(designs, state[MEASURED])
        place.empty()
    asked, results, refused = state.get(MEASURED, (None, [], []))
    if asked != wanted:
        st.caption("Not measured yet with these numbers.")
        return
    _show(results)
    for sentence in refused:
        st.caption(sentence)
    missing = len(designs) - len(results) - len(refused)
    if missing:
        st.caption(f"Cancelled: {missing} of {len(designs)} not measured.")


def _measure(designs: Sequence[Design], into: tuple[object, list[Measurement], list[str]]) -> None:
    (_, results, refused), chosen = into, settings()
    device, batch = resolve(chosen.device), int(st.session_state["batch"])
    bar = st.progress(0.0)
    for number, design in enumerate(designs):
        try:
            for step in measure(design, device, batch):
                if isinstance(step, Measurement):
                    results.append(step)
                else:
                    bar.progress(
                        (number + step) / len(designs), f"{design.name} ({number + 1} of {len(designs)})"
                    )
        except CostError as error:
            refused.append(str(error))
    bar.empty()


def _show(results: Sequence[Measurement]) -> None:
    if not results:
        return
    first = results[0]
    st.markdown(
        f"{first.device}. Batch of {first.batch}, float32, after warming up, the median of up to {SAMPLES} "
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
