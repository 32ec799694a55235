"""What all pages share: the picture, and the device on which networks run. The choice survives a change of page."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from explorer.runtime.pictures import ImageError, LoadedImage, load_image
from explorer.runtime.samples import sample, samples
from explorer.ui.link import asked, fresh, read, seed

WANTED = "weights-wanted"  # in the session: the weights that were chosen last
SAMPLE, UPLOAD, CAMERA = "Sample", "Upload", "Camera"
# A phone's photo is 50 MB when decoded; thirty viewers' photos shall fit a small server. Networks see 331 px at most.
KEPT = 1024  # pixels of the longer side
THUMBNAIL = 480  # pixels of the longer side: sharp at the sidebar's width on a dense screen


@dataclass(frozen=True)
class Settings:
    """The shared choices. `sample` is None for a picture that no link can carry."""

    image: LoadedImage
    image_title: str
    sample: str | None
    device: str


@st.cache_data(max_entries=64, show_spinner=False)
def sample_image(sample_id: str) -> LoadedImage:
    """A sample, decoded; once for all viewers."""
    return load_image(sample(sample_id).path)


def settings() -> Settings:
    """The choices made in the sidebar; call after `sidebar`."""
    chosen: Settings = st.session_state["settings"]
    return chosen


def weights_for(name: str) -> str:
    """The weights with which this viewer runs a variant: those chosen last, where it has them, else its best."""
    available = _offered(name)
    wanted: str = st.session_state.get(WANTED, "")
    return wanted if wanted in available else next(iter(available))


def weights_in_link(name: str) -> str | None:
    """What the link says of the weights: nothing of the best ones."""
    chosen = weights_for(name)
    return None if chosen == next(iter(_offered(name))) else chosen


def weights_box(name: str) -> None:
    """Draw the choice of a variant's weights in the sidebar; `weights_for` then returns it."""
    from explorer.ui.weights_box import download_panel  # torch: not before a page needs it

    state, available, wish = st.session_state, _offered(name), asked("weights")
    if fresh():
        state[WANTED] = wish
    if wish and wish not in available:
        st.warning(f"There are no weights called {wish!r} for {name}; {weights_for(name)} is shown.")
    state["weights"] = weights_for(name)
    with st.sidebar:
        st.subheader("Weights", anchor=False)
        st.radio(
            "Weights", available, key="weights", label_visibility="collapsed", on_change=_want,
            format_func=available.__getitem__,
        )  # fmt: skip
        download_panel(name)
        for sentence in _folder_report():
            st.caption(sentence)


def run_of(name: str) -> tuple[str, str, str, LoadedImage]:
    """What a forward pass of a variant needs: its name, its weights, the chosen device and picture."""
    chosen = settings()
    return name, weights_for(name), chosen.device, chosen.image


def _folder_report() -> tuple[str, ...]:
    from explorer.runtime.weights.folder import report  # torch: not before a page needs it

    return report()


def _want() -> None:
    st.session_state[WANTED] = st.session_state["weights"]


def _offered(name: str) -> dict[str, str]:
    """The weights that are here for a variant, in words; best first."""
    from explorer.architectures import variant  # torch: not before a page needs it
    from explorer.runtime.weights.network import describe_weights, offered

    v = variant(name)
    return {weights: describe_weights(v, weights) for weights in offered(v)}


def sidebar() -> None:
    """Draw the controls, and keep what they say for `settings`."""
    read()
    with st.sidebar:
        st.subheader("Picture", anchor=False)
        if asked("sample") or "source" not in st.session_state:
            st.session_state["source"] = SAMPLE
        source: str = st.segmented_control(  # type: ignore[assignment]  # required: never None
            "Where from", (SAMPLE, UPLOAD, CAMERA), key="source", required=True, label_visibility="collapsed",
            width="stretch", persist_state="session",
        )  # fmt: skip
        own = _own_picture(source) if source != SAMPLE else None
        chosen = None
        if own is None:
            chosen, image, title, credit = _sample_picture()
        else:
            image, title, credit = own, f"Your {source.lower()}", "Kept while you change pages, not in the link."
        st.image(_shrunk(image, THUMBNAIL).image, caption=credit, width="stretch")
        for note in image.notes:
            st.caption(note)
        st.subheader("Device", anchor=False)
        device = _device()
    st.session_state["settings"] = Settings(image, title, chosen, device)


def _shrunk(image: LoadedImage, side: int) -> LoadedImage:
    small = image.image.copy()
    small.thumbnail((side, side))
    return replace(image, image=small)


def _sample_picture() -> tuple[str, LoadedImage, str, str]:
    offered = {s.id: s for s in samples()}
    seed("sample", offered, next(iter(offered)), "sample")
    chosen = st.selectbox(
        "Sample picture", offered, key="sample", format_func=lambda i: offered[i].title,
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    s = offered[chosen]
    return chosen, sample_image(chosen), s.title, f"{s.author}, {s.licence}"


def _own_picture(source: str) -> LoadedImage | None:
    """The uploaded or photographed picture; None, with a sentence on the page, where there is none that can be read."""
    if source == CAMERA:
        given = st.camera_input("Take a picture", key="camera", label_visibility="collapsed")
    else:
        given = st.file_uploader("Your picture (at most 20 MB)", key="upload", help="PNG, JPEG, WebP, GIF, BMP or TIFF")
    if given is not None:
        state = st.session_state
        if state.get(f"{source}-file") != given.file_id:  # decoded once, not at every click
            state[f"{source}-file"] = given.file_id
            state[f"{source}-picture"] = _read(given.getvalue())
    picture: LoadedImage | str | None = st.session_state.get(f"{source}-picture")
    if isinstance(picture, LoadedImage):
        return picture
    if picture is not None:
        st.error(f"{picture} The sample is shown instead.")
    else:
        st.caption("Until there is one, the sample is shown.")
    return None


def _read(content: bytes) -> LoadedImage | str:
    """The picture, or the sentence that says why it is none."""
    try:
        return _shrunk(load_image(content), KEPT)
    except ImageError as error:
        return str(error)


def _device() -> str:
    from explorer.runtime.device import describe, devices, resolve  # torch: not before a page needs it

    available = devices()
    name = available[0]
    if len(available) > 1:
        name = st.segmented_control("Run on", available, key="device", default=name, required=True)
    st.caption(describe(resolve(name)))
    return name
