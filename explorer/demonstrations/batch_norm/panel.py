"""Batch normalization, on every page whose network has it: with it and without, one channel, and folded away."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from time import monotonic

import streamlit as st

from explorer.analysis.text import pair_text, tex
from explorer.demonstrations.batch_norm import charts, compute
from explorer.demonstrations.batch_norm.compute import Channel, Layer, Outcome
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.answer import CHANGE_HELP, answer, answers, change_of
from explorer.ui.charts import chart, dark
from explorer.ui.controls import number_box, segments, select
from explorer.ui.link import Control, choice, number, plain
from explorer.ui.section import Section
from explorer.ui.selection import selected

ONE, ALL = "one", "all"
AS_IT_IS, OWN, WITHOUT = "as it is", "this picture's statistics", "without"
PROMPT_S = 0.3  # passes that are this quick show no progress

SCOPE = choice("batchnorm.scope", "Change", {ONE: "This layer", ALL: "All layers"})


@cache.kept(key=lambda run: (run.variant, run.weights))
def layers_of(run: Run) -> dict[str, Layer]:
    """The batch normalizations of the network that runs, by name; none for some networks."""
    return {layer.name: layer for layer in compute.layers(cache.running_trace(run))}


def layer_control(run: Run) -> Control:
    """The layer that is looked at: the selected operation's or the nearest one, unless the viewer chose another."""
    titles = {name: _title(layer) for name, layer in layers_of(run).items()}
    return choice("batchnorm.layer", "Layer", titles, follows=True)


def channel_control(run: Run) -> Control:
    """The channel whose values are shown."""
    return number("batchnorm.channel", "Channel", 0, lambda: layer_shown(run).channels - 1)


def layer_shown(run: Run) -> Layer:
    """The chosen layer, else the one nearest to the selected operation."""
    found = layers_of(run)
    chosen = layer_control(run).value
    return found[chosen] if chosen else _as_selected(run)


def _as_selected(run: Run) -> Layer:
    trace = cache.running_trace(run)
    return compute.nearest(trace, tuple(layers_of(run).values()), selected(trace))


def _title(layer: Layer) -> str:
    return f"{layer.name}: {layer.channels} channels, {pair_text(layer.shape[1:])}"


# ---- computed once for all viewers -------------------------------------------------------------------------


@cache.kept()
def _as_it_is(run: Run) -> Outcome:
    return compute.as_it_is(cache.activations(run), tuple(layers_of(run).values()))


@cache.kept(key=lambda run: (run.variant, run.weights))
def _fresh(run: Run) -> bool:
    return compute.fresh(cache.network(run), tuple(layers_of(run).values()))


@cache.kept()
def _outcome(run: Run, altered: str, instead: compute.Instead) -> Outcome:
    """With one layer altered, or `ALL`."""
    found = layers_of(run)
    names = tuple(found) if altered == ALL else (altered,)
    return compute.outcome(cache.activations(run), tuple(found.values()), names, instead)


@cache.kept()
def _folded(run: Run, folded: str) -> float:
    """With one layer folded, or `ALL`."""
    found = layers_of(run)
    return compute.fold(cache.activations(run), tuple(found.values()) if folded == ALL else (found[folded],))


@cache.kept()
def _channel(run: Run, name: str, channel: int) -> Channel:
    return compute.channel(cache.activations(run), layers_of(run)[name], channel)


# ---- the section -------------------------------------------------------------------------------------------


def _show(run: Run) -> None:
    """The answer with other statistics and without, then one channel, what folding makes of it, and what it is for."""
    count = len(layers_of(run))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        select(layer_control(run), as_selected=_title(_as_selected(run)), width=460)
        layer = layer_shown(run)
        everywhere = segments(SCOPE) == ALL
    altered = ALL if everywhere else layer.name
    outcomes = _outcomes(run, altered)
    _say(run, f"all {count} batch normalizations" if everywhere else layer.name, outcomes)
    classes, depth = st.columns(2, gap="medium")
    with classes:
        shown = [name for name in (AS_IT_IS, WITHOUT, OWN) if outcomes[name].finite]
        if cache.network(run).trained:
            shown = [name for name in outcomes if name in shown]
        answers("batchnorm-answers", {name: outcomes[name].answer for name in shown})
    with depth:
        lines = {name: outcome.spread for name, outcome in outcomes.items()}
        figure = charts.spreads(lines, tuple(layers_of(run)), layer.name, dark())
        chart(figure, "batchnorm-depth", "Standard deviation of what leaves each batch normalization, by depth")
    bars = "" if cache.network(run).trained else f"Bars: all logits with {OWN}. "
    st.caption(
        f"{bars}Lines: the spread of the values where each of the {count} batch normalizations stands; the ring is "
        f"{layer.name}. {plain(run.picture.title)}. {cache.network(run).caption}"
    )
    _show_channel(run, layer)
    _explain(run, layer)


def _outcomes(run: Run, altered: str) -> dict[str, Outcome]:
    """The network as it is, with the picture's own statistics, and without; wide ones take seconds."""
    steps: Mapping[str, Callable[[], Outcome]] = {
        AS_IT_IS: lambda: _as_it_is(run),
        OWN: lambda: _outcome(run, altered, "own"),
        WITHOUT: lambda: _outcome(run, altered, "nothing"),
    }
    found: dict[str, Outcome] = {}
    place, began = st.empty(), monotonic()
    for name, step in steps.items():
        if monotonic() - began > PROMPT_S:
            place.progress(len(found) / len(steps), f"{name}: {len(found) + 1} of {len(steps)} passes")
        found[name] = step()
    place.empty()
    return found


