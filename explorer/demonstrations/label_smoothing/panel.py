"""Inception's other idea: targets that no network can exceed by being ever surer."""

from __future__ import annotations

import streamlit as st

from explorer.demonstrations.label_smoothing import charts
from explorer.demonstrations.label_smoothing.compute import Targets, lead
from explorer.runtime.run import Run
from explorer.runtime.weights.bundled import manifest
from explorer.runtime.weights.network import BUNDLED
from explorer.ui import cache
from explorer.ui.answer import answer
from explorer.ui.charts import chart, dark
from explorer.ui.controls import segments
from explorer.ui.link import choice, plain
from explorer.ui.section import Section

SHARES = {percent: f"{percent} %" for percent in (5, 10, 20, 40)}
PERCENT = choice("smoothing.percent", "ε, the share that is spread over all classes", SHARES, 10)


def _show(run: Run) -> None:
    """The targets, the loss that follows, and how sure the network is of this picture."""
    activations = cache.activations(run)
    percent = segments(PERCENT)
    hard, smooth = (Targets(len(activations.logits), epsilon) for epsilon in (0.0, percent / 100))
    answer(f"Trained towards {smooth.right:.4g} for the right class and {smooth.other:.4g} for each of the others")
    loss, facts = st.columns([3, 2], gap="medium")
    trained = activations.network.trained
    with loss:
        figure = charts.losses((hard, smooth), lead(activations.logits) if trained else None, dark())
        chart(figure, "smoothing", "Loss against how far the right logit is above the others, with ε and without")
    with facts:
        st.table(
            [
                {
                    "ε": f"{t.epsilon:g}",
                    "right class": f"{t.right:.4g}",
                    "each other": f"{t.other:.4g}",
                    "least loss at a lead of": f"{t.best_lead:.2f}" if t.epsilon else "none: ever more",
                }
                for t in (hard, smooth)
            ]
        )
        st.markdown(
            "Without ε the loss falls for ever: a network learns to be ever surer, also of what it only remembers. "
            "With ε, being surer than a certain lead costs. In the paper, 0.1 lowered the errors by about 0.2 points "
            "(1512.00567, section 7)."
        )
        if trained:
            _this_network(run)
    st.caption(f"{run.picture.title}. {activations.network.caption}")


def _this_network(run: Run) -> None:
    """How sure it is, and what it was trained towards, where that is known."""
    activations = cache.activations(run)
    (first,) = activations.top(1)
    said = f"**This network** gives {plain(first.label)} {first.probability:.1%}, at a lead of "
    said += f"{lead(activations.logits):.2f}."
    if run.weights == BUNDLED:
        epsilon = manifest()[run.variant].record()["recipe"]["label_smoothing"]
        said += f" It was trained with ε = {epsilon:g}."
    st.markdown(said)


LABEL_SMOOTHING = Section("smoothing", "Label smoothing", _show, lambda run: (PERCENT,))
