"""The pictures that come with the app."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from explorer import ASSETS
from explorer.runtime.pictures import ImageError

_SAMPLES = ASSETS / "samples"
# What each bundled network of ten classes calls each sample, by sample and variant; written by `explorer assets`.
ANSWERS = _SAMPLES / "answers.json"
_SCENES = "assets/samples/scenes/"


@dataclass(frozen=True)
class Sample:
    """A picture that comes with the app; the fields are those of assets/samples/samples.json.

    Attributes:
        id: its short name, for links and commands.
        title, alt: a name and a description in words.
        file: its name in assets/samples.
        author, licence, source: whom to thank.
        fits: which of the ten classes of the bundled networks it shows; empty where it shows none of them.
    """

    id: str
    title: str
    file: str
    alt: str
    author: str
    licence: str
    source: str
    fits: str = ""

    @property
    def path(self) -> Path:
        return _SAMPLES / self.file

    @property
    def rendered(self) -> bool:
        """Whether it is no photograph: a scene of ours, made by the script that is its source."""
        return self.source.startswith(_SCENES)

    @property
    def answers(self) -> dict[str, str]:
        """What each bundled network of ten classes calls it, by variant."""
        return _answers().get(self.id, {})

    @property
    def known_by(self) -> int:
        """How many of these networks call it what it shows."""
        return sum(answer == self.fits for answer in self.answers.values())


@cache
def _answers() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(ANSWERS.read_text(encoding="utf-8")) if ANSWERS.is_file() else {}
    return found


@cache
def samples() -> tuple[Sample, ...]:
    """The pictures that come with the app, in the order in which they are offered: first what most networks know."""
    entries = json.loads((_SAMPLES / "samples.json").read_text(encoding="utf-8"))
    return tuple(sorted((Sample(**entry) for entry in entries), key=lambda s: -s.known_by))


def sample(id: str) -> Sample:
    """The sample with this id; ImageError, with the ids that exist, where there is none."""
    available = {entry.id: entry for entry in samples()}
    if id not in available:
        raise ImageError(f"There is no sample picture {id!r}; available are {', '.join(available)}.")
    return available[id]
