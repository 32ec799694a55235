"""AlexNet's sections: the first kernels on two graphics cards, local response normalization, dropout."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image
from torch import Tensor

from explorer.architectures import variant as variant_called
from explorer.architectures.alexnet import LRN_ALPHA, LRN_BETA, LRN_K, LRN_N
from explorer.demonstrations.alexnet import charts, dropout, lrn
from explorer.demonstrations.alexnet.dropout import Dropped, Layer
from explorer.instruments.kernels.compute import kernels, rgb_kernels
from explorer.runtime.activations import Activations, relative_change
from explorer.runtime.colormaps import ByteArray
from explorer.runtime.maps import FloatArray
from explorer.runtime.pictures import png_bytes
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.answer import CHANGE_HELP, answer
from explorer.ui.charts import chart, dark
from explorer.ui.controls import number_box, segments
from explorer.ui.edits import on_whole_page
from explorer.ui.link import Control, choice, number
from explorer.ui.map_figure import heat
from explorer.ui.section import Section

PASSES = 32  # with a mask each
OUTPUTS = 8  # whose logits are drawn: the largest without dropout
MAX_SEED = 999
KERNELS_IN_ROW = 16  # of the page
KERNEL_FACTOR = 12  # pixels of the sheet for a weight
KERNEL_GAP_PX = 4
NEIGHBOURS = 8  # maps on either side of the chosen one
MASK_HEIGHT_PX = 380
PROBABILITIES = {  # the probability that a unit is dropped, and where; by variant
    "alexnet": "0.5 twice: in the hidden fully connected layers",
    "vgg16": "0.5 twice: in the hidden fully connected layers",
    "nin_imagenet": "0.5",
    "googlenet": "0.4 before the last layer, 0.7 in each auxiliary head",
    "resnet50": "none",
    "mobilenet_v2": "0.2 before the last layer",
}

GAIN = choice("lrn.gain", "Activations times", {gain: f"{gain}×" for gain in (1, 10, 100, 1000)})
SEED = number("dropout.seed", "Seed of the masks", 0, MAX_SEED)


def map_control(run: Run) -> Control:
    """The map of conv1 that is normalized."""
    return number("lrn.map", "Map of conv1", 0, lambda: cache.running_trace(run).node("conv1.conv").out_shape[0] - 1)


# ---- kernels -----------------------------------------------------------------------------------------------


def _show_kernels(run: Run) -> None:
    """All kernels of conv1 as colour pictures; those of each group of conv2 apart."""
    network = cache.network(run)
    groups = cache.running_trace(run).node("conv2.conv").groups or 1
    pictures, reach = rgb_kernels(np.stack(kernels(network, "conv1.conv").filters))
    count, height, width = pictures.shape[:3]
    what = f"The {count} kernels of conv1, {height}×{width} pixels, as colour pictures."
    if groups > 1:
        st.markdown(
            f"{what} Each group of conv2 reads the maps of one half only: in the paper, each half lay on a graphics "
            "card of its own."
        )
    else:
        st.markdown(f"{what} Each kernel of conv2 reads the maps of all of them: this variant has no groups.")
    columns = st.columns(groups, gap="medium")
    for card, (column, own) in enumerate(zip(columns, np.split(pictures, groups), strict=True)):
        with column:
            if groups > 1:
                first = card * count // groups
                st.markdown(f"**GPU {card + 1}**: kernels {first} to {first + len(own) - 1}")
            st.image(kernel_sheet(own, KERNELS_IN_ROW // groups), width="stretch")
    advice = (
        "What to look for: oriented edges, gratings and blobs of colour, and whether both halves learned the same."
        if network.trained
        else f"{network.caption} Random kernels are noise: edges and blobs of colour appear with training."
    )
    scale = f"Grey is 0; the brightest and the darkest are +{reach:.3g} and −{reach:.3g}, the same for all kernels."
    st.caption(f"{scale} {advice}")


def kernel_sheet(pictures: ByteArray, in_row: int) -> bytes:
    """Small colour pictures, (n, height, width, 3), in rows, enlarged, as a PNG with transparent gaps."""
    _, height, width, _ = pictures.shape
    rows = math.ceil(len(pictures) / in_row)
    pitch_y, pitch_x = height * KERNEL_FACTOR + KERNEL_GAP_PX, width * KERNEL_FACTOR + KERNEL_GAP_PX
    sheet = Image.new("RGBA", (in_row * pitch_x, rows * pitch_y))
    for i, pixels in enumerate(pictures):
        enlarged = pixels.repeat(KERNEL_FACTOR, axis=0).repeat(KERNEL_FACTOR, axis=1)
        sheet.paste(Image.fromarray(enlarged), (i % in_row * pitch_x, i // in_row * pitch_y))
    return png_bytes(sheet)


# ---- local response normalization --------------------------------------------------------------------------


def _show_lrn(run: Run) -> None:
    """One map before and after, one pixel in its neighbours, and PyTorch's constants."""
    off = lrn.switched_off(cache.running_trace(run))
    activations, without = cache.activations(run.undone(*off)), cache.activations(run.undone(*off).edited(*off))
    change = relative_change(activations.logits, without.logits)
    answer(f"With both LRN layers switched off, the logits change by {change:.2%}", help=CHANGE_HELP)
    st.latex(
        r"b_{x,y}^{i} = \frac{a_{x,y}^{i}}{\left(k + \alpha \sum_{j=\max(0,\,i-n/2)}^{\min(N-1,\,i+n/2)}"
        r"\left(a_{x,y}^{j}\right)^2\right)^{\beta}}"
        rf"\qquad k = {LRN_K:g},\; n = {LRN_N},\; \alpha = {LRN_ALPHA:g},\; \beta = {LRN_BETA:g}"
    )
    st.markdown(
        f"A value is divided by something that grows with the values of {LRN_N} maps at the same pixel: its own and "
        f"{LRN_N // 2} on either side. Where they are weak, LRN only multiplies by {LRN_K**-LRN_BETA:.4f}. What to "
        "look for: **the ratio is smallest where the maps are strongest**."
    )
    a = activations.maps("conv1.relu")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        channel = number_box(map_control(run), label=f"Map of conv1, 0 to {len(a) - 1}", width=200)
        gain = segments(
            GAIN, help="A made-up stronger picture: LRN is not linear, so strong activations show what it does."
        )
    a = gain * a
    b = lrn.by_formula(a) if gain > 1 else activations.maps("conv1.norm")
    _three_maps(a[channel].numpy(), b[channel].numpy())
    peak = int(a[channel].argmax())
    position = divmod(peak, a.shape[2])
    _one_pixel(channel, position, a.flatten(1)[:, peak].numpy(), b.flatten(1)[:, peak].numpy())
    _constants(a, channel, position)
    on_whole_page(run, *off)
    st.caption(activations.network.caption)


