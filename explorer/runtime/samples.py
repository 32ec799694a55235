"""The pictures that come with the app."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from explorer import ASSETS
from explorer.runtime.pictures import ImageError

_SAMPLES = ASSETS / "samples"


@dataclass(frozen=True)
class Sample:
    """A picture that comes with the app; the fields are those of assets/samples/samples.json.

    Attributes:
        id: its short name, for links and commands.
        title, alt: a name and a description in words.
        file: its name in assets/samples.
        author, licence, source: whom to thank.
    """

    id: str
    title: str
    file: str
    alt: str
    author: str
    licence: str
    source: str

    @property
    def path(self) -> Path:
        return _SAMPLES / self.file


def samples() -> tuple[Sample, ...]:
    """The pictures that come with the app, in the order in which they are offered."""
    entries = json.loads((_SAMPLES / "samples.json").read_text(encoding="utf-8"))
    return tuple(Sample(**entry) for entry in entries)


def sample(id: str) -> Sample:
    """The sample with this id; ImageError, with the ids that exist, where there is none."""
    available = {entry.id: entry for entry in samples()}
    if id not in available:
        raise ImageError(f"There is no sample picture {id!r}; available are {', '.join(available)}.")
    return available[id]
