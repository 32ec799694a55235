"""The event streams of one process: each listener gets the newest state of the room, and only that.

A stream holds at most one message that waits, the newest: who reads slowly skips states, and who does not read at all
is dropped. So a press of the presenter costs each listener one message, however many came before it.
"""

from __future__ import annotations

import asyncio
import json
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import ParamSpec, TypeVar

from starlette.types import Receive, Send

from explorer.hall.refused import Away, Refused
from explorer.hall.rooms import Rooms
from explorer.hall.store import Choice, Vote

MOST_STREAMS = 2000  # of a process
MOST_TABS = 4  # of a browser in a room: the oldest gives way, since it may be a connection that died unnoticed
VOTES_S = 0.25  # at least, between two messages that only say how many have voted
VOTES_S_EACH = 0.001  # and so long for each listener: the presses of the presenter come first
ALIVE_S = 15.0  # between two signs of life
STUCK_S = 10.0  # that a message waits for its reader before the stream is dropped
LOOK_S = 1.0  # between two looks at all streams, and two tries of a store that was away
THREADS = 8
VOTES_TOGETHER = 100
TOLD_TOGETHER = 50
ALIVE = b": alive\nevent: alive\ndata: 1\n\n"
P = ParamSpec("P")
R = TypeVar("R")


def message(data: object, event: str = "") -> bytes:
    """One server-sent event."""
    name = f"event: {event}\n" if event else ""
    return f"{name}data: {json.dumps(data)}\n\n".encode()


