"""Theory against practice: the designs measured on the chosen device, beside what their counts promise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st
import torch

from explorer.analysis.cost import Convolution, CostError, Design
from explorer.analysis.text import pair_text, shape_text, si, thousands
from explorer.demonstrations.pointwise.calculator import BATCHES, convolution, family
from explorer.demonstrations.pointwise.timing import Measurement, check_size, measure
from explorer.runtime.device import describe, resolve
from explorer.ui import cost_bars
from explorer.ui.charts import chart, dark
from explorer.ui.sidebar import settings

MEASURED = "measured"  # in the session: what was measured, and what is known so far


def practice() -> None:
    """A button that measures what the calculator's controls say, with progress; and what was measured last.

    Outside of any fragment: only a click that runs the whole page interrupts a run, and "Cancel" has to.
    """
    state, device = st.session_state, resolve(settings().device)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control("Pictures at a time", BATCHES, key="batch", required=True, persist_state="session")
        start = st.button(f"Measure on {describe(device)}", key="measure")
        place = st.empty()
    if start:
        with place:
            st.button("Cancel", key="cancel")
        try:
            _measure(convolution(), device)
        except CostError as error:
            st.error(str(error))
        place.empty()
    if MEASURED in state:
        _show(**state[MEASURED])


def _measure(c: Convolution, device: torch.device) -> None:
    """Measure the family of `c`; what is known so far outlives a cancellation."""
    batch, possible, refused = int(st.session_state["batch"]), [], []
    for design in family(c).values():
        try:
            if isinstance(design, Design):
                check_size(design, device, batch)
                possible.append(design)
        except CostError as error:
            refused.append(str(error))
    known: dict[str, Any] = {"c": c, "results": (), "refused": refused, "progress": 0.0}
    st.session_state[MEASURED] = known
    bar = st.progress(0.0, "Warming up")
    for known["progress"], known["results"] in measure(possible, device, batch):
        bar.progress(known["progress"], f"{known['progress']:.0%}")
    bar.empty()


def _show(c: Convolution, results: Sequence[Measurement], refused: Sequence[str], progress: float) -> None:
    if results:
        _compare(c, results)
    for sentence in refused:
        st.caption(sentence)
    if progress < 1:
        st.caption(f"Cancelled at {progress:.0%}.")


def _compare(c: Convolution, results: Sequence[Measurement]) -> None:
    """Theory and practice, relative to the first design that was measured."""
    first = results[0]
    st.markdown(
        f"**{shape_text(c.in_shape)} → {shape_text(c.out_shape)}, {pair_text(c.kernel)}** on {first.device}: batch "
        f"of {first.batch}, float32, after warming up, the median of {first.samples} samples. Compared with "
        f"**{first.design.name}**:"
    )
    chart(cost_bars.practice(results, dark()), "practice", "Fewer multiplications, and less time")
    st.table(
        [
            {
                "": m.design.name,
                "multiplications": thousands(m.batch * m.design.macs),
                "fewer": f"{first.design.macs / m.design.macs:.2f}×",
                "milliseconds": f"{1000 * m.seconds:.3f}",
                "less time": f"{first.seconds / m.seconds:.2f}×",
                "MAC/s": si(m.macs_per_second),
            }
            for m in results
        ]
    )
