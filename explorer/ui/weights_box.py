"""Which weights a variant runs with: what is here for it, the published ones at a button, and a file of one's own."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from explorer.architectures import variant as variant_called
from explorer.runtime.weights import permission
from explorer.runtime.weights.files import WeightsError
from explorer.runtime.weights.folder import local_file, report
from explorer.runtime.weights.network import (
    BUNDLED,
    FOLDER,
    IMAGENET,
    NARROW,
    UNTRAINED,
    available_weights,
    describe_weights,
)
from explorer.runtime.weights.published import Published, downloaded_file, published_weights
from explorer.runtime.weights.uploads import MAX_BYTES, Upload, is_upload, upload, with_classes
from explorer.ui import cache
from explorer.ui.link import Control, plain
from explorer.ui.uploaded import let_go

WEIGHTS = "weights"  # in the session and in the link: the kind that the viewer prefers, wherever a variant has it
BEST = ""  # no preference
BOX = "weights-box"
OWN = "own"  # the kind of what this session has uploaded
HELD = "own-weights"  # in the session: what it has uploaded
PROBLEM = "own-weights-problem"  # in the session: why the last file could not be used, a sentence
FILE = "own-weights-file"
CLASSES = "own-weights-classes"
SUFFIXES = ("safetensors", "pth", "pt")
ONLY_HERE = "For this session only: a reload loses them, and no link carries them."
DOWNLOAD_INTERVAL = 0.5  # seconds between two looks at a download under way


def weights_control(*names: str) -> Control:
    """The viewer's preference; where no variant of these names has such weights, the link is silent about it."""
    kinds = (UNTRAINED, NARROW, BUNDLED, IMAGENET, FOLDER, OWN)

    def active() -> bool:
        return st.session_state[WEIGHTS] in (_kind(weights_for(name)) for name in names)

    return Control(
        WEIGHTS, "Weights", lambda text: text if text in kinds else None, lambda: BEST, kept=True, active=active
    )


def weights_for(name: str) -> str:
    """The weights with which this viewer runs a variant: those preferred, where it has them, else its best."""
    offered = list(offered_weights(name))
    preferred = st.session_state.get(WEIGHTS, BEST)
    if preferred == NARROW not in offered:  # a small network, which is never narrow
        preferred = UNTRAINED
    return next((weights for weights in offered if _kind(weights) == preferred), offered[0])


def offered_weights(name: str) -> dict[str, str]:
    """What this viewer can run a variant with, best first, in words; at the end what the viewer has uploaded for it."""
    variant = variant_called(name)
    held: Upload | None = st.session_state.get(HELD)
    own = (held.key,) if held is not None and held.name == name else ()
    return {weights: describe_weights(variant, weights) for weights in (*available_weights(variant), *own)}


def _kind(weights: str) -> str:
    return OWN if is_upload(weights) else weights


def weights_box(name: str) -> None:
    """The choice of a variant's weights, for the sidebar."""
    offered = offered_weights(name)
    st.session_state[BOX] = weights_for(name)
    st.subheader("Weights", anchor=False)
    st.radio(
        "Weights",
        offered,
        key=BOX,
        label_visibility="collapsed",
        on_change=_prefer,
        args=(next(iter(offered)),),
        format_func=lambda weights: plain(offered[weights]) if is_upload(weights) else offered[weights],
    )
    preferred = st.session_state[WEIGHTS]
    if preferred not in (BEST, NARROW, *map(_kind, offered)):
        st.caption(_missing(preferred, plain(variant_called(name).title)))
    download_panel(name)
    _own_box(name)
    for sentence in report():
        st.caption(sentence)


def _prefer(best: str) -> None:
    chosen = st.session_state[BOX]
    st.session_state[WEIGHTS] = BEST if chosen == best else _kind(chosen)


def _missing(preferred: str, title: str) -> str:
    """Why the weights that the viewer or the link prefers are not those that run."""
    held: Upload | None = st.session_state.get(HELD)
    if preferred != OWN:
        return f"There are no {preferred} weights for {title}."
    if held is not None:
        return f"Your own weights are those of {plain(variant_called(held.name).title)}."
    return "The link names weights that somebody uploaded. They were there for that session only, until its end."


def _own_box(name: str) -> None:
    """A file of one's own, into this variant, and names for its classes."""
    state = st.session_state
    held: Upload | None = state.get(HELD)
    with st.expander("Your own weights", key="own-weights-box"):
        # Callbacks: what is uploaded has to be there before the page runs.
        st.file_uploader(
            f"A file for this variant (at most {MAX_BYTES // 10**6} MB)",
            SUFFIXES,
            key=FILE,
            max_upload_size=MAX_BYTES // 10**6,
            on_change=_take_weights,
            args=(name,),
            help="safetensors, or a PyTorch state dict. Each tensor's shape is checked; nothing in the file is run.",
        )
        if held is not None and held.name == name:
            st.file_uploader(
                f"Names of its {held.outputs:,} classes (optional)",
                "txt",
                key=CLASSES,
                max_upload_size=1,
                on_change=_take_classes,
                help="A text file with a name a line, in the order of the outputs.",
            )
    if state.get(PROBLEM):
        st.error(plain(state[PROBLEM]))
    if held is not None and held.name == name:
        st.caption(f"{plain(held.title)}: {held.sentence} {ONLY_HERE}")


def _take_weights(name: str) -> None:
    content = _content(FILE)
    if content is not None:
        _hold(lambda: upload(content[1], content[0], name))


def _take_classes() -> None:
    content, held = _content(CLASSES), st.session_state.get(HELD)
    if content is not None and held is not None:
        _hold(lambda: with_classes(held, content[1]))


def _hold(make: Callable[[], Upload]) -> None:
    """Hold what is made in place of the former upload, and prefer it; or say why it can't be used."""
    state = st.session_state
    state[PROBLEM] = ""
    try:
        state[HELD] = make()
    except WeightsError as error:
        state[PROBLEM] = str(error)
        return
    state[WEIGHTS] = OWN
    _networks.clear()
    _networks(state[HELD].key)


@st.cache_resource(scope="session", show_spinner=False, on_release=cache.forget)
def _networks(key: str) -> str:
    """Networks with an upload are dropped when another is uploaded, and when the session ends."""
    return key


def _content(widget: str) -> tuple[str, bytes] | None:
    """Name and bytes of the file that a widget got, which Streamlit forgets; None where it was removed."""
    given = st.session_state.get(widget)
    if not isinstance(given, UploadedFile):
        return None
    let_go(given)
    return given.name, given.getvalue()


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
    if not permission.allowed(variant_name):
        st.caption(permission.REFUSED)
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

    if permission.allowed(weights.variant):
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
