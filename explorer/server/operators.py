"""What operators ask of a server: a page with its numbers, and the same as Prometheus metrics. Off unless set.

    /health    how it is, as a page that keeps itself up to date
    /metrics   the same numbers, and more, for Prometheus

`EXPLORER_OPERATORS=yes` switches both on. They name nobody and show no picture, but how busy a server is is nobody
else's business: a proxy should not pass them on. Whether a process answers at all says /_stcore/health, always.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import partial
from html import escape

from prometheus_client import CONTENT_TYPE_LATEST, Gauge, ProcessCollector, generate_latest
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from explorer.runtime.device import LANES
from explorer.runtime.memory import MIB, limit
from explorer.runtime.store import store
from explorer.server.watch import REGISTRY, WAITED, viewers

VARIABLE = "EXPLORER_OPERATORS"
OFF = f"Off. {VARIABLE}=yes in the environment of the server switches it on."
REFRESH_S = 5
SHARES = (0.5, 0.95)  # percentiles on the page

ProcessCollector(registry=REGISTRY)


def _gauge(name: str, about: str, value: Callable[[], float]) -> None:
    Gauge(f"explorer_{name}", about, registry=REGISTRY).set_function(value)


_gauge("kept_bytes", "Bytes of results that are kept", lambda: store().nbytes)
_gauge("kept_limit_bytes", "Bytes of results that may be kept", lambda: store().limit)
_gauge("memory_limit_bytes", "Bytes that the process is meant to need at most", limit)
_working = Gauge("explorer_working", "Passes and long works under way", ["lane"], registry=REGISTRY)
_waiting = Gauge("explorer_waiting", "Passes and long works that wait for a place", ["lane"], registry=REGISTRY)
for _name, _lane in LANES.items():
    _working.labels(_name).set_function(partial(getattr, _lane, "working"))
    _waiting.labels(_name).set_function(partial(getattr, _lane, "waiting"))


def rows() -> Iterable[tuple[str, str]]:
    """What the page says: names and numbers with their units."""
    yield "Viewers", f"{viewers()}"
    for kind, waits in WAITED.items():
        shown = (waits.percentile(share) for share in SHARES)
        times = " / ".join("—" if seconds is None else f"{seconds:.2f} s" for seconds in shown)
        yield f"Wait for a {kind}, median / 95 %", f"{times} of the last {len(waits.last)}; {waits.count:,} in all"
    for name, lane in LANES.items():
        yield f"Lane {name}", f"{lane.working} of {lane.places} at work, {lane.waiting} waiting"
    yield "Kept results", f"{store().nbytes / MIB:,.0f} of {store().limit / MIB:,.0f} MiB"
    memory = REGISTRY.get_sample_value("process_resident_memory_bytes")
    if memory is not None:  # Linux
        yield "Memory of the process", f"{memory / MIB:,.0f} MiB; {limit() / MIB:,.0f} MiB are meant to be enough"


def is_on() -> bool:
    return os.environ.get(VARIABLE, "") == "yes"


async def health(request: Request) -> Response:
    """GET /health"""
    if not is_on():
        return PlainTextResponse(OFF, 404)
    body = "".join(f"<tr><th>{escape(name)}</th><td>{escape(said)}</td></tr>" for name, said in rows())
    page = (
        f'<!doctype html><html lang="en"><head><title>CNN explorer: health</title>'
        f'<meta http-equiv="refresh" content="{REFRESH_S}"><meta name="viewport" content="width=device-width">'
        "<style>:root { color-scheme: light dark; font: 1rem/1.5 sans-serif } th { text-align: left; "
        f"padding-right: 2rem; font-weight: 400 }}</style></head>"
        f"<body><h1>Health</h1><table>{body}</table></body></html>"
    )
    return HTMLResponse(page, headers={"Cache-Control": "no-store"})


async def metrics(request: Request) -> Response:
    """GET /metrics"""
    if not is_on():
        return PlainTextResponse(OFF, 404)
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


ROUTES: tuple[BaseRoute, ...] = (Route("/health", health), Route("/metrics", metrics))
