"""A hall of a thousand phones: how long until all see what the presenter pressed, and are all votes counted?

    python -m tests.benchmarks.hall --listeners 1000 [--store redis] [--app]

The phones are bare sockets in one process: each holds an event stream and a cookie. A press is timed from just before
the presenter's call until each phone has received the state that it made; a vote, on a connection of its own, from its
first byte to its answer, all within one second. Then three thousand streams are asked for, and one more press is timed.
The presenter is this process with the store in Redis, else a route of the bare server. With `--app` the server is the
app itself, the presses are slower, and thirty viewers in a process of their own click along from before the first press
until after the last vote, see `load`; there is no crowd. Nothing of a phone's drawing is in it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil

from explorer.hall.rooms import Asked, Rooms, Shown, Ticket, View, store_at
from tests.app_server import ROOT, app_server
from tests.benchmarks.figures import listener, milliseconds, wait_until_rested
from tests.hall.redis_server import free_port, redis_server

PRESSES = 20
PRESS_S = 0.5  # between two presses
VIEWED_PRESS_S = 1.5  # where viewers click along
VOTES_S = 1.0  # within which all vote
CROWD = 3000  # streams that are asked for at once
PATIENCE_S = 60.0
VIEWERS_S = 40.0  # that thirty viewers click along
OPENING_S = 20.0  # until their pages have opened
OPTIONS = tuple(Shown(f"the answer number {number}, a line long") for number in range(4))

Press = Callable[[str], object]  # by title

SERVER = """
import sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from explorer.hall.rooms import rooms
from explorer.hall.routes import ROUTES
from tests.benchmarks.hall import ask, view

tickets = []

def press(request):
    what = request.path_params["what"]
    if what == "open":
        tickets.append(rooms().open())
        ask(rooms(), tickets[0])
    elif what != "state":
        rooms().follow(tickets[0], view(what))
    return JSONResponse({"code": tickets[0].code, "votes": rooms().votes(tickets[0].code)})