class Stream:
    """One listener's connection."""

    def __init__(self, code: str, voter: str) -> None:
        self.code = code
        self.voter = voter
        self.ended = False
        self.sending_since: float | None = None
        self._shown = b""  # the last state that was offered
        self._waiting = b""
        self._news = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None

    def offer(self, state: bytes, last: bool = False) -> None:
        """Put a state in place of what waits; nothing where it is known."""
        if state != self._shown:
            self._shown = self._waiting = state
            self._news.set()
        if last:
            self.finish()

    def alive(self) -> None:
        """A sign of life, where nothing else waits."""
        if not self._news.is_set():
            self._waiting = ALIVE
            self._news.set()

    def finish(self) -> None:
        """End the stream after what waits."""
        self.ended = True
        self._news.set()

    def drop(self) -> None:
        """End it now."""
        if self._pump is not None:
            self._pump.cancel()

    async def run(self, receive: Receive, send: Send) -> None:
        """Send what is offered until the listener leaves, or the stream is ended or dropped."""
        self._pump = asyncio.create_task(self._send(send))
        left = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait({self._pump, left}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (self._pump, left):
                task.cancel()
            await asyncio.gather(self._pump, left, return_exceptions=True)

    async def _send(self, send: Send) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            body, self._waiting = self._waiting, b""
            self.sending_since = time.monotonic()
            await send({"type": "http.response.body", "body": body, "more_body": not self.ended})
            self.sending_since = None
            if self.ended:
                return


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@dataclass(eq=False)
class _Channel:
    """A room's streams."""

    code: str
    streams: set[Stream] = field(default_factory=set)
    tabs: defaultdict[str, list[Stream]] = field(
        default_factory=lambda: defaultdict(list)
    )  # of each voter, oldest first
    newcomers: list[Stream] = field(default_factory=list)  # who know no state yet
    changed: bool = False  # since all were told
    told_at: float = 0.0
    pushing: asyncio.Task[None] | None = None
    later: asyncio.TimerHandle | None = None


class Hub:
    """All streams of an event loop."""

    def __init__(self, rooms: Rooms) -> None:
        self.rooms = rooms
        self.loop = asyncio.get_running_loop()
        self.streams = 0
        self._channels: dict[str, _Channel] = {}
        self._threads = ThreadPoolExecutor(THREADS, "hall")  # they start when the first is needed
        self._away_until = 0.0
        self._choices: list[tuple[Choice, asyncio.Future[Vote]]] = []
        self._counting: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        rooms.store.listen(self._heard)
        self._end_with_the_server()

    async def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """A call of the rooms or their store, which keeps nobody else waiting. Raises Away, soon again at once."""
        if not self.rooms.store.waits:
            return function(*args, **kwargs)
        if time.monotonic() < self._away_until:
            raise Away("The rooms' memory does not answer; it is tried again by itself.")
        try:
            return await self.loop.run_in_executor(self._threads, lambda: function(*args, **kwargs))
        except Away:
            self._away_until = time.monotonic() + LOOK_S
            raise

    async def vote(self, choice: Choice) -> Vote:
        """Count the vote of a browser that is in the room. Votes that come meanwhile go together: each journey to
        another process costs more than what it carries.
        """
        counted: asyncio.Future[Vote] = self.loop.create_future()
        self._choices.append((choice, counted))
        if self._counting is None or self._counting.done():
            self._counting = asyncio.create_task(self._count())
        return await counted

    async def _count(self) -> None:
        while self._choices:
            some, self._choices = self._choices[:VOTES_TOGETHER], self._choices[VOTES_TOGETHER:]
            try:
                outcomes = await self.call(self.rooms.store.vote, [choice for choice, _ in some], False)
            except Away as error:
                for _, counted in some:
                    if not counted.done():
                        counted.set_exception(error)
                continue
            for (_, counted), outcome in zip(some, outcomes, strict=True):
                if not counted.done():  # who waited is gone
                    counted.set_result(outcome)

    # ---- streams ---------------------------------------------------------------------------------------------

    def room_for_one(self) -> None:
        """Raises Refused where there are as many streams as may be."""
        if self.streams >= MOST_STREAMS:
            raise Refused("There are as many listeners as this server takes; it is tried again by itself.")

    async def join(self, code: str, voter: str) -> tuple[Stream, tuple[int, int] | None]:
        """A new stream, which is sent the room's state, and how its voter has voted. Raises Refused where there are too
        many.
        """
        self.room_for_one()
        stream = Stream(code, voter)
        channel = self._channels.setdefault(code, _Channel(code))
        tabs = channel.tabs[voter]
        tabs.append(stream)
        for oldest in tabs[:-MOST_TABS]:
            oldest.finish()
        channel.streams.add(stream)
        self.streams += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            mine = await self.call(self._seated, code, voter)
        except BaseException:
            await self.leave(stream)
            raise
        channel.newcomers.append(stream)
        self._push(channel)
        return stream, mine

    def _seated(self, code: str, voter: str) -> tuple[int, int] | None:
        """A browser is here, and what it has chosen."""
        self.rooms.store.stay(code, [voter])
        return self.rooms.store.voted(code, voter)

    async def leave(self, stream: Stream) -> None:
        """The listener is gone."""
        channel = self._channels[stream.code]
        channel.streams.remove(stream)
        tabs = channel.tabs[stream.voter]
        tabs.remove(stream)
        if not tabs:
            del channel.tabs[stream.voter]
        self.streams -= 1
        if not channel.streams:
            del self._channels[stream.code]
            if channel.later is not None:
                channel.later.cancel()
        if not tabs:
            with suppress(Away):
                await self.call(self.rooms.store.leave, stream.code, stream.voter)

    def close(self) -> None:
        """End all streams."""
        for channel in self._channels.values():
            for stream in channel.streams:
                stream.finish()

    def _end_with_the_server(self) -> None:
        """Before it stops, uvicorn waits for all answers, and a stream has no end of its own."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            before = signal.getsignal(number)
            if callable(before):

                def stop(number: int, frame: FrameType | None, before: Callable[..., object] = before) -> None:
                    self.loop.call_soon_threadsafe(self.close)
                    before(number, frame)

                signal.signal(number, stop)

    # ---- states ----------------------------------------------------------------------------------------------

    def _heard(self, code: str | None, only_votes: bool) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self.loop.call_soon_threadsafe(self._wake, code, only_votes)

    def _wake(self, code: str | None, only_votes: bool) -> None:
        if code is None:
            for channel in self._channels.values():
                self._changed(channel)
        elif code in self._channels:
            channel = self._channels[code]
            if not only_votes:
                self._changed(channel)
            elif channel.later is None:
                due = channel.told_at + max(VOTES_S, VOTES_S_EACH * len(channel.streams))
                channel.later = self.loop.call_at(due, self._changed, channel)

    def _changed(self, channel: _Channel) -> None:
        if channel.later is not None:
            channel.later.cancel()
            channel.later = None
        channel.changed = True
        self._push(channel)

    def _push(self, channel: _Channel) -> None:
        if channel.pushing is None or channel.pushing.done():
            channel.pushing = asyncio.create_task(self._tell(channel))

    async def _tell(self, channel: _Channel) -> None:
        """Read the state, once for all who are to know it, until everybody knows the newest."""
        while channel.streams and (channel.changed or channel.newcomers):
            everybody, channel.changed = channel.changed, False
            newcomers, channel.newcomers = channel.newcomers, []
            try:
                state = await self.call(self.rooms.state, channel.code)
            except Away:
                channel.changed |= everybody
                channel.newcomers += newcomers
                await asyncio.sleep(LOOK_S)
                continue
            last = state is None or state["ended"]
            told = message(state or {"number": 0, "ended": True, "question": None, "view": None})
            for number, stream in enumerate(list(channel.streams if everybody else newcomers), 1):
                stream.offer(told, last)
                if number % TOLD_TOGETHER == 0:
                    await asyncio.sleep(0)  # viewers of the app click meanwhile
            if everybody:
                channel.told_at = self.loop.time()

    async def _look(self) -> None:
        """Once in a while: drop who does not read; signs of life to listeners, and of them to the store."""
        alive_at = time.monotonic() + ALIVE_S
        while self._channels:
            await asyncio.sleep(LOOK_S)
            now = time.monotonic()
            for channel in self._channels.values():
                for stream in channel.streams:
                    if stream.sending_since is not None and now - stream.sending_since > STUCK_S:
                        stream.drop()
            if now >= alive_at:
                alive_at = now + ALIVE_S
                await self._sign()

    async def _sign(self) -> None:
        for channel in self._channels.values():
            self._changed(channel)  # a room's time may be over
            for stream in channel.streams:
                stream.alive()
        here = {code: list(channel.tabs) for code, channel in self._channels.items()}
        with suppress(Away):
            for code, voters in here.items():
                await self.call(self.rooms.store.stay, code, voters)
