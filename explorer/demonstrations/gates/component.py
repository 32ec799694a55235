"""The components of the SE laboratory: one block's linked bars, and pairs of maps.

As with the feature maps, what is chosen in the browser is only reported: the maps are not sent again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from explorer.analysis.palette import KINDS
from explorer.analysis.types import Kind
from explorer.runtime.maps import Message
from explorer.ui.components import begun_with, component

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


def gate_bars(message: Message, *, key: str, view: GateView, on_view_change: Callable[[], None]) -> None:
    """Show one message of `explorer.demonstrations.gates.compute.block_message`.

    `view` is how it is looked at when the component is mounted; later ones are ignored. `on_view_change` is called
    before the run that a change of view causes; see `explorer.ui.controls.reports`.
    """
    _GATES(key=key, data=message.packed(view=begun_with(key, view)), on_view_change=on_view_change)


def map_pairs(message: bytes, *, key: str) -> None:
    """Show one message of `explorer.demonstrations.gates.compute.pairs`."""
    _PAIRS(key=key, data=message)
