"""The instrument that changes the network: silence, keep, scale, skip; and what the answer loses by each channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from explorer.analysis.text import thousands
from explorer.analysis.trace import Node, Trace
from explorer.instruments.edit import charts, compute
from explorer.instruments.edit.compute import Effect, Loss
from explorer.instruments.maps.panel import channel_control
from explorer.runtime.device import long_work
from explorer.runtime.edits import Edit, EditError, parse_channels
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.answer import CHANGE_HELP
from explorer.ui.charts import chart, dark
from explorer.ui.controls import number_box, segments, select, text_box
from explorer.ui.edits import apply, silence
from explorer.ui.link import AS_SELECTED, Control, choice, number, plain
from explorer.ui.section import Section
from explorer.ui.selection import selected

ALTER, CHANNELS, BLOCKS = "alter", "channels", "blocks"
VIEW = choice("edit.view", "Edit", {ALTER: "Alter", CHANNELS: "Each channel", BLOCKS: "Each block"})
WHICH = Control("edit.which", "Channels", lambda text: text[:200], str, linked=False)
PERCENT = number("edit.percent", "Factor in percent", -1000, 1000, 200)
SHOWN = 20  # bars: of the largest losses
LITTLE = 0.01  # of probability


def class_control(run: Run) -> Control:
    """The class whose loss is ranked: the answer, unless the viewer chose another."""

    def options() -> dict[int, str]:
        return dict(enumerate(cache.network(run).classes))

    return choice("edit.class", "Class", options, follows=True, about=run.variant)


def controls(run: Run) -> Sequence[Control]:
    """What is altered, and what is ranked."""
    return VIEW, WHICH, PERCENT, class_control(run)


def show(run: Run) -> None:
    """What can be done to the selected operation, or what the answer loses without each channel, or each block."""
    trace = cache.running_trace(run)
    node = selected(trace)
    with st.container(key="edit"):
        view = segments(VIEW, label_visibility="collapsed")
        if view == ALTER:
            _alter(run, trace, node)
        else:
            _rank(run, trace, node, view)


# ---- altering ----------------------------------------------------------------------------------------------


def _alter(run: Run, trace: Trace, node: Node) -> None:
    chosen = channel_control(run).value
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        every = f"all {thousands(node.out_shape[0])}" if chosen is None else f"{chosen}, the selected map"
        text = text_box(WHICH, label=f"Channels of {node.name}", placeholder=f"{every}; or such as 3, 8-11", width=300)
        percent = number_box(PERCENT, width=150)
    try:
        channels = parse_channels(text, node.out_shape[0]) or (() if chosen is None else (chosen,))
    except EditError as error:
        st.markdown(f"**{plain(str(error))}**")
        return
    with st.container(horizontal=True, gap="small", key="edit-actions"):
        for name, edit in compute.actions(trace, node, channels, percent).items():
            done = edit in run.edits
            st.button(
                f"{name} ×" if done else name,
                key=f"edit-{edit.kind}-{'block' if edit.node == node.block else 'node'}-{edit.number:g}",
                help="Undo this" if done else None,
                on_click=apply,
                args=(run, edit),
            )
    st.caption(
        "All that depends on it runs again, here and in every section. `x` on a map or in a diagram silences it, and "
        "again undoes that."
    )


# ---- what hangs on what ------------------------------------------------------------------------------------


@cache.kept()
def _channels(run: Run, node: str, channels: range) -> tuple[Effect, ...]:
    return compute.without_channels(cache.activations(run), node, channels)


@cache.kept()
def _block(run: Run, edit: Edit) -> Effect:
    return compute.without_block(cache.activations(run), cache.running_trace(run), edit)


def _rank(run: Run, trace: Trace, node: Node, view: str) -> None:
    """A button that begins it, where it is not known; then the bars."""
    if view == CHANNELS:
        parts = [partial(_channels, run, node.name, part) for part in compute.batches(trace, node.name)]
        known = all(_channels.has(run, node.name, part) for part in compute.batches(trace, node.name))
        what = f"each of the {thousands(node.out_shape[0])} channels of {node.name}"
    else:
        edits = compute.block_edits(trace)
        parts = [partial(_one, run, edit) for edit in edits]
        known = all(_block.has(run, edit) for edit in edits)
        what = f"each of the {len(edits)} blocks"
    place = st.empty()
    if not known and not place.button(f"Silence {what} in turn", key="edit-begin"):
        st.caption("One pass for each, from there on: seconds. Then the bars say what the answer hangs on.")
        return
    effects: list[Effect] = []
    if known:
        effects = [effect for part in parts for effect in part()]
    else:
        bar = place.progress(0.0, f"0 of {len(parts)}")
        with long_work():
            for number_, part in enumerate(parts):
                effects += part()
                bar.progress((number_ + 1) / len(parts), f"{number_ + 1} of {len(parts)}")
        place.empty()
    _show_ranking(run, effects, view)


def _one(run: Run, edit: Edit) -> tuple[Effect, ...]:
    return (_block(run, edit),)


def _show_ranking(run: Run, effects: Sequence[Effect], view: str) -> None:
    activations = cache.activations(run)
    chosen = int(activations.answer.probabilities.argmax())
    if activations.network.trained:
        first = activations.network.classes[chosen]
        if select(class_control(run), unless_chosen=f"For {first}, the answer", width=300) != AS_SELECTED:
            chosen = class_control(run).value
    found = compute.ranked(activations, effects, chosen)
    st.markdown(
        _said(found, activations.network.classes[chosen] if activations.network.trained else ""), help=CHANGE_HELP
    )
    order = {effect.edit: number for number, effect in enumerate(effects)}
    shown = found[:SHOWN] if view == CHANNELS else sorted(found, key=lambda loss: order[loss.edit])
    key = f"edit-losses-{view}"
    chart(
        charts.losses(shown, dark()),
        key,
        "What is lost without each",
        on_select=partial(_apply_clicked, key, run, {charts.name_of(loss.edit): loss.edit for loss in shown}),
        selection_mode="points",
    )
    st.caption(f"{'The largest losses. ' if len(found) > len(shown) else ''}A click on a bar applies that edit.")


def _said(found: Sequence[Loss], name: str) -> str:
    """The largest loss, and how many cost little."""
    worst = found[0]
    what = f"without {charts.name_of(worst.edit)}"
    if worst.probability is None:
        return f"Most changes {what}: the logits by **{worst.size:.0%}**. Untrained, it has learned nothing to lose."
    little = sum(abs(loss.size) < LITTLE for loss in found)
    return (
        f"**{plain(name)}** loses most {what}: {worst.probability + worst.size:.1%} → **{worst.probability:.1%}**. "
        f"{little} of {len(found)} change it by less than a point."
    )


def _apply_clicked(key: str, run: Run, edits: Mapping[str, Edit]) -> None:
    points = st.session_state[key]["selection"]["points"]
    clicked = [edits[p["x"]] for p in points if p.get("x") in edits]
    if clicked:
        apply(run, clicked[0])


def silence_reported(run: Run, reported: object) -> None:
    """Silence the map that a key was pressed on, or undo that; for a component's callback."""
    if not isinstance(reported, Mapping):  # a browser can send anything
        return
    node, channel = reported.get("node"), reported.get("channel")
    trace = cache.running_trace(run)
    if (
        isinstance(node, str)
        and node in trace
        and type(channel) is int
        and 0 <= channel < trace.node(node).out_shape[0]
    ):
        silence(run, node, channel)


EDIT = Section("edit", "Edit", show, controls, follows=True)
