"""The SE laboratory: the gates of a network with squeeze-and-excitation, read, compared and altered.

A page calls `begin` before its screen, hands `follow` to the screen, and calls `laboratory` below it; a network
without gates gets nothing. Each part is a fragment, so that a control runs its own part again and no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Condition

import streamlit as st
from cachetools import LRUCache, cached

from explorer.analysis.text import pair_text, thousands
from explorer.analysis.trace import Node, Trace
from explorer.architectures import variant as variant_called
from explorer.architectures.family import Variant
from explorer.demonstrations.gates import charts as gate_charts
from explorer.demonstrations.gates import compute as gates
from explorer.demonstrations.gates.component import GateView, gate_bars, map_pairs
from explorer.demonstrations.gates.compute import FORCES, Alteration, GateBlock, Pairs, Reading
from explorer.runtime.activations import Activations, Prediction, capture, relative_change
from explorer.runtime.activations import altered as run_altered
from explorer.runtime.maps import FloatArray, Message
from explorer.runtime.pictures import LoadedImage
from explorer.runtime.samples import samples
from explorer.ui import cache
from explorer.ui.charts import chart, dark, logits
from explorer.ui.following import Follower
from explorer.ui.link import beside, followed, fresh, rewrite, seed, seed_number
from explorer.ui.sidebar import Settings, sample_image, settings, weights_for

BOX = Follower("gates", "gate")
VIEW = "gate-view"  # in the session: the chosen channel
AS_COMPUTED, AVERAGE, NOTHING = "computed", "average", "nothing"
ALTERATIONS = {
    AS_COMPUTED: "As computed",
    "one": "All 1",
    "mean": "Their mean",
    "shuffle": "Shuffled",
    "invert": "Inverted (1 − g)",
    "channel": "One channel",
}
SCOPES = {"block": "This block", "all": "All blocks"}
GATES = {
    "Sigmoid": "σ(x) = 1 / (1 + e⁻ˣ)",
    "Hardsigmoid": "σ the hard sigmoid, min(max(x + 3, 0), 6) / 6",
}
REDUCTIONS = (2, 64)
MOST_SEED = 999


# ---- state -------------------------------------------------------------------------------------------------


def _blocks(name: str) -> dict[str, GateBlock]:
    return {b.path: b for b in gates.gate_blocks(cache.ran(name, weights_for(name)))}


def begin(variant: Variant) -> None:
    """Give every control its value: the link's, or as before, or a first one."""
    blocks, state = _blocks(variant.name), st.session_state
    if not blocks:
        return
    first = _first_values(variant)
    if fresh():
        for key in first:
            state.pop(key, None)
    BOX.begin(blocks)
    block = blocks[state[BOX.key]]
    channel = seed_number("gate", 0, block.channels - 1, 0)
    order = seed("gate-order", ("number", "strength"), "number", "order of gates")
    state[VIEW] = GateView(channel, order == "strength")
    seed("against", (NOTHING, AVERAGE, *(s.id for s in samples())), NOTHING, "picture to compare with")
    seed("force", ALTERATIONS, AS_COMPUTED, "alteration")
    seed("scope", SCOPES, "block", "scope of an alteration")
    seed_number("gate-percent", 0, 100, 0)
    seed_number("shuffle", 0, MOST_SEED, 0)
    if "r" in first:
        seed_number("r", *REDUCTIONS, variant.config.squeeze_excitation)


def _first_values(variant: Variant) -> dict[str, str | int]:
    """Of the controls, by their names in the link; the select box of gates has none: it follows the selection."""
    own = {"r": variant.config.squeeze_excitation} if gates.has_reduction(variant) else {}
    return own | {
        "gate": 0,
        "gate-order": "number",
        "against": NOTHING,
        "force": AS_COMPUTED,
        "scope": "block",
        "gate-percent": 0,
        "shuffle": 0,
    }


def follow(trace: Trace, node: Node) -> bool:
    """Turn to the gate of the selected node's block, if it has one; whether that is another than before."""
    if not _blocks(trace.variant):
        return False
    moved = BOX.follow(trace, node, _gate_at(node, trace))
    _into_link(variant_called(trace.variant))
    return moved


def _gate_at(node: Node, trace: Trace) -> str | None:
    return next((b.path for b in _blocks(trace.variant).values() if b.block == node.block), None)


def _into_link(variant: Variant) -> None:
    """What differs from a fresh page at this node."""
    state, trace = st.session_state, cache.trace(variant.name)
    view: GateView = state[VIEW]
    state["gate"], state["gate-order"] = view.channel, "strength" if view.sorted else "number"
    values = {key: state[key] for key, first in _first_values(variant).items() if state[key] != first}
    usual = _gate_at(trace.node(state["node"]), trace) or next(iter(_blocks(variant.name)))
    beside(**values, **BOX.in_link(usual))


