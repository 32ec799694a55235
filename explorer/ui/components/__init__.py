"""What only a browser can show: components of our own, each of a Python module with its CSS and its scripts."""

from __future__ import annotations

from pathlib import Path


def source(*names: str) -> str:
    """The text of these files of this directory, one after the other."""
    return "\n".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in names)
