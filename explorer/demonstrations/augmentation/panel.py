"""Data augmentation: a picture cropped, mirrored and recoloured by hand, and the test with ten crops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st
from PIL import Image, ImageDraw
from torch import stack

from explorer.architectures import variant as variant_called
from explorer.demonstrations.augmentation import charts, compute
from explorer.demonstrations.augmentation.compute import ALPHA_STD, IMAGENET, Augmentation
from explorer.runtime.activations import Activations, Answer, capture, relative_change
from explorer.runtime.pictures import png_bytes
from explorer.runtime.preprocessing import Preprocessing
from explorer.runtime.run import Run
from explorer.runtime.weights.network import preprocessing_of
from explorer.ui import cache
from explorer.ui.answer import CHANGE_HELP, answer, answers, change_of
from explorer.ui.charts import chart, dark
from explorer.ui.controls import segments, slider, toggle
from explorer.ui.link import Control, choice, flag, number, plain
from explorer.ui.section import Section

ALPHA_STEPS = 100  # of a slider, from 0 to 1
FRAME_COLOUR = "#fda900"
FRAME_WIDTH_PX = 2
DRAWS = "augmentation-draws"  # in the session: how many augmentations were drawn at random
UNNAMED = "It names no classes; look at how far its logits move."

MIRRORED = flag("augmentation.mirrored", "Mirrored")
COMPONENTS = choice(
    "augmentation.components",
    "Principal components of the colours of",
    {"imagenet": "ImageNet, as published", "own": "This picture"},
)
ALPHAS = tuple(
    choice(
        f"augmentation.alpha{i}",
        f"α{i}",
        {step / ALPHA_STEPS: f"{step / ALPHA_STEPS:.2f}" for step in range(-ALPHA_STEPS, ALPHA_STEPS + 1)},
        0.0,
    )
    for i in (1, 2, 3)
)


def _preprocessing(run: Run) -> Preprocessing:
    return preprocessing_of(variant_called(run.variant), run.weights)


def offset_controls(run: Run) -> tuple[Control, Control]:
    """Where the crop begins in the frame."""
    limit = compute.max_offset(_preprocessing(run))
    return (
        number("augmentation.left", "Crop: pixels from the left", 0, limit, limit // 2),
        number("augmentation.top", "Crop: pixels from the top", 0, limit, limit // 2),
    )


# ---- computed once for all viewers -------------------------------------------------------------------------


@dataclass(frozen=True)
class TenCrops:
    """The answers to the ten crops, by their names, and that of the mean of their probabilities."""

    crops: dict[str, Answer]
    mean: Answer


def _pass(run: Run, a: Augmentation) -> Activations:
    preprocessing = _preprocessing(run)
    frame = compute.frame_of(run.picture.image, preprocessing)
    return capture(cache.network(run), compute.augmented(frame, a, preprocessing).tensor)


@cache.bounded(8)
def augmented_answer(run: Run, a: Augmentation) -> Answer:
    """The network's answer to the run's picture, augmented."""
    return _pass(run, a).answer


@cache.bounded(8)
def ten_crops(run: Run) -> TenCrops:
    """The paper's test on the run's picture."""
    passes = {name: _pass(run, a) for name, a in compute.ten_crops(_preprocessing(run)).items()}
    mean = stack([p.logits.softmax(0) for p in passes.values()]).mean(0)
    together = replace(passes["centre"], logits=mean.log())  # the softmax of these is the mean itself
    return TenCrops({name: p.answer for name, p in passes.items()}, together.answer)


# ---- by hand -----------------------------------------------------------------------------------------------


def _set(a: Augmentation, offsets: tuple[Control, Control]) -> None:
    """Show another crop with other colours; their components stay."""
    left, top = offsets
    left.set(a.left)
    top.set(a.top)
    MIRRORED.set(a.mirrored)
    for control, alpha in zip(ALPHAS, a.alphas, strict=True):
        control.set(round(alpha * ALPHA_STEPS) / ALPHA_STEPS)


def _draw(run: Run) -> None:
    state = st.session_state
    state[DRAWS] = state.get(DRAWS, 0) + 1
    _set(compute.drawn(state[DRAWS], _preprocessing(run)), offset_controls(run))


def _reset(run: Run) -> None:
    _set(compute.centred(_preprocessing(run)), offset_controls(run))


def _show_by_hand(run: Run) -> None:
    """Crop, reflection and colours, and what the logits become."""
    preprocessing = _preprocessing(run)
    frame = compute.frame_of(run.picture.image, preprocessing)
    crops = 2 * (compute.max_offset(preprocessing) + 1) ** 2
    st.markdown(
        "The paper cuts random pieces of 224×224 pixels out of 256×256, mirrors half of them and shifts their colours. "
        f"Here, at this network's own input size: **{preprocessing.crop}×{preprocessing.crop} out of "
        f"{frame.width}×{frame.height}**, which makes {crops:,} crops with their reflections (the paper counts 2,048 "
        "of its own). What to look for: the label stays the same, but the network sees different numbers each time."
    )
    controls, pictures = st.columns([2, 3], gap="large")
    with controls:
        a = _chosen(run, frame)
    with pictures:
        _pictures(frame, a, compute.augmented(frame, a, preprocessing).picture)
    middle, augmented = augmented_answer(run, compute.centred(preprocessing)), augmented_answer(run, a)
    change = relative_change(middle.logits, augmented.logits)
    network = cache.network(run)
    if network.trained:
        answer(change_of(middle, augmented))
    st.markdown(f"Compared with the plain middle crop, the logits change by **{change:.1%}**.", help=CHANGE_HELP)
    if network.trained:
        answers("augmentation-classes", {"middle crop": middle, "as above": augmented})
    else:
        st.caption(f"{network.caption} {UNNAMED}")


def _chosen(run: Run, frame: Image.Image) -> Augmentation:
    """The controls, and the augmentation that they say."""
    with st.container(horizontal=True):
        st.button("Draw as in training", key="augmentation-draw", on_click=_draw, args=(run,))
        st.button("Back to the middle", key="augmentation-reset", on_click=_reset, args=(run,))
    left, top = (slider(control) for control in offset_controls(run))
    mirrored = toggle(MIRRORED)
    components = IMAGENET if segments(COMPONENTS) == "imagenet" else compute.components_of(frame)
    first, second, third = (
        slider(control, label=f"{control.label}, for λ{i} = {value:.4f}")
        for i, (control, value) in enumerate(zip(ALPHAS, components.values, strict=True), 1)
    )
    return Augmentation(left, top, mirrored, (first, second, third), components)


def _pictures(frame: Image.Image, a: Augmentation, augmented: Image.Image) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        marked = frame.copy()
        box = (a.left, a.top, a.left + augmented.width - 1, a.top + augmented.height - 1)
        ImageDraw.Draw(marked).rectangle(box, outline=FRAME_COLOUR, width=FRAME_WIDTH_PX)
        st.image(png_bytes(marked), width="stretch", caption=f"The frame, and the crop at {a.left}, {a.top}")
    with right:
        size = f"{augmented.width}×{augmented.height}"
        st.image(png_bytes(augmented), width="stretch", caption=f"What the network gets, {size}")
    red, green, blue = (255 * compute.colour_shift(a.components, a.alphas)).tolist()
    st.latex(
        r"\begin{bmatrix} I_R \\ I_G \\ I_B \end{bmatrix} \mathrel{+}= "
        r"\begin{bmatrix} p_1 & p_2 & p_3 \end{bmatrix}"
        r"\begin{bmatrix} \alpha_1\lambda_1 \\ \alpha_2\lambda_2 \\ \alpha_3\lambda_3 \end{bmatrix}"
    )
    st.markdown(
        f"Every pixel's red, green and blue change by **{red:+.1f}, {green:+.1f}, {blue:+.1f}** of 255. Training draws "
        f"each α from N(0, {ALPHA_STD:g}²), two thirds of them within ±{ALPHA_STD:g}; the sliders go further. "
        "Pixels are taken from 0 to 1, for which the λ hold; a direction's sign means nothing."
    )


# ---- ten crops ---------------------------------------------------------------------------------------------


def _show_ten(run: Run) -> None:
    """The ten crops, the answers to them, and the mean."""
    st.markdown(
        "The paper tests with ten crops: four corners, the centre, and their reflections. The network runs ten times, "
        "and the ten softmax outputs are averaged."
    )
    ten, network = ten_crops(run), cache.network(run)
    if network.trained:
        _named(ten)
    preprocessing = _preprocessing(run)
    frame = compute.frame_of(run.picture.image, preprocessing)
    crops = list(compute.ten_crops(preprocessing).items())
    for row in (crops[:5], crops[5:]):
        for column, (name, a) in zip(st.columns(5), row, strict=True):
            with column:
                picture = compute.augmented(frame, a, preprocessing).picture
                (first,) = ten.crops[name].top(1)
                said = f": {first.label} {first.probability:.0%}" if network.trained else ""
                st.image(png_bytes(picture), width="stretch", caption=f"{name}{said}")
    if network.trained:
        return
    centre = ten.crops["centre"].logits
    moved = [relative_change(centre, a.logits) for a in ten.crops.values()]
    st.markdown("How much each crop's logits differ from the centre crop's:", help=CHANGE_HELP)
    chart(charts.by_crop(list(ten.crops), moved, dark()), "ten-crops", "Distance of each crop's logits")
    st.caption(f"{network.caption} {UNNAMED}")


def _named(ten: TenCrops) -> None:
    agreeing = sum(a.first == ten.mean.first for a in ten.crops.values())
    answer(f"The mean says {plain(ten.mean.first)}; {agreeing} of {len(ten.crops)} crops alone say so, too")
    answers("ten-classes", {"centre crop alone": ten.crops["centre"], "mean of ten": ten.mean})


def _by_hand_controls(run: Run) -> Sequence[Control]:
    return *offset_controls(run), MIRRORED, COMPONENTS, *ALPHAS


AUGMENTATION = Section("augmentation", "Data augmentation", _show_by_hand, _by_hand_controls)
TEN_CROPS = Section("crops", "Ten crops", _show_ten)
