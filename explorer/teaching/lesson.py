"""Lessons: a text file that a lecturer writes, of steps of the tours and of questions, with minutes and what to say.

    # Residual learning
    45 minutes, second year

    ## resnet, question without-a-unit, variant resnet34, sample coffee (5 min)
    Say: First let everybody predict, alone.
    Say: Then talk to your neighbour, and predict again.

    ## resnet, step 3 (4 min)

A step is named by its number or its title, a question by its name. Whoever named something that there is not, is told
the line, and the nearest names that there are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from explorer.analysis.trace import UnknownNode
from explorer.architectures import catalogue, families, variant
from explorer.architectures import family as family_called
from explorer.runtime.pictures import load_image
from explorer.runtime.run import Run
from explorer.runtime.samples import sample, samples
from explorer.runtime.weights.network import available_weights
from explorer.teaching import about
from explorer.teaching.passes import trace_of
from explorer.teaching.question import Question
from explorer.teaching.shelf import FOLDER, SUFFIX
from explorer.teaching.step import Step

TOOLS = {"convolution": "googlenet", "compare": "resnet34"}  # pages without a tour: the network that they show first
BESIDE = {"compare": "plain34"}  # where two are compared, the second one
MOST_BYTES = 64 * 1024
MOST_ITEMS = 60
MOST_SAID = 2  # lines of an item
MOST_CHARACTERS = 300  # of a line
MOST_QUOTED = 60  # characters of a wrong line that are repeated

_LENGTH = re.compile(r"([0-9]{1,3}) minutes?(?:, (.+))?")
_ITEM = re.compile(
    r"##\s*(?P<page>[^,]*), (?P<kind>step|question) (?P<name>.*?)(?P<of>(?:, (?:variant|sample) [^,]*?)*)"
    r" \((?P<minutes>[^()]*)\)"
)
_MINUTES = re.compile(r"([1-9][0-9]{0,2}) ?min(?:utes?)?")
_HOW = "write ## PAGE, step NUMBER (4 min) or ## PAGE, question NAME (4 min)"


class LessonError(ValueError):
    """This is no lesson; `str()` is a sentence that begins with the line."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(f"Line {line}: {sentence}")
        self.line = line


@dataclass(frozen=True)
class Item:
    """A step of a page's tour, with its number from 1, or a question of the page; the other of both is None.

    `say`: what the lecturer may say; `variant`, `sample`: empty for those that the page shows anyway.
    """

    page: str
    minutes: int
    say: tuple[str, ...] = ()
    step: Step | None = None
    number: int = 0
    question: Question | None = None
    variant: str = ""
    sample: str = ""

    @property
    def network(self) -> str:
        """The variant that is shown."""
        default = TOOLS[self.page] if self.page in TOOLS else family_called(self.page).default
        return self.variant or (self.step.variant if self.step else "") or default

    def runs(self, device: str) -> tuple[Run, ...]:
        """What runs: the best weights that are here, on the picture, with the step's edits; on Compare two of them."""
        shown = sample(self.sample) if self.sample else samples()[0]
        picture = replace(load_image(shown.path), title=shown.title)
        edits = self.step.edits if self.step else ()
        names = (self.network, *([BESIDE[self.page]] if self.page in BESIDE else []))
        return tuple(Run(name, available_weights(variant(name))[0], device, picture, edits) for name in names)


@dataclass(frozen=True)
class Lesson:
    """A title, for whom it is, how long it takes, and what comes one after the other."""

    title: str
    audience: str
    minutes: int
    items: tuple[Item, ...]


@cache
def lessons() -> tuple[tuple[str, Lesson], ...]:
    """The lessons that come with the app, by their names."""
    return tuple((file.stem, bundled(file.stem)) for file in sorted(FOLDER.glob(f"*{SUFFIX}")))


@cache
def bundled(name: str) -> Lesson:
    """The lesson of that name among them."""
    return read(FOLDER / f"{name}{SUFFIX}")


def called(name: str) -> Lesson:
    """The lesson of that name, or in that file. Raises LessonError, OSError, ValueError with a sentence."""
    known = dict(lessons())
    if name in known and not Path(name).exists():
        return known[name]
    if not Path(name).exists():
        raise ValueError(f"{name!r} is no file, and none of the lessons {', '.join(known)}.")
    return read(Path(name))


def read(file: Path) -> Lesson:
    """The lesson in a file, of which no more is read than a lesson can have. Raises LessonError, OSError."""
    with file.open("rb") as opened:
        return parse(opened.read(MOST_BYTES + 1).decode(errors="replace"))


