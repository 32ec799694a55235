"""Thirty viewers on one server: how long does a click on a diagram take when a lecture hall clicks along?

    python -m tests.benchmarks.load --viewers 30 --seconds 60 --interval 2 --page resnet

Each viewer is what the browser's tab is to the server: a websocket of its own that speaks Streamlit's
protobuf protocol and keeps the page's address and the message cache as the front end does, but draws nothing.
After one viewer for each sample image has warmed the server, all open the page at once and wait until the
script has run. Then each, at its own phase of the interval, clicks another element of one of the diagrams
that it was sent: the trigger "node" of the page's link component, as a rerun of that component's fragment.

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
import functools
import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import psutil
from streamlit.components.v2.bidi_component.constants import EVENT_DELIM
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.state.session_state import STREAMLIT_INTERNAL_KEY_PREFIX
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.app_server import ROOT, app_server

DIAGRAM = "cnn_explorer.diagram"
LINK = "cnn_explorer.link"
FEATURE_MAPS = "cnn_explorer.feature_maps"
WINDOW = "cnn_explorer.window"  # reports that the screen has been painted: the section below it comes then
ANSWER_SECONDS = 60.0
RUN_ENDED = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)


@functools.lru_cache(maxsize=512)
def _targets(data: str) -> tuple[str, ...]:
    """What the elements of a diagram select. Viewers are sent the same diagrams, which are parsed once."""
    return tuple({element["target"]: None for element in json.loads(data)["elements"].values()})


@dataclass
class MessageCache:
    """The front end's cache: large elements that the server need not send again while the page names them."""

    max_age: int = 0
    runs: int = 0
    messages: dict[str, tuple[ForwardMsg, int]] = field(default_factory=dict)

    def resolve(self, message: ForwardMsg) -> ForwardMsg:
        """The message itself, or the one that it refers to. Keeps it where the server says that it may."""
        reference = message.ref_hash
        if reference:
            message = self.messages[reference][0]
        if reference or message.metadata.cacheable:
            self.messages[message.hash] = (message, self.runs)
        return message

    def end_run(self, fragments: Sequence[str]) -> None:
        """Forget what the last runs did not use; a fragment's run only ages the messages of that fragment."""
        self.runs += 1
        for hash_, (message, used) in list(self.messages.items()):
            concerned = not fragments or message.delta.fragment_id in fragments
            if concerned and self.runs - used > self.max_age:
                del self.messages[hash_]


@dataclass
class Answer:
    """What one run of the script sent: seconds until its end, bytes, and seconds until new feature maps, if any."""

    seconds: float
    received: int
    maps_seconds: float | None = None


@dataclass
class Viewer:
    """One tab: its websocket and what the front end remembers between two runs."""

    socket: ClientConnection
    page: str
    query: str
    random: random.Random
    page_hash: str = ""
    cache: MessageCache = field(default_factory=MessageCache)
    link: tuple[str, str] = ("", "")  # widget id and fragment id of the link component
    window: tuple[str, str] = ("", "")
    diagrams: dict[str, tuple[str, str]] = field(default_factory=dict)  # widget id: (fragment id, data)
    node: str = ""  # the one clicked last
    maps: str = ""  # hash of the feature maps on the page

    async def open(self) -> Answer:
        """Open the page, as its address in a new tab does, until the section below the screen is there, too."""
        answer = await self._run(BackMsg(rerun_script=ClientState(page_name=self.page)))
        if self.window[0]:
            answer.seconds += (await self._trigger(self.window, "seen", {"rem": 16, "sidebar": "shown"})).seconds
        return answer

    async def click(self) -> Answer:
        """Select another node than the last one, in any of the diagrams."""
        nodes = {node for _, data in self.diagrams.values() for node in _targets(data)} - {self.node}
        self.node = self.random.choice(sorted(nodes))
        return await self._trigger(self.link, "node", self.node)

    async def _trigger(self, component: tuple[str, str], event: str, value: object) -> Answer:
        """What a component's trigger causes."""
        widget, fragment = component
        request = BackMsg(rerun_script=ClientState(page_script_hash=self.page_hash, fragment_id=fragment))
        request.rerun_script.widget_states.widgets.add(
            id=f"{STREAMLIT_INTERNAL_KEY_PREFIX}_{widget}{EVENT_DELIM}events",
            json_trigger_value=json.dumps([{"event": event, "value": value}]),
        )
        return await self._run(request)

    async def _run(self, request: BackMsg) -> Answer:
        request.rerun_script.query_string = self.query
        request.rerun_script.cached_message_hashes.extend(self.cache.messages)
        return await asyncio.wait_for(self._answer(request.SerializeToString()), ANSWER_SECONDS)

    async def _answer(self, request: bytes) -> Answer:
        answer, maps = Answer(0, 0), self.maps
        start = time.perf_counter()
        await self.socket.send(request)
        while True:
            payload = await self.socket.recv(decode=False)
            message = ForwardMsg.FromString(payload)
            answer.received += len(payload)
            self._receive(self.cache.resolve(message))
            if answer.maps_seconds is None and self.maps != maps:
                answer.maps_seconds = time.perf_counter() - start
            if message.WhichOneof("type") == "script_finished" and message.script_finished in RUN_ENDED:
                answer.seconds = time.perf_counter() - start
                self.cache.end_run(message.metadata.run.fragment_ids)
                return answer

    def _receive(self, message: ForwardMsg) -> None:
        """Remember of a message what the front end remembers."""
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.cache.max_age = message.new_session.config.max_cached_message_age
            rerun = message.metadata.run.fragment_ids  # empty when the whole page runs
            kept = self.diagrams.items() if rerun else ()
            self.diagrams = {w: (f, d) for w, (f, d) in kept if f not in rerun}
        elif kind == "navigation":
            self.page_hash = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "page_not_found":
            raise RuntimeError(f"The app has no page {self.page!r}.")
        elif kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            raise RuntimeError("The app's script does not compile.")
        elif kind == "delta":
            element = message.delta.new_element
            if element.HasField("exception"):
                raise RuntimeError(f"The page shows an exception: {element.exception.message}")
            component = element.bidi_component
            if component.component_name == DIAGRAM:
                data = component.json or component.mixed.json
                self.diagrams[component.id] = (message.delta.fragment_id, data)
            elif component.component_name == LINK:
                self.link = (component.id, message.delta.fragment_id)
            elif component.component_name == WINDOW:
                self.window = (component.id, message.delta.fragment_id)
            elif component.component_name == FEATURE_MAPS:
                self.maps = message.hash


