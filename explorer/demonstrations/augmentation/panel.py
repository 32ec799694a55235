"""Data augmentation: a picture cut, turned, mirrored, lit and recoloured by hand, who did which, and ten crops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st
from PIL import Image, ImageDraw
from streamlit.delta_generator import DeltaGenerator
from torch import stack

from explorer.analysis.text import percent_text
from explorer.architectures import variant as variant_called
from explorer.demonstrations.augmentation import charts, compute
from explorer.demonstrations.augmentation.compute import GOOGLENET_AREA, GOOGLENET_ASPECT, NEUTRAL, VGG_SIDES, Setting
from explorer.runtime.activations import Activations, Answer, relative_change
from explorer.runtime.augmentation import ALPHA_STD, IMAGENET, augmented, colour_shift, components_of, turned
from explorer.runtime.pictures import png_bytes
from explorer.runtime.preprocessing import Preprocessing
from explorer.runtime.run import Run
from explorer.runtime.weights.bundled import manifest
from explorer.runtime.weights.network import preprocessing_of
from explorer.ui import cache
from explorer.ui.answer import CHANGE_HELP, answer, answers, change_of
from explorer.ui.charts import chart, dark
from explorer.ui.controls import segments, slider, toggle
from explorer.ui.link import Control, choice, flag, number, plain
from explorer.ui.section import Section

ALPHA_STEPS = 100  # of a slider, from 0 to 1
MOST_DEGREES = 45
LIGHT_LIMITS = 25, 200  # percent
FRAME_COLOUR = "#fda900"
FRAME_WIDTH_PX = 2
DIGIT_PX = 84  # of a side of a digit and of its mirror image
DRAWS = "augmentation-draws"  # in the session: how many augmentations were drawn at random
# Measured with this app's GoogLeNet on Imagenette's validation pictures, while its recipe was sought.
BEFORE_PERCENT, MIXED_PERCENT = 83.2, 84.5
WHOSE = "ImageNet's came with fb.resnet.torch: the AlexNet paper prints none."
UNNAMED = "It names no classes; look at how far its logits move."

MANNER = choice(
    "augmentation.manner", "Draw as in the training of", {"alexnet": "AlexNet", "vgg": "VGG", "googlenet": "GoogLeNet"}
)
MIRRORED = flag("augmentation.mirrored", "Mirrored")
ASPECT = number("augmentation.aspect", "Its width, % of its height", *GOOGLENET_ASPECT, NEUTRAL)
DEGREES = number("augmentation.degrees", "Turned by, degrees", -MOST_DEGREES, MOST_DEGREES)
BRIGHTNESS = number("augmentation.brightness", "Brightness, %", *LIGHT_LIMITS, NEUTRAL)
CONTRAST = number("augmentation.contrast", "Contrast, %", *LIGHT_LIMITS, NEUTRAL)
COMPONENTS = choice(
    "augmentation.components",
    "Principal components of the colours of",
    {"imagenet": "ImageNet", "own": "Picture"},
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
NUMBERS = ASPECT, DEGREES, BRIGHTNESS, CONTRAST

# Who altered training pictures how, and where it is written.
WHO = (
    ("LeNet-5, 1998", "distorted digits: the error fell from 0.95 to 0.8 %", "LeCun et al. 1998"),
    ("AlexNet, 2012", "crops, mirroring, colours along principal components", "Krizhevsky et al. 2012, section 4.1"),
    (
        "VGG, 2014",
        "scale: the shorter side between {} and {}, then a crop of 224".format(*VGG_SIDES),
        "arXiv 1409.1556",
    ),
    (
        "GoogLeNet, 2014",
        "crops of {} to {} % of the area, 3/4 to 4/3 as wide as high; light and colours".format(*GOOGLENET_AREA),
        "arXiv 1409.4842",
    ),
    (
        "ResNet, DenseNet on CIFAR",
        "four pixels of border, then a crop of 32; mirroring",
        "arXiv 1512.03385, 1608.06993",
    ),
)


def _preprocessing(run: Run) -> Preprocessing:
    return preprocessing_of(variant_called(run.variant), run.weights)


def place_controls(run: Run) -> tuple[Control, Control, Control]:
    """Where the crop is in the frame, and how large."""
    preprocessing = _preprocessing(run)
    limit = compute.max_offset(preprocessing)
    least, most = GOOGLENET_AREA
    return (
        number("augmentation.left", f"Crop, left to right: 0 to {limit}", 0, limit, limit // 2),
        number("augmentation.top", f"Crop, top to bottom: 0 to {limit}", 0, limit, limit // 2),
        number("augmentation.area", "Its area, % of the frame", least, most, compute.own_area(preprocessing)),
    )


# ---- computed once for all viewers -------------------------------------------------------------------------


@dataclass(frozen=True)
class TenCrops:
    """The answers to the ten crops, by their names, and that of the mean of their probabilities."""

    crops: dict[str, Answer]
    mean: Answer


def _pass(run: Run, a: Setting) -> Activations:
    preprocessing = _preprocessing(run)
    frame = compute.frame_of(run.picture.image, preprocessing)
    return cache.pass_of(run, augmented(frame, a.augmentation(preprocessing), preprocessing).tensor)


@cache.kept()
def augmented_answer(run: Run, a: Setting) -> Answer:
    """The network's answer to the run's picture, augmented."""
    return _pass(run, a).answer


@cache.kept()
def ten_crops(run: Run) -> TenCrops:
    """The paper's test on the run's picture."""
    passes = {name: _pass(run, a) for name, a in compute.ten_crops(_preprocessing(run)).items()}
    mean = stack([p.logits.softmax(0) for p in passes.values()]).mean(0)
    together = replace(passes["centre"], logits=mean.log())  # the softmax of these is the mean itself
    return TenCrops({name: p.answer for name, p in passes.items()}, together.answer)


@cache.kept(key=lambda run: "lenet5")
def _mirrored_digits(run: Run) -> tuple[compute.MirroredDigit, ...]:
    return compute.mirrored_digits(cache.network(Run("lenet5", "bundled", "cpu", run.picture)))


# ---- by hand -----------------------------------------------------------------------------------------------


def _set(run: Run, a: Setting) -> None:
    """Show another crop with other colours; their components stay."""
    numbers = (a.left, a.top, a.area, a.aspect, a.degrees, a.brightness, a.contrast)
    for control, value in zip((*place_controls(run), *NUMBERS), numbers, strict=True):
        control.set(value)
    MIRRORED.set(a.mirrored)
    for control, alpha in zip(ALPHAS, a.alphas, strict=True):
        control.set(round(alpha * ALPHA_STEPS) / ALPHA_STEPS)


def _draw(run: Run) -> None:
    state = st.session_state
    state[DRAWS] = state.get(DRAWS, 0) + 1
    _set(run, compute.drawn(state[DRAWS], _preprocessing(run), MANNER.value))


def _reset(run: Run) -> None:
    _set(run, compute.centred(_preprocessing(run)))


def _show_by_hand(run: Run) -> None:
    """Everything that can be done to a picture, and what the logits become; who did which."""
    preprocessing = _preprocessing(run)
    frame = compute.frame_of(run.picture.image, preprocessing)
    st.markdown(
        "**Against overfitting**: a network that gets another picture each time cannot learn any by heart. What to "
        "look for: the label stays the same, but the network sees different numbers."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        segments(MANNER)
        st.button("Draw", key="augmentation-draw", on_click=_draw, args=(run,))
        st.button("Back to the middle", key="augmentation-reset", on_click=_reset, args=(run,))
    shape, light, pictures = st.columns([2, 2, 5], gap="medium")
    a = _chosen(run, frame, shape, light)
    with pictures:
        _pictures(frame, a, preprocessing)
        _answered(run, a)
    if a.mirrored:
        _mirror(run)
    _colours(a)
    _who()


def _chosen(run: Run, frame: Image.Image, shape: DeltaGenerator, light: DeltaGenerator) -> Setting:
    """The controls in two columns, and what they say."""
    with shape:
        mirrored = toggle(MIRRORED)
        left, top, area = (slider(control) for control in place_controls(run))
        aspect, degrees = slider(ASPECT), slider(DEGREES)
    with light:
        brightness, contrast = slider(BRIGHTNESS), slider(CONTRAST)
        components = IMAGENET if segments(COMPONENTS, help=WHOSE) == "imagenet" else components_of(frame)
        first, second, third = (
            slider(control, label=f"{control.label}, for λ{i} = {value:.4f}")
            for i, (control, value) in enumerate(zip(ALPHAS, components.values, strict=True), 1)
        )
    alphas = (first, second, third)
    return Setting(left, top, area, aspect, mirrored, degrees, brightness, contrast, alphas, components)


def _pictures(frame: Image.Image, a: Setting, preprocessing: Preprocessing) -> None:
    altered = a.augmentation(preprocessing)
    left, right = st.columns(2, gap="small")
    x0, y0, x1, y1 = map(round, altered.box)
    with left:
        marked = turned(frame, a.degrees, preprocessing).copy()
        ImageDraw.Draw(marked).rectangle((x0, y0, x1 - 1, y1 - 1), outline=FRAME_COLOUR, width=FRAME_WIDTH_PX)
        what = f"The frame, {frame.width}×{frame.height}; cut out: {x1 - x0}×{y1 - y0} at {x0}, {y0}"
        st.image(png_bytes(marked), width="stretch", caption=what)
    with right:
        picture = augmented(frame, altered, preprocessing).picture
        size = f"{picture.width}×{picture.height}"
        st.image(png_bytes(picture), width="stretch", caption=f"What the network gets, {size}")


def _answered(run: Run, a: Setting) -> None:
    middle, altered = augmented_answer(run, compute.centred(_preprocessing(run))), augmented_answer(run, a)
    change = relative_change(middle.logits, altered.logits)
    network = cache.network(run)
    if network.trained:
        answer(change_of(middle, altered))
    st.markdown(f"Compared with the plain middle crop, the logits change by **{change:.1%}**.", help=CHANGE_HELP)
    if network.trained:
        answers("augmentation-classes", {"middle crop": middle, "as above": altered})
    else:
        st.caption(f"{network.caption} {UNNAMED}")


def _mirror(run: Run) -> None:
    """Mirroring is right for cats and wrong for digits: ten of them, and what LeNet-5 makes of them."""
    digits = _mirrored_digits(run)
    right = sum(d.answers[0].first == d.name for d in digits)
    still = sum(d.answers[1].first == d.name for d in digits)
    st.markdown(
        f"**Do not mirror what has a hand**: digits, text, clock faces. In a mirror it is something else, or nothing. "
        f"LeNet-5 reads **{right}** of these ten digits, and **{still}** of their mirror images:"
    )
    with st.container(horizontal=True, key="augmentation-mirror"):
        for d in digits:
            pair = Image.new("RGB", (2 * DIGIT_PX, DIGIT_PX))
            for i, picture in enumerate(d.pictures):
                pair.paste(picture.resize((DIGIT_PX, DIGIT_PX), Image.Resampling.NEAREST), (i * DIGIT_PX, 0))
            said = " | ".join(a.first for a in d.answers)
            st.image(png_bytes(pair), width=2 * DIGIT_PX, caption=f"read as {said}")


def _colours(a: Setting) -> None:
    red, green, blue = (255 * colour_shift(a.components, a.alphas)).tolist()
    with st.expander("AlexNet's colour shift"):
        st.latex(
            r"\begin{bmatrix} I_R \\ I_G \\ I_B \end{bmatrix} \mathrel{+}= "
            r"\begin{bmatrix} p_1 & p_2 & p_3 \end{bmatrix}"
            r"\begin{bmatrix} \alpha_1\lambda_1 \\ \alpha_2\lambda_2 \\ \alpha_3\lambda_3 \end{bmatrix}"
        )
        st.markdown(
            f"Every pixel's red, green and blue change by **{red:+.1f}, {green:+.1f}, {blue:+.1f}** of 255. Training "
            f"draws each α from N(0, {ALPHA_STD:g}²), two thirds of them within ±{ALPHA_STD:g}; the sliders go "
            "further. Pixels are taken from 0 to 1, for which the λ hold; a direction's sign means nothing. The paper "
            "prints no p and no λ of ImageNet: these came with fb.resnet.torch."
        )


def _who() -> None:
    """Who altered training pictures how, and that they need not look real."""
    st.markdown("**Who did which in training:**")
    st.table([{"network": name, "alterations": what, "written in": where} for name, what, where in WHO])
    st.markdown(
        "**It need not look real.** What must stay is that the label can still be learned. [Mixup]"
        "(https://arxiv.org/abs/1710.09412) adds one picture to another, [CutMix](https://arxiv.org/abs/1905.04899) "
        "pastes a piece of one into another, and mixes the labels in the same proportion; both papers report better "
        f"results on ImageNet. The GoogLeNet that comes with this app: **{BEFORE_PERCENT:.1f} %** with crops and "
        f"mirroring, **{MIXED_PERCENT:.1f} %** with mixup and CutMix, "
        f"**{percent_text(manifest()['googlenet'].top1)}** with smaller crops and TrivialAugment (turned, sheared, "
        "recoloured, solarized) instead. One run each."
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
                picture = augmented(frame, a.augmentation(preprocessing), preprocessing).picture
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
    return MANNER, *place_controls(run), MIRRORED, *NUMBERS, COMPONENTS, *ALPHAS


AUGMENTATION = Section("augmentation", "Data augmentation", _show_by_hand, _by_hand_controls)
TEN_CROPS = Section("crops", "Ten crops", _show_ten)
