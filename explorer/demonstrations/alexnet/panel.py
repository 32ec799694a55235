"""AlexNet's own: kernels of two graphics cards, local response normalization, dropout, data augmentation."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st
import torch
from PIL import Image

from explorer.architectures.alexnet import LRN_ALPHA, LRN_BETA, LRN_K, LRN_N
from explorer.architectures.family import Variant
from explorer.demonstrations.alexnet import charts as alexnet_charts
from explorer.demonstrations.alexnet import dropout, lrn
from explorer.demonstrations.alexnet.dropout import Dropped, Layer
from explorer.demonstrations.augmentation import panel as augmentation
from explorer.demonstrations.pointwise.calculator import whole_number
from explorer.instruments.kernels.compute import kernels, rgb_kernels
from explorer.runtime.activations import Activations, relative_change
from explorer.runtime.colormaps import ByteArray
from explorer.runtime.maps import FloatArray
from explorer.runtime.pictures import LoadedImage, png_bytes
from explorer.ui import cache
from explorer.ui.charts import chart, dark
from explorer.ui.link import beside, fresh, rewrite, seed_number
from explorer.ui.map_charts import heat
from explorer.ui.sidebar import run_of, weights_for

UNTRAINED = "**Untrained network**: random weights, seeded."
PASSES = 32  # with a mask each
OUTPUTS = 8  # of the logits that are drawn: the largest without dropout
MOST_SEED = 999
ACROSS = 16  # kernels in a row
GAINS = (1, 10, 100, 1000)
REACH = 8  # maps on either side of the chosen one


def begin(variant: Variant) -> None:
    """Give the controls that the link carries their values: the link's, or as before, or a first one."""
    state = st.session_state
    if fresh():
        for key in ("lrn-map", "masks"):
            state.pop(key, None)
    seed_number("lrn-map", 0, _conv1_maps(variant) - 1, 0)
    seed_number("masks", 0, MOST_SEED, 0)
    _into_link()


def _conv1_maps(variant: Variant) -> int:
    return cache.ran(variant.name, weights_for(variant.name)).node("conv1.conv").out_shape[0]


def _into_link() -> None:
    state = st.session_state
    beside(**{key: state[key] or None for key in ("lrn-map", "masks")})


def demonstration(variant: Variant) -> None:
    """All sections."""
    st.header("What conv1 looks for", anchor=False)
    _first_kernels(variant)
    st.header("Local response normalization", anchor=False)
    _lrn(variant)
    st.header("Dropout", anchor=False)
    _dropout(variant)
    augmentation.studio(variant)


# ---- kernels -----------------------------------------------------------------------------------------------


def _first_kernels(variant: Variant) -> None:
    """All kernels of conv1 as colour pictures; those of each group of conv2 apart."""
    name, weights, device, _ = run_of(variant.name)
    network = cache.network(name, weights, device)
    groups = cache.ran(name, weights).node("conv2.conv").groups or 1
    pictures, reach = rgb_kernels(np.stack(kernels(network, "conv1.conv").filters))
    count, height, width = pictures.shape[:3]
    cards = np.split(pictures, groups)
    if groups > 1:
        st.markdown(
            f"The {count} kernels of conv1, {height}×{width} pixels, as colour pictures. Each group of conv2 reads the "
            "maps of one half only: in the paper, each half lay on a graphics card of its own."
        )
    else:
        st.markdown(
            f"The {count} kernels of conv1, {height}×{width} pixels, as colour pictures. Each kernel of conv2 reads "
            "the maps of all of them: this variant has no groups."
        )
    for place, (card, own) in zip(st.columns(groups, gap="medium"), enumerate(cards), strict=True):
        with place:
            if groups > 1:
                first = card * count // groups
                st.markdown(f"**GPU {card + 1}**: kernels {first} to {first + len(own) - 1}")
            st.image(_sheet(own), width="stretch" if groups > 1 else 720)
    st.caption(
        f"Grey is 0; the brightest and the darkest are +{reach:.3g} and −{reach:.3g}, the same for all kernels. "
        + (
            "Look for oriented edges, gratings and blobs of colour, and whether both halves learned the same."
            if network.trained
            else f"{UNTRAINED} Random kernels are noise: edges and blobs of colour appear with training."
        )
    )


