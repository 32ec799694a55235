"""LeNet-5's sections: the table of connections between S2 and C3, and an output that measures distances."""

from __future__ import annotations

import streamlit as st

from explorer.analysis.text import thousands
from explorer.architectures import variant as variant_called
from explorer.demonstrations.lenet import charts, compute
from explorer.demonstrations.lenet.component import connections
from explorer.demonstrations.lenet.compute import ConnectionScheme, Counts, Distances
from explorer.runtime.activations import Activations
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.answer import answer
from explorer.ui.charts import chart, dark
from explorer.ui.controls import segments
from explorer.ui.link import Control, choice
from explorer.ui.map_figure import heat
from explorer.ui.section import Section

SCHEMES: dict[ConnectionScheme, str] = {"partial": "Partial: table I", "full": "Full: every map"}
OTHER_SCHEME: dict[ConnectionScheme, ConnectionScheme] = {"partial": "full", "full": "partial"}
OWN = "own"  # the connections that the network is built with
OTHER = "other"
NEAREST = "nearest"  # whichever digit the network answers
MAP_HEIGHT_PX = 260

DIGIT = choice(
    "output.digit",
    "Take apart the distance to",
    {NEAREST: "The nearest", **{str(digit): str(digit) for digit in range(10)}},
)


def links_control(run: Run) -> Control:
    """Whose connections are shown: the network's own, or those that it could have had."""
    built: ConnectionScheme = variant_called(run.variant).config.c3
    return choice(
        "connections.of",
        "C3 reads S2",
        {OWN: f"{SCHEMES[built]} (this network)", OTHER: SCHEMES[OTHER_SCHEME[built]]},
    )


# ---- computed once for all viewers -------------------------------------------------------------------------


@cache.kept()
def _message(run: Run, scheme: ConnectionScheme) -> bytes:
    trace = cache.running_trace(run)
    s2_maps, c3_maps = (trace.stage(stage).out_shape[0] for stage in ("s2", "c3"))
    return compute.links_message(cache.activations(run), trace, compute.table(scheme, s2_maps, c3_maps))


@cache.kept()
def _counts(variant: str, scheme: ConnectionScheme) -> tuple[Counts, Counts]:
    return compute.counts(variant_called(variant), scheme)


# ---- connections -------------------------------------------------------------------------------------------


def _show_connections(run: Run) -> None:
    """The table with maps and kernels, and the cost of both ways to connect."""
    built: ConnectionScheme = variant_called(run.variant).config.c3
    own = segments(links_control(run)) == OWN
    st.markdown(
        "Columns are the maps of C3, rows those of S2, for the current picture. What to look for: no two columns of "
        "the partial table are alike, so no two maps of C3 can learn the same feature from the same inputs."
    )
    if own:
        st.markdown("Each filled cell is the 5×5 kernel of that link.")
    else:
        st.markdown(f"The maps are those of this network, whose C3 is {built}; the dots are the links it would have.")
    connections(_message(run, built if own else OTHER_SCHEME[built]), key="connections")
    _costs(run.variant)
    network = cache.network(run)
    st.caption(network.caption if network.trained else f"{network.caption} The links are the paper's.")


def _costs(variant: str) -> None:
    """C3 connected in part and in full, counted."""
    counted = {scheme: _counts(variant, scheme) for scheme in SCHEMES}
    rows = [
        {
            "": SCHEMES[scheme].partition(":")[0],
            "C3 parameters": thousands(c3.parameters),
            "C3 connections": thousands(c3.connections),
            "C3 MACs": thousands(c3.macs),
            "network parameters": thousands(network.parameters),
            "network connections": thousands(network.connections),
            "network MACs": thousands(network.macs),
        }
        for scheme, (c3, network) in counted.items()
    ]
    st.table(rows)
    saved = 1 - counted["partial"][0].macs / counted["full"][0].macs
    st.markdown(
        f"The table leaves out {saved:.1%} of C3's multiplications. A connection is one input of one unit; its bias "
        "counts as one more."
    )


# ---- output ------------------------------------------------------------------------------------------------


def _show_output(run: Run) -> None:
    """Ten bitmaps and the distances from them, or logits where there are no bitmaps."""
    activations = cache.activations(run)
    d = compute.distances(activations, cache.running_trace(run))
    if d is None:
        _logits(activations)
        return
    if activations.network.trained:
        answer(f"Answer: {activations.network.classes[d.nearest]}, whose picture is nearest")
    st.markdown(
        "Each digit has a fixed 7×12 picture of +1 (ink) and −1 (paper). F6 has 84 units, one for each pixel. An "
        "output is the squared distance between F6 and the digit's picture: **the smallest wins**."
    )
    chart(charts.distances(d, dark()), "output-distances", "The ten distances, each above its digit's bitmap")
    st.markdown(_summary(activations, d))
    _one_digit(d)


def _logits(activations: Activations) -> None:
    network = activations.network
    names = network.classes or tuple(str(i) for i in range(len(activations.logits)))
    st.markdown(
        "This version has no bitmaps: its outputs are logits, one weighted sum of F6 for each class, and the largest "
        "wins."
    )
    chart(charts.logits(activations.logits.numpy(), names, dark()), "output-logits", "Logits of all classes")
    meaning = "" if network.trained else " Which is largest says nothing about the picture."
    st.caption(f"{network.caption}{meaning}")


def _summary(activations: Activations, d: Distances) -> str:
    smallest = f"The smallest distance is **{d.values[d.nearest]:.4g}**, to the picture of {d.nearest}"
    network = activations.network
    if network.trained:
        second = sorted(d.values.tolist())[1]
        return f"{smallest}; the next is {second:.4g}."
    return (
        f"{smallest}. **{network.caption}** It says nothing about the picture: F6 lies between {_signed(d.f6.min())} "
        f"and {_signed(d.f6.max())}, and an F6 of all zeros is at distance {d.codes[0].size} from every code, one per "
        "pixel."
    )


def _signed(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def _one_digit(d: Distances) -> None:
    """Where one distance comes from, pixel by pixel."""
    chosen = segments(DIGIT)
    digit = d.nearest if chosen == NEAREST else int(chosen)
    reach, squares = max(1.0, float(abs(d.f6).max())), d.squares(digit)
    pictures = (
        (f"F6: {_signed(d.f6.min())} to {_signed(d.f6.max())}", d.f6, (-reach, reach), "f6"),
        (f"Code of {digit}: +1 and −1", d.codes[digit], (-reach, reach), "code"),
        (f"(F6 − code)²: sum {squares.sum():.4g}", squares, (0.0, float(squares.max())), "squares"),
    )
    for column, (title, values, limits, name) in zip(st.columns(3, gap="medium"), pictures, strict=True):
        with column:
            st.markdown(f"**{title}**")
            chart(heat(values, dark(), limits, height=MAP_HEIGHT_PX), f"output-{name}", title)
    st.caption("What to look for: the bright pixels on the right are those where F6 and the code disagree.")


CONNECTIONS = Section("connections", "S2 to C3", _show_connections, lambda run: (links_control(run),))
OUTPUT = Section("output", "Output", _show_output, lambda run: (DIGIT,))
