"""LeNet-5, live: draw a digit, or take a sample, distort it, and watch all layers; it is the page's picture.

A page calls `begin` before its screen, which then shows the digit, and `panel` where the canvas shall stand. While a
stroke is drawn only the panel runs; when the pen is lifted, or a control moved, the whole page follows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import streamlit as st

from explorer.architectures.family import Variant
from explorer.demonstrations.digits import all_layers as layer_strips
from explorer.demonstrations.digits import compute as digits
from explorer.demonstrations.digits import robustness
from explorer.demonstrations.digits.component import Drawn, draw, drawn, layers
from explorer.demonstrations.digits.compute import Distortion, FloatArray, FoundDigit, Strokes
from explorer.demonstrations.digits.robustness import Answers
from explorer.runtime.activations import capture
from explorer.runtime.pictures import LoadedImage, png_bytes
from explorer.runtime.preprocessing import model_input
from explorer.ui import cache
from explorer.ui.link import asked, beside, fresh, seed_number
from explorer.ui.sidebar import Settings, settings, weights_for

DIGIT, PICTURE = "Digit", "Picture of the sidebar"
DRAWN, FIRST = "drawn", "7"  # what the link says of a person's own drawing; the sample to begin with
BOARD = "draw"  # key of the canvas
# In the session: the canvas; the sidebar's choices; digit or picture, when the page was left; what the screen shows.
CANVAS, SHARED, READS, ON_SCREEN = "digit-canvas", "digit-shared", "digit-reads", "digit-on-screen"


@dataclass(frozen=True)
class Slider:
    """A distortion that can be set: its field of `Distortion`, and its range in steps."""

    field: str
    label: str
    unit: str
    low: int
    high: int
    step: int
    first: int = 0

    @property
    def values(self) -> tuple[int, ...]:
        return tuple(range(self.low, self.high + 1, self.step))

    def text(self, value: int) -> str:
        return f"{value}{self.unit}".replace("-", "−")


# By their names in the link.
SLIDERS = {
    "shift-x": Slider("right", "Shift right (pixels)", " px", -10, 10, 1),
    "shift-y": Slider("down", "Shift down (pixels)", " px", -10, 10, 1),
    "rotate": Slider("degrees", "Rotate clockwise (degrees)", "°", -90, 90, 5),
    "scale": Slider("percent", "Scale (percent)", " %", 50, 150, 10, 100),
    "thicken": Slider("quarters", "Thicken (quarter pixels an edge)", "/4 px", -3, 8, 1),
}


@dataclass(frozen=True)
class Canvas:
    """What is on the canvas: the sample's `name`, None for a drawing of one's own; what the browser began with."""

    name: str | None
    strokes: Strokes
    start: Strokes
    number: int


@dataclass(frozen=True)
class Shown:
    """What the network is given: the digit before it is distorted, if it is one, and the picture."""

    digit: FloatArray | None
    image: LoadedImage
    title: str


# ---- state -------------------------------------------------------------------------------------------------


def begin(variant: Variant) -> None:
    """Make the digit the picture of this page, before anything shows it; the link decides, or what was before."""
    state, shared = st.session_state, settings()
    if fresh():
        for key in SLIDERS:
            state.pop(key, None)
    changed = "reads" in state and shared.image.digest != state[SHARED].image.digest  # on this page, by the viewer
    reads = state.get("reads", state.get(READS, DIGIT))
    if changed or (asked("sample") and not asked("digit")):
        reads = PICTURE
    elif fresh():
        reads = DIGIT
    state[SHARED], state["reads"] = shared, reads
    _follow_link()
    for key, slider in SLIDERS.items():
        seed_number(key, slider.low, slider.high, slider.first)
    _follow_canvas()
    shown = _shown()
    state[ON_SCREEN] = shown.image.digest
    state["settings"] = replace(
        shared, image=shown.image, image_title=shown.title, sample=shared.sample if shown.digit is None else None
    )
    _into_link(shown)
    with st.sidebar:
        st.subheader("This page's picture", anchor=False)
        if shown.digit is not None:
            st.image(png_bytes(shown.image.image.resize((112, 112), 0)), width=112, caption=shown.title)
        st.markdown("[Draw a digit](#draw-a-digit)")


def _follow_link() -> None:
    """The sample that the link names; one to begin with where nothing has been drawn."""
    state, wish = st.session_state, asked("digit")
    available = digits.sample_digits()
    if wish in available or CANVAS not in state or (fresh() and wish is None):
        _take(wish if wish in available else FIRST)
        if wish == DRAWN:
            st.warning(f"A drawing does not fit into a link: the sample {FIRST} is shown.")
        elif wish is not None and wish not in available:
            st.warning(f"There is no digit called {wish!r}; {FIRST} is shown.")
    elif wish not in (None, DRAWN):
        st.warning(f"There is no digit called {wish!r}; what was drawn is shown.")
    state["digit"] = state[CANVAS].name


def _take(name: str) -> None:
    """Put a sample on the canvas."""
    state, strokes = st.session_state, digits.sample_digits()[name]
    number = state[CANVAS].number + 1 if CANVAS in state else 0
    state[CANVAS] = Canvas(name, strokes, strokes, number)


def _follow_canvas() -> Drawn | None:
    """Keep what the browser reports; where it begins anew, it begins with what was drawn before."""
    state = st.session_state
    canvas: Canvas = state[CANVAS]
    report = drawn(BOARD, canvas.number)
    if report is not None and report.strokes != canvas.strokes:
        state[CANVAS] = replace(canvas, name=None, strokes=report.strokes)
        state["digit"], state["reads"] = None, DIGIT
    elif report is None and canvas.start != canvas.strokes:
        state[CANVAS] = replace(canvas, start=canvas.strokes, number=canvas.number + 1)
    return report


def _into_link(shown: Shown) -> None:
    state = st.session_state
    values: dict[str, str | int] = {}
    if state["reads"] == DIGIT:
        values["digit"] = state[CANVAS].name or DRAWN
    if shown.digit is not None:
        values |= {key: state[key] for key, slider in SLIDERS.items() if state[key] != slider.first}
    beside("digit", **values)


def _distortion() -> Distortion:
    return Distortion(**{slider.field: st.session_state[key] for key, slider in SLIDERS.items()})


def _shown() -> Shown:
    state = st.session_state
    shared: Settings = state[SHARED]
    digit: FloatArray | None
    notes: tuple[str, ...] = ()
    if state["reads"] == DIGIT:
        canvas: Canvas = state[CANVAS]
        digit = digits.standardised(digits.ink_of(canvas.strokes))
        title = "Your drawing" if canvas.name is None else f"Sample digit {canvas.name[0]}"
    elif shared.sample is None:
        found = _found(shared.image)
        digit, notes, title = found.digit, (*shared.image.notes, found.note), shared.image_title
    else:
        digit, notes, title = None, shared.image.notes, shared.image_title
    if digit is None:
        return Shown(None, replace(shared.image, notes=notes), title)
    return Shown(digit, digits.picture(digits.pixels(digits.distorted(digit, _distortion())), notes), title)


# ---- computed once for all viewers -------------------------------------------------------------------------


@cache.bounded(8)
def _found(image: LoadedImage) -> FoundDigit:
    return digits.as_digit(image.image)


@cache.bounded(16)
def _frame(name: str, weights: str, device: str, image: LoadedImage) -> bytes:
    """All layers for one picture; of a drawing's many pictures nothing else is kept."""
    network = cache.network(name, weights, device)
    made = model_input(image.image, network.preprocessing)
    return layer_strips.message(capture(network, made.tensor), cache.ran(name, weights), made.picture)


