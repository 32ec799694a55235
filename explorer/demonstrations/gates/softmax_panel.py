"""Softmax against sigmoid: a network's own logits through both, with a constant added to all or more to one."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st
import torch

from explorer.demonstrations.gates.panel import activity_of, available, block_control, select_block
from explorer.demonstrations.gates.softmax import Both, altered, both, largest_change, of_others
from explorer.runtime.activations import Activations
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.answer import answer
from explorer.ui.charts import chart, classes, dark
from explorer.ui.controls import select, slider
from explorer.ui.link import choice, number, plain
from explorer.ui.section import Section

SHOWN = 5  # classes, of the largest logits
REACH = 10  # of both sliders

CONSTANT = number("softmax.constant", "Added to all logits", -REACH, REACH)
RANK = choice("softmax.rank", "One class", [str(rank + 1) for rank in range(SHOWN)])
RAISED = number("softmax.raised", "Added to its logit", -REACH, REACH)


def _show(run: Run) -> None:
    """Both functions of the logits, side by side, as they are and altered; then both of one block's excitation."""
    activations = cache.activations(run)
    logits = activations.logits
    best = logits.topk(SHOWN).indices.tolist()
    names = [_name(activations, i) for i in best]
    titles = {str(rank): f"{rank}. {name}" for rank, name in enumerate(names, 1)}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        constant = slider(CONSTANT, width=260)
        chosen = int(select(replace(RANK, options=lambda: titles), width=260)) - 1
        raised = slider(RAISED, width=260)
    before, after = both(logits), both(altered(logits, constant, best[chosen], raised))
    _say(before, after, best[chosen], plain(names[chosen]), constant, raised)
    shown = {"as computed": before} | ({"altered": after} if constant or raised else {})
    for column, what in zip(st.columns(2, gap="medium"), ("softmax", "sigmoid"), strict=True):
        values = {title: getattr(one, what) for title, one in shown.items()}
        with column:
            sums = " → ".join(f"{float(v.sum()):.4g}" for v in values.values())
            st.markdown(f"**{what.capitalize()}**: all {len(logits)} add up to **{sums}**")
            figure = classes({title: v[best].numpy() for title, v in values.items()}, names, dark())
            chart(figure, f"softmax-{what}", f"{what.capitalize()} of the largest logits")
    st.caption(
        f"The {SHOWN} largest logits of {plain(run.picture.title)}. {activations.network.caption} It was made for a "
        "softmax: its sigmoids show the function, not what it believes."
    )
    _gates(run)


def _name(activations: Activations, index: int) -> str:
    return activations.network.classes[index] if activations.network.classes else f"output {index}"


def _say(before: Both, after: Both, index: int, name: str, constant: int, raised: int) -> None:
    """What a softmax and sigmoids make of the change."""
    if raised:
        shares = [f"{of_others(one.softmax, index):.1%}" for one in (before, after)]
        sums = [f"{of_others(one.sigmoid, index):.4g}" for one in (before, after)]
        answer(
            f"{raised:+d} for {name}: the others' share of the softmax goes from {' to '.join(shares)}, the sum of "
            f"their sigmoids from {' to '.join(sums)}"
        )
    elif constant:
        soft = largest_change(before.softmax, after.softmax)
        answer(
            f"{constant:+d} for all: no softmax value changes by more than {soft:.1%}, a sigmoid by "
            f"{largest_change(before.sigmoid, after.sigmoid):.1%}"
        )
    else:
        answer(f"A softmax shares 1 among all; the sigmoids add up to {float(before.sigmoid.sum()):.3g}")
    st.markdown(
        "**Softmax**: classes exclude each other, so what one gains the others lose, and only differences of logits "
        "count. **Sigmoid**: each logit alone. **What to look for**: the bars of the classes that nobody touched."
    )


def _gates(run: Run) -> None:
    """Why gates are sigmoids, with the numbers of one block: its gates, and a softmax of the same numbers."""
    st.markdown(
        "**Why gates are sigmoids**: several channels may matter at once, and opening one must not close others."
    )
    gate = select_block(run)
    r = activity_of(run, gate.block)
    shares = both(torch.from_numpy(r.excitation)).softmax
    st.table(
        [
            {"": title, "sum": f"{total:.4g}", "mean": f"{total / gate.channels:.4g}", "largest": f"{largest:.4g}"}
            for title, total, largest in (
                (f"the {gate.channels} gates", float(r.gate.sum()), float(r.gate.max())),
                ("a softmax instead", float(shares.sum()), float(shares.max())),
            )
        ]
    )
    st.caption(
        f"{gate.path}: a softmax would leave 1 / {gate.channels} of each map on average. A gate is no probability, and "
        "stays below 1: it only weakens a map (Hu et al., arXiv 1709.01507, section 3.2)."
    )


SOFTMAX = Section(
    "softmax",
    "Softmax or sigmoid",
    _show,
    lambda run: (CONSTANT, RANK, RAISED, block_control(run)),
    follows=True,
    available=available,
)
