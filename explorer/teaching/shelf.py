"""What stands on the first lines of the lessons' files, for a page that does not wait for the networks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from explorer import ASSETS

FOLDER = ASSETS / "lessons"
SUFFIX = ".txt"
_HEAD = re.compile(r"# *(.+)\n+(.+)\n+## *(\w+),")


@dataclass(frozen=True)
class Head:
    """A lesson's name, its title, how long it takes and for whom, and the page of its first item."""

    name: str
    title: str
    length: str
    page: str


@cache
def heads() -> tuple[Head, ...]:
    """Those of all lessons that come with the app."""
    return tuple(_head(file) for file in sorted(FOLDER.glob(f"*{SUFFIX}")))


def _head(file: Path) -> Head:
    found = _HEAD.match(file.read_text(encoding="utf-8"))
    assert found is not None  # a test parses all of them
    return Head(file.stem, *found.groups())
