"""LeNet-5, live: draw a digit, or take a sample, distort it, and watch all layers; it is the page's picture.

While a stroke is drawn only this section runs. When the pen is lifted, or a control is moved, the whole page does:
the page's picture is another one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256

import streamlit as st

from explorer.demonstrations.digits import all_layers, compute, robustness
from explorer.demonstrations.digits.component import Drawn, draw, drawn, layers
from explorer.demonstrations.digits.compute import Distortion, FloatArray, FoundDigit, Strokes
from explorer.demonstrations.digits.robustness import Answers
from explorer.runtime.pictures import LoadedImage, png_bytes
from explorer.runtime.run import Run
from explorer.runtime.samples import samples
from explorer.ui import cache
from explorer.ui.controls import pills, segments, slider
from explorer.ui.link import Control, choice, number, rerun_page, revision
from explorer.ui.section import Section
from explorer.ui.sidebar import NOT_IN_LINK

BOARD = "digit-board"  # key of the canvas
BEGUN = "digit-begun"  # in the session: what the canvas in the browser began with
DRAWING = "digit-drawing"  # in the session: the viewer's own strokes, if there are any
PICTURE = "digit-picture"  # in the session: the sidebar's picture at the last run, and of which revision
OWN = "drawn"  # among the samples: the viewer's own drawing
FIRST = "7"
PICTURE_PX = 340  # a side of the picture in the canvas' place


# ---- what can be set ---------------------------------------------------------------------------------------


def _samples() -> dict[str, str]:
    """The digits, with a stroke at those in the second handwriting; and what was drawn, if anything was."""
    names = {name: name if name.isdecimal() else f"{name[0]}ʹ" for name in compute.sample_digits()}
    return names | ({OWN: "Yours"} if DRAWING in st.session_state else {})


def _sample(text: str) -> str | None:
    if text == OWN and DRAWING not in st.session_state:
        raise ValueError("a drawing does not fit into a link")
    return text if text in _samples() else None


@dataclass(frozen=True)
class Slider:
    """A distortion that can be set: its field of `Distortion`, its control, steps and unit."""

    field: str
    control: Control
    unit: str
    step: int = 1

    @property
    def values(self) -> range:
        """All that it can be."""
        low, high = self.control.limits()
        return range(low, high + 1, self.step)

    def text(self, value: int) -> str:
        """A value with its unit."""
        return f"{value}{self.unit}".replace("-", "−")


READS = choice("digit.reads", "The network reads", {"digit": "Digit", "picture": "Picture of the sidebar"})
SAMPLE = Control("digit.sample", "Digit", _sample, lambda: FIRST, options=_samples)
SLIDERS = (
    Slider("right", number("digit.right", "Shift right (pixels)", -10, 10), " px"),
    Slider("down", number("digit.down", "Shift down (pixels)", -10, 10), " px"),
    Slider("degrees", number("digit.rotate", "Rotate clockwise (degrees)", -90, 90), "°", step=5),
    Slider("percent", number("digit.scale", "Scale (percent)", 50, 150, 100), " %", step=10),
    Slider("quarters", number("digit.thicken", "Thicken (quarter pixels an edge)", -3, 8), "/4 px"),
)
CONTROLS = (READS, SAMPLE, *(s.control for s in SLIDERS))


def _distortion() -> Distortion:
    return Distortion(**{s.field: s.control.value for s in SLIDERS})


@dataclass(frozen=True)
class Begun:
    """What the canvas in the browser began with, and how many times it began."""

    strokes: Strokes = ()
    number: int = 0


def _reported() -> Drawn | None:
    """What the canvas reported since it began, if anything."""
    state = st.session_state
    return drawn(state.get(BOARD), state.get(BEGUN, Begun()).number)


def _strokes() -> Strokes:
    """What is on the canvas."""
    report = _reported()
    if report is not None and not report.done:
        return report.strokes
    strokes: Strokes = st.session_state[DRAWING] if SAMPLE.value == OWN else compute.sample_digits()[SAMPLE.value]
    return strokes


# ---- the page's picture ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """What the network is given, and the digit before it is distorted, (112, 112), if it is one."""

    picture: LoadedImage
    digit: FloatArray | None


def _picture(sidebar: LoadedImage) -> LoadedImage:
    """The page's picture, given the sidebar's; a picture that is chosen on this page is read."""
    state = st.session_state
    seen, state[PICTURE] = state.get(PICTURE), (revision(), sidebar)
    if seen is not None and seen[0] == revision() and seen[1] != sidebar:
        READS.set("picture")
    return _shown(sidebar).picture


def _shown(sidebar: LoadedImage) -> Shown:
    if READS.value == "digit":
        title = "Your drawing" if SAMPLE.value == OWN else f"Sample digit {SAMPLE.value[0]}"
        return _as_distorted(compute.standardised(compute.ink_of(_strokes())), title, ())
    if sidebar.title in {s.title for s in samples()}:
        return Shown(sidebar, None)
    found = _found(sidebar)
    notes = (*sidebar.notes, found.note)
    if found.digit is None:
        return Shown(replace(sidebar, notes=notes), None)
    return _as_distorted(found.digit, sidebar.title, notes)


def _as_distorted(digit: FloatArray, title: str, notes: tuple[str, ...]) -> Shown:
    levels = compute.pixels(compute.distorted(digit, _distortion()))
    return Shown(replace(compute.picture(levels, notes), title=title), digit)


# ---- computed once for all viewers -------------------------------------------------------------------------


@cache.kept()
def _found(picture: LoadedImage) -> FoundDigit:
    return compute.as_digit(picture.image)


@cache.kept()
def _all_layers(run: Run) -> bytes:
    """All layers for one picture; of a drawing's many pictures nothing else is kept."""
    activations = cache.pass_of(run, cache.network_input(run).tensor)
    return all_layers.message(activations, cache.running_trace(run), cache.network_input(run).picture)


