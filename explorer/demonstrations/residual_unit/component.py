"""The component of the sum: a unit's three maps side by side, and the three numbers of a position."""

from __future__ import annotations

from pathlib import Path

from explorer.ui.components import component

_FOLDER = Path(__file__).parent
_TERMS = component(_FOLDER / "terms.js", _FOLDER / "terms.css")


def terms(message: bytes, *, key: str) -> None:
    """Show one message of `explorer.demonstrations.residual_unit.compute.maps_message`."""
    _TERMS(key=key, data=message)
