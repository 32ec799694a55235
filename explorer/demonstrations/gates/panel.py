"""The gates of a network with squeeze-and-excitation: looked at, altered, compared, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import plotly.graph_objects as go
import streamlit as st

from explorer.analysis.text import pair_text, tex, thousands
from explorer.analysis.trace import Trace
from explorer.analysis.words import WORDS
from explorer.architectures import variant
from explorer.demonstrations.gates import charts, compute
from explorer.demonstrations.gates.component import GateView, gate_bars, map_pairs
from explorer.demonstrations.gates.compute import Effect, GateActivity, GateBlock
from explorer.runtime.edits import Edit
from explorer.runtime.maps import FloatArray, Message
from explorer.runtime.run import Run
from explorer.runtime.samples import samples
from explorer.ui import cache
from explorer.ui.answer import CHANGE_HELP, answer, answers, change_of
from explorer.ui.charts import chart, dark
from explorer.ui.controls import number_box, pills, reports, segments, select, slider
from explorer.ui.edits import on_whole_page
from explorer.ui.link import Control, choice, flag, number, revision
from explorer.ui.section import Section
from explorer.ui.selection import enclosing, selected
from explorer.ui.sidebar import sample_picture

AS_COMPUTED = "computed"
NOTHING = "nothing"
AVERAGE = "average"
ALTERATIONS: dict[str, str] = {
    AS_COMPUTED: "As computed",
    "one": "All 1",
    "mean": "Their mean",
    "shuffle": "Shuffled",
    "invert": "Inverted (1 − g)",
    "channel": "One channel",
}
GATES_IN_WORDS = {
    "Sigmoid": "σ(x) = 1 / (1 + e⁻ˣ)",
    "Hardsigmoid": "σ the hard sigmoid, min(max(x + 3, 0), 6) / 6",
}
MIN_REDUCTION = 2
MAX_REDUCTION = 64
MAX_SEED = 999

SORTED = flag("gates.sorted", "Channels in the order of their gates")
ALTERATION = choice("gates.alteration", "Gates", ALTERATIONS)
SCOPE = choice("gates.scope", "Where", {"block": "This block", "all": "All blocks"})
PERCENT = number("gates.percent", "Gate in percent", 0, 100)
SEED = number("gates.seed", "Seed", 0, MAX_SEED)
AGAINST = choice(
    "gates.against",
    "Compare with",
    {NOTHING: "nothing", AVERAGE: f"the average of the {len(samples())} samples"} | {s.id: s.title for s in samples()},
)


def blocks_of(run: Run) -> dict[str, GateBlock]:
    """The gates of the network that runs, by the block that they are in; none for most networks."""
    return {gate.block: gate for gate in compute.gate_blocks(cache.running_trace(run))}


def block_control(run: Run) -> Control:
    """The block whose gates are looked at: the selected operation's, unless the viewer chose one."""
    return choice("gates.block", "Block", lambda: {b: _title(gate) for b, gate in blocks_of(run).items()}, follows=True)


def channel_control(run: Run) -> Control:
    """The channel that is looked at."""
    return number("gates.channel", "Channel", 0, lambda: block_shown(run).channels - 1)


def reduction_control(run: Run) -> Control:
    """The ratio r for which the cost is counted: at first the network's own."""
    return number("gates.reduction", "Reduction ratio r", MIN_REDUCTION, MAX_REDUCTION, lambda: _own_reduction(run))


def block_shown(run: Run) -> GateBlock:
    """The chosen block, else the selected operation's, else the first one."""
    return blocks_of(run)[block_control(run).value or _as_selected(run)]


def _as_selected(run: Run) -> str:
    blocks = blocks_of(run)
    return enclosing(blocks, selected(cache.trace(run.variant))) or next(iter(blocks))


def _title(gate: GateBlock) -> str:
    return f"{gate.block}: {gate.channels} → {gate.hidden_channels} → {gate.channels}"


def _own_reduction(run: Run) -> int:
    reduction: int = variant(run.variant).config.squeeze_excitation
    return reduction


def available(run: Run) -> bool:
    """Whether the network has gates."""
    return bool(blocks_of(run))


def select_block(run: Run) -> GateBlock:
    """The box, and what it says."""
    select(block_control(run), as_selected=_title(blocks_of(run)[_as_selected(run)]), width=460)
    return block_shown(run)


# ---- computed once for all viewers -------------------------------------------------------------------------


@cache.kept()
def _gates_alone(run: Run) -> tuple[FloatArray, ...]:
    """A pass for its gates alone: of the samples, all other values are dropped at once."""
    activations = cache.pass_of(run, cache.network_input(run).tensor)
    return tuple(compute.gates_of(activations, tuple(blocks_of(run).values())))


@cache.kept()
def _message(run: Run, block: str) -> Message:
    return compute.block_message(cache.activations(run), activity_of(run, block))


def activity_of(run: Run, block: str) -> GateActivity:
    """The numbers of one block's gates."""
    return compute.gate_activity(cache.activations(run), blocks_of(run)[block])