def parse(text: str) -> Lesson:
    """The lesson that is written. Raises LessonError with a sentence that names the line."""
    if len(text.encode(errors="replace")) > MOST_BYTES:
        raise LessonError(1, f"a lesson has at most {MOST_BYTES // 1024} KiB.")
    lines = _lines(text)
    number, title = next(lines, (1, ""))
    if not re.match(r"#\s*[^#\s]", title):
        raise LessonError(number, "a lesson begins with its title, as in # Residual learning.")
    title = title.removeprefix("#").strip()
    head, length = next(lines, (number + 1, ""))
    found = _LENGTH.fullmatch(length)
    if found is None:
        raise LessonError(head, "after the title comes how long it takes, and for whom: 45 minutes, second year.")
    minutes, audience = int(found[1]), found[2] or ""
    items: list[Item] = []
    for number, line in lines:
        if line.startswith("##"):
            if len(items) == MOST_ITEMS:
                raise LessonError(number, f"a lesson has at most {MOST_ITEMS} steps and questions.")
            items.append(_item(number, line))
        elif (said := re.fullmatch(r"say:\s*(.+)", line, re.IGNORECASE)) and items:
            if len(items[-1].say) == MOST_SAID:
                raise LessonError(number, f"there are at most {MOST_SAID} lines of what to say.")
            items[-1] = replace(items[-1], say=(*items[-1].say, said[1]))
        else:
            raise LessonError(number, f"“{line[:MOST_QUOTED]}” is no item and nothing to say: {_HOW}, below it Say: ….")
    if not items:
        raise LessonError(head, f"nothing comes after it: {_HOW}.")
    total = sum(item.minutes for item in items)
    if total != minutes:
        raise LessonError(head, f"it says {minutes} minutes, its steps and questions take {total}.")
    return Lesson(title, audience, minutes, tuple(items))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that are not empty, with their numbers."""
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if len(line) > MOST_CHARACTERS:
            raise LessonError(number, f"a line has at most {MOST_CHARACTERS} characters, this one {len(line)}.")
        if line.strip():
            yield number, " ".join(line.split())


def _item(number: int, line: str) -> Item:
    found = _ITEM.fullmatch(line)
    if found is None:
        raise LessonError(number, f"“{line[:MOST_QUOTED]}” is no item: {_HOW}.")
    minutes = _MINUTES.fullmatch(found["minutes"])
    if minutes is None:
        raise LessonError(number, f"“{found['minutes'][:MOST_QUOTED]}” is no number of minutes: write (4 min).")
    page = found["page"]
    tours = {f.name: f for f in families()}
    _known(number, page, [*tours, *TOOLS], "page")
    of: dict[str, str] = {}
    for kind, name in re.findall(r", (variant|sample) ([^,]*)", found["of"]):
        if kind in of:
            raise LessonError(number, f"it names a {kind} twice.")
        of[kind] = name
    if "variant" in of:
        names = [v.name for v in tours[page].variants] if page in tours else list(catalogue())
        _known(number, of["variant"], names, f"variant of page {page}")
    if "sample" in of:
        _known(number, of["sample"], [s.id for s in samples()], "sample")
    item = Item(page, int(minutes[1]), variant=of.get("variant", ""), sample=of.get("sample", ""))
    if found["kind"] == "question":
        asked = {q.name: q for q in about.questions(page)}
        _known(number, found["name"], asked, f"question of page {page}")
        return replace(item, question=asked[found["name"]])
    place, step = _step(number, found["name"], about.tour(page) if page in tours else (), page)
    if item.variant not in ("", step.variant):
        _shown(number, item.variant, step)
    return replace(item, step=step, number=place)


def _step(number: int, name: str, steps: tuple[Step, ...], page: str) -> tuple[int, Step]:
    """The step with this number from 1, or with this title."""
    if not steps:
        raise LessonError(number, f"page {page} has no tour, and so no steps: ask one of its questions.")
    if re.fullmatch("[0-9]{1,9}", name):
        if not 1 <= int(name) <= len(steps):
            raise LessonError(number, f"there is no step {name}: the tour of page {page} has steps 1 to {len(steps)}.")
        return int(name), steps[int(name) - 1]
    titles = {s.title.casefold(): place for place, s in enumerate(steps, 1)}
    if name.casefold() not in titles:
        near = _nearest(name, [s.title for s in steps])
        raise LessonError(number, f"“{name[:MOST_QUOTED]}” is no step of page {page}; the nearest: {near}.")
    place = titles[name.casefold()]
    return place, steps[place - 1]


def _shown(number: int, name: str, step: Step) -> None:
    """A step that is shown on another variant than its own needs what it shows there."""
    trace = trace_of(name)  # once a variant, however often a lesson names it
    try:
        for node in filter(None, (step.node, step.beside, *(e.node for e in step.edits))):
            trace.resolve(node)
    except UnknownNode as error:
        raise LessonError(number, f"the step “{step.title}” can't be shown there: {error}") from None


def _known(number: int, name: str, names: Collection[str], what: str) -> None:
    if name in names:
        return
    if not names:
        raise LessonError(number, f"there is no {what} yet.")
    raise LessonError(number, f"“{name[:MOST_QUOTED]}” is no {what}; the nearest: {_nearest(name, names)}.")


def _nearest(name: str, names: Collection[str]) -> str:
    near = get_close_matches(name, names, n=3, cutoff=0.3) or list(names)[:3]
    return ", ".join(near)
