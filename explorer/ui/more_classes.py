"""What leads from ten classes, or none, to ImageNet's thousand: one button beside the answer.

It chooses what the sidebar's box offers: weights that are here, or those that can be downloaded.
"""

from __future__ import annotations

import streamlit as st

from explorer.architectures import variant as variant_called
from explorer.runtime.weights import permission
from explorer.runtime.weights.folder import VARIABLE
from explorer.runtime.weights.network import FOLDER, IMAGENET, available_weights
from explorer.runtime.weights.published import published_weights
from explorer.ui.lesson import hidden
from explorer.ui.link import plain, rerun_page
from explorer.ui.weights_box import WEIGHTS

KEY = "more-classes"


def more_classes(name: str) -> None:
    """The button of a variant that runs with weights that know fewer classes; nothing where there is none to offer."""
    if hidden("weights"):
        return
    published, here = published_weights(name), _here(name)
    if here is not None:
        st.button("Use ImageNet", type="tertiary", key=KEY, on_click=_prefer, args=(here,))
    elif published is not None and permission.allowed(name):
        from explorer.runtime.weights.download import job_of

        job = job_of(name)
        running = job is not None and job.state == "running"
        st.button(
            "Downloading…" if running else f"ImageNet, {published.bytes / 1e6:,.0f} MB",
            type="tertiary",
            key=KEY,
            on_click=_fetch,
            args=(name,),
            disabled=running,
            help=f"Downloads {published.source}'s {published.title} once, and runs this network at full width with "
            "1,000 classes. Without a network nothing changes, and a sentence says so here.",
        )


def what_else(name: str) -> str:
    """Why there is no button, or why a press of it led to nothing, as Markdown; empty where there is nothing to say."""
    if hidden("weights") or _here(name) is not None:
        return ""
    if published_weights(name) is None:
        return f"ImageNet: only from a folder ({VARIABLE})."
    if not permission.allowed(name):
        return permission.REFUSED
    from explorer.runtime.weights.download import job_of

    job = job_of(name)
    return plain(job.message) if job is not None and job.state == "failed" else ""


def _here(name: str) -> str | None:
    """Which weights with ImageNet's classes are here for the variant."""
    available = available_weights(variant_called(name))
    return next((weights for weights in (IMAGENET, FOLDER) if weights in available), None)


def _prefer(weights: str) -> None:
    st.session_state[WEIGHTS] = weights
    rerun_page()


def _fetch(name: str) -> None:
    """Begin to download, and prefer what comes: the page is drawn with it when it is here."""
    from explorer.runtime.weights.download import start

    published = published_weights(name)
    if published is not None and permission.allowed(name):
        start(published)
        _prefer(IMAGENET)
