"""The picture, painted over: the answer follows each stroke.

What is painted is the page's picture, so that everything on the page follows; `painted_picture` makes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from json import dumps, loads

import streamlit as st

from explorer.instruments.paint.component import Easel, paint, reported_strokes
from explorer.instruments.paint.compute import (
    Brush,
    Stroke,
    layer,
    painted,
    seen,
    strokes_from,
)
from explorer.runtime.pictures import LoadedImage
from explorer.runtime.preprocessing import model_input
from explorer.runtime.run import Run
from explorer.ui import cache, edits
from explorer.ui.answer import answers
from explorer.ui.controls import segments, select, slider
from explorer.ui.link import Control, choice, number, plain, rerun_page, reset, restore
from explorer.ui.sidebar import TITLES

EASEL = "paint-easel"  # key of the component
BEGUN = "paint-begun"  # in the session: what the easel in the browser began with
ORIGINAL = "paint-original"  # in the session: the picture under the strokes
LAYER_QUALITY = 85  # of the JPEG file: it is seen until the painted picture comes


def _strokes(text: str) -> tuple[Stroke, ...]:
    return strokes_from(loads(text))


def _text(strokes: Sequence[Stroke]) -> str:
    return dumps([stroke.as_dict() for stroke in strokes])


STROKES = Control(edits.STROKES, "Strokes", _strokes, tuple, _text, linked=False)
NAMES: dict[Brush, str] = {"grey": "Grey", "blur": "Blur", "noise": "Noise", "paste": "Paste"}
BRUSH = choice("paint.brush", "Brush", NAMES)
SIZE = number("paint.size", "Size (% of the picture)", 4, 60, 20)
SAMPLE = choice("paint.sample", "Paste from", TITLES, list(TITLES)[1], active=lambda: BRUSH.value == "paste")


def controls(run: Run) -> Sequence[Control]:
    """The brush; the strokes belong to the page's picture, before there is a run."""
    return BRUSH, SIZE, SAMPLE


# ---- the page's picture ------------------------------------------------------------------------------------


def painted_picture(picture: LoadedImage, *, offered: bool = True) -> LoadedImage:
    """The page's picture with the viewer's strokes over it, which go with another picture; once a run of a page.

    Where it is not `offered`, as on a page that makes its own picture, the strokes wait.
    """
    state = st.session_state
    if state.get(ORIGINAL) not in (None, picture):
        reset((STROKES.name,))
    state[ORIGINAL], state[edits.PAINTABLE] = picture, offered
    restore((STROKES,))
    return _painted(picture, STROKES.value) if offered else picture


@cache.kept()
def _painted(picture: LoadedImage, strokes: tuple[Stroke, ...]) -> LoadedImage:
    return painted(picture, strokes)


@cache.kept()
def _layer(run: Run, brush: Brush, sample: str) -> bytes:
    """A file of what a brush shows of an unpainted run's picture, as the network sees it."""
    file = BytesIO()
    seen_layer = model_input(layer(run.picture.image, brush, sample), cache.network(run).preprocessing).picture
    seen_layer.save(file, "JPEG", quality=LAYER_QUALITY)
    return file.getvalue()


# ---- the instrument ----------------------------------------------------------------------------------------


def show(run: Run) -> None:
    """The picture and the brushes, what the answer was and is."""
    with st.container(key="paint"):
        if st.session_state.get(edits.PAINTABLE):
            original = replace(run, picture=st.session_state[ORIGINAL])
            _easel(run, original)
            if STROKES.value:
                _answers(run, original)
        else:
            st.markdown("The picture of this page is its own: change it below. On other pages it can be painted over.")


@dataclass(frozen=True)
class _Begun:
    """What the easel in the browser began with, and how many times it began."""

    strokes: tuple[Stroke, ...] = ()
    number: int = 0
    picture: str = ""


def _easel(run: Run, original: Run) -> None:
    with st.container(key="paint-work", horizontal=True, gap="small"):
        with st.container(key="paint-picture"):
            place = st.empty()
        with st.container(key="paint-brushes"):
            brush: Brush = segments(BRUSH, label_visibility="collapsed")
            if brush == "paste":
                select(SAMPLE)
            slider(SIZE)
            if STROKES.value:
                _change(run, original)
    state, strokes = st.session_state, STROKES.value
    begun: _Begun = state.get(BEGUN, _Begun())
    reported = reported_strokes(state.get(EASEL), begun.number)
    on_it = begun.strokes if reported is None else reported
    if (begun.picture, on_it) != (original.picture.digest, strokes):
        begun = state[BEGUN] = _Begun(strokes, begun.number + 1, original.picture.digest)
    sample = SAMPLE.value if brush == "paste" else ""
    easel = Easel(
        begun.number,
        strokes,
        cache.input_png(run),
        _layer(original, brush, sample),
        seen(original.picture.image.size, cache.network(run).preprocessing),
        original.picture.image.size,
        brush,
        SIZE.value / 200,
        sample,
        f"{run.picture.title}: paint over it.",
    )
    with place:
        paint(easel, key=EASEL, on_change=_take)


def _take() -> None:
    """The reported strokes are the picture's, and the whole page shows it."""
    state = st.session_state
    reported = reported_strokes(state.get(EASEL), state.get(BEGUN, _Begun()).number)
    if reported is not None and reported != STROKES.value:
        STROKES.set(reported)
        rerun_page()


def _change(run: Run, original: Run) -> None:
    """The first class before and after; and that no link has it."""
    before, after = cache.activations(original).answer, cache.activations(run).answer
    if after.classes:
        (was,), (now,) = before.top(1), after.top(1)
        st.markdown(f"**{plain(was.label)} {was.probability:.1%} → {plain(now.label)} {now.probability:.1%}**")
    st.caption("A painted picture stands in no link.")


def _answers(run: Run, original: Run) -> None:
    """What the network said of the picture as it was, and says now."""
    named = {"As it was": cache.activations(original).answer, "Painted": cache.activations(run).answer}
    answers("paint-answers", named)