def _three_maps(before: FloatArray, after: FloatArray) -> None:
    ratio = np.divide(after, before, out=np.full_like(before, np.nan), where=before > 0)
    top = float(before.max()) or 1.0
    pictures = (
        ("before", "Before LRN: conv1.relu", before, (0.0, top)),
        ("after", "After LRN: conv1.norm, on the same scale", after, (0.0, top)),
        ("ratio", "Ratio, after ÷ before", ratio, _ratio_limits(ratio)),
    )
    for column, (key, title, values, limits) in zip(st.columns(3, gap="medium"), pictures, strict=True):
        with column:
            st.markdown(f"**{title}**")
            chart(heat(values, dark(), limits), f"lrn-{key}", title)
    if not before.any():
        st.caption("This map is 0 everywhere for this picture: choose another.")


def _ratio_limits(ratio: FloatArray) -> tuple[float, float]:
    high = LRN_K**-LRN_BETA  # the ratio where no neighbour is active, which is the largest there is
    low = float(np.nanmin(ratio)) if np.isfinite(ratio).any() else 0.0
    return min(low, 0.999 * high), high


def _one_pixel(channel: int, position: tuple[int, int], before: FloatArray, after: FloatArray) -> None:
    """The values of all maps, (C,), at one position."""
    shown = range(max(0, channel - NEIGHBOURS), min(len(before), channel + NEIGHBOURS + 1))
    st.markdown(
        f"The strongest pixel of map {channel} (row {position[0]}, column {position[1]}), in the maps around it: "
        f"**{before[channel]:.4g}** becomes **{after[channel]:.4g}**."
    )
    chart(
        charts.neighbours(shown, before[shown], after[shown], dark()),
        "lrn-pixel",
        "One pixel in neighbouring maps, before and after LRN",
    )


def _constants(a: Tensor, channel: int, position: tuple[int, int]) -> None:
    results = lrn.compare_formulas(a)
    st.markdown(
        "**The trap.** PyTorch divides α by n, the paper does not: the paper's α has to be given to PyTorch n times as "
        f"large. The same maps, computed {len(results)} ways:"
    )
    st.table(
        [
            {
                "": r.name,
                "at the pixel above": f"{float(r.result[channel, position[0], position[1]]):.6g}",
                "largest difference in all maps": f"{r.max_difference:.3g}",
            }
            for r in results
        ]
    )


def _has_lrn(run: Run) -> bool:
    return bool(lrn.switched_off(cache.running_trace(run)))


# ---- dropout -----------------------------------------------------------------------------------------------


@cache.kept()
def _dropped(run: Run, seed: int) -> Dropped:
    return dropout.drop(cache.activations(run), seed, PASSES)


def _draw_masks() -> None:
    SEED.set((SEED.value + 1) % (MAX_SEED + 1))


