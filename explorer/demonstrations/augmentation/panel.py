"""The data augmentation studio: a picture cropped, mirrored and recoloured by hand, and what the network answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st
import torch
from PIL import Image, ImageDraw

from explorer.architectures import variant as variant_called
from explorer.architectures.family import Variant
from explorer.demonstrations.alexnet import charts as alexnet_charts
from explorer.demonstrations.augmentation import compute as augmentation
from explorer.demonstrations.augmentation.compute import ALPHA_STD, IMAGENET, Augmentation, colour_shift
from explorer.runtime.activations import Activations, Prediction, capture, relative_change
from explorer.runtime.pictures import LoadedImage, png_bytes
from explorer.runtime.preprocessing import Preprocessing
from explorer.runtime.weights.network import preprocessing_of
from explorer.ui import cache
from explorer.ui.charts import chart, dark
from explorer.ui.sidebar import settings, weights_for

ALPHAS = ("alpha-1", "alpha-2", "alpha-3")
MOST_ALPHA = 1.0
PUBLISHED, OWN = "ImageNet, as published", "This picture"
DRAWS = "augmentation-draws"  # in the session: how many augmentations were drawn at random
FRAME = "#fda900"
UNTRAINED = "**Untrained network**: random weights, seeded. It names no classes; look at how far its logits move."


# ---- computed once for all viewers -------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """What the network makes of one input."""

    logits: torch.Tensor
    top: tuple[Prediction, ...]

    @property
    def nbytes(self) -> int:
        return self.logits.nbytes


@dataclass(frozen=True)
class TenCrops:
    """The answers to the ten crops, by their places, and the mean of their probabilities."""

    answers: dict[str, Answer]
    mean: tuple[Prediction, ...]

    @property
    def nbytes(self) -> int:
        return sum(a.nbytes for a in self.answers.values())


def _preprocessing(name: str, weights: str) -> Preprocessing:
    return preprocessing_of(variant_called(name), weights)


def _pass(name: str, weights: str, device: str, image: LoadedImage, a: Augmentation) -> Activations:
    preprocessing = _preprocessing(name, weights)
    frame = augmentation.frame_of(image.image, preprocessing)
    return capture(cache.network(name, weights, device), augmentation.augmented(frame, a, preprocessing).tensor)


@cache.bounded(8)
def _answer(name: str, weights: str, device: str, image: LoadedImage, a: Augmentation) -> Answer:
    activations = _pass(name, weights, device, image, a)
    return Answer(activations.logits, activations.top())


@cache.bounded(8)
def _ten_crops(name: str, weights: str, device: str, image: LoadedImage) -> TenCrops:
    preprocessing = _preprocessing(name, weights)
    frame = augmentation.frame_of(image.image, preprocessing)
    passes = {
        place: _pass(name, weights, device, image, a)
        for place, a in augmentation.ten_crops(frame, preprocessing).items()
    }
    mean = torch.stack([p.logits.softmax(0) for p in passes.values()]).mean(0)
    any_pass = next(iter(passes.values()))
    together = replace(any_pass, logits=mean.log()).top()  # whose softmax is the mean itself
    return TenCrops({place: Answer(p.logits, p.top()) for place, p in passes.items()}, together)


# ---- the panel ---------------------------------------------------------------------------------------------


def studio(variant: Variant) -> None:
    """Augmentation by hand, and the test with ten crops."""
    st.header("Data augmentation studio", anchor=False)
    _by_hand(variant)
    st.header("The ten-crop test", anchor=False)
    _ten(variant)


def _limited(key: str, low: float, high: float, first: float) -> None:
    """Give a slider a value that it can have: another variant's frame may be smaller."""
    value = st.session_state.get(key, first)
    st.session_state[key] = value if low <= value <= high else first


def _draw_at_random(room: int) -> None:
    state = st.session_state
    state[DRAWS] = state.get(DRAWS, 0) + 1
    a = augmentation.drawn(state[DRAWS], room)
    state["crop-left"], state["crop-top"], state["crop-mirrored"] = a.left, a.top, a.mirrored
    for key, alpha in zip(ALPHAS, a.alphas, strict=True):
        state[key] = round(alpha, 2)


def _plain(middle: int) -> None:
    state = st.session_state
    state["crop-left"] = state["crop-top"] = middle
    state["crop-mirrored"] = False
    for key in ALPHAS:
        state[key] = 0.0


@st.fragment
def _by_hand(variant: Variant) -> None:
    name, weights, chosen = variant.name, weights_for(variant.name), settings()
    preprocessing = _preprocessing(name, weights)
    frame = augmentation.frame_of(chosen.image.image, preprocessing)
    room = augmentation.room(frame, preprocessing)
    st.markdown(
        "The paper cuts random pieces of 224×224 pixels out of 256×256, mirrors half of them and shifts their colours. "
        f"Here, at this network's own input size: **{preprocessing.crop}×{preprocessing.crop} out of "
        f"{frame.width}×{frame.height}**, which makes {2 * (room + 1) ** 2:,} crops with their reflections (the paper "
        "counts 2,048 of its own). What to look for: the label stays true, but the numbers that the network "
        "gets are others each time."
    )
    controls, pictures = st.columns([2, 3], gap="large")
    with controls:
        a = _controls(room, frame)
    with pictures:
        made = augmentation.augmented(frame, a, preprocessing)
        _pictures(frame, a, made.picture)
    arguments = (name, weights, chosen.device, chosen.image)
    plain = _answer(*arguments, augmentation.centred(frame, preprocessing))
    _compare(variant, plain, _answer(*arguments, a))