@dataclass(frozen=True)
class _Digit:
    """A digit as a cache compares it."""

    digest: str
    points: FloatArray = field(compare=False)


@dataclass(frozen=True)
class _Reach:
    """What the network takes a digit for along each slider, and before any distortion."""

    answers: dict[str, Answers]
    undistorted: int
    nbytes: int = 4096


@cache.bounded(1)
def _reach(name: str, weights: str, device: str, digit: _Digit, now: Distortion) -> _Reach:
    network = cache.network(name, weights, device)
    places = {key: sorted({*s.values, getattr(now, s.field)}) for key, s in SLIDERS.items()}
    distortions = [replace(now, **{SLIDERS[key].field: v}) for key, values in places.items() for v in values]
    undistorted, *found = robustness.answers(network, digit.points, [Distortion(), *distortions])
    rest = iter(found)
    return _Reach({key: Answers(tuple(v), tuple(next(rest) for _ in v)) for key, v in places.items()}, undistorted)


# ---- the panel ---------------------------------------------------------------------------------------------


def panel(variant: Variant) -> None:
    """The canvas, all layers, and what can be done to the digit; on phones it stands above the screen."""
    with st.container(key="draw-a-digit"):
        st.header("Draw a digit", anchor="draw-a-digit")
        _panel(variant)


