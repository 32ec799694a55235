"""What a drawn element selects and says, apart from how it is drawn: all that the browser needs, and no torch."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.analysis.types import Kind


@dataclass(frozen=True)
class Element:
    """What a click on a drawn element selects (an operation's id) and its hover text."""

    target: str
    title: str
    lines: tuple[str, ...]
    kind: Kind
