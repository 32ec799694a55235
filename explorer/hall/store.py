"""Where rooms are kept: what a store does, and the one in this process's memory.

A room is a text, which only `rooms` reads, and beside it what many phones change at once: votes and who is here. Times
are the store's own, so that processes whose clocks differ agree on what came too late.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import Literal, NamedTuple, Protocol

MIB = 2**20
LIFE_S = 4 * 3600.0  # of a room after its presenter's last sign of life
ENDED_S = 600.0  # that an ended room still says so
STAY_S = 45.0  # a browser counts as here so long after its stream was last seen alive
GRACE_S = 120.0  # and may vote so long after that: phones lose their streams
MOST_ROOMS = 20
MOST_VOTERS = 2000  # of a room
MOST_BROWSERS = 2 * MOST_VOTERS  # of a room, with those who have just left
PICTURES_BYTES = 64 * MIB

Vote = Literal["counted", "gone", "other", "closed", "none", "full", "stranger"]
Picture = tuple[str, bytes]  # media type, content


@dataclass(frozen=True)
class Ballot:
    """The last vote that was opened: its number, how many options it has, and whether it is open still."""

    number: int = 0
    options: int = 0
    open: bool = False


@dataclass(frozen=True)
class Look:
    """A room at one moment. `counts`: votes by ballot and option; `votes`: how many have voted in the last ballot."""

    text: str
    votes: int
    counts: dict[tuple[int, int], int]


class Choice(NamedTuple):
    """What a voter chose in a ballot of a room."""

    code: str
    number: int
    voter: str
    option: int


class NoRoom(KeyError):
    """No room has this code."""


class Full(Exception):
    """There are as many rooms as may be."""


Change = Callable[[str], tuple[str, Ballot]]
Heard = Callable[[str | None, bool], None]


class Store(Protocol):
    """What both stores do. Each method is atomic, may be called from any thread, and raises Away where it can't."""

    waits: bool  # whether calls wait for another process: an event loop calls them in a thread

    def open(self, code: str, text: str) -> bool:
        """A new room; False where there is one of that code. Raises Full."""

    def look(self, code: str) -> Look | None: ...

    def change(self, code: str, change: Change) -> None:
        """Put what `change` makes of the text in its place, and prolong the room's life. A new ballot's number starts
        with no votes. `change` may be called again where somebody else was faster. Raises NoRoom, and what it raises.
        """

    def live(self, code: str) -> None:
        """Prolong the room's life."""

    def end(self, code: str, text: str) -> None:
        """Forget the room but for a text that says so, for a while."""

    def codes(self) -> list[str]:
        """Of the rooms that live."""

    def vote(self, choices: Sequence[Choice], strangers: bool) -> list[Vote]:
        """Votes in this order, each on its own; those of browsers that the room does not know where `strangers` may
        vote. A voter's second vote replaces the first. Where all places are taken, voters who have left lose theirs.
        """

    def voted(self, code: str, voter: str) -> tuple[int, int] | None:
        """The last ballot's number and what a voter chose in it."""

    def stay(self, code: str, voters: Iterable[str]) -> None:
        """These browsers are here."""

    def leave(self, code: str, voter: str) -> None: ...

    def here(self, code: str) -> int:
        """How many browsers are here."""

    def knows(self, code: str, voter: str) -> bool:
        """Whether a browser is here or has just left."""

    def keep(self, digest: str, picture: Picture, needed: Callable[[], set[str]]) -> None:
        """Keep a picture; the oldest go where they are too many, but not the `needed` ones."""

    def picture(self, digest: str) -> Picture | None: ...

    def listen(self, heard: Heard) -> None:
        """Have `heard(code, only votes)` called after each change, in any thread; with None where changes may have been
        missed."""


@dataclass
class _Room:
    text: str
    until: float
    ended: bool = False
    ballot: Ballot = Ballot()
    votes: dict[str, int] = field(default_factory=dict)
    counts: dict[tuple[int, int], int] = field(default_factory=dict)
    here: dict[str, float] = field(default_factory=dict)  # until when

    def count(self, option: int, by: int) -> None:
        key = self.ballot.number, option
        self.counts[key] = self.counts.get(key, 0) + by


