"""Filter, then mix; narrow and wide; what ReLU6 destroys; narrower and smaller networks."""

from __future__ import annotations

import streamlit as st

from explorer.analysis.text import pair_text, shape_text, thousands
from explorer.analysis.trace import Trace, trace_variant
from explorer.architectures import variant
from explorer.demonstrations.mobilenet import charts
from explorer.demonstrations.mobilenet.multipliers import ALPHAS, PRINTED, SIZES, block_widths
from explorer.demonstrations.mobilenet.spiral import DIMENSIONS, DRAWS, Decoder, errors, mean_errors, recover
from explorer.demonstrations.separable.compute import Mix, Pair, mix, pair_designs, pairs
from explorer.runtime.run import Run
from explorer.ui import cache, cost_bars
from explorer.ui.answer import answer
from explorer.ui.charts import chart, dark
from explorer.ui.controls import number_box, segments, select, slider, toggle
from explorer.ui.link import Control, choice, flag, number
from explorer.ui.map_images import Strip, common, strips
from explorer.ui.section import Section
from explorer.ui.selection import enclosing, selected

CHANNELS_SHOWN = 4  # of a mix
MAX_SEED = 999
DECODERS: dict[Decoder, str] = {"best": "Best affine map", "inverse": "Pseudo-inverse of T"}

SPIRAL_DIMENSIONS = choice("spiral.dimensions", "Dimensions n", DIMENSIONS)
SPIRAL_SEED = number("spiral.seed", "Seed of T", 0, MAX_SEED)
SPIRAL_DECODER = choice("spiral.decoder", "Decoder", DECODERS)
SPIRAL_RELU = flag("spiral.relu6", "ReLU6", True)
ALPHA = choice("multipliers.alpha", "α, width: times the channels", ALPHAS, 1.0)
SIZE = choice("multipliers.size", "Picture's side in pixels, ρ × 224", SIZES, 224)


# ---- filter, then mix --------------------------------------------------------------------------------------


def pairs_of(run: Run) -> dict[str, Pair]:
    """Of the network that runs, by block."""
    return {pair.depthwise.block: pair for pair in pairs(cache.running_trace(run))}


def block_control(run: Run) -> Control:
    """The block that is taken apart: the selected operation's, unless the viewer chose one."""
    return choice("mix.block", "Block", lambda: {block: block for block in pairs_of(run)}, follows=True)


def output_control(run: Run) -> Control:
    """The output map that the channels add up to."""
    return number("mix.output", "Output map", 0, lambda: pairs_of(run)[block_shown(run)].pointwise.out_shape[0] - 1)


def block_shown(run: Run) -> str:
    """The chosen block, else the selected operation's, else the first one."""
    return block_control(run).value or _as_selected(run)


def _as_selected(run: Run) -> str:
    found = pairs_of(run)
    return enclosing(found, selected(cache.trace(run.variant))) or next(iter(found))


@cache.kept()
def _mix(run: Run, block: str, output: int) -> Mix:
    return mix(cache.activations(run), pairs_of(run)[block], output, CHANNELS_SHOWN)


