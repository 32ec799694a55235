"""The component of LeNet-5's table of connections: point at a map, and the maps that it reads light up."""

from __future__ import annotations

from pathlib import Path

from explorer.ui.components import component

_FOLDER = Path(__file__).parent
_CONNECTIONS = component(_FOLDER / "connections.js", _FOLDER / "connections.css")


def connections(message: bytes, *, key: str) -> None:
    """Show one message of `explorer.demonstrations.lenet.compute.links_message`."""
    _CONNECTIONS(key=key, data=message)
