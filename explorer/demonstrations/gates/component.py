"""The components of the SE laboratory: one block's linked bars, and pairs of maps.

As with the feature maps, what is chosen in the browser is only reported: the maps are not sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import streamlit as st

from explorer.analysis.palette import KINDS
from explorer.analysis.types import Kind
from explorer.runtime.maps import pack, unpack
from explorer.ui.components import source

# The hue of each vector: what pools, what is fully connected, what gates.
_BARS: dict[str, Kind] = {"squeeze": "pooling", "hidden": "linear", "gate": "gate"}


def _palette_css() -> str:
    return "\n".join(
        f".{name} {{ --bar: {KINDS[kind].light_stroke} }} .dark .{name} {{ --bar: {KINDS[kind].dark_stroke} }}"
        for name, kind in _BARS.items()
    )


_CSS = f"{_palette_css()}\n{source('gates.css')}"
_GATES = st.components.v2.component(
    "cnn_explorer.gates", css=_CSS, js=source("maps_common.js", "map_paint.js", "gates.js")
)
_PAIRS = st.components.v2.component(
    "cnn_explorer.map_pairs", css=_CSS, js=source("maps_common.js", "map_paint.js", "map_pairs.js")
)


@dataclass(frozen=True)
class GateView:
    """The chosen channel, and whether the channels stand in the order of their gates."""

    channel: int = 0
    sorted: bool = False


def gate_bars(payload: bytes, *, key: str, initial: GateView, channels: int) -> GateView:
    """Show one message of `explorer.demonstrations.gates.compute.block_message`; return the view.

    `initial` is the view to begin with; later ones are ignored until the component is mounted anew. A channel
    that the block does not have becomes the first.
    """
    view = current_view(key, initial, channels)
    state = st.session_state
    if not _reported(key):
        state[f"{key}-initial"] = view
    header, body = unpack(payload)
    message = pack({**header, "view": asdict(state.get(f"{key}-initial", view))}, body)
    # The callback also declares the state; without one Streamlit would not report it.
    _GATES(key=key, data=message, on_view_change=lambda: None)
    return view


def current_view(key: str, initial: GateView, channels: int) -> GateView:
    """The view that the component `key` reported last; before it is mounted, `initial`.

    A test without a browser clicks by setting `session_state[key] = {"view": {"channel": 3}}`. What has the wrong
    type or value is ignored: a browser can send anything.
    """
    reported, view = _reported(key), initial
    if type(reported.get("channel")) is int:  # a bool is an int, but no channel
        view = replace(view, channel=reported["channel"])
    if isinstance(reported.get("sorted"), bool):
        view = replace(view, sorted=reported["sorted"])
    return view if 0 <= view.channel < channels else replace(view, channel=0)


def map_pairs(payload: bytes, *, key: str) -> None:
    """Show one message of `explorer.demonstrations.gates.compute.pairs`."""
    _PAIRS(key=key, data=payload)


def _reported(key: str) -> Mapping[str, Any]:
    return (st.session_state.get(key) or {}).get("view") or {}
