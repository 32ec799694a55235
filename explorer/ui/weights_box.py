"""The published ImageNet weights of a variant, at the press of a button. Nothing is fetched before."""

from __future__ import annotations

import streamlit as st

from explorer.runtime.weights.folder import found
from explorer.runtime.weights.published import Published, published, stored

INTERVAL = 0.5  # seconds between two looks at a download under way


def download_panel(variant_name: str) -> None:
    """What there is to download for a variant, its button, or its progress; the page is drawn anew when it is here.

    Nothing where the weights are here already, downloaded or in the folder of EXPLORER_WEIGHTS.
    """
    from explorer.runtime.weights.download import job_of

    weights = published(variant_name)
    if weights is None:
        st.caption("The app knows of no published ImageNet weights for this variant.")
        return
    local = found(variant_name)
    if stored(variant_name) is not None or (local is not None and local.problem is None):
        return
    job = job_of(variant_name)
    if job is not None and job.state == "running":
        _progress(variant_name)
        return
    # A callback: a press is not lost when another event interrupts the drawing of the page.
    st.button(
        f"Download ImageNet weights ({weights.bytes / 1e6:,.0f} MB)", key=f"download-{variant_name}",
        on_click=_begin, args=(weights,), width="stretch",
    )  # fmt: skip
    st.caption(f"{weights.title}: {weights.licence}")
    if job is not None and job.state == "failed":
        st.error(job.message)
    elif job is not None and job.state == "cancelled":
        st.caption(job.message)


def _begin(weights: Published) -> None:
    from explorer.runtime.weights.download import start

    start(weights)


@st.fragment(run_every=INTERVAL)
def _progress(variant_name: str) -> None:
    """The download under way, for all who look at the variant."""
    from explorer.runtime.weights.download import job_of

    job = job_of(variant_name)
    if job is None or job.state != "running":
        st.rerun()
    st.progress(job.fraction, f"{job.done / 1e6:,.0f} of {job.total / 1e6:,.0f} MB of {job.published.file_name}")
    st.button("Cancel", key=f"cancel-{variant_name}", on_click=job.cancel, width="stretch")
