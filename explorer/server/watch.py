"""How many viewers there are, and how long they wait: counted at the door, where each request and answer passes.

Streamlit's messages are protocol buffers: a browser asks for a run of the page, or of one fragment of it (a click), and
is told when the run has ended. The time between is what a viewer waits, without the network.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from google.protobuf.message import DecodeError
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from explorer.runtime.events import event

Kind = Literal["page", "click"]
STREAM = "/_stcore/stream"
ASKED_BYTES = 2**20  # a longer request is counted, not read
ENDED_BYTES = 256  # the message that a run has ended is short; all others need not be read
REMEMBERED = 1000  # waits of each kind, for their percentiles
SLOW_S = 5.0
BUCKETS_S = (0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0)
REGISTRY = CollectorRegistry()
VIEWERS = Gauge("explorer_viewers", "Browsers' tabs that are connected", registry=REGISTRY)
WAITS = Histogram(
    "explorer_wait_seconds",
    "From a browser's request to the end of its run",
    ["kind"],
    buckets=BUCKETS_S,
    registry=REGISTRY,
)
LEFT = Counter("explorer_runs_left", "Runs that were asked for by a tab that left before their end", registry=REGISTRY)


@dataclass
class Waits:
    """The last waits of a kind, in seconds."""

    last: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    count: int = 0

    def add(self, seconds: float) -> None:
        self.count += 1
        self.last.append(seconds)

    def percentile(self, share: float) -> float | None:
        """The wait, in seconds, that this share of the last ones did not exceed; None before the first."""
        ordered = sorted(self.last)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


WAITED: dict[Kind, Waits] = {"page": Waits(), "click": Waits()}


class Watch:
    """ASGI middleware that counts the connections of Streamlit's front end and times what they ask for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket" or not scope["path"].endswith(STREAM):
            await self.app(scope, receive, send)
            return
        asked: list[tuple[float, Kind]] = []  # not answered yet

        async def hear() -> Message:
            message = await receive()
            kind = _asked(message.get("bytes") or b"")
            if kind is not None:
                asked.append((time.monotonic(), kind))
            return message

        async def tell(message: Message) -> None:
            await send(message)
            if asked and _ended(message.get("bytes") or b""):
                since, kind = asked[0]
                asked.clear()  # requests that come during a run are answered together
                _waited(kind, time.monotonic() - since)

        VIEWERS.inc()
        event("came", viewers=viewers())
        try:
            await self.app(scope, hear, tell)
        finally:
            VIEWERS.dec()
            LEFT.inc(len(asked))
            event("left", viewers=viewers())


def viewers() -> int:
    """How many tabs are connected."""
    return int(REGISTRY.get_sample_value("explorer_viewers") or 0)


def _waited(kind: Kind, seconds: float) -> None:
    WAITS.labels(kind).observe(seconds)
    WAITED[kind].add(seconds)
    if seconds > SLOW_S:
        event("waited", kind=kind, seconds=round(seconds, 2))


def _asked(data: bytes) -> Kind | None:
    """What a person's press asks to run; None for another message, and for a run that a timer asks for."""
    from streamlit.proto.BackMsg_pb2 import BackMsg

    if not data or len(data) > ASKED_BYTES:
        return None
    try:
        message = BackMsg.FromString(data)
    except DecodeError:
        return None
    if not message.HasField("rerun_script") or message.rerun_script.is_auto_rerun:
        return None
    return "click" if message.rerun_script.fragment_id else "page"


def _ended(data: bytes) -> bool:
    """Whether a message says that a run has ended, and not to begin again at once."""
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

    if not data or len(data) > ENDED_BYTES:
        return False
    try:
        message = ForwardMsg.FromString(data)
    except DecodeError:
        return False
    return bool(message.HasField("script_finished") and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN)
