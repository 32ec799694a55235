"""A hall that does not stay on one page: twenty viewers who click and change variant, picture, section and page.

    python -m tests.benchmarks.mixed                      two minutes, on a server of its own
    python -m tests.benchmarks.mixed --seconds 600        whether memory stays flat takes longer
    python -m tests.benchmarks.mixed --url http://127.0.0.1:8501

The viewers begin on different pages and do 2.5 things a second together, of SHARES: "clicks" in diagrams; "variants";
"pictures", samples and, a quarter of them, photos of their own; "panels", that is sections and instruments; "pages". To
open Compare and to choose anything there counts as "compare" instead, since two networks run there. What is done, when,
by whom and on which page is planned before it begins, from the seed alone (`plan`): two runs do the same. Only what is
chosen from what stands on a page depends on how far it had come.

Each viewer is a browser's tab to the server, see `tab`. It does what is due whether or not it has been answered, as a
person does, but waits until what it is going to press has come. The time of an action is from sending it until the end
of the run that answers it; for an own picture, from the moment when the file was chosen. An action that a newer one
replaced has been answered when that one is; how many were is counted. One that is not answered within a minute is an
error of 60 s, and one after which the page shows an exception is an error, too. For variants there are two times more:
until the last of the screen's new diagrams was there, which need no network to run, and until the first maps. The
server's memory is its resident set, children included, when the pages have opened, in the middle and at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import math
import random
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from PIL import Image
from websockets.exceptions import ConnectionClosed

from explorer.cards import cards
from explorer.ui.app.navigation import HOME, page_files
from tests.app_server import ROOT, app_server
from tests.benchmarks.figures import listener, milliseconds, resident_mib
from tests.benchmarks.tab import NoAnswerError, Request, Tab

SHARES = {"clicks": 60, "variants": 12, "pictures": 12, "panels": 6, "pages": 10}  # of a hundred actions
COMPARE = "compare"
PICTURES_PER_UPLOAD = 4
MIN_DECK = 50  # actions within which the shares hold
PHOTO_SIZES = ((4032, 3024), (1600, 1200), (800, 600))  # a phone's, a camera's made smaller, one from the web
LIMITS_MS = {
    "clicks": (50.0, 300.0),
    "variants": (600.0, 3000.0),
    "pictures": (500.0, 1500.0),
    "pages": (500.0, 1500.0),
    COMPARE: (1500.0, 5000.0),
}
LIMIT_DRAWN_MS = 300.0
LIMIT_MIB = 2048.0
LIMIT_GROWTH = 1.1  # from the middle to the end
SHOWN_ERRORS = 5

# Of the pages that are about no single architecture: what can be done there, and with which widgets.
DOES = {
    HOME: {"pages"},
    "accuracy": {"panels", "pages"},
    "convolution": {"pictures", "panels", "pages"},
    "units": {"panels", "pages"},
}
NETWORKS = {COMPARE: ("compare.a", "compare.b")}
PANELS = {
    COMPARE: ("section", "compare.stage", "compare.a.weights", "compare.b.weights"),
    "accuracy": ("section", "accuracy.measure", "compare.a", "compare.b"),
    "convolution": ("section", "one.net"),
    "units": ("units.network",),
}


# ---- what is done -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Action:
    """What a viewer does, `at` seconds after the beginning, on a page, or to get to it where it is one of "pages".

    `pick` from 0 to 1 says which of those that are offered is chosen; `photo`, the number of a picture of one's own.
    """

    at: float
    viewer: int
    kind: str
    page: str
    pick: float
    photo: int | None = None

    @property
    def counts_as(self) -> str:
        return COMPARE if self.page == COMPARE and self.kind != "clicks" else self.kind


def offered() -> dict[str, set[str]]:
    """The kinds of actions that each page has."""
    variants = {card.name: card.variants for card in cards()}
    return {
        page: DOES.get(page, set(SHARES)) - ({"variants"} if variants.get(page) == 1 else set())
        for page, _, _ in page_files()
    }


def plan(
    pages: Mapping[str, Iterable[str]], *, viewers: int, seconds: float, rate: float, seed: int
) -> tuple[list[str], list[Action]]:
    """The page on which each viewer begins, and all actions in their order.

    Each viewer acts every `viewers / rate` seconds, more or less by half of that. The kinds lie in a deck of cards that
    holds SHARES exactly; whose turn it is takes the first card that its page allows. Pages lie in another deck: none
    comes again before all others were there.
    """
    chance = random.Random(seed)
    interval = viewers / rate
    turns = []
    for viewer in range(viewers):
        for turn in range(math.ceil(seconds / interval) + 1):
            at = (turn + viewer / viewers + chance.uniform(-0.5, 0.5)) * interval
            turns.append((at, viewer))
    unit = math.gcd(*SHARES.values())
    deck: list[str] = []
    places: list[str] = []

    def next_page(here: str) -> str:
        if not set(places) - {here}:
            places.extend(chance.sample(sorted(pages), len(pages)))
        place = next(p for p in places if p != here)
        places.remove(place)
        return place

    starts = [next_page("") for _ in range(viewers)]
    where, actions, pictures, photos = list(starts), [], 0, 0
    for at, viewer in sorted(turn for turn in turns if 0 <= turn[0] < seconds):
        here = where[viewer]
        allowed = set(pages[here])
        while len(deck) < MIN_DECK or not allowed & set(deck):
            cards_ = [kind for kind, share in SHARES.items() for _ in range(share // unit)]
            deck += chance.sample(cards_, len(cards_))
        kind = next(card for card in deck if card in allowed)
        deck.remove(kind)
        photo = None
        if kind == "pages":
            where[viewer] = next_page(here)
        elif kind == "pictures":
            pictures += 1
            if pictures % PICTURES_PER_UPLOAD == 0:
                photo, photos = photos, photos + 1
        actions.append(Action(at, viewer, kind, where[viewer], chance.random(), photo))
    return starts, actions


def photos(count: int, seed: int) -> list[bytes]:
    """Photos, each another one: parts of the samples as JPEG files, in the sizes of PHOTO_SIZES by turns."""
    chance, found = random.Random(seed), []
    files = sorted(f for f in (ROOT / "assets" / "samples").glob("*.*") if f.suffix in (".jpg", ".png", ".webp"))
    for number in range(count):
        with Image.open(files[number % len(files)]) as image:
            w, h = image.size
            left, top = chance.uniform(0, w / 4), chance.uniform(0, h / 4)
            part = image.convert("RGB").resize(
                PHOTO_SIZES[number % len(PHOTO_SIZES)], box=(left, top, left + 3 * w / 4, top + 3 * h / 4)
            )
        file = io.BytesIO()
        part.save(file, "JPEG", quality=85)
        found.append(file.getvalue())
    return found


# ---- doing it -----------------------------------------------------------------------------------------------


def _picked(offers: Sequence[Any], pick: float) -> Any:
    if not offers:
        raise NoAnswerError("there is nothing else to choose")
    return offers[int(pick * len(offers))]


async def _choose_other(tab: Tab, keys: Sequence[str], pick: float) -> Request:
    """Another option of one of these widgets."""
    await tab.found(keys[0])
    widgets = [w for key in keys if (w := tab.find(key)) is not None]
    offers = [(w, option) for w in widgets for option in w.options if option != tab.value(w)]
    return await tab.choose(*_picked(offers, pick))


async def _click(tab: Tab, action: Action) -> Request:
    selectable = await tab.as_soon_as(tab.selectable, "no diagram came")
    return await tab.select(*selectable[_picked(sorted(selectable), action.pick)])


async def _choose_variant(tab: Tab, action: Action) -> Request:
    return await _choose_other(tab, NETWORKS.get(action.page, ("variant",)), action.pick)


async def _choose_picture(tab: Tab, action: Action, own: Sequence[bytes]) -> Request:
    """A sample, or a photo; whoever comes from the one has to open the box of the other first."""
    source = await tab.found("source")
    sample, upload, *_ = source.options
    if action.photo is not None:
        if tab.value(source) != upload:
            await tab.answer(await tab.choose(source, upload))
        return await tab.upload(await tab.found("upload"), f"photo-{action.photo}.jpg", own[action.photo])
    if tab.value(source) != sample:
        return await tab.choose(source, sample)  # shows the sample that was there before the photo
    return await _choose_other(tab, ("sample",), action.pick)


async def _choose_panel(tab: Tab, action: Action) -> Request:
    return await _choose_other(tab, PANELS.get(action.page, ("section", "instrument")), action.pick)


async def do(tab: Tab, action: Action, own: Sequence[bytes]) -> Request:
    """Do it as soon as what is pressed is there. Raises NoAnswerError when it does not come."""
    if action.kind == "pages":
        await tab.as_soon_as(lambda: tab.pages, "no navigation came")
        return await tab.go_to("" if action.page == HOME else action.page)
    if action.kind == "pictures":
        return await _choose_picture(tab, action, own)
    kinds: dict[str, Callable[[Tab, Action], Any]] = {
        "clicks": _click,
        "variants": _choose_variant,
        "panels": _choose_panel,
    }
    request: Request = await kinds[action.kind](tab, action)
    return request


# ---- measuring it -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What came of an action; times in seconds."""

    action: Action
    seconds: float
    drawn_seconds: float | None = None
    maps_seconds: float | None = None
    replaced: bool = False
    errors: tuple[str, ...] = ()