@dataclass(frozen=True)
class Reach:
    """The digits that a network reads: without any distortion, and along each slider, by field."""

    undistorted: int
    answers: dict[str, Answers]


def _reach_key(run: Run, digit: FloatArray, now: Distortion) -> object:
    return run.variant, run.weights, run.device, sha256(digit.tobytes()).digest(), now


@cache.kept(key=_reach_key)
def reach(run: Run, digit: FloatArray, now: Distortion) -> Reach:
    """What the run's network reads in a digit, (112, 112), while one slider moves and the others stay at `now`."""
    values = {s.field: tuple(sorted({*s.values, getattr(now, s.field)})) for s in SLIDERS}
    distortions = [replace(now, **{field: value}) for field, own in values.items() for value in own]
    undistorted, *found = robustness.answers(cache.network(run), digit, [Distortion(), *distortions])
    rest = iter(found)
    return Reach(undistorted, {field: Answers(own, tuple(next(rest) for _ in own)) for field, own in values.items()})


# ---- the section -------------------------------------------------------------------------------------------


def _take_report() -> None:
    """With the pen up, the strokes are the digit, and the whole page shows it."""
    report = _reported()
    if report is None or not report.done:
        return
    names = {strokes: name for name, strokes in compute.sample_digits().items()}
    if report.strokes in names:  # the first stroke on a sample was undone
        SAMPLE.set(names[report.strokes])
    else:
        st.session_state[DRAWING] = report.strokes
        SAMPLE.set(OWN)
    rerun_page()


def _show(run: Run) -> None:
    """The canvas, all layers, and what can be done to the digit; on phones it stands above the screen."""
    segments(READS, on_change=rerun_page)
    shown = _shown(st.session_state[PICTURE][1])
    run = replace(run, picture=shown.picture)  # while a stroke is drawn, ahead of the page
    left, right = st.columns([1, 2.2], gap="medium")
    with left:
        pen_up = _own(shown)
        for note in shown.picture.notes:
            st.caption(note)
    with right:
        layers(_all_layers(run), key="digit-layers")
    if READS.value == "digit":
        pills(SAMPLE, label="Or take a sample, in one of two handwritings", on_change=rerun_page)
    if shown.digit is not None:
        _distort(run, shown.digit, pen_up)


def canvas(run: Run) -> Run:
    """The canvas, or the sidebar's picture in its place, for another section; the run with what is on it at present."""
    shown = _shown(st.session_state[PICTURE][1])
    _own(shown)
    return replace(run, picture=shown.picture)


def _own(shown: Shown) -> bool:
    """The canvas, or the sidebar's picture in its place; whether the pen is up."""
    if READS.value == "digit":
        return _board()
    picture = st.session_state[PICTURE][1].image.resize((PICTURE_PX, PICTURE_PX))
    st.image(png_bytes(picture), caption=shown.picture.title, width=PICTURE_PX)
    return True


def _board() -> bool:
    """The canvas; returns whether the pen is up."""
    begun: Begun = st.session_state.setdefault(BEGUN, Begun())
    report, strokes = _reported(), _strokes()
    if strokes != (begun.strokes if report is None else report.strokes):
        begun = st.session_state[BEGUN] = Begun(strokes, begun.number + 1)
    draw(begun.strokes, begun.number, sample=SAMPLE.value != OWN, key=BOARD, on_change=_take_report)
    if SAMPLE.value == OWN:
        st.caption(NOT_IN_LINK)
    return report is None or report.done


def _distort(run: Run, digit: FloatArray, pen_up: bool) -> None:
    """The sliders; below each, how far it can go until a trained network errs."""
    st.markdown(
        "Move, turn or thicken the digit, and watch where the network fails. What to look for: the maps of C1 move "
        "with the digit, while F6 should stay as it is; the more it changes, the closer another digit comes."
    )
    trained, now = cache.network(run).trained, _distortion()
    found = reach(run, digit, now) if trained and pen_up else None
    for column, s in zip(st.columns(len(SLIDERS)), SLIDERS, strict=True):
        with column:
            value = slider(s.control, step=s.step, on_change=rerun_page)
            if trained:
                st.caption("…" if found is None else verdict(s, value, found.answers[s.field], _right(found)))
    st.button("Reset the sliders", key="digit-reset", on_click=_reset, disabled=now == Distortion())


def _reset() -> None:
    for s in SLIDERS:
        s.control.set(s.control.default())
    rerun_page()


def _right(found: Reach) -> int:
    """The right answer: the sample's, or that for the digit as it was drawn."""
    named = READS.value == "digit" and SAMPLE.value != OWN
    return int(SAMPLE.value[0]) if named else found.undistorted


def verdict(s: Slider, now: int, answers: Answers, right: int) -> str:
    """How far a slider can go, in words."""
    around = answers.around(now, right)
    if around is None:
        return f"Read as {answers.at(now)}, not {right}"
    low, high = around
    if (low, high) == s.control.limits():
        return f"Read as {right} everywhere"
    return f"Read as {right} from {s.text(low)} to {s.text(high)}"


DRAW = Section("draw", "Draw a digit", _show)
DIGIT = (CONTROLS, _picture)