def _show_dropout(run: Run) -> None:
    """Why, which units one mask drops, the two conventions of scaling, the logits with many masks, and who has it."""
    st.markdown(
        "**Against overfitting** (Krizhevsky et al. 2012, section 4.2): a unit that cannot rely on which others are "
        "there has to learn what is of use by itself. So in training a coin is tossed for each unit of the hidden "
        "fully connected layers, again for each picture: on average, half of them are silent. What to look for: "
        "**the mean over many masks lies near the output without dropout**, which is what the network uses afterwards."
    )
    st.button("Draw new masks", key="dropout-draw", on_click=_draw_masks)
    dropped = _dropped(run, SEED.value)
    columns = st.columns(len(dropped.layers), gap="medium")
    for column, layer, mask in zip(columns, dropped.layers, dropped.masks, strict=True):
        with column:
            _masked(layer, mask[0])
    st.caption("Each square is a unit, its colour the value that reaches the dropout; the dropped ones are left out.")
    _scaling(dropped.layers[0])
    _passes(cache.activations(run), dropped)
    st.markdown("**Who has it**, and how probably a unit is dropped:")
    st.table([{"network": variant_called(name).title, "dropout": where} for name, where in PROBABILITIES.items()])


def _masked(layer: Layer, kept: Tensor) -> None:
    units = len(layer.values)
    side = math.ceil(math.sqrt(units))
    shown = np.full(side * side, np.nan, dtype=np.float32)
    shown[:units] = np.where(kept.numpy(), layer.values, np.nan)
    dropped = units - int(kept.sum())
    st.markdown(f"**{layer.name}**: {dropped:,} of {units:,} units dropped ({dropped / units:.1%})")
    limits = (0.0, float(layer.values.max()) or 1.0)
    chart(
        heat(shown.reshape(side, side), dark(), limits, height=MASK_HEIGHT_PX),
        f"mask-{layer.name}",
        f"Units of {layer.name} that were kept",
    )


def _scaling(layer: Layer) -> None:
    """The two conventions, with the numbers of the strongest unit."""
    unit = int(layer.values.argmax())
    a, p = float(layer.values[unit]), layer.p
    kept = a / (1 - p)
    st.markdown(
        f"**Who makes up for the missing half?** The paper multiplies the outputs by {1 - p:g} at test time. PyTorch "
        f"multiplies what is kept by 1 / (1 − {p:g}) = {1 / (1 - p):g} in training, and leaves the test alone. Unit "
        f"{unit} of {layer.name}, whose value is {a:.4g}:"
    )
    st.table(
        [
            {
                "": name,
                "training, kept": f"{trained:.4g}",
                "training, dropped": "0",
                "training, on average": f"{(1 - p) * trained:.4g}",
                "at test time": f"{tested:.4g}",
            }
            for name, trained, tested in (("paper", a, (1 - p) * a), ("PyTorch", kept, a))
        ]
    )


def _passes(activations: Activations, dropped: Dropped) -> None:
    """The logits with each of the masks, against those without."""
    network, undropped, logits = activations.network, activations.logits, dropped.logits
    outputs = undropped.topk(min(OUTPUTS, len(undropped))).indices.tolist()
    names = [network.classes[i] if network.classes else f"output {i}" for i in outputs]
    one = np.mean([relative_change(undropped, masked) for masked in logits])
    mean = relative_change(undropped, logits.mean(0))
    same = int((logits.argmax(1) == undropped.argmax()).sum())
    st.markdown(
        f"The logits in **{len(logits)} passes**, each with masks of its own: with one mask they are **{one:.0%}** "
        f"away from those without dropout, their mean over all passes **{mean:.0%}** (L2 norm, relative; by chance "
        f"about {one / math.sqrt(len(logits)):.0%}). "
        f"The largest output stays the same in **{same}** of {len(logits)}."
    )
    chart(
        charts.passes(logits.numpy(), undropped.numpy(), outputs, names, dark()),
        "dropout-passes",
        "Logits with and without dropout",
    )
    st.markdown(
        "Scaling is **exact on average** for the layer that reads the dropped values: it is linear up to its ReLU. "
        "Beyond a ReLU the mean of what follows is not what follows the mean, so that one pass without masks is an "
        "approximation."
    )
    meaning = "" if network.trained else " Its outputs have no names, and which is largest means nothing."
    st.caption(f"{network.caption}{meaning}")


def _lrn_controls(run: Run) -> Sequence[Control]:
    return map_control(run), GAIN


FIRST_KERNELS = Section("conv1", "First kernels", _show_kernels)
LRN = Section("lrn", "Response normalization", _show_lrn, _lrn_controls, available=_has_lrn)
DROPOUT = Section("dropout", "Dropout", _show_dropout, lambda run: (SEED,))
