"""Multiplications against time: what the calculator says is measured on this machine."""

from __future__ import annotations

import streamlit as st

from explorer.analysis.cost import Convolution
from explorer.analysis.text import pair_text, shape_text, si, thousands
from explorer.demonstrations.pointwise import charts, timing
from explorer.demonstrations.pointwise.calculator_panel import Numbers, about_numbers, alternatives
from explorer.demonstrations.pointwise.timing import Job, Measurement
from explorer.runtime.device import describe, resolve
from explorer.runtime.run import Run
from explorer.ui.charts import chart, dark
from explorer.ui.controls import segments
from explorer.ui.link import choice
from explorer.ui.section import Section

JOB = "measured-job"  # in the session: what is being measured, or was
CHUNK_SECONDS = 0.3  # of measuring, between two looks at the progress
INTERVAL_SECONDS = 0.4


BATCH = choice("time.batch", "Pictures at a time", (1, 8, 32))


def _show_measured(found: Numbers, run: Run) -> None:
    """A button that measures what the calculator says, with progress; and what was measured last."""
    job: Job | None = st.session_state.get(JOB)
    device = resolve(run.device)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        segments(BATCH)
        st.button(
            f"Measure on {describe(device)}",
            key="measure",
            on_click=_start_job,
            args=(found, run),
            disabled=job is not None and job.running,
        )
    if job is not None and job.running:
        _carry_on(job)
    elif job is not None and job.results:
        _compare(job.c, job.results)


def _show_numbers(found: Numbers, run: Run) -> None:
    """What was measured last, as a table, and why some of it was not."""
    st.markdown(
        "A tenth of the multiplications does not take a tenth of the time. A depthwise convolution does little with "
        "each number that it loads, so memory sets its pace; small layers cannot keep a processor busy."
    )
    job: Job | None = st.session_state.get(JOB)
    if job is None or job.running:
        return
    if job.results:
        _table(job.results)
    for sentence in job.refused:
        st.caption(sentence)
    if job.progress < 1:
        st.caption(f"Cancelled at {job.progress:.0%}.")


def _start_job(found: Numbers, run: Run) -> None:
    st.session_state[JOB] = timing.begin(found.c, alternatives(found).values(), resolve(run.device), BATCH.value)


@st.fragment(run_every=INTERVAL_SECONDS)
def _carry_on(job: Job) -> None:
    """Measure a little, show the progress, and let the viewer cancel; no thread has to be watched."""
    job.advance(CHUNK_SECONDS)
    if not job.running:
        st.rerun()
    st.progress(job.progress, f"{job.progress:.0%}" if job.results else "Warming up")
    st.button("Cancel", key="cancel", on_click=job.cancel)


def _compare(c: Convolution, results: tuple[Measurement, ...]) -> None:
    """Multiplications and time, relative to the first design that was measured."""
    first = results[0]
    st.markdown(
        f"**{shape_text(c.in_shape)} → {shape_text(c.out_shape)}, {pair_text(c.kernel)}** on {first.device}: batch "
        f"of {first.batch}, float32, after warming up, the median of {first.samples} samples. Compared with "
        f"**{first.design.name}**:"
    )
    chart(charts.speedups(results, dark()), "practice", "Fewer multiplications, and less time")


def _table(results: tuple[Measurement, ...]) -> None:
    first = results[0]
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


MEASURED = Section("measured", "Measured time", about_numbers(_show_measured, _show_numbers), lambda run: (BATCH,))
