"""Wait until the browser has painted what was sent before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from explorer.ui.components import component

_READY = component(Path(__file__).with_name("ready.js"))


def when_ready(key: str, then: Callable[[], None]) -> None:
    """Call `then`, before the run that this causes, once the browser has painted what stands on the page."""
    _READY(key=key, data={}, on_ready_change=then)
