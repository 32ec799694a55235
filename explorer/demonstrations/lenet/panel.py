"""LeNet-5's own: the table of connections between S2 and C3, and an output that measures distances from bitmaps."""

from __future__ import annotations

from threading import Condition

import streamlit as st
from cachetools import LRUCache, cached

from explorer.analysis.text import thousands
from explorer.architectures import variant as variant_called
from explorer.architectures.family import Variant
from explorer.demonstrations.lenet import charts as lenet_charts
from explorer.demonstrations.lenet import compute as lenet
from explorer.demonstrations.lenet.component import connections
from explorer.demonstrations.lenet.compute import Counts, Distances, Reading, Table
from explorer.runtime.activations import Activations
from explorer.runtime.pictures import LoadedImage
from explorer.ui import cache
from explorer.ui.charts import chart, dark
from explorer.ui.link import beside, fresh, rewrite, seed
from explorer.ui.map_figure import heat
from explorer.ui.sidebar import run_of, settings, weights_for

READINGS: dict[Reading, str] = {"partial": "Partial: table I", "full": "Full: every map"}
OF = "c3-of"  # in the session: the variant whose C3 was looked at
UNTRAINED = "**Untrained network**: random weights, seeded."


def begin(variant: Variant) -> None:
    """Give the switch its value: the link's, or as before, or what the variant is built with."""
    state = st.session_state
    if fresh() or state.get(OF) != variant.name:
        state.pop("c3", None)
    state[OF] = variant.name
    seed("c3", READINGS, variant.config.c3, "way to read S2")
    _into_link(variant)


def _into_link(variant: Variant) -> None:
    chosen = st.session_state["c3"]
    beside(c3=None if chosen == variant.config.c3 else chosen)


@cache.bounded(8)
def _links(name: str, weights: str, device: str, image: LoadedImage, table: Table) -> bytes:
    return lenet.links_message(cache.activations(name, weights, device, image), cache.ran(name, weights), table)


@cached(LRUCache(8), condition=Condition())
def _counts(name: str, reading: Reading) -> tuple[Counts, Counts]:
    return lenet.counts(variant_called(name), reading)


def demonstration(variant: Variant) -> None:
    """Both sections."""
    st.header("Who reads whom: S2 to C3", anchor=False)
    _connections(variant)
    st.header("The output: distances from ten pictures", anchor=False)
    rbf_panel(cache.activations(*run_of(variant.name)))


# ---- connections -------------------------------------------------------------------------------------------


@st.fragment
def _connections(variant: Variant) -> None:
    name, chosen, built = variant.name, settings(), variant.config.c3
    weights = weights_for(name)
    reading: Reading = st.segmented_control(
        "C3 reads S2",
        READINGS,
        key="c3",
        required=True,
        persist_state="session",
        format_func=lambda r: READINGS[r] + (" (this network)" if r == built else ""),
    )  # type: ignore[assignment]  # required: never None
    ran = cache.ran(name, weights)
    maps = [ran.stage(stage).out_shape[0] for stage in ("s2", "c3")]
    table = lenet.table(reading, *maps)
    st.markdown(
        "Columns are the maps of C3, rows those of S2, for the current picture. What to look for: no two columns of "
        "the partial table are alike, so no two maps of C3 can learn the same feature from the same inputs."
    )
    if reading == built:
        st.markdown("Each filled cell is the 5×5 kernel of that link.")
    else:
        st.markdown(f"The maps are those of this network, whose C3 is {built}; the dots are the links it would have.")
    connections(_links(name, weights, chosen.device, chosen.image, table), key="c3-links")
    _cost(name)
    if not cache.network(name, weights, chosen.device).trained:
        st.caption(f"{UNTRAINED} The links are the paper's, the kernels random.")
    _into_link(variant)
    rewrite()