def by_kind(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Count, percentiles, those that were replaced and errors of each kind, with what we want to reach."""
    kinds: defaultdict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        kinds[outcome.action.counts_as].append(outcome)
    report: dict[str, Any] = {}
    for kind in (*SHARES, COMPARE):
        found = kinds[kind]
        report[f"{kind}_count"] = len(found)
        for index, percentile in enumerate((50, 95)):
            report[f"{kind}_p{percentile}_ms"] = milliseconds((o.seconds for o in found), percentile)
            if kind in LIMITS_MS:
                report[f"limit_{kind}_p{percentile}_ms"] = LIMITS_MS[kind][index]
        report[f"{kind}_replaced"] = sum(o.replaced for o in found)
        report[f"{kind}_errors"] = sum(bool(o.errors) for o in found)
        if kind == "variants":
            for part, name in (("drawn_seconds", "drawn"), ("maps_seconds", "maps")):
                times = [t for o in found if (t := getattr(o, part)) is not None]
                report |= {f"variants_{name}_p{p}_ms": milliseconds(times, p) for p in (50, 95)}
            report["limit_variants_drawn_p95_ms"] = LIMIT_DRAWN_MS
    return report


async def _outcome(tab: Tab, action: Action, own: Sequence[bytes], waiting: list[asyncio.Task[Outcome]]) -> None:
    """Do it and go on: its answer is waited for in a task of its own."""
    start = time.perf_counter()
    try:
        request = await do(tab, action, own)
    except (NoAnswerError, ConnectionClosed) as error:
        failed = Outcome(action, time.perf_counter() - start, errors=(str(tab.lost or error),))
        waiting.append(asyncio.create_task(asyncio.sleep(0, failed)))
        return

    async def answered() -> Outcome:
        r = await tab.answer(request)
        return Outcome(action, r.seconds, r.drawn_seconds, r.maps_seconds, r.replaced, tuple(r.errors))

    waiting.append(asyncio.create_task(answered()))


async def _measure(url: str, viewers: int, seconds: float, rate: float, seed: int) -> dict[str, Any]:
    starts, actions = plan(offered(), viewers=viewers, seconds=seconds, rate=rate, seed=seed)
    own = photos(sum(a.photo is not None for a in actions), seed)
    server = listener(urlparse(url).port or 80)
    waiting: list[asyncio.Task[Outcome]] = []
    memory: list[float] = []

    async def enter(number: int, tab: Tab) -> Request:
        await asyncio.sleep(number / rate)
        return await tab.open("" if starts[number] == HOME else starts[number])

    async def follow(number: int, tab: Tab, start: float) -> None:
        for action in actions:
            if action.viewer == number:
                await asyncio.sleep(max(0.0, start + action.at - time.perf_counter()))
                await _outcome(tab, action, own, waiting)

    async def watch_memory() -> None:
        for _ in range(2):
            memory.append(resident_mib(server))
            await asyncio.sleep(seconds / 2)

    async with AsyncExitStack() as stack:
        tabs = [await stack.enter_async_context(Tab(url)) for _ in range(viewers)]
        opened = await asyncio.gather(*(enter(i, tab) for i, tab in enumerate(tabs)))
        start, used = time.perf_counter(), time.process_time()
        await asyncio.gather(watch_memory(), *(follow(i, tab, start) for i, tab in enumerate(tabs)))
        outcomes = await asyncio.gather(*waiting)
        took, used = time.perf_counter() - start, time.process_time() - used
        memory.append(resident_mib(server))
        lost = [tab.lost for tab in tabs if tab.lost]
        apart = [error for tab in tabs for error in tab.errors]
    said = [f"{o.action.counts_as} on {o.action.page}: {e}" for o in outcomes for e in o.errors]
    said += [f"opening: {e}" for r in opened for e in r.errors] + apart + lost
    first, middle, end = memory
    where = {page: dict(Counter(o.action.kind for o in outcomes if o.action.page == page)) for page in offered()}
    return {
        "viewers": viewers,
        "seconds": round(took, 1),
        "actions_per_second": round(len(outcomes) / took, 2),
        **by_kind(outcomes),
        "open_p50_ms": milliseconds((r.seconds for r in opened), 50),
        "open_p95_ms": milliseconds((r.seconds for r in opened), 95),
        "uploads": len(own),
        "errors": len(said),
        "lost_viewers": len(lost),
        "first_errors": [f"{text[:200]} ({times})" for text, times in Counter(said).most_common(SHOWN_ERRORS)],
        "memory_start_mib": round(first),
        "memory_middle_mib": round(middle),
        "memory_end_mib": round(end),
        "limit_memory_mib": LIMIT_MIB,
        "memory_end_to_middle": round(end / middle, 3),
        "limit_memory_end_to_middle": LIMIT_GROWTH,
        "client_cpu_seconds": round(used, 1),
        "actions_by_page": where,
    }


def measure(
    *, url: str | None = None, viewers: int = 20, seconds: float = 120, rate: float = 2.5, seed: int = 0
) -> dict[str, Any]:
    """Let `viewers` do `rate` things a second together for some time, and return the figures (see the module's text).

    Starts a server of its own when there is no `url`.
    """
    with ExitStack() as stack:
        if url is None:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            url = stack.enter_context(app_server(home)).url
        return asyncio.run(_measure(url.rstrip("/"), viewers, seconds, rate, seed))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="a running app on this machine (default: start one)")
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--rate", type=float, default=2.5, help="actions a second, of all viewers together")
    parser.add_argument("--seed", type=int, default=0)
    print(json.dumps(measure(**vars(parser.parse_args())), indent=2))


if __name__ == "__main__":
    main()
