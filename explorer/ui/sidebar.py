"""What all pages share: the picture, and the device on which networks run. The choice survives a change of page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st
from PIL import Image, ImageOps

from explorer.runtime.pictures import MAX_BYTES, ImageError, LoadedImage, load_image
from explorer.runtime.run import Run
from explorer.runtime.samples import Sample, sample, samples
from explorer.ui.controls import segments, select
from explorer.ui.lesson import hidden, offered
from explorer.ui.link import Control, choice, followed, rerun_page
from explorer.ui.uploaded import let_go
from explorer.ui.weights_box import weights_for

FROM_SAMPLE = "Sample"
FROM_UPLOAD = "Upload"
FROM_CAMERA = "Camera"
# A phone's photo is 50 MB when decoded; thirty viewers' photos have to fit a small server. Networks see 331 px at most.
KEPT_SIDE = 1024  # pixels of the longer side
NOT_IN_LINK = "Only here: a reload loses it, and no link carries it."
GALLERY_SIDE = 112  # pixels of a picture among all, drawn twice as large for dense screens
THUMBNAIL_SIDE = 480  # pixels of the longer side: sharp at the sidebar's width on a dense screen

TITLES = {s.id: s.title for s in samples()}
FIRST = samples()[0].id  # what a page opens with

SOURCE = choice("source", "Where from", (FROM_SAMPLE, FROM_UPLOAD, FROM_CAMERA), kept=True, linked=False)
SAMPLE = choice(
    "sample",
    "Sample picture",
    lambda: {name: TITLES[name] for name in offered("samples", TITLES)},
    kept=True,
    active=lambda: SOURCE.value == FROM_SAMPLE,
)


def _devices() -> dict[str, str]:
    from explorer.runtime.device import devices  # torch: not before a page needs it

    return {name: name for name in devices()}


DEVICE = choice("device", "Run on", _devices, kept=True, linked=False)


def sidebar_controls() -> Sequence[Control]:
    """The controls of all pages but Home."""
    return SOURCE, SAMPLE, DEVICE


@st.cache_data(max_entries=64, show_spinner=False)
def sample_picture(sample_id: str = FIRST) -> LoadedImage:
    """A sample, decoded; once for all viewers. By default what a page opens with."""
    s = sample(sample_id)
    return replace(load_image(s.path), title=s.title)


def run_of(name: str, picture: LoadedImage) -> Run:
    """A variant with the weights that this viewer prefers, on the chosen device, looking at a picture."""
    return Run(name, weights_for(name), DEVICE.value, picture)


def picture_box() -> LoadedImage:
    """The choice of a picture, for the sidebar; returns the picture. `show_picture` shows what the page makes of it."""
    st.subheader("Picture", anchor=False)
    if followed(SAMPLE.name):
        SOURCE.set(FROM_SAMPLE)
    source = FROM_SAMPLE if hidden(SOURCE.name) else segments(SOURCE, label_visibility="collapsed", width="stretch")
    picture = _own_picture(source) if source != FROM_SAMPLE else None
    if picture is None:
        chosen = select(SAMPLE, label_visibility="collapsed")
        _gallery()
        return sample_picture(chosen)
    st.caption(NOT_IN_LINK)
    return picture


@st.fragment
def _gallery() -> None:
    """All samples as pictures, each with a button that chooses it; a fragment, since it is seldom open."""
    with st.popover("See them all", key="gallery", width="stretch", on_change="rerun") as box:
        if not box.open:
            return
        with st.container(key="gallery-pictures", horizontal=True, gap="small"):
            for name, title in SAMPLE.options().items():
                with st.container(width=GALLERY_SIDE, gap="xsmall"):
                    st.image(_small(name), alt=sample(name).alt, width=GALLERY_SIDE)
                    st.button(title, key=f"gallery-{name}", type="tertiary", on_click=_choose, args=(name,))


def _choose(name: str) -> None:
    SAMPLE.set(name)
    rerun_page()


@st.cache_data(max_entries=64, show_spinner=False)
def _small(name: str) -> Image.Image:
    """A sample, cut square for the gallery."""
    return ImageOps.fit(sample_picture(name).image, (2 * GALLERY_SIDE, 2 * GALLERY_SIDE))


def show_picture(picture: LoadedImage) -> None:
    """The picture that the page's networks see, in the sidebar: what was chosen, or what the page has in its place."""
    known = next((s for s in samples() if s.title == picture.title), None)
    caption = f"{known.author}, {known.licence}" if known else picture.title
    shown_above = SOURCE.value == FROM_CAMERA and st.session_state.get("camera") is not None  # by the camera's widget
    if not shown_above or picture != st.session_state.get(f"{FROM_CAMERA}-picture"):
        alt = known.alt if known else picture.title
        st.image(_thumbnail(picture), caption=caption, width="stretch", alt=alt)
    if known:
        st.caption(_what_it_shows(known))
    for note in picture.notes:
        st.caption(note)


def _what_it_shows(s: Sample) -> str:
    """Which of the ten classes of the bundled networks a sample shows, and how many of these networks say so."""
    if not s.fits:
        return "Fits none of Imagenette's ten classes."
    return f"Fits the class {s.fits}: {s.known_by} of {len(s.answers)} bundled networks agree."


def device_box() -> None:
    """The choice of a device where there are several, for the sidebar."""
    from explorer.runtime.device import describe, resolve  # torch: not before a page needs it

    st.subheader("Device", anchor=False)
    if len(DEVICE.options()) > 1:
        segments(DEVICE)
    st.caption(describe(resolve(DEVICE.value)))


def _thumbnail(picture: LoadedImage) -> Image.Image:
    """The picture in a size for the sidebar; each pixel of a tiny one, as a digit is, becomes a square."""
    shrunk = _shrunk(picture, THUMBNAIL_SIDE).image
    factor = THUMBNAIL_SIDE // max(shrunk.size)
    return shrunk.resize((factor * shrunk.width, factor * shrunk.height), Image.Resampling.NEAREST)


def _shrunk(picture: LoadedImage, side: int) -> LoadedImage:
    small = picture.image.copy()
    small.thumbnail((side, side))
    return replace(picture, image=small)


def _own_picture(source: str) -> LoadedImage | None:
    """The uploaded or photographed picture; None, with a sentence on the page, where there is none that can be read."""
    if source == FROM_CAMERA:
        given = st.camera_input("Take a picture", key="camera", label_visibility="collapsed")
    else:
        given = st.file_uploader(
            "Your picture (at most 20 MB)",
            key="upload",
            max_upload_size=MAX_BYTES // 10**6,
            help="PNG, JPEG, WebP, GIF, BMP or TIFF",
        )
    if given is not None:
        state = st.session_state
        if state.get(f"{source}-file") != given.file_id:  # decoded once, not at every click
            state[f"{source}-file"] = given.file_id
            state[f"{source}-picture"] = _read(given.getvalue(), f"Your {source.lower()}")
            if source == FROM_UPLOAD:
                let_go(given)
    picture: LoadedImage | str | None = st.session_state.get(f"{source}-picture")
    if isinstance(picture, LoadedImage):
        return picture
    if picture is not None:
        st.error(f"{picture} The sample is shown instead.")
    else:
        st.caption("No picture yet: the sample is shown.")
    return None


def _read(content: bytes, title: str) -> LoadedImage | str:
    """The picture, or the sentence that says why it is none."""
    try:
        return replace(_shrunk(load_image(content), KEPT_SIDE), title=title)
    except ImageError as error:
        return str(error)