def _cost(name: str) -> None:
    """C3 read in part and in full, counted."""
    part, full = (_counts(name, reading) for reading in READINGS)
    rows = [
        {
            "": READINGS[reading].partition(":")[0],
            "C3 parameters": thousands(own.parameters),
            "C3 connections": thousands(own.connections),
            "C3 MACs": thousands(own.macs),
            "network parameters": thousands(whole.parameters),
            "network connections": thousands(whole.connections),
            "network MACs": thousands(whole.macs),
        }
        for reading, (own, whole) in zip(READINGS, (part, full), strict=True)
    ]
    st.table(rows)
    st.markdown(
        f"The table leaves out {1 - part[0].macs / full[0].macs:.1%} of C3's multiplications. A connection is one "
        "input of one unit; its bias counts as one more."
    )


# ---- output ------------------------------------------------------------------------------------------------


@st.fragment
def rbf_panel(activations: Activations, key: str = "rbf") -> None:
    """The output of one picture: ten bitmaps and the distances from them, or logits where there are no bitmaps.

    `activations` are of any LeNet-5; `key` sets the panel's widgets apart from those of another one on the page.
    """
    network = activations.network
    d = lenet.distances(activations, cache.ran(network.variant.name, network.weights))
    if d is None:
        names = network.classes or tuple(str(i) for i in range(len(activations.logits)))
        st.markdown(
            "This version has no bitmaps: its outputs are logits, one weighted sum of F6 for each class, and the "
            "largest wins." + ("" if network.trained else f" {UNTRAINED} Which is largest says nothing of the picture.")
        )
        chart(lenet_charts.logits(activations.logits.numpy(), names, dark()), f"{key}-logits", "Logits of all classes")
        return
    st.markdown(
        "Each digit has a fixed 7×12 picture of +1 (ink) and −1 (paper). F6 has 84 units, one for each pixel. An "
        "output is the squared distance between F6 and the digit's picture: **the smallest wins**."
    )
    chart(lenet_charts.distances(d, dark()), f"{key}-distances", "The ten distances, each above its digit's bitmap")
    st.markdown(_verdict(activations, d))
    _one_digit(d, key)


def _verdict(activations: Activations, d: Distances) -> str:
    smallest = f"The smallest distance is **{d.values[d.nearest]:.4g}**, to the picture of {d.nearest}"
    if activations.network.trained:
        second = sorted(d.values.tolist())[1]
        answer = activations.network.classes[d.nearest]
        return f"{smallest}; the next is {second:.4g}. The network's answer: **{answer}**."
    return (
        f"{smallest}. {UNTRAINED} It says nothing of the picture: F6 lies between {_signed(d.f6.min())} and "
        f"{_signed(d.f6.max())}, and from all zeros each code is {d.codes[0].size} away, one for each pixel."
    )


def _signed(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def _one_digit(d: Distances, key: str) -> None:
    """Where one distance comes from, pixel by pixel."""
    digits = [str(digit) for digit in range(len(d.values))]
    chosen = st.segmented_control(
        "Take apart the distance to", digits, default=str(d.nearest), key=f"{key}-digit", required=True
    )
    digit = int(chosen)
    reach, squares = max(1.0, float(abs(d.f6).max())), d.squares(digit)
    pictures = (
        (f"F6: {_signed(d.f6.min())} to {_signed(d.f6.max())}", d.f6, (-reach, reach), "f6"),
        (f"Code of {digit}: +1 and −1", d.codes[digit], (-reach, reach), "code"),
        (f"(F6 − code)²: sum {squares.sum():.4g}", squares, (0.0, float(squares.max())), "squares"),
    )
    for place, (title, values, scale, name) in zip(st.columns(3, gap="medium"), pictures, strict=True):
        with place:
            st.markdown(f"**{title}**")
            chart(heat(values, dark(), scale, height=260), f"{key}-{name}", title)
    st.caption("Look at the right picture: the bright pixels are those where F6 and the code disagree.")