def _controls(room: int, frame: Image.Image) -> Augmentation:
    state = st.session_state
    for key in ("crop-left", "crop-top"):
        _limited(key, 0, room, room // 2)
    for key in ALPHAS:
        _limited(key, -MOST_ALPHA, MOST_ALPHA, 0.0)
    state.setdefault("crop-mirrored", False)
    with st.container(horizontal=True):
        st.button("Draw as in training", key="draw", on_click=_draw_at_random, args=(room,))
        st.button("Back to the middle", key="plain", on_click=_plain, args=(room // 2,))
    st.slider("Crop: pixels from the left", 0, room, key="crop-left")
    st.slider("Crop: pixels from the top", 0, room, key="crop-top")
    st.toggle("Mirrored", key="crop-mirrored")
    source = st.segmented_control(
        "Principal components of the colours of", (PUBLISHED, OWN), key="components", default=PUBLISHED, required=True
    )
    components = IMAGENET if source == PUBLISHED else augmentation.components_of(frame)
    alphas: Any = tuple(
        st.slider(f"α{i}, for λ{i} = {value:.4f}", -MOST_ALPHA, MOST_ALPHA, step=0.01, key=key)
        for i, (key, value) in enumerate(zip(ALPHAS, components.values, strict=True), 1)
    )
    return Augmentation(state["crop-left"], state["crop-top"], state["crop-mirrored"], alphas, components)


def _pictures(frame: Image.Image, a: Augmentation, made: Image.Image) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        marked = frame.copy()
        box = (a.left, a.top, a.left + made.width - 1, a.top + made.height - 1)
        ImageDraw.Draw(marked).rectangle(box, outline=FRAME, width=2)
        st.image(png_bytes(marked), width="stretch", caption=f"The frame, and the crop at {a.left}, {a.top}")
    with right:
        st.image(png_bytes(made), width="stretch", caption=f"What the network gets, {made.width}×{made.height}")
    red, green, blue = (255 * colour_shift(a.components, a.alphas)).tolist()
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


def _compare(variant: Variant, plain: Answer, other: Answer) -> None:
    change = relative_change(plain.logits, other.logits)
    st.markdown(
        f"Compared with the plain middle crop, the logits move by **{change:.3%}** (L2 norm of the difference, "
        "relative)."
    )
    if not _trained(variant):
        st.caption(UNTRAINED)
        return
    for place, title, answer in zip(st.columns(2), ("Middle crop", "As above"), (plain, other), strict=True):
        with place:
            st.markdown(f"**{title}**")
            _bars(answer.top)


def _bars(top: tuple[Prediction, ...]) -> None:
    for p in top:
        st.progress(p.probability, f"{p.label} {p.probability:.1%}")


def _trained(variant: Variant) -> bool:
    return cache.network(variant.name, weights_for(variant.name), settings().device).trained


@st.fragment
def _ten(variant: Variant) -> None:
    st.markdown(
        "The paper tests with ten crops: four corners, the centre, and their reflections. The network runs ten times, "
        "and the ten softmax outputs are averaged."
    )
    if not st.toggle("Run the ten-crop test", key="ten-crops"):
        return
    name, weights, chosen = variant.name, weights_for(variant.name), settings()
    preprocessing = _preprocessing(name, weights)
    frame = augmentation.frame_of(chosen.image.image, preprocessing)
    ten = _ten_crops(name, weights, chosen.device, chosen.image)
    crops = augmentation.ten_crops(frame, preprocessing)
    for row in (list(crops)[:5], list(crops)[5:]):
        for column, place in zip(st.columns(5), row, strict=True):
            with column:
                picture = augmentation.augmented(frame, crops[place], preprocessing).picture
                st.image(png_bytes(picture), width="stretch", caption=place)
    centre = ten.answers["centre"]
    if _trained(variant):
        _named(ten, centre)
        return
    moved = [relative_change(centre.logits, answer.logits) for answer in ten.answers.values()]
    st.markdown("How far each crop's logits lie from the centre crop's (L2 norm, relative):")
    chart(alexnet_charts.by_crop(list(ten.answers), moved, dark()), "ten-crops-moved", "Distance of each crop's logits")
    st.caption(UNTRAINED)


def _named(ten: TenCrops, centre: Answer) -> None:
    winner = ten.mean[0].label
    agreeing = sum(answer.top[0].label == winner for answer in ten.answers.values())
    st.markdown(
        f"The mean of the ten says **{winner}**; so {'does' if agreeing == 1 else 'do'} {agreeing} of the ten alone."
    )
    st.table(
        [
            {"crop": place, "first": a.top[0].label, "": f"{a.top[0].probability:.1%}"}
            for place, a in ten.answers.items()
        ]
    )
    for place, title, top in zip(
        st.columns(2), ("Centre crop alone", "Mean of ten"), (centre.top, ten.mean), strict=True
    ):
        with place:
            st.markdown(f"**{title}**")
            _bars(top)