def _keep(variant: Variant) -> None:
    _into_link(variant)
    rewrite()


# ---- computed once for all viewers -------------------------------------------------------------------------


@dataclass(frozen=True)
class Gates:
    """One picture's gates, block by block."""

    vectors: list[FloatArray]

    @property
    def nbytes(self) -> int:
        return sum(v.nbytes for v in self.vectors)


@dataclass(frozen=True)
class Effect:
    """What an alteration does: to the maps behind a gate, to the logits, and to the most probable classes."""

    pairs: Pairs
    before: FloatArray
    after: FloatArray
    change: float
    top_before: tuple[Prediction, ...]
    top_after: tuple[Prediction, ...]

    @property
    def nbytes(self) -> int:
        return len(self.pairs.message) + self.before.nbytes + self.after.nbytes


@cache.bounded(16)
def _gates_of(name: str, weights: str, device: str, image: LoadedImage) -> Gates:
    """A pass for its gates alone: of the samples, all other values are dropped at once."""
    activations = capture(cache.network(name, weights, device), cache.network_input(name, weights, image).tensor)
    return Gates(gates.gates_of(activations, gates.gate_blocks(cache.ran(name, weights))))


@cache.bounded(64)
def _message(name: str, weights: str, device: str, image: LoadedImage, path: str) -> Message:
    activations = cache.activations(name, weights, device, image)
    return gates.block_message(activations, gates.reading(activations, _blocks(name)[path]))


@cache.bounded(32)
def _effect(
    name: str,
    weights: str,
    device: str,
    image: LoadedImage,
    path: str,
    channel: int,
    altered: tuple[str, ...],
    alteration: Alteration,
) -> Effect:
    before = cache.activations(name, weights, device, image)
    after = run_altered(before, dict.fromkeys(altered, alteration))
    shown = gates.pairs(before, after, _blocks(name)[path], channel)
    change = relative_change(before.logits, after.logits)
    return Effect(shown, before.logits.numpy(), after.logits.numpy(), change, before.top(), after.top())


@cached(LRUCache(128), condition=Condition())
def _without_gates(name: str) -> Trace:
    return gates.trace_without_gates(variant_called(name))


@cached(LRUCache(128), condition=Condition())
def _with_reduction(name: str, reduction: int) -> Trace:
    return gates.trace_with_reduction(variant_called(name), reduction)


# ---- the panel ---------------------------------------------------------------------------------------------


def laboratory(variant: Variant) -> None:
    """Everything below the screen that a network's gates have to tell."""
    if not _blocks(variant.name):
        return
    st.header("SE laboratory", anchor=False)
    st.markdown(
        "**Squeeze**: the mean of each map. **Excitation**: two layers make a gate between 0 and 1 of each mean, "
        "knowing all the others. **Scale**: each map times its gate."
    )
    _untrained(variant.name)
    _one_block(variant)
    st.header("All gates of the network", anchor=False)
    _all_blocks(variant)
    st.header("What the gates cost", anchor=False)
    _cost(variant)


def _arguments(name: str, chosen: Settings) -> tuple[str, str, str, LoadedImage]:
    return name, weights_for(name), chosen.device, chosen.image


def _untrained(name: str) -> None:
    activations = cache.activations(*_arguments(name, settings()))
    if activations.network.trained:
        return
    vectors = gates.gates_of(activations, tuple(_blocks(name).values()))
    low, high = min(v.min() for v in vectors), max(v.max() for v in vectors)
    middle = sum(v.mean() for v in vectors) / len(vectors)
    st.info(
        f"**Untrained gates teach nothing**: random weights put them around {middle:.2f} ({low:.2f} to {high:.2f}), "
        "and they say nothing of what the picture shows. See here how a block computes; what one learns needs trained "
        "weights."
    )


# ---- one block ---------------------------------------------------------------------------------------------


@st.fragment
def _one_block(variant: Variant) -> None:
    blocks, state, chosen = _blocks(variant.name), st.session_state, settings()
    with st.container(width=460):
        st.selectbox(
            "Squeeze-and-excitation block",
            blocks,
            key="gates",
            persist_state="session",
            format_func=lambda path: _title(blocks[path]),
        )
    block = blocks[state["gates"]]
    arguments = _arguments(variant.name, chosen)
    activations = cache.activations(*arguments)
    state[VIEW] = view = gate_bars(
        _message(*arguments, block.path), key=f"gates-{followed()}", initial=state[VIEW], channels=block.channels
    )
    st.caption(f"{chosen.image_title}, {block.path}. Point at a bar, or click it to choose its channel.")
    _formulas(gates.reading(activations, block), view.channel)
    st.header("Hands on: alter the gates", anchor=False)
    _hands_on(arguments, activations, block, view.channel)
    _keep(variant)


