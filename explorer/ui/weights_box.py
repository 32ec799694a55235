"""Which weights a variant runs with: what is here for it, and the published ones at the press of a button."""

from __future__ import annotations

import streamlit as st

from explorer.architectures import variant as variant_called
from explorer.runtime.weights.folder import local_file, report
from explorer.runtime.weights.network import BUNDLED, FOLDER, IMAGENET, UNTRAINED, available_weights, describe_weights
from explorer.runtime.weights.published import Published, downloaded_file, published_weights
from explorer.ui.link import Control, plain

WEIGHTS = "weights"  # in the session and in the link: the kind that the viewer prefers, wherever a variant has it
BEST = ""  # no preference
BOX = "weights-box"
DOWNLOAD_INTERVAL = 0.5  # seconds between two looks at a download under way


def weights_control(*names: str) -> Control:
    """The viewer's preference; where no variant of these names has such weights, the link is silent about it."""
    kinds = (UNTRAINED, BUNDLED, IMAGENET, FOLDER)

    def active() -> bool:
        return st.session_state[WEIGHTS] in map(weights_for, names)

    return Control(
        WEIGHTS, "Weights", lambda text: text if text in kinds else None, lambda: BEST, kept=True, active=active
    )


def weights_for(name: str) -> str:
    """The weights with which this viewer runs a variant: those preferred, where it has them, else its best."""
    available = available_weights(variant_called(name))
    preferred: str = st.session_state.get(WEIGHTS, BEST)
    return preferred if preferred in available else available[0]


def weights_box(name: str) -> None:
    """The choice of a variant's weights, for the sidebar."""
    variant = variant_called(name)
    available = {weights: describe_weights(variant, weights) for weights in available_weights(variant)}
    st.session_state[BOX] = weights_for(name)
    st.subheader("Weights", anchor=False)
    st.radio(
        "Weights",
        available,
        key=BOX,
        label_visibility="collapsed",
        on_change=_prefer,
        args=(available,),
        format_func=available.__getitem__,
    )
    preferred = st.session_state[WEIGHTS]
    if preferred not in ("", *available):
        st.caption(f"There are no {preferred} weights for {plain(variant.title)}.")
    download_panel(name)
    for sentence in report():
        st.caption(sentence)


def _prefer(available: dict[str, str]) -> None:
    chosen = st.session_state[BOX]
    st.session_state[WEIGHTS] = BEST if chosen == next(iter(available)) else chosen


def download_panel(variant_name: str) -> None:
    """What there is to download for a variant, its button, or its progress; the page is drawn anew when it is here.

    Nothing where the weights are here already, downloaded or in the folder of EXPLORER_WEIGHTS.
    """
    from explorer.runtime.weights.download import job_of

    weights = published_weights(variant_name)
    if weights is None:
        st.caption("No published ImageNet weights are known for this variant.")
        return
    local = local_file(variant_name)
    if downloaded_file(variant_name) is not None or (local is not None and local.problem is None):
        return
    job = job_of(variant_name)
    if job is not None and job.state == "running":
        _progress(variant_name)
        return
    # A callback: a press is not lost when another event interrupts the drawing of the page.
    st.button(
        f"Download ImageNet weights ({weights.bytes / 1e6:,.0f} MB)",
        key=f"download-{variant_name}",
        on_click=_begin,
        args=(weights,),
        width="stretch",
    )
    st.caption(f"{weights.title}: {weights.licence}")
    if job is not None and job.state == "failed":
        st.error(job.message)
    elif job is not None and job.state == "cancelled":
        st.caption(job.message)


def _begin(weights: Published) -> None:
    from explorer.runtime.weights.download import start

    start(weights)


@st.fragment(run_every=DOWNLOAD_INTERVAL)
def _progress(variant_name: str) -> None:
    """The download under way, for all who look at the variant."""
    from explorer.runtime.weights.download import job_of

    job = job_of(variant_name)
    if job is None or job.state != "running":
        st.rerun()
    st.progress(job.fraction, f"{job.done / 1e6:,.0f} of {job.total / 1e6:,.0f} MB of {job.published.file_name}")
    st.button("Cancel", key=f"cancel-{variant_name}", on_click=job.cancel, width="stretch")