def _sheet(pictures: ByteArray, factor: int = 4) -> bytes:
    """Small colour pictures in rows, enlarged, as a PNG with transparent gaps."""
    _, height, width, _ = pictures.shape
    rows = math.ceil(len(pictures) / ACROSS)
    pitch_y, pitch_x = height * factor + 4, width * factor + 4
    sheet = Image.new("RGBA", (ACROSS * pitch_x, rows * pitch_y))
    for i, pixels in enumerate(pictures):
        enlarged = pixels.repeat(factor, axis=0).repeat(factor, axis=1)
        sheet.paste(Image.fromarray(enlarged), (i % ACROSS * pitch_x, i // ACROSS * pitch_y))
    return png_bytes(sheet)


# ---- local response normalization --------------------------------------------------------------------------


@cache.bounded(4)
def _without_lrn(name: str, weights: str, device: str, image: LoadedImage) -> torch.Tensor:
    return lrn.logits_without(cache.activations(name, weights, device, image))


@st.fragment
def _lrn(variant: Variant) -> None:
    activations = cache.activations(*run_of(variant.name))
    if not lrn.layers(activations):
        st.markdown("This variant has no local response normalization: choose AlexNet of 2012 above.")
        return
    st.latex(
        r"b_{x,y}^{i} = \frac{a_{x,y}^{i}}{\left(k + \alpha \sum_{j=\max(0,\,i-n/2)}^{\min(N-1,\,i+n/2)}"
        r"\left(a_{x,y}^{j}\right)^2\right)^{\beta}}"
        rf"\qquad k = {LRN_K:g},\; n = {LRN_N},\; \alpha = {LRN_ALPHA:g},\; \beta = {LRN_BETA:g}"
    )
    st.markdown(
        f"A value is divided by something that grows with the values of {LRN_N} maps at the same pixel: its own and "
        f"{LRN_N // 2} on either side. If they are weak, it only multiplies by {LRN_K**-LRN_BETA:.4f}. What to look "
        "for: **the ratio is smallest where the maps are strongest**."
    )
    a = activations.maps("conv1.relu")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        whole_number("Map of conv1", 0, len(a) - 1, "lrn-map")
        gain: int = st.segmented_control(
            "Activations times",
            GAINS,
            key="lrn-gain",
            default=1,
            required=True,
            format_func=lambda g: f"{g}×",
            help="A made-up stronger picture: LRN is not linear, so strong activations show what it does.",
        )
    chosen, a = st.session_state["lrn-map"], gain * a
    b = lrn.by_formula(a) if gain > 1 else activations.maps("conv1.norm")
    _three_maps(a[chosen].numpy(), b[chosen].numpy())
    peak = int(a[chosen].argmax())
    pixel_a, pixel_b = a.flatten(1)[:, peak], b.flatten(1)[:, peak]
    row, column = divmod(peak, a.shape[2])
    _one_pixel(chosen, (row, column), pixel_a, pixel_b)
    _trap(a, chosen, (row, column))
    change = relative_change(activations.logits, _without_lrn(*run_of(variant.name)))
    st.markdown(
        f"With both LRN layers switched off in this network, the logits of this picture change by **{change:.2%}** "
        "(L2 norm of the difference, relative to the original's)."
        + ("" if activations.network.trained else f" {UNTRAINED}")
    )
    _into_link()
    rewrite()


def _three_maps(before: FloatArray, after: FloatArray) -> None:
    ratio = np.divide(after, before, out=np.full_like(before, np.nan), where=before > 0)
    top = float(before.max()) or 1.0
    pictures = (
        ("before", "Before LRN: conv1.relu", before, (0.0, top)),
        ("behind", "Behind LRN: conv1.norm, on the same scale", after, (0.0, top)),
        ("ratio", "Ratio, behind ÷ before", ratio, _ratio_limits(ratio)),
    )
    for place, (key, title, values, scale) in zip(st.columns(3, gap="medium"), pictures, strict=True):
        with place:
            st.markdown(f"**{title}**")
            chart(heat(values, dark(), scale), f"lrn-{key}", title)
    if not before.any():
        st.caption("This map is 0 everywhere for this picture: choose another.")


def _ratio_limits(ratio: FloatArray) -> tuple[float, float]:
    high = LRN_K**-LRN_BETA  # the ratio where no neighbour is active, which is the largest there is
    low = float(np.nanmin(ratio)) if np.isfinite(ratio).any() else 0.0
    return min(low, 0.999 * high), high


def _one_pixel(chosen: int, position: tuple[int, int], before: torch.Tensor, after: torch.Tensor) -> None:
    channels = range(max(0, chosen - REACH), min(len(before), chosen + REACH + 1))
    st.markdown(
        f"The strongest pixel of map {chosen} (row {position[0]}, column {position[1]}), in the maps around it: "
        f"**{float(before[chosen]):.4g}** becomes **{float(after[chosen]):.4g}**."
    )
    chart(
        alexnet_charts.neighbours(channels, before.numpy()[channels], after.numpy()[channels], dark()),
        "lrn-pixel",
        "One pixel in neighbouring maps, before and behind LRN",
    )


def _trap(a: torch.Tensor, chosen: int, position: tuple[int, int]) -> None:
    ways = lrn.ways(a)
    st.markdown(
        "**The trap.** PyTorch divides α by n, the paper does not: the paper's α has to be given to PyTorch n times as "
        f"large. The same maps, computed {len(ways)} ways:"
    )
    st.table(
        [
            {
                "": way.name,
                "at the pixel above": f"{float(way.result[chosen, position[0], position[1]]):.6g}",
                "largest difference in all maps": f"{way.off_by:.3g}",
            }
            for way in ways
        ]
    )


# ---- dropout -----------------------------------------------------------------------------------------------


@cache.bounded(16)
def _dropped(name: str, weights: str, device: str, image: LoadedImage, seed: int) -> Dropped:
    return dropout.drop(cache.activations(name, weights, device, image), seed, PASSES)


def _redraw() -> None:
    st.session_state["masks"] = (st.session_state["masks"] + 1) % (MOST_SEED + 1)


@st.fragment
def _dropout(variant: Variant) -> None:
    arguments, state = run_of(variant.name), st.session_state
    activations = cache.activations(*arguments)
    st.markdown(
        "In training, a coin is tossed for each unit of the hidden fully connected layers, anew for each picture: half "
        "of them are silent. What to look for: **the mean over many masks lies near the output without dropout**, "
        "which is what the network uses afterwards."
    )
    st.button("Draw new masks", key="redraw", on_click=_redraw)
    dropped = _dropped(*arguments, state["masks"])
    for place, layer, mask in zip(st.columns(2, gap="medium"), dropped.layers, dropped.masks, strict=True):
        with place:
            _masked(layer, mask[0])
    st.caption("Each square is a unit, its colour the value that reaches the dropout; the dropped ones are left out.")
    _scaling(dropped.layers[0])
    _passes(activations, dropped)
    _into_link()
    rewrite()


def _masked(layer: Layer, kept: torch.Tensor) -> None:
    units = len(layer.values)
    side = math.ceil(math.sqrt(units))
    shown = np.full(side * side, np.nan, dtype=np.float32)
    shown[:units] = np.where(kept.numpy(), layer.values, np.nan)
    gone = units - int(kept.sum())
    st.markdown(f"**{layer.name}**: {gone:,} of {units:,} units dropped ({gone / units:.1%})")
    scale = (0.0, float(layer.values.max()) or 1.0)
    chart(
        heat(shown.reshape(side, side), dark(), scale, height=380),
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
    network, whole, logits = activations.network, activations.logits, dropped.logits
    outputs = whole.topk(min(OUTPUTS, len(whole))).indices.tolist()
    names = [network.classes[i] if network.classes else f"output {i}" for i in outputs]
    apart = np.mean([relative_change(whole, one) for one in logits])
    mean = relative_change(whole, logits.mean(0))
    same = int((logits.argmax(1) == whole.argmax()).sum())
    st.markdown(
        f"The logits in **{len(logits)} passes**, each with masks of its own: with one mask they are **{apart:.0%}** "
        f"away from those without dropout, their mean over all passes **{mean:.0%}** (L2 norm, relative; by chance "
        f"about {apart / math.sqrt(len(logits)):.0%}). "
        f"The largest output stays the same in **{same}** of {len(logits)}."
    )
    chart(
        alexnet_charts.passes(logits.numpy(), whole.numpy(), outputs, names, dark()),
        "dropout-passes",
        "Logits with and without dropout",
    )
    if not network.trained:
        st.caption(f"{UNTRAINED} Its outputs have no names, and which is largest means nothing.")