@cache.kept()
def _effect(run: Run, edits: tuple[Edit, ...], block: str, channel: int) -> Effect:
    return compute.effect(cache.activations(run), cache.activations(run.edited(*edits)), blocks_of(run)[block], channel)


@cache.kept()
def _without_gates(name: str) -> Trace:
    return compute.trace_without_gates(variant(name))


@cache.kept()
def _with_reduction(name: str, reduction: int) -> Trace:
    return compute.trace_with_reduction(variant(name), reduction)


# ---- one block ---------------------------------------------------------------------------------------------


def _show_block(run: Run) -> None:
    """The three vectors of a block as linked bars, and the paper's formulas for one channel."""
    st.markdown(
        "**Squeeze**: the mean of each map. **Excitation**: two fully connected layers turn all the means into one "
        "gate, between 0 and 1, per channel. **Scale**: each map times its gate."
    )
    _warn_of_random_gates(run)
    gate, channel, key = select_block(run), channel_control(run), f"gates-{revision()}"
    gate_bars(
        _message(run, gate.block),
        key=key,
        view=GateView(channel.value, SORTED.value),
        on_view_change=reports(key, channel=channel, sorted=SORTED),
    )
    st.caption(
        f"{run.picture.title}, {gate.path}. {cache.network(run).caption} Point at a bar, or click it to choose its "
        "channel."
    )
    _formulas(activity_of(run, gate.block), channel.value)


def _warn_of_random_gates(run: Run) -> None:
    if cache.network(run).trained:
        return
    vectors = compute.gates_of(cache.activations(run), tuple(blocks_of(run).values()))
    low, high = min(v.min() for v in vectors), max(v.max() for v in vectors)
    mean = sum(v.mean() for v in vectors) / len(vectors)
    st.info(
        f"**Untrained gates teach nothing**: random weights put them around {mean:.2f} ({low:.2f} to {high:.2f}), and "
        "they say nothing about what the picture shows. See here how a block computes; what one learns needs trained "
        "weights."
    )


def _formulas(r: GateActivity, channel: int) -> None:
    """The paper's equations 2 to 4, with this channel's numbers."""
    height, width = r.block.shape[1:]
    z, x, s = (tex(float(v[channel])) for v in (r.squeeze, r.excitation, r.gate))
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
        f"{GATES_IN_WORDS[r.block.kind]}. The gate of channel {channel} has rank {r.rank(channel)} of "
        f"{r.block.channels}."
    )


# ---- altered gates -----------------------------------------------------------------------------------------


def _show_alteration(run: Run) -> None:
    """Other numbers in the place of the gates, and what becomes of the answer."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        gate = select_block(run)
        channels = channel_control(run)
        channel = number_box(channels, label=f"Channel, 0 to {channels.limits()[1]}", width=180)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = pills(ALTERATION, wrap=True)
        if kind == "channel":
            slider(PERCENT, label=f"Gate of channel {channel}, in percent", width=320)
        elif kind != AS_COMPUTED:
            segments(SCOPE)
        if kind == "shuffle":
            number_box(SEED, width=140)
    if kind == AS_COMPUTED:
        st.markdown("Choose what to put in the place of the gates: the network runs again from there on.")
        if cache.network(run).trained:
            answers("gate-classes", {"as computed": cache.activations(run).answer})
        return
    everywhere = kind != "channel" and SCOPE.value == "all"
    altered = blocks_of(run).values() if everywhere else (gate,)
    edits = tuple(_edit(kind, block.gate, channel) for block in altered)
    whole = run.undone(*edits)
    _show_effect(whole, gate, _effect(whole, edits, gate.block, channel))
    on_whole_page(run, *edits)


def _edit(kind: str, gate: str, channel: int) -> Edit:
    """What the controls say, of one block's gates."""
    if kind == "one":
        return Edit(gate, "value", number=1.0)
    if kind == "mean":
        return Edit(gate, "mean")
    if kind == "shuffle":
        return Edit(gate, "shuffle", number=SEED.value)
    if kind == "invert":
        return Edit(gate, "invert")
    return Edit(gate, "value", (channel,), PERCENT.value / 100)


def _show_effect(run: Run, gate: GateBlock, effect: Effect) -> None:
    """The answer first, then what led to it."""
    if effect.before.classes:
        answer(change_of(effect.before, effect.after))
    bars, maps = st.columns([2, 3], gap="medium")
    with bars:
        answers("gate-classes", {"original": effect.before, "altered": effect.after})
        st.markdown(
            f"The logits change by **{effect.change:.2%}**, the maps after {gate.path} by "
            f"**{effect.pairs.change:.2%}**.",
            help=CHANGE_HELP,
        )
        if not effect.before.classes:
            st.caption("Untrained, the classes have no names, and no probabilities worth showing.")
    with maps:
        map_pairs(effect.pairs.message, key="gate-pairs")
        st.caption(
            f"The chosen channel, then those that change most. {pair_text(gate.shape[1:])}; each pair has one scale. "
            f"{run.picture.title}. {cache.network(run).caption}"
        )


# ---- all blocks --------------------------------------------------------------------------------------------