def _say(run: Run, what: str, outcomes: Mapping[str, Outcome]) -> None:
    """The result, and how far the logits move."""
    before, own, without = outcomes.values()
    if not without.finite:
        answer(f"Without {what} the numbers outgrow float32: no answer")
    elif cache.network(run).trained:
        answer(f"Without {what}: {change_of(before.answer, without.answer)}")
    else:
        answer(f"Untrained: without {what} the logits move by {_percent(without.moved)}")
    st.markdown(
        f"The logits move by **{_percent(without.moved)}** without, and by **{_percent(own.moved)}** when this one "
        "picture's mean and variance take the place of the stored ones, as in training with a batch of 1.",
        help=CHANGE_HELP,
    )
    if _fresh(run):
        st.markdown(
            "Nothing has been learned or stored yet (mean 0, variance 1, γ = 1, β = 0): at inference the layers change "
            "next to nothing. The first step of training would use the batch's own statistics, as the dashed line does."
        )


def _percent(moved: float) -> str:
    """How far the logits move, as Markdown."""
    if not math.isfinite(moved):
        return "more than float32 holds"
    if moved >= 100:
        return f"{float(f'{moved:.2g}'):,.0f} times their length"
    return f"{moved:.0%}" if moved >= 0.005 else f"{moved:.2%}" if moved >= 0.0001 else "less than 0.01%"


# ---- one channel -------------------------------------------------------------------------------------------


def _show_channel(run: Run, layer: Layer) -> None:
    """A channel's values before and after, and the two formulas with its numbers."""
    control = channel_control(run)
    number_box(control, label=f"Channel of {layer.name}, 0 to {layer.channels - 1}", width=300)
    c = _channel(run, layer.name, control.value)
    pictures, formulas = st.columns(2, gap="medium")
    with pictures:
        named = {
            "Before": c.before,
            "After, at inference": c.after,
            "After, in training (this picture alone)": c.own,
        }
        chart(
            charts.histograms(named, dark()), "batchnorm-values", f"Values of channel {control.value} before and after"
        )
        st.caption(f"{pair_text(c.before.shape)} values each. The pattern stays: a channel is only shifted and scaled.")
    with formulas:
        st.markdown("**In training**: mean and variance over the batch, all rows and columns; γ and β are learned.")
        st.latex(rf"\mu = {tex(c.mean)}, \quad \sigma^2 = {tex(c.variance)}")
        st.latex(rf"\gamma = {tex(c.gamma)}, \quad \beta = {tex(c.beta)}")
        st.latex(r"y = \gamma \, \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta")
        st.markdown(
            f"A running average is stored, of which each batch makes up {c.momentum:.0%}: this picture alone "
            f"would move the mean from {c.stored_mean:.4g} to {c.next_mean:.4g}."
        )
        st.markdown("**At inference**: the stored averages, so one scale and one shift.")
        st.latex(rf"\bar\mu = {tex(c.stored_mean)}, \quad \bar\sigma^2 = {tex(c.stored_variance)}")
        st.latex(rf"a = \frac{{\gamma}}{{\sqrt{{\bar\sigma^2 + \epsilon}}}} = {tex(c.factor)}")
        st.latex(rf"y = a \, x + (\beta - a \bar\mu) = {tex(c.factor)} \, x {_signed(c.shift)}")
        _fold(run, layer, c, control.value)


def _signed(value: float) -> str:
    return f"{'-' if value < 0 else '+'} {tex(abs(value))}"


def _fold(run: Run, layer: Layer, c: Channel, channel: int) -> None:
    """The convolution that does the work of both, computed."""
    if layer.convolution is None:
        st.markdown(f"It reads {layer.source}: there is no convolution right before it that it could be folded into.")
        return
    folds = sum(other.convolution is not None for other in layers_of(run).values())
    everywhere = SCOPE.value == ALL
    what = f"All {folds} that follow a convolution, folded" if everywhere else "Computed so"
    difference = _folded(run, ALL if everywhere else layer.name)
    st.markdown(
        f"**Folded**: filter {channel} of {layer.convolution} times **{c.factor:.4g}**, and **{c.shift:.4g}** as its "
        f"bias: one layer less. {what}, the logits differ by "
        f"${tex(float(f'{difference:.1g}'))}$ of their length: rounding.",
        help=CHANGE_HELP,
    )


def _explain(run: Run, layer: Layer) -> None:
    epsilon = _channel(run, layer.name, channel_control(run).value).epsilon
    network = cache.network(run)
    bias = (
        "The convolution here has one all the same: normalization in training takes it away."
        if compute.has_bias(network, layer)
        else "The convolution here has none."
        if layer.convolution is not None
        else ""
    )
    st.markdown(
        "- **What for**: larger learning rates and less dropout, the paper reports, and no LRN any more (Ioffe & "
        "Szegedy 2015, arXiv 1502.03167, sections 3.3, 3.4 and 4.2.1).\n"
        "- **Why it helps is disputed**: the paper says that it reduces *internal covariate shift*; Santurkar et al. "
        "(2018, arXiv 1805.11604) found little link to that, and a smoother loss.\n"
        f"- **No bias before it**: subtracting the mean removes any; β takes its place. {bias}\n"
        f"- $\\epsilon = {tex(epsilon)}$ keeps the root away from 0 where a map hardly varies.\n"
        "- **Small batches**: the fewer pictures, the noisier mean and variance; with one, each answer hangs on that "
        "picture's own statistics, as above."
    )


def _controls(run: Run) -> tuple[Control, ...]:
    return layer_control(run), channel_control(run), SCOPE


BATCH_NORM = Section(
    "batchnorm",
    "Batch norm",
    _show,
    _controls,
    follows=True,
    available=lambda run: bool(layers_of(run)),
)