def _show_mix(run: Run) -> None:
    """The channels of one output map, their sum, and what the pair costs."""
    st.markdown(
        "Each row follows one channel: input map, **its own filter**, filtered map. Only the **1×1** mixes: it gives "
        "each channel one weight, and adds."
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        select(block_control(run), as_selected=_as_selected(run), width=320)
        block = block_shown(run)
        outputs = output_control(run)
        output = number_box(outputs, label=f"Output map, 0 to {outputs.limits()[1]}", width=200)
    pair, m = pairs_of(run)[block], _mix(run, block, output)
    st.markdown(
        f"The {len(m.channels)} of {pair.depthwise.out_shape[0]} channels that contribute most to output map {output} "
        f"of **{pair.pointwise.name}**, {m.share:.0%} of the sum of all contributions' norms."
    )
    st.caption(f"{run.picture.title}. {cache.network(run).caption}")
    _channels(m, pair)
    _sums(m, pair, output)
    _pair_costs(run, pair)


def _channels(m: Mix, pair: Pair) -> None:
    kernel = pair_text(pair.depthwise.kernel or ())
    between = ", ".join(
        "gate" if n.type == "mul" else "BN" if n.kind == "normalization" else n.type for n in pair.between
    )
    shown = []
    for c in m.channels:
        steps = [
            (c.input, "input map"),
            (c.kernel, f"its {kernel} filter"),
            (c.filtered, "filtered"),
            *([(c.pointwise_input, f"after {between}")] if between else []),
            (c.contribution, f"× {c.weight:.3g}, its share of the output"),
        ]
        maps, captions = zip(*steps, strict=True)
        shown.append(Strip(f"Channel {c.number}", maps, captions, legend=c is m.channels[-1]))
    strips(*shown)


def _sums(m: Mix, pair: Pair, output: int) -> None:
    """The sum of all channels, and the standard convolution that the pair would be with nothing between."""
    between = ["gate" if n.type == "mul" else n.type for n in pair.between if n.kind != "normalization"]
    st.markdown(
        f"All contributions added are the network's own map, but for rounding ({m.rounding:.1g} of its largest value). "
        f"Without {' and '.join(between)} in between, the pair would be **one standard convolution** on the same maps. "
        f"The network's map differs from that by **{m.difference:.2f}** (L2 norm, relative)."
    )
    maps = (m.total, m.network, m.standard, m.network - m.standard)
    captions = ("all channels added", "the network's own", "standard convolution", "difference of the last two")
    strips(Strip(f"Output map {output}", maps, captions, common(*maps)))


def _pair_costs(run: Run, pair: Pair) -> None:
    """In the paper's network, also where a narrower one runs."""
    full, separable = pair_designs(cache.trace(run.variant), pair)
    st.markdown(
        f"**Cost** in the paper's network, {shape_text(full.layers[0].in_shape)} → {shape_text(full.out_shape)}: "
        f"{thousands(separable.macs)} MACs, **{full.macs / separable.macs:.2f}×** fewer than the standard "
        f"convolution's {thousands(full.macs)}; {thousands(separable.params)} weights in place of "
        f"{thousands(full.params)}."
    )
    chart(cost_bars.comparison((full, separable), dark()), "pair-costs", "Costs of both, layer by layer")
    cost_bars.legend(full, separable)


# ---- narrow and wide ---------------------------------------------------------------------------------------


def _show_widths(run: Run) -> None:
    """The channels along the network."""
    blocks = block_widths(cache.trace(run.variant))
    largest = max(b.expansion for b in blocks)
    if largest == 1:
        summary = (
            "The depthwise convolution works on as many maps as enter the block: nothing is expanded, nothing squeezed."
        )
    else:
        summary = (
            f"**Narrow, wide, narrow**: a 1×1 makes the maps up to {largest:.3g} times as many, the depthwise "
            "convolution works there, and a 1×1 makes them few again. "
            f"{sum(b.shortcut for b in blocks)} of {len(blocks)} blocks have a shortcut; it joins the narrow ends."
        )
    st.markdown(f"{summary} Channels of the paper's network; point at a bar for its number.")
    title = variant(run.variant).title
    chart(charts.profile(blocks, dark()), "widths", f"Channels along {title}, block by block")


# ---- the spiral --------------------------------------------------------------------------------------------

_mean_errors = cache.kept()(mean_errors)


def _show_spiral(run: Run) -> None:
    """A spiral embedded, cut by ReLU6 and reconstructed; no network is involved."""
    st.markdown(
        "A random matrix T embeds a spiral in n dimensions, ReLU6 cuts it, a linear map brings it back: the idea of "
        "figure 1 of the V2 paper (1801.04381). **In few dimensions it collapses, in many it survives.** So V2 keeps "
        "its ReLU6 where the maps are many, and has none where they are few."
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        n = slider(SPIRAL_DIMENSIONS, width=240)
        seed = number_box(SPIRAL_SEED, width=130)
        decoder = segments(SPIRAL_DECODER)
        relu = toggle(SPIRAL_RELU)
    recovered = recover(n, seed, decoder, relu)
    cut = f"ReLU6 set {recovered.cut:.0%} of the values to 0 and {recovered.clipped:.0%} to 6." if relu else ""
    answer(f"Reconstruction error: {recovered.error:.3g}", help="0 is perfect, 1 no better than the mean point.")
    if cut:
        st.markdown(cut)
    chart(charts.spirals(recovered, n, dark()), "spirals", "The spiral and its reconstruction")
    rows = {f"seed {seed}": errors(seed, decoder), f"mean of {DRAWS} seeds": _mean_errors(decoder)}
    st.table(
        [
            {"error with ReLU6": name} | {f"n = {d}": f"{e:.2g}" for d, e in zip(DIMENSIONS, found, strict=True)}
            for name, found in rows.items()
        ]
    )
    if decoder == "inverse":
        st.caption(
            "The pseudo-inverse undoes T alone. ReLU6 cuts about half of every signal away, so even in many dimensions "
            "the reconstruction has half the size: look at its shape. The best affine map makes up for that."
        )


# ---- alpha and rho -----------------------------------------------------------------------------------------


@cache.kept()
def _scaled(name: str, alpha: float, size: int) -> Trace:
    return trace_variant(variant(name), size, width=alpha)


def _show_multipliers(run: Run) -> None:
    """What a narrower network and a smaller picture cost, and what the paper prints."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        alpha, size = slider(ALPHA, width=300), slider(SIZE, width=300)
    original, scaled = _scaled(run.variant, 1.0, 224), _scaled(run.variant, alpha, size)
    rho = size / 224
    answer(f"{scaled.macs / original.macs:.1%} of the MACs, {scaled.params / original.params:.1%} of the parameters")
    st.markdown(
        f"α = {alpha}, ρ = {rho:.3g}: **{thousands(scaled.params)}** parameters, **{thousands(scaled.macs)}** MACs. "
        f"The rule of thumb α²ρ² says {(alpha * rho) ** 2:.1%} of the MACs. ρ changes no parameter."
    )
    rows = [
        {
            "α": str(a),
            "picture": f"{s}×{s}",
            "MACs, printed": f"{printed.macs:g} M",
            "MACs, counted": thousands(_scaled(name, a, s).macs),
            "parameters, printed": f"{printed.params:g} M",
            "parameters, counted": thousands(_scaled(name, a, s).params),
            "top-1, printed": f"{printed.top1} %",
            "source": printed.source,
        }
        for (name, a, s), printed in PRINTED.items()
        if name == run.variant
    ]
    if rows:
        st.table(rows)


def _has_pairs(run: Run) -> bool:
    return bool(pairs_of(run))


MIX = Section(
    "mix",
    "Filter, then mix",
    _show_mix,
    lambda run: (block_control(run), output_control(run)),
    follows=True,
    available=_has_pairs,
)
WIDTHS = Section("widths", "Narrow and wide", _show_widths, available=_has_pairs)
SPIRAL = Section(
    "spiral", "ReLU6", _show_spiral, lambda run: (SPIRAL_DIMENSIONS, SPIRAL_SEED, SPIRAL_DECODER, SPIRAL_RELU)
)
MULTIPLIERS = Section("multipliers", "α and ρ", _show_multipliers, lambda run: (ALPHA, SIZE))