def _show_all(run: Run) -> None:
    """The gates of all blocks for this picture, and for another one or the samples' average."""
    _warn_of_random_gates(run)
    other = select(AGAINST, width=460)
    blocks = tuple(blocks_of(run).values())
    names = [b.block for b in blocks]
    own = compute.gates_of(cache.activations(run), blocks)
    gates = (f"Gates: {run.picture.title}", charts.heat_map(names, own, dark()), "gates-own")
    boxes = (f"Distribution: {run.picture.title}", charts.distributions(names, own, dark()), "gates-boxes")
    if other == NOTHING:
        _side_by_side(gates, boxes)
    else:
        _side_by_side(gates, *_comparison(run, names, own, other), boxes)
    st.caption(f"{_resampling(blocks)} {cache.network(run).caption}")
    if other != NOTHING:
        st.caption(
            "In the paper's trained SE-ResNet-50, early blocks gate alike for all classes and late ones by class; the "
            "last two hardly tell classes apart (section 7.2). The samples have no classes: their average is over "
            "pictures, not over a class."
        )


TitledFigure = tuple[str, go.Figure, str]  # and the chart's key


def _side_by_side(*figures: TitledFigure) -> None:
    """Two in a row, all of one width: a block stands at one height, a channel at one place."""
    for start in range(0, len(figures), 2):
        for column, (title, figure, key) in zip(st.columns(2, gap="medium"), figures[start : start + 2], strict=False):
            with column:
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


def _comparison(run: Run, names: Sequence[str], own: Sequence[FloatArray], other: str) -> list[TitledFigure]:
    """A second picture's gates, or the samples' average, and the difference."""
    title = AGAINST.options()[other]
    if other == AVERAGE:
        pictures = _samples_gates(run)
        theirs, per_block = compute.average(pictures), compute.spread(pictures)
        per_block_title = f"Spread over the {len(pictures)} samples: standard deviation, averaged over the channels"
    else:
        theirs = list(_gates_alone(replace(run, picture=sample_picture(other))))
        per_block = compute.mean_difference(own, theirs)
        per_block_title = "Difference without its sign, averaged over the channels"
    difference = [a - b for a, b in zip(own, theirs, strict=True)]
    difference_title = f"{run.picture.title} minus {title}"
    return [
        (f"Gates: {title}", charts.heat_map(names, theirs, dark()), "gates-theirs"),
        (difference_title, charts.heat_map(names, difference, dark(), signed=True), "gates-difference"),
        (per_block_title, charts.by_block(names, per_block, dark()), "gates-per-block"),
    ]


def _samples_gates(run: Run) -> list[tuple[FloatArray, ...]]:
    found: list[tuple[FloatArray, ...]] = []
    pictures, bar = samples(), st.empty()
    for s in pictures:
        bar.progress(len(found) / len(pictures), f"{s.title} ({len(found) + 1} of {len(pictures)})")
        found.append(_gates_alone(replace(run, picture=sample_picture(s.id))))
    bar.empty()
    return found


# ---- cost --------------------------------------------------------------------------------------------------


def _show_cost(run: Run) -> None:
    """Parameters and MACs with the gates and without, from the traces."""
    name, title = run.variant, "with gates"
    gated, bare = cache.trace(name), _without_gates(name)
    if compute.has_reduction(variant(name)):
        r = slider(reduction_control(run), width=460)
        title = f"r = {r}"
        if r != _own_reduction(run):
            gated = _with_reduction(name, r)
    params, macs = gated.inference_params - bare.inference_params, gated.inference_macs - bare.inference_macs
    answer(
        f"The gates add {params / bare.inference_params:.2%} parameters and {macs / bare.inference_macs:.3%} MACs",
        help=f"To the same network without them, both counted from the trace. {WORDS['MAC']}",
    )
    numbers, stages = st.columns(2, gap="medium")
    with numbers:
        rows = (
            ("without gates", bare.inference_params, bare.inference_macs),
            (title, gated.inference_params, gated.inference_macs),
            ("added", params, macs),
        )
        st.table([{"": label, "parameters": thousands(p), "MACs": thousands(m)} for label, p, m in rows])
        st.caption("MACs of convolutions and fully connected layers: pooling and scaling are not counted.")
    with stages:
        st.markdown("**Parameters of the gates, by stage**")
        chart(charts.added(gated, dark()), "gates-added", "Parameters of the gates, by stage")


GATES = Section(
    "gates",
    "Gates",
    _show_block,
    lambda run: (block_control(run), channel_control(run), SORTED),
    follows=True,
    available=available,
)
ALTERED_GATES = Section(
    "altered",
    "Altered",
    _show_alteration,
    lambda run: (block_control(run), channel_control(run), ALTERATION, SCOPE, PERCENT, SEED),
    follows=True,
    available=available,
)
ALL_GATES = Section("all-gates", "All gates", _show_all, lambda run: (AGAINST,), available=available)
GATES_COST = Section(
    "gates-cost",
    "Cost",
    _show_cost,
    lambda run: (reduction_control(run),) if compute.has_reduction(variant(run.variant)) else (),
    available=available,
)