@st.fragment
def _panel(variant: Variant) -> None:
    state = st.session_state
    report = _follow_canvas()
    canvas: Canvas = state[CANVAS]
    st.segmented_control("The network reads", (DIGIT, PICTURE), key="reads", required=True)
    state[READS] = state["reads"]
    shown = _shown()
    name, chosen = variant.name, settings()
    arguments = (name, weights_for(name), chosen.device)
    left, right = st.columns([1, 2.2], gap="medium")
    with left:
        if state["reads"] == DIGIT:
            draw(canvas.start, canvas.number, key=BOARD)
        else:
            st.image(png_bytes(state[SHARED].image.image.resize((340, 340))), caption=shown.title, width=340)
        for note in shown.image.notes:
            st.caption(note)
    with right:
        layers(_frame(*arguments, shown.image), key="digit-layers")
    if state["reads"] == DIGIT:
        st.pills(
            "Or take a sample, in one of two handwritings",
            digits.sample_digits(),
            key="digit",
            on_change=_taken,
            format_func=lambda n: n[0] if n.isdecimal() else f"{n[0]}ʹ",
        )
    if shown.digit is not None:
        _distort(arguments, shown.digit, report is None or report.done)
    if shown.image.digest != state[ON_SCREEN] and (report is None or report.done):
        st.rerun()  # the screen follows


def _taken() -> None:
    """A sample was clicked; a click on the one that is there takes it anew."""
    state = st.session_state
    _take(state["digit"] or state[CANVAS].name)


def _distort(arguments: tuple[str, str, str], digit: FloatArray, done: bool) -> None:
    """The sliders; below each, how far it can go until a trained network errs."""
    state = st.session_state
    st.markdown(
        "Move, turn or thicken the digit, and watch where the network fails. What to look for: the maps of C1 move "
        "with the digit, while F6 should stay as it is; the more it changes, the closer another digit comes."
    )
    trained = cache.network(*arguments).trained
    reach, right = _reach_of(arguments, digit) if trained and done else (None, 0)
    for place, (key, slider) in zip(st.columns(len(SLIDERS)), SLIDERS.items(), strict=True):
        with place:
            st.slider(slider.label, slider.low, slider.high, step=slider.step, key=key, persist_state="session")
            if trained:
                st.caption(_verdict(slider, state[key], reach.answers[key], right) if reach else "…")
    st.button("Reset the sliders", key="undistorted", on_click=_undistort, disabled=_distortion() == Distortion())


def _undistort() -> None:
    st.session_state.update({key: slider.first for key, slider in SLIDERS.items()})


def _reach_of(arguments: tuple[str, str, str], digit: FloatArray) -> tuple[_Reach, int]:
    """The answers along each slider, and the right one: the sample's, or that for the digit as it was drawn."""
    base = _Digit(digits.picture(digits.pixels(digit)).digest, digit)
    name = st.session_state[CANVAS].name if st.session_state["reads"] == DIGIT else None
    reach = _reach(*arguments, base, _distortion())
    return reach, reach.undistorted if name is None else int(name[0])


def _verdict(slider: Slider, now: int, answers: Answers, right: int) -> str:
    around = answers.around(now, right)
    if around is None:
        return f"Read as {answers.at(now)}, not {right}"
    low, high = around
    if (low, high) == (slider.low, slider.high):
        return f"Read as {right} everywhere"
    return f"Read as {right} from {slider.text(low)} to {slider.text(high)}"
