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
from explorer.instruments.paint import panel as paint
from explorer.runtime.activations import in_batches
from explorer.runtime.edits import Edit, EditError, parse_channels
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.answer import CHANGE_HELP, chosen_class, class_box, class_control
from explorer.ui.charts import chart, dark
from explorer.ui.controls import number_box, select, text_box
from explorer.ui.edits import apply, silence
from explorer.ui.link import Control, choice, number, plain
from explorer.ui.section import Section
from explorer.ui.selection import selected
from explorer.ui.slices import Part, in_slices

ALTER, CHANNELS, BLOCKS, PAINT = "alter", "channels", "blocks", "paint"
VIEWS = {ALTER: "Alter it", CHANNELS: "Rank channels", BLOCKS: "Rank blocks", PAINT: "Paint the picture"}
VIEW = choice("edit.view", "Edit", VIEWS)
WHICH = Control("edit.which", "Channels", lambda text: text[:200], str, linked=False)
PERCENT = number("edit.percent", "Factor in percent", -1000, 1000, 200)
SHOWN = 20  # bars: of the largest losses
LITTLE = 0.01  # of probability


def controls(run: Run) -> Sequence[Control]:
    """What is altered, and what is ranked."""
    return VIEW, WHICH, PERCENT, class_control(run), *paint.controls(run)


def _head(run: Run) -> None:
    select(VIEW, label_visibility="collapsed")


def show(run: Run) -> None:
    """What can be done to the selected operation, or what the answer loses without each channel, or each block."""
    trace = cache.running_trace(run)
    node = selected(trace)
    if VIEW.value == PAINT:
        paint.show(run)
        return
    with st.container(key="edit"):
        if VIEW.value == ALTER:
            _alter(run, trace, node)
        else:
            _rank(run, trace, node, VIEW.value)


# ---- altering ----------------------------------------------------------------------------------------------


def _alter(run: Run, trace: Trace, node: Node) -> None:
    chosen = channel_control(run).value
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="edit-what"):
        every = f"All {thousands(node.out_shape[0])} channels" if chosen is None else f"Channel {chosen}, as selected"
        hint = f"{every}; or 3, 8-11"
        text = text_box(WHICH, label_visibility="collapsed", placeholder=hint)
        percent = number_box(PERCENT, width=180, label_visibility="collapsed")
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
        "What depends on it runs again, in every section too. The key `x` on a map, or on a box of a diagram, "
        "silences it."
    )


# ---- what hangs on what ------------------------------------------------------------------------------------


@cache.kept()
def _channels(run: Run, node: str, channels: Sequence[int]) -> tuple[Effect, ...]:
    return compute.without_channels(cache.activations(run), node, channels)


@cache.kept()
def _block(run: Run, edit: Edit) -> tuple[Effect, ...]:
    return (compute.without_block(cache.activations(run), cache.running_trace(run), edit),)


def _rank(run: Run, trace: Trace, node: Node, view: str) -> None:
    """A button that begins it, where it is not known; then the bars.

    What the bars' clicks apply is left out of what they rank: they stay as they are.
    """
    if view == CHANNELS:
        whole = run.undone(*(e for e in run.edits if e.node == node.name and e.kind == "zero"))
        batches = in_batches(range(node.out_shape[0]), trace.inference_macs)
        parts = [Part(_channels, (whole, node.name, channels)) for channels in batches]
        what = f"each of the {thousands(node.out_shape[0])} channels of {node.name}"
    else:
        edits = compute.block_edits(trace)
        whole = run.undone(*edits)
        parts = [Part(_block, (whole, edit)) for edit in edits]
        what = f"each of the {len(edits)} blocks"
    wish = whole.cache_key, view, node.name if view == CHANNELS else ""
    found = in_slices("edit-begin", wish, f"Silence {what} in turn", parts, "passes")
    if found is None:
        st.caption("One pass for each, from there on: seconds. Then the bars say what the answer hangs on.")
    else:
        _show_ranking(run, whole, [effect for part in found for effect in part], view)


def _show_ranking(run: Run, whole: Run, effects: Sequence[Effect], view: str) -> None:
    activations = cache.activations(whole)
    names = activations.network.classes
    chosen = chosen_class(run, activations.answer)
    found = compute.ranked(activations, effects, chosen)
    with st.container(key="edit-said", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(_said(found, names[chosen] if names else ""), help=CHANGE_HELP)
        if names:  # up here: a box that is half out of a room that scrolls closes as it opens
            class_box(run, activations.answer)
    order = {effect.edit: number for number, effect in enumerate(effects)}
    shown = found[:SHOWN] if view == CHANNELS else sorted(found, key=lambda loss: order[loss.edit])
    key = f"edit-losses-{view}"
    chart(
        charts.losses(shown, [_is_applied(run, loss.edit) for loss in shown], dark()),
        key,
        "What is lost without each",
        on_select=partial(_apply_clicked, key, run, {charts.name_of(loss.edit): loss.edit for loss in shown}),
        selection_mode="points",
    )
    how = "" if view == CHANNELS else "A block is skipped where its shape allows that, else silenced. "
    most = "The largest losses. " if len(found) > len(shown) else ""
    unit = "Percentage points that the class loses. " if names else "How much the logits change. "
    st.caption(f"{unit}{how}{most}A click on a bar applies that edit.")


def _is_applied(run: Run, edit: Edit) -> bool:
    """Whether the run has this edit, alone or with more channels."""
    alike = [e for e in run.edits if (e.node, e.kind) == (edit.node, edit.kind)]
    return any(set(edit.channels) <= set(e.channels) and bool(edit.channels) == bool(e.channels) for e in alike)


def _said(found: Sequence[Loss], name: str) -> str:
    """The largest loss, and how many cost little."""
    worst = found[0]
    what = f"without {charts.name_of(worst.edit)}"
    if worst.probability is None:
        return f"Most changes {what}: the logits by **{worst.size:.0%}**. Untrained, it has learned nothing to lose."
    little = sum(loss.size < LITTLE for loss in found)
    return (
        f"**{plain(name)}** loses most {what}: {worst.probability + worst.size:.1%} → **{worst.probability:.1%}**. "
        f"{little} of {len(found)} cost less than a point."
    )


def _apply_clicked(key: str, run: Run, edits: Mapping[str, Edit]) -> None:
    points = st.session_state[key]["selection"]["points"]
    for edit in [edits[p["x"]] for p in points if p.get("x") in edits][:1]:
        if edit.channels:
            silence(run, edit.node, edit.channels[0])
        else:
            apply(run, edit)


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


EDIT = Section("edit", "Edit", show, controls, follows=True, head=_head)
