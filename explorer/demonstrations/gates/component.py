"""The components of the SE laboratory: one block's linked bars, and pairs of maps.

As with the feature maps, what is chosen in the browser is only reported: the maps are not sent again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from explorer.analysis.palette import KINDS
from explorer.analysis.trace import Kind
from explorer.runtime.maps import Message
from explorer.ui.components import component, view

# The hue of each vector: what pools, what is fully connected, what gates.
_BARS: dict[str, Kind] = {"squeeze": "pooling", "hidden": "linear", "gate": "gate"}


def _palette_css() -> str:
    return "\n".join(
        f".{name} {{ --bar: {KINDS[kind].light_stroke} }} .dark .{name} {{ --bar: {KINDS[kind].dark_stroke} }}"
        for name, kind in _BARS.items()
    )


_FOLDER = Path(__file__).parent
_STYLE = _FOLDER / "gates.css"
_GATES = component(_FOLDER / "gates.js", _STYLE, _palette_css())
_PAIRS = component(_FOLDER / "map_pairs.js", _STYLE, _palette_css())


@dataclass(frozen=True)
class GateView:
    """The chosen channel, and whether the channels stand in the order of their gates."""

    channel: int = 0
    sorted: bool = False


def gate_bars(message: Message, *, key: str, initial: GateView, channels: int) -> GateView:
    """Show one message of `explorer.demonstrations.gates.compute.block_message`; return the view.

    `initial` is the view to begin with; later ones are ignored until the component is mounted anew. A channel
    that the block does not have becomes the first.
    """
    current = current_view(key, initial, channels)
    data = message.packed(view=view.initial(key, current))
    # The callback declares the state; without one Streamlit would not report it.
    _GATES(key=key, data=data, on_view_change=lambda: None)
    return current


def current_view(key: str, initial: GateView, channels: int) -> GateView:
    """The view that the component `key` reported last; before it is mounted, `initial`.

    A test without a browser clicks by setting `session_state[key] = {"view": {"channel": 3}}`. What has the wrong
    type or value is ignored: a browser can send anything.
    """
    reported, current = view.reported(key), initial
    if type(reported.get("channel")) is int:  # a bool is an int, but no channel
        current = replace(current, channel=reported["channel"])
    if isinstance(reported.get("sorted"), bool):
        current = replace(current, sorted=reported["sorted"])
    return current if 0 <= current.channel < channels else replace(current, channel=0)


def map_pairs(message: bytes, *, key: str) -> None:
    """Show one message of `explorer.demonstrations.gates.compute.pairs`."""
    _PAIRS(key=key, data=message)