app = Starlette(routes=[*ROUTES, Route("/press/{what}", press)])
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False)
"""


def ask(rooms: Rooms, ticket: Ticket) -> None:
    """Open a vote."""
    rooms.ask(ticket, Asked("Which stage holds most of the parameters?", OPTIONS, 3))


def view(title: str) -> View:
    """What a presenter looks at."""
    pictures = tuple((f"{number:032}", "The maps of the selected operation", "maps") for number in range(3))
    return View("/resnet?variant=resnet50&node=conv3_x.1.add", title, "28×28×512, 1.2 M parameters", pictures)


class Phone(asyncio.Protocol):
    """One event stream: its status, its cookie, and when each title that is waited for came."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.status = 0
        self.cookie = ""
        self.opened = asyncio.get_running_loop().create_future()
        self.wanted = b""
        self.came = 0.0
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(f"GET /hall/{self.code}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        if not self.status:
            self._head += data
            if b"\r\n\r\n" not in self._head:
                return
            lines = self._head.decode().split("\r\n")
            self.status = int(lines[0].split()[1])
            cookies = [line.partition("hall=")[2] for line in lines if line.lower().startswith("set-cookie")]
            self.cookie = cookies[0].partition(";")[0] if cookies else ""
            self.opened.set_result(None)
        if self.wanted and self.wanted in data:
            self.came = time.perf_counter()
            self.wanted = b""

    def connection_lost(self, error: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_result(None)


async def _phones(port: int, code: str, count: int) -> list[Phone]:
    loop = asyncio.get_running_loop()
    phones = []
    for start in range(0, count, 100):  # a listening socket keeps so many waiting
        made = [
            loop.create_connection(lambda: Phone(code), "127.0.0.1", port)
            for _ in range(start, min(start + 100, count))
        ]
        phones += [phone for _, phone in await asyncio.gather(*made)]
        await asyncio.gather(*(phone.opened for phone in phones[start:]))
    return phones


async def _pressed(press: Press, phones: list[Phone], title: str) -> list[float]:
    """Seconds from the press until each phone had it."""
    for phone in phones:
        phone.wanted, phone.came = f'"title": "{title}"'.encode(), 0.0
    start = time.perf_counter()
    await asyncio.to_thread(press, title)
    while any(not phone.came for phone in phones):
        if time.perf_counter() - start > PATIENCE_S:
            raise RuntimeError(f"{sum(not phone.came for phone in phones)} phones never heard of a press.")
        await asyncio.sleep(0.02)
    return [phone.came - start for phone in phones]


async def _voted(port: int, phone: Phone, option: int, due: float) -> tuple[int, float]:
    """The answer's status and the seconds that it took."""
    await asyncio.sleep(due - time.perf_counter())
    start = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = json.dumps({"option": option, "id": 1, "round": 1})
    writer.write(
        f"POST /hall/{phone.code}/vote HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Connection: close\r\nCookie: hall={phone.cookie}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    status = int((await reader.readline()).split()[1])
    await reader.read()
    writer.close()
    return status, time.perf_counter() - start


def _cpu_seconds(server: psutil.Process) -> float:
    times = server.cpu_times()
    return float(times.user + times.system)


async def _measure(
    port: int, code: str, press: Press, votes: Callable[[], int], listeners: int, meanwhile: list[str] | None = None
) -> dict[str, Any]:
    """The figures of a room with an open vote; `meanwhile` is a command that is run beside the presses and votes."""
    server = listener(port)
    start = time.perf_counter()
    phones = await _phones(port, code, listeners)
    opened = time.perf_counter() - start
    pressed: list[float] = []
    if meanwhile is not None:
        beside = subprocess.Popen(meanwhile, stdout=subprocess.PIPE)
        await asyncio.sleep(OPENING_S)
    cpu = [_cpu_seconds(server)]
    for number in range(PRESSES):
        await asyncio.sleep(PRESS_S if meanwhile is None else VIEWED_PRESS_S)
        pressed += await _pressed(press, phones, f"press {number}")
    cpu.append(_cpu_seconds(server))
    start = time.perf_counter() + 0.2
    answers = await asyncio.gather(
        *(_voted(port, phone, i % 4, start + i * VOTES_S / listeners) for i, phone in enumerate(phones))
    )
    took = time.perf_counter() - start
    cpu.append(_cpu_seconds(server))
    counted = await asyncio.to_thread(votes)
    figures: dict[str, Any] = {}
    if meanwhile is not None:
        clicks = json.loads((await asyncio.to_thread(beside.communicate))[0])
        figures |= {"clicks_p50_ms": clicks["p50_ms"], "clicks_p95_ms": clicks["p95_ms"], "limit_clicks_p95_ms": 100.0}
    else:
        crowd = await _phones(port, code, CROWD - listeners)
        figures["streams_asked"] = CROWD
        figures["streams_served"] = sum(phone.status == 200 for phone in crowd) + listeners
        figures["streams_refused"] = sum(phone.status == 503 for phone in crowd)
        figures["press_crowded_p95_ms"] = milliseconds(await _pressed(press, phones, "crowded"), 95)
        for phone in crowd:
            phone.transport.abort()
    for phone in phones:
        phone.transport.abort()
    return figures | {
        "listeners": listeners,
        "open_seconds": round(opened, 2),
        "press_p50_ms": milliseconds(pressed, 50),
        "press_p95_ms": milliseconds(pressed, 95),
        "press_max_ms": round(1000 * max(pressed), 1),
        "limit_press_p95_ms": 150.0,
        "press_server_cpu_ms": round(1000 * (cpu[1] - cpu[0]) / PRESSES, 1),
        "votes_answered_in_seconds": round(took, 2),
        "votes_server_cpu_seconds": round(cpu[2] - cpu[1], 2),
        "votes_refused": sum(status != 200 for status, _ in answers),
        "votes_counted": counted,
        "vote_p50_ms": milliseconds((seconds for _, seconds in answers), 50),
        "vote_p95_ms": milliseconds((seconds for _, seconds in answers), 95),
    }


@contextmanager
def _bare(address: str) -> Iterator[int]:
    """A bare server in a process of its own; its port."""
    port = free_port()
    environment = os.environ | {"EXPLORER_ROOMS": address, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(port)], env=environment)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/hall", timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("The server did not start.") from None
                time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def _asked(port: int, what: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/press/{urllib.request.quote(what)}", timeout=30) as answer:
        return dict(json.load(answer))


def measure(*, listeners: int = 1000, store: str = "memory", app: bool = False) -> dict[str, Any]:
    """The figures, see the module's text. With `app` the store is Redis, and viewers click along."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if store == "memory" and not app:
            port = stack.enter_context(_bare(""))
            code = _asked(port, "open")["code"]
            return asyncio.run(
                _measure(
                    port,
                    code,
                    lambda title: _asked(port, title),
                    lambda: int(_asked(port, "state")["votes"]),
                    listeners,
                )
            )
        address = stack.enter_context(redis_server(folder))
        rooms = Rooms(store_at(address))
        ticket = rooms.open()
        ask(rooms, ticket)

        def figures(port: int, meanwhile: list[str] | None = None) -> dict[str, Any]:
            return asyncio.run(
                _measure(
                    port,
                    ticket.code,
                    lambda title: rooms.follow(ticket, view(title)),
                    lambda: rooms.votes(ticket.code),
                    listeners,
                    meanwhile,
                )
            )

        if not app:
            return figures(stack.enter_context(_bare(address)))
        url = stack.enter_context(app_server(folder, EXPLORER_ROOMS=address)).url
        wait_until_rested(listener(int(url.rpartition(":")[2])))
        load = [sys.executable, "-m", "tests.benchmarks.load", "--url", url, "--seconds", str(VIEWERS_S)]
        return figures(int(url.rpartition(":")[2]), load)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listeners", type=int, default=1000)
    parser.add_argument("--store", choices=("memory", "redis"), default="memory")
    parser.add_argument("--app", action="store_true", help="the app itself, while thirty viewers click")
    print(json.dumps(measure(**vars(parser.parse_args())), indent=2))


if __name__ == "__main__":
    main()