class Memory:
    """The rooms of one process."""

    waits = False

    def __init__(self, life_s: float = LIFE_S, pictures_bytes: int = PICTURES_BYTES) -> None:
        self._life_s = life_s
        self._most_bytes = pictures_bytes
        self._rooms: dict[str, _Room] = {}
        self._pictures: OrderedDict[str, Picture] = OrderedDict()  # the last was kept last
        self._bytes = 0
        self._heard: list[Heard] = []
        self._lock = RLock()

    def _room(self, code: str) -> _Room | None:
        room = self._rooms.get(code)
        if room is not None and room.until < time.monotonic():
            del self._rooms[code]
            self._forget_pictures()
            return None
        return room

    def _forget_pictures(self) -> None:
        if not self.codes():
            self._pictures.clear()
            self._bytes = 0

    def _tell(self, code: str, only_votes: bool = False) -> None:
        for heard in self._heard:
            heard(code, only_votes)

    def open(self, code: str, text: str) -> bool:
        with self._lock:
            if len(self.codes()) >= MOST_ROOMS:
                raise Full
            if self._room(code) is not None:
                return False
            self._rooms[code] = _Room(text, time.monotonic() + self._life_s)
            return True

    def look(self, code: str) -> Look | None:
        with self._lock:
            room = self._room(code)
            return Look(room.text, len(room.votes), dict(room.counts)) if room else None

    def change(self, code: str, change: Change) -> None:
        with self._lock:
            room = self._room(code)
            if room is None:
                raise NoRoom(code)
            text, ballot = change(room.text)
            if ballot.number != room.ballot.number:
                room.votes.clear()
            room.text, room.ballot = text, ballot
            room.until = time.monotonic() + self._life_s
        self._tell(code)

    def live(self, code: str) -> None:
        with self._lock:
            if room := self._room(code):
                room.until = time.monotonic() + self._life_s

    def end(self, code: str, text: str) -> None:
        with self._lock:
            self._rooms[code] = _Room(text, time.monotonic() + ENDED_S, ended=True)
            self._forget_pictures()
        self._tell(code)

    def codes(self) -> list[str]:
        with self._lock:
            now = time.monotonic()
            return [code for code, room in self._rooms.items() if room.until >= now and not room.ended]

    def vote(self, choices: Sequence[Choice], strangers: bool) -> list[Vote]:
        outcomes = [self._vote(*choice, strangers) for choice in choices]
        for code in {choice.code for choice, outcome in zip(choices, outcomes, strict=True) if outcome == "counted"}:
            self._tell(code, only_votes=True)
        return outcomes

    def _vote(self, code: str, number: int, voter: str, option: int, strangers: bool) -> Vote:
        with self._lock:
            if not strangers and not self.knows(code, voter):
                return "stranger"
            room = self._room(code)
            if room is None or room.ended:
                return "gone"
            if number != room.ballot.number:
                return "other"
            if not room.ballot.open:
                return "closed"
            if not 0 <= option < room.ballot.options:
                return "none"
            if voter in room.votes:
                room.count(room.votes[voter], -1)
            elif len(room.votes) >= MOST_VOTERS:
                left = time.monotonic() - GRACE_S
                gone = next((v for v in room.votes if room.here.get(v, left) <= left), None)
                if gone is None:
                    return "full"
                room.count(room.votes.pop(gone), -1)
            room.votes[voter] = option
            room.count(option, 1)
            return "counted"

    def voted(self, code: str, voter: str) -> tuple[int, int] | None:
        with self._lock:
            room = self._room(code)
            return (room.ballot.number, room.votes[voter]) if room and voter in room.votes else None

    def stay(self, code: str, voters: Iterable[str]) -> None:
        with self._lock:
            if room := self._room(code):
                room.here |= dict.fromkeys(voters, time.monotonic() + STAY_S)
                if len(room.here) > MOST_BROWSERS:
                    kept = sorted(room.here, key=room.here.__getitem__)[-MOST_BROWSERS:]
                    room.here = {voter: room.here[voter] for voter in kept}

    def leave(self, code: str, voter: str) -> None:
        with self._lock:
            room = self._room(code)
            if room and voter in room.here:
                room.here[voter] = time.monotonic()

    def here(self, code: str) -> int:
        with self._lock:
            room, now = self._room(code), time.monotonic()
            return sum(until > now for until in room.here.values()) if room else 0

    def knows(self, code: str, voter: str) -> bool:
        with self._lock:
            room, now = self._room(code), time.monotonic()
            return room is not None and room.here.get(voter, -GRACE_S) > now - GRACE_S

    def keep(self, digest: str, picture: Picture, needed: Callable[[], set[str]]) -> None:
        with self._lock:
            if digest not in self._pictures:
                self._pictures[digest] = picture
                self._bytes += len(picture[1])
            self._pictures.move_to_end(digest)
            if self._bytes > self._most_bytes:
                stay = needed() | {digest}
                for old in [old for old in self._pictures if old not in stay]:
                    if self._bytes <= self._most_bytes:
                        break
                    self._bytes -= len(self._pictures.pop(old)[1])

    def picture(self, digest: str) -> Picture | None:
        with self._lock:
            return self._pictures.get(digest)

    def listen(self, heard: Heard) -> None:
        self._heard.append(heard)