def _milliseconds(seconds: Iterable[float], percentile: int) -> float:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return round(cuts[percentile - 1] * 1000, 1)


def _listener(port: int) -> psutil.Process:
    """The process that listens on the port. Raises RuntimeError when it can't be seen."""
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
            return psutil.Process(connection.pid)
    raise RuntimeError(f"No process of this machine is seen to listen on port {port}.")


def _resident_mib(server: psutil.Process) -> float:
    return sum(p.memory_info().rss for p in (server, *server.children(recursive=True))) / 2**20


async def _measure(
    url: str, page: str, queries: list[str], viewers: int, seconds: float, interval: float, seed: int
) -> dict[str, Any]:
    server = _listener(urlparse(url).port or 80)
    answers: list[Answer] = []
    peak = _resident_mib(server)

    async def watch_memory() -> None:
        nonlocal peak
        while True:
            peak = max(peak, _resident_mib(server))
            await asyncio.sleep(0.5)

    async def click_along(viewer: Viewer, phase: float, end: float) -> None:
        due = time.perf_counter() + phase
        while due < end:
            await asyncio.sleep(due - time.perf_counter())
            answers.append(await viewer.click())
            due = max(due + interval, time.perf_counter())

    address = url.replace("http", "ws", 1) + "/_stcore/stream"

    async def tab(number: int) -> Viewer:
        socket = await connect(address, subprotocols=[Subprotocol("streamlit")], max_size=None)
        return Viewer(socket, page, queries[number % len(queries)], random.Random(seed + number))

    for number in range(len(queries)):  # the server is warm: each picture has been looked at once
        first = await tab(number)
        await first.open()
        await first.socket.close()
    tabs = [await tab(number) for number in range(viewers)]
    memory = asyncio.create_task(watch_memory())
    try:
        opened = await asyncio.gather(*(tab.open() for tab in tabs))
        if not all(tab.diagrams and tab.link[0] for tab in tabs):
            raise RuntimeError(f"The page {page!r} has no linked diagrams.")
        start = time.perf_counter()
        await asyncio.gather(*(click_along(tab, i * interval / viewers, start + seconds) for i, tab in enumerate(tabs)))
        took = time.perf_counter() - start
    finally:
        memory.cancel()
        await asyncio.gather(*(tab.socket.close() for tab in tabs))
    return {
        "page": page,
        "viewers": viewers,
        "seconds": round(took, 1),
        "interval_seconds": interval,
        "clicks": len(answers),
        "clicks_per_second": round(len(answers) / took, 2),
        "p50_ms": _milliseconds((a.seconds for a in answers), 50),
        "p95_ms": _milliseconds((a.seconds for a in answers), 95),
        "max_ms": round(max(a.seconds for a in answers) * 1000, 1),
        "clicks_without_new_maps": sum(a.maps_seconds is None for a in answers),
        "median_kib_per_click": round(statistics.median(a.received for a in answers) / 1024, 1),
        "open_maps_p50_ms": _milliseconds((a.maps_seconds or ANSWER_SECONDS for a in opened), 50),
        "open_maps_p95_ms": _milliseconds((a.maps_seconds or ANSWER_SECONDS for a in opened), 95),
        "open_end_p50_ms": _milliseconds((a.seconds for a in opened), 50),
        "open_end_p95_ms": _milliseconds((a.seconds for a in opened), 95),
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
) -> dict[str, Any]:
    """Let `viewers` click along for `seconds` and return the figures (see the module's text).

    Starts a server of its own when there is no `url`. `queries` are the query strings with which the page
    is opened, dealt out in turn. Raises RuntimeError when the page shows an exception or has no diagram.
    """
    with ExitStack() as stack:
        if url is None:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            url = stack.enter_context(app_server(home)).url
        wanted = queries or sample_queries() or [""]
        return asyncio.run(_measure(url.rstrip("/"), page, wanted, viewers, seconds, interval, seed))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="a running app on this machine (default: start one)")
    parser.add_argument("--page", default="resnet")
    parser.add_argument("--query", action="append", dest="queries", help="a query string; repeat to mix them")
    parser.add_argument("--viewers", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--interval", type=float, default=2)
    parser.add_argument("--seed", type=int, default=0)
    print(json.dumps(measure(**vars(parser.parse_args())), indent=2))


if __name__ == "__main__":
    main()