def _title(block: GateBlock) -> str:
    return f"{block.path}: {block.channels} → {block.hidden_channels} → {block.channels}"


def _formulas(r: Reading, channel: int) -> None:
    """The paper's equations 2 to 4, with this channel's numbers."""
    height, width = r.block.shape[1:]
    z, x, s = (_tex(float(v[channel])) for v in (r.squeeze, r.excitation, r.gate))
    left, right = st.columns(2, gap="medium")
    with left:
        st.latex(rf"z_{{{channel}}} = \frac{{1}}{{{height} \cdot {width}}} \sum_{{i,j}} u_{{{channel}}}(i,j) = {z}")
        st.latex(
            rf"h = \delta(W_1 z) \in \mathbb{{R}}^{{{len(r.hidden)}}}, \quad "
            rf"{int((r.hidden > 0).sum())} \text{{ above zero}}"
        )
    with right:
        st.latex(rf"s_{{{channel}}} = \sigma(W_2 h)_{{{channel}}} = \sigma({x}) = \mathbf{{{s}}}")
        st.latex(rf"\tilde{{x}}_{{{channel}}} = s_{{{channel}}} \, u_{{{channel}}} = {s} \, u_{{{channel}}}")
    st.caption(
        "Equations 2 to 4 of arXiv 1709.01507, which leaves out the biases of both layers; δ is the ReLU, "
        f"{GATES[r.block.kind]}. The gate of channel {channel} has rank {r.rank(channel)} of {r.block.channels}."
    )


def _tex(value: float) -> str:
    """Four significant digits."""
    digits, _, exponent = f"{value:.4g}".partition("e")
    return rf"{digits} \cdot 10^{{{int(exponent)}}}" if exponent else digits


def _hands_on(
    arguments: tuple[str, str, str, LoadedImage], activations: Activations, block: GateBlock, channel: int
) -> None:
    state = st.session_state
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.pills(
            "Gates",
            ALTERATIONS,
            key="force",
            required=True,
            wrap=True,
            format_func=ALTERATIONS.__getitem__,
            persist_state="session",
        )
        force = next((f for f in FORCES if f == state["force"]), None)
        if force == "channel":
            st.slider(
                f"Gate of channel {channel}, in percent", 0, 100, key="gate-percent", width=320, persist_state="session"
            )
        else:
            st.segmented_control(
                "Where", SCOPES, key="scope", required=True, format_func=SCOPES.__getitem__, persist_state="session"
            )
        if force == "shuffle":
            st.number_input("Seed", 0, MOST_SEED, key="shuffle", step=1, width=140, persist_state="session")
    if force is None:
        st.markdown("Choose what to put in the place of the gates: the network runs again from there on.")
        return
    everywhere = force != "channel" and state["scope"] == "all"
    blocks = _blocks(arguments[0]).values() if everywhere else [block]
    alteration = Alteration(
        force,
        seed=state["shuffle"] if force == "shuffle" else 0,
        channel=channel if force == "channel" else 0,
        value=state["gate-percent"] / 100 if force == "channel" else 1.0,
    )
    effect = _effect(*arguments, block.path, channel, tuple(b.gate for b in blocks), alteration)
    _show(effect, activations, block)


def _show(effect: Effect, activations: Activations, block: GateBlock) -> None:
    classes = activations.network.classes
    st.markdown(
        f"The logits change by **{effect.change:.2%}**, the maps behind {block.path} by **{effect.pairs.change:.2%}** "
        "(L2 norm of the difference, relative to the original's)."
    )
    maps, scores = st.columns([3, 2], gap="medium")
    with maps:
        map_pairs(effect.pairs.message, key="gate-pairs")
        st.caption(
            f"The chosen channel, then those that change most. {pair_text(block.shape[1:])}; each pair has one scale."
        )
    with scores:
        chart(
            logits(effect.before, effect.after, classes, dark()),
            "gate-logits",
            "Logits of all classes, original against altered",
        )
    if not classes:
        st.caption("Untrained, the classes have no names, and no probabilities worth showing.")
        return
    for place, title, top in zip(
        st.columns(2), ("Original", "Altered"), (effect.top_before, effect.top_after), strict=True
    ):
        with place:
            st.markdown(f"**{title}**")
            for p in top:
                st.progress(p.probability, f"{p.label} {p.probability:.1%}")


# ---- all blocks --------------------------------------------------------------------------------------------


