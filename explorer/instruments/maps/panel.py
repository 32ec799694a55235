"""The feature maps of the selected operation, or the values of a vector; beside them, if asked for, another's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic

import streamlit as st

from explorer.analysis.text import si
from explorer.analysis.trace import Trace
from explorer.analysis.types import Shape
from explorer.architectures import variant
from explorer.instruments.looks_for.component import ANEW
from explorer.instruments.looks_for.sprites import drawn_of, index, sent
from explorer.instruments.maps.compute import comparable
from explorer.runtime.maps import Message
from explorer.runtime.run import Run
from explorer.runtime.turns import watched
from explorer.ui import cache
from explorer.ui.cache import UNEDITED
from explorer.ui.components.feature_maps import feature_maps, picked, silenced
from explorer.ui.controls import reports
from explorer.ui.edits import current
from explorer.ui.link import Control, revision
from explorer.ui.map_controls import MapControls, map_controls
from explorer.ui.section import Section
from explorer.ui.selection import node_called, selected

BESIDE = "maps.beside"
PROMPT_S = 0.3  # what is this quick shows no progress
ALONE = ""  # nothing stands beside the maps


def controls(run: Run) -> MapControls:
    """How the maps are looked at."""
    return map_controls(
        "maps",
        lambda: selected(cache.running_trace(run)).out_shape,
        about=run.variant,
        beside=_beside_control(run),
        beside_shape=lambda: _beside_shape(run),
        looks=True,
    )


def _beside_control(run: Run) -> Control:
    """The operation whose maps stand beside the selected one's: one of the same network, or `ALONE`."""
    return Control(
        BESIDE,
        "Compare with",
        partial(_beside_called, cache.trace(run.variant)),
        lambda: ALONE,
        about=run.variant,
        active=lambda: _beside(run) != ALONE,
    )


def _beside_called(trace: Trace, text: str) -> str:
    return UNEDITED if text == UNEDITED else node_called(trace, text)


def _beside(run: Run) -> str:
    """What stands beside the selected operation: nothing stands beside itself, and there is no before without edits."""
    name = _beside_control(run).value
    if name == UNEDITED:
        return name if current(run).edits else ALONE
    return ALONE if name == selected(cache.trace(run.variant)).name else str(name)


def _beside_shape(run: Run) -> Shape | None:
    name, trace = _beside(run), cache.running_trace(run)
    if name == UNEDITED:
        return selected(trace).out_shape
    return trace.node(name).out_shape if name else None


def channel_control(run: Run) -> Control:
    """The selected map of the selected operation; none at first."""
    return controls(run).channel


Reported = Callable[[Run, object], None]  # takes what a browser reports


def _show(run: Run, on_pick: Reported, on_silence: Reported) -> None:
    """One page of the maps, on which the browser chooses map, colours, scale, order and what stands beside them."""
    trace = cache.trace(run.variant)
    node, key = selected(trace), f"maps-{revision()}"
    looked_at = controls(run)
    view = looked_at.view
    if not cache.activations.has(run):
        with _progress(run):
            cache.activations(run)
    message = cache.maps_message(run, node.name, view.order, view.page, _beside(run))
    feature_maps(
        _with_looks(run, node.name, message, view.looks),
        key=key,
        view=view,
        on_view_change=reports(key, **looked_at.by_field),
        compare=({UNEDITED: "before the edits"} if run.edits else {}) | comparable(trace, node),
        on_picked_change=lambda: on_pick(run, picked(key)),
        on_silenced_change=lambda: on_silence(run, silenced(key)),
    )


def _with_looks(run: Run, node: str, message: Message, wished: bool) -> Message:
    """With what the page's channels look for, if wished; else with the offer, where some came with the app."""
    drawn = None if run.edits else drawn_of(run.variant, run.weights, node)
    if drawn is None or message.header["kind"] == "vector":
        return message
    channels = [channel for channel in message.header["channels"] if channel < drawn.count]
    if not channels:
        return message
    if not wished:
        return Message({**message.header, "looks": None}, message.body)
    sheet, columns = _sheet(run, node, tuple(channels))
    looks = {
        "channels": channels,
        "side": drawn.side,
        "columns": columns,
        "at": len(message.body),
        "anew": [channel for channel in channels if channel in drawn.anew],
        "note": f"{ANEW.capitalize()}.",
    }
    return Message({**message.header, "looks": looks}, message.body + sheet)


@cache.kept(key=lambda run, *more: (run.variant, *more))
def _sheet(run: Run, node: str, channels: tuple[int, ...]) -> tuple[bytes, int]:
    return sent(index(run.variant)[node].tiles()[list(channels)])


@contextmanager
def _progress(run: Run) -> Iterator[None]:
    """In the maps' place, the network's name and size, and how far its pass is; not of what is quick."""
    trace = cache.trace(run.variant)
    words = f"{variant(run.variant).title}, {si(trace.inference_params)} parameters"
    blocks, done, begun, place = sum(len(stage.blocks) for stage in trace.stages), 0, monotonic(), st.empty()
    if not cache.network.has(run):
        place.progress(0.0, f"{words}, loads …")

    def step() -> None:
        nonlocal done
        done += 1
        if monotonic() - begun > PROMPT_S:
            place.progress(min(done / blocks, 1.0), f"{words}: {min(done, blocks)} of {blocks} blocks")

    with watched(step):
        yield
    place.empty()


def maps(on_pick: Reported, on_silence: Reported) -> Section:
    """The instrument; `on_pick` is called after a click on a pixel of an enlarged map, `on_silence` after the key."""

    def show(run: Run) -> None:
        _show(run, on_pick, on_silence)

    return Section("maps", "Maps", show, lambda run: tuple(controls(run).by_field.values()), follows=True)
