"""Thirty viewers on one server: how long does a click on a diagram take when a lecture hall clicks along?

    python -m tests.benchmarks.load --viewers 30 --seconds 60 --interval 2 --page resnet

Each viewer is what the browser's tab is to the server, see `tab`. After the server has done what it does after its
start, and one viewer for each sample image has warmed it, all open the page at once and wait until the script has run.
Then each, at its own phase of the interval, clicks another element of one of the diagrams that it was sent: the trigger
"node" of the page's link component, as a rerun of that component's fragment.

The time of a click is from just before the message is sent until the run's end has been received, and with it
the new feature maps; where a section below the screen follows the selection, with that, too. It holds
everything of the server, its transport and this client's decoding, and nothing of the browser's drawing. The
clock starts when a click is really sent; a late answer delays the viewer's next click, which shows in
clicks_per_second. It starts right after the pages have opened: no click is a warm-up. The server's memory is
its resident set, children included, at its highest.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from tests.app_server import ROOT, app_server
from tests.benchmarks.figures import app_processes, milliseconds, resident_mib, wait_until_rested
from tests.benchmarks.tab import ANSWER_SECONDS, Request, Tab
from tests.hall.redis_server import free_port
from tests.server.proxy import replicas, running

HEALTH = "/_stcore/health"
CHANNELS = 16  # of those that are silenced, the first: every page of maps has so many
NETWORK = "variant=resnet50&node=conv4_x.1.conv2"
# Long work of one viewer: what opens the page where it is asked for, and the button that begins it.
LONG = {
    "ranking": (f"{NETWORK}&instrument=edit&edit.view=channels", "edit-begin"),
    "gradients": (f"{NETWORK}&instrument=looks-at&looks.methods=integrated&looks.steps=128", "looks-begin"),
}


async def _opened(tab: Tab, page: str, query: str) -> Request:
    return _checked(await tab.open(page, query))


async def _clicked(tab: Tab, chance: random.Random) -> Request:
    """Select another node than the last one, in any of the diagrams."""
    selectable = tab.selectable()
    link, node = selectable[chance.choice(sorted(selectable))]
    return _checked(await tab.answer(await tab.select(link, node)))


async def _silenced(tab: Tab, chance: random.Random) -> Request:
    """Silence one of the maps that are shown, or undo that."""
    (link, _), *_ = tab.selectable().values()
    maps = tab.components("feature_maps")[0]
    silenced = {"node": json.loads(link.data)["node"], "channel": chance.randrange(CHANNELS)}
    return _checked(await tab.answer(await tab.trigger(maps, "silenced", silenced)))


ACTIONS = {"click": _clicked, "silence": _silenced}


def _checked(request: Request) -> Request:
    if request.errors:
        raise RuntimeError(f"The page shows an exception: {request.errors[0]}")
    return request


async def _measure(
    url: str,
    page: str,
    queries: list[str],
    viewers: int,
    seconds: float,
    interval: float,
    seed: int,
    action: str,
    meanwhile: str | None,
) -> dict[str, Any]:
    servers = app_processes(urlparse(url).port or 80)
    for server in servers:
        wait_until_rested(server)
    answers: list[Request] = []
    worked: list[Request] = []
    peak = sum(map(resident_mib, servers))

    async def watch_memory() -> None:
        nonlocal peak
        while True:
            peak = max(peak, sum(map(resident_mib, servers)))
            await asyncio.sleep(0.5)

    async def click_along(tab: Tab, chance: random.Random, phase: float, end: float) -> None:
        due = time.perf_counter() + phase
        while due < end:
            await asyncio.sleep(due - time.perf_counter())
            answers.append(await ACTIONS[action](tab, chance))
            due = max(due + interval, time.perf_counter())

    async def work(tab: Tab, button: str) -> None:
        worked.append(_checked(await tab.answer(await tab.press(await tab.found(button)))))

    def query(number: int) -> str:
        return queries[number % len(queries)]

    # The server is warm: each picture has been looked at once; of several processes, in most of them.
    for number in range(len(queries) * (1 if len(servers) == 1 else 3 * len(servers))):
        async with Tab(url) as first:
            await _opened(first, page, query(number))
    async with AsyncExitStack() as stack:
        tabs = [await stack.enter_async_context(Tab(url)) for _ in range(viewers)]
        memory = asyncio.create_task(watch_memory())
        try:
            opened = await asyncio.gather(*(_opened(tab, page, query(i)) for i, tab in enumerate(tabs)))
            if not all(tab.selectable() for tab in tabs):
                raise RuntimeError(f"The page {page!r} has no linked diagrams.")
            working = []
            if meanwhile:
                asked, button = LONG[meanwhile]
                worker = await stack.enter_async_context(Tab(url))
                await _opened(worker, "resnet", asked)
                working.append(work(worker, button))
            start = time.perf_counter()
            clicking = (
                click_along(tab, random.Random(seed + i), i * interval / viewers, start + seconds)
                for i, tab in enumerate(tabs)
            )
            await asyncio.gather(*clicking, *working)
            took = time.perf_counter() - start
            if worked:
                end = worked[0].sent + worked[0].seconds
                answers, took = [a for a in answers if a.sent < end], min(took, worked[0].seconds)
        finally:
            memory.cancel()
    return {
        **({f"{meanwhile}_seconds": worked[0].seconds} if worked else {}),
        "page": page,
        "processes": len(servers),
        "viewers": viewers,
        "seconds": round(took, 1),
        "interval_seconds": interval,
        "clicks": len(answers),
        "clicks_per_second": round(len(answers) / took, 2),
        "p50_ms": milliseconds((a.seconds for a in answers), 50),
        "p95_ms": milliseconds((a.seconds for a in answers), 95),
        "maps_p50_ms": milliseconds((a.maps_seconds or a.seconds for a in answers), 50),
        "maps_p95_ms": milliseconds((a.maps_seconds or a.seconds for a in answers), 95),
        "max_ms": round(max(a.seconds for a in answers) * 1000, 1),
        "clicks_without_new_maps": sum(a.maps_seconds is None for a in answers),
        "median_kib_per_click": round(statistics.median(a.received for a in answers) / 1024, 1),
        "open_maps_p50_ms": milliseconds((a.maps_seconds or ANSWER_SECONDS for a in opened), 50),
        "open_maps_p95_ms": milliseconds((a.maps_seconds or ANSWER_SECONDS for a in opened), 95),
        "open_end_p50_ms": milliseconds((a.seconds for a in opened), 50),
        "open_end_p95_ms": milliseconds((a.seconds for a in opened), 95),
        "peak_server_mib": round(peak),
    }


def sample_queries(count: int = 5) -> list[str]:
    """`sample=...` of the first samples that come with the app."""
    images = sorted((ROOT / "assets" / "samples").glob("*.*"))
    return [f"sample={i.stem}" for i in images if i.suffix in (".jpg", ".png", ".webp")][:count]


def measure(
    *,
    url: str | None = None,
    page: str = "resnet",
    queries: list[str] | None = None,
    viewers: int = 30,
    seconds: float = 60,
    interval: float = 2,
    seed: int = 0,
    action: str = "click",
    meanwhile: str | None = None,
    processes: int = 0,
) -> dict[str, Any]:
    """Let `viewers` click along for `seconds` and return the figures (see the module's text).

    Starts a server of its own when there is no `url`, or so many `processes` behind a proxy. `queries` are the query
    strings with which the page is opened, dealt out in turn. `action` is what the viewers do, of `ACTIONS`;
    `meanwhile`, of `LONG`, what one viewer more asks for as they begin: what was clicked after its end does not count.
    Raises RuntimeError when the page shows an exception or has no diagram.
    """
    with ExitStack() as stack:
        if url is None:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            if processes:
                port = free_port()
                url = f"http://127.0.0.1:{port}"
                begin = running(replicas(port, processes), f"{url}{HEALTH}", home / "log", {"HOME": str(home)})
                stack.enter_context(begin)
            else:
                url = stack.enter_context(app_server(home)).url
        wanted = queries or sample_queries() or [""]
        return asyncio.run(_measure(url.rstrip("/"), page, wanted, viewers, seconds, interval, seed, action, meanwhile))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="a running app on this machine (default: start one)")
    parser.add_argument("--page", default="resnet")
    parser.add_argument("--query", action="append", dest="queries", help="a query string; repeat to mix them")
    parser.add_argument("--viewers", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--interval", type=float, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--action", choices=ACTIONS, default="click")
    parser.add_argument("--processes", type=int, default=0, help="of the app, behind a proxy")
    parser.add_argument("--meanwhile", choices=LONG, help="what one viewer more asks for")
    print(json.dumps(measure(**vars(parser.parse_args())), indent=2))


if __name__ == "__main__":
    main()