@st.fragment
def _all_blocks(variant: Variant) -> None:
    name, chosen, offered = variant.name, settings(), {s.id: s.title for s in samples()}
    titles = {NOTHING: "nothing", AVERAGE: f"the average of the {len(offered)} samples", **offered}
    with st.container(width=460):
        other = st.selectbox(
            "Compare with", titles, key="against", format_func=titles.__getitem__, persist_state="session"
        )
    blocks = tuple(_blocks(name).values())
    names = [b.block for b in blocks]
    own = gates.gates_of(cache.activations(*_arguments(name, chosen)), blocks)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _chart_of(f"Gates: {chosen.image_title}", gate_charts.heat_map(names, own, dark()), "gates-own")
    with right:
        _chart_of("Their distribution", gate_charts.distributions(names, own, dark()), "gates-boxes")
    st.caption(_resampling(blocks))
    if other != NOTHING:
        _comparison(name, names, own, other, titles[other])
    _keep(variant)


def _chart_of(title: str, figure: object, key: str) -> None:
    st.markdown(f"**{title}**")
    chart(figure, key, title)


def _resampling(blocks: Sequence[GateBlock]) -> str:
    narrow, wide = min(b.channels for b in blocks), max(b.channels for b in blocks)
    if narrow == wide:
        return "A row is a block, a column a channel."
    return (
        f"A row is a block, its channels from left to right. Blocks have {narrow:,} to {wide:,} channels, rows are "
        "equally long: where there are more channels than columns, a cell is the mean of neighbours, so that single "
        "extremes show in the distribution only; where there are fewer, cells repeat. Point at a cell for its channels."
    )


def _comparison(name: str, names: list[str], own: list[FloatArray], other: str, title: str) -> None:
    """A second picture's gates, or the samples' average, and the difference."""
    chosen = settings()
    if other == AVERAGE:
        pictures = _samples_gates(name, chosen)
        theirs, per_block = gates.average(pictures), gates.spread(pictures)
        what = f"Spread over the {len(pictures)} samples: standard deviation, averaged over the channels"
    else:
        theirs = _gates_of(name, weights_for(name), chosen.device, sample_image(other)).vectors
        per_block = [float(abs(a - b).mean()) for a, b in zip(own, theirs, strict=True)]
        what = "Difference without its sign, averaged over the channels"
    difference = [a - b for a, b in zip(own, theirs, strict=True)]
    left, right = st.columns(2, gap="medium")
    with left:
        _chart_of(f"Gates: {title}", gate_charts.heat_map(names, theirs, dark()), "gates-theirs")
    with right:
        _chart_of(
            f"{chosen.image_title} minus {title}",
            gate_charts.heat_map(names, difference, dark(), signed=True),
            "gates-difference",
        )
    _chart_of(what, gate_charts.by_block(names, per_block, dark()), "gates-per-block")
    st.caption(
        "In the paper's trained networks, early blocks gate alike for all classes and late ones by class; the very "
        "last hardly tell classes apart (section 6.4). The samples have no classes: their average is over pictures, "
        "not over a class."
    )


def _samples_gates(name: str, chosen: Settings) -> list[list[FloatArray]]:
    found: list[list[FloatArray]] = []
    offered, bar = samples(), st.empty()
    for s in offered:
        bar.progress(len(found) / len(offered), f"{s.title} ({len(found) + 1} of {len(offered)})")
        found.append(_gates_of(name, weights_for(name), chosen.device, sample_image(s.id)).vectors)
    bar.empty()
    return found


# ---- cost --------------------------------------------------------------------------------------------------


@st.fragment
def _cost(variant: Variant) -> None:
    name, title = variant.name, "with gates"
    gated = cache.trace(name)
    if gates.has_reduction(variant):
        with st.container(width=460):
            r = st.slider("Reduction ratio r", *REDUCTIONS, key="r", persist_state="session")
        title = f"r = {r}"
        if r != variant.config.squeeze_excitation:
            gated = _with_reduction(name, r)
    bare = _without_gates(name)
    params, macs = gated.inference_params - bare.inference_params, gated.inference_macs - bare.inference_macs
    st.markdown(
        f"The gates add **{params / bare.inference_params:.2%}** parameters and **{macs / bare.inference_macs:.3%}** "
        "MACs to the same network without them, both from the trace."
    )
    numbers, stages = st.columns(2, gap="medium")
    with numbers:
        st.table(
            [
                {"": label, "parameters": thousands(p), "MACs": thousands(m)}
                for label, p, m in (
                    ("without gates", bare.inference_params, bare.inference_macs),
                    (title, gated.inference_params, gated.inference_macs),
                    ("added", params, macs),
                )
            ]
        )
        st.caption("MACs of convolutions and fully connected layers: pooling and scaling are not counted.")
    with stages:
        _chart_of("Parameters of the gates, by stage", gate_charts.added(gated, dark()), "gates-added")
    _keep(variant)
