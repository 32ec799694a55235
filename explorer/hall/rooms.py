"""A presenter's rooms: a question at a time, votes, their distribution, the answer, and what the presenter looks at.

Whoever opens a room gets a `Ticket`; its secret is the presenter's only right, and stands in no address. Listeners know
the code alone. What they are not to know yet is not in what they are sent. After the room nothing is kept of it.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from threading import Lock
from typing import Any, Literal

from explorer.hall.refused import Away, Refused
from explorer.hall.store import MIB, MOST_ROOMS, Ballot, Choice, Full, Look, Memory, NoRoom, Store, Vote

__all__ = ["Asked", "Away", "Refused", "Result", "Rooms", "Shown", "State", "Ticket", "View", "rooms"]

VARIABLE = "EXPLORER_ROOMS"
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, which make words, and so no I and O, which look like 1 and 0
CODE_LETTERS = 4
FEWEST_OPTIONS, MOST_OPTIONS = 2, 6
MOST_BALLOTS = 200  # of a room: its results stay until it ends
MOST_PICTURES = 12  # of a view
PICTURE_BYTES = 4 * MIB
PICTURE_KINDS = ("image/svg+xml", "image/png")
DIGEST_LETTERS = 32
TEXT_LETTERS, OPTION_LETTERS, LINK_LETTERS = 1000, 300, 4000

PHASES = ("open", "closed", "counted", "revealed")

NOT_COUNTED: dict[Vote, str] = {
    "gone": "There is no such room any more.",
    "other": "Another question is asked by now.",
    "closed": "The vote is closed.",
    "none": "There is no such option.",
    "full": "The room has as many voters as it takes.",
    "stranger": "This browser is not in the room: reload the page.",
}

State = dict[str, Any]
Kind = Literal["image/svg+xml", "image/png"]


@dataclass(frozen=True)
class Ticket:
    """A room's code, which everybody may know, and the presenter's right to it."""

    code: str
    secret: str


@dataclass(frozen=True)
class Shown:
    """An option: a text, or a picture (the digest that `keep` gave) and what it shows in words."""

    text: str
    picture: str = ""
    alt: str = ""


@dataclass(frozen=True)
class Asked:
    """A question; `right` is an option's index, None where none is right, and `why` a sentence for the reveal."""

    text: str
    options: tuple[Shown, ...]
    right: int | None = None
    why: str = ""


@dataclass(frozen=True)
class View:
    """What the presenter looks at: the same in the app, a title, a line of figures, pictures (digest, alt, role)."""

    link: str
    title: str
    line: str = ""
    pictures: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Result:
    """One question in one round; `asked_at` is ISO 8601, UTC."""

    text: str
    options: tuple[str, ...]
    counts: tuple[int, ...]
    right: int | None
    round: int
    asked_at: str


class Rooms:
    """All rooms of a store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    # ---- the presenter ---------------------------------------------------------------------------------------

    def open(self) -> Ticket:
        """A new room. Raises Refused where there are too many."""
        secret = secrets.token_urlsafe(24)
        text = json.dumps({"secret": _hashed(secret), "ended": False, "ballots": [], "phase": "", "view": None})
        while True:
            code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LETTERS))
            try:
                if self.store.open(code, text):
                    return Ticket(code, secret)
            except Full:
                raise Refused(f"There are {MOST_ROOMS} rooms already; try again when one has ended.") from None

    def touch(self, ticket: Ticket) -> None:
        """A sign of life: a room ends four hours after the last."""
        self._look(ticket)
        self.store.live(ticket.code)

    def end(self, ticket: Ticket) -> None:
        """End the room and forget what was in it."""
        room = self._record(ticket, self._look(ticket).text)
        self.store.end(ticket.code, json.dumps({"secret": room["secret"], "ended": True, "number": _number(room)}))

    def ask(self, ticket: Ticket, asked: Asked) -> None:
        """Put a question in place of the last, and open the vote."""
        question = asdict(_checked(asked))
        self._change(ticket, lambda room: _open(room, question, 1))

    def close(self, ticket: Ticket) -> None:
        """Take no more votes."""
        self._change(ticket, partial(_advance, "closed"))

    def count(self, ticket: Ticket) -> None:
        """Show the distribution; an open vote is closed by it."""
        self._change(ticket, partial(_advance, "counted"))

    def reveal(self, ticket: Ticket) -> None:
        """Show the right answer and why, after the distribution."""
        self._change(ticket, partial(_advance, "revealed"))

    def again(self, ticket: Ticket) -> None:
        """Vote on the same question once more."""
        self._change(ticket, _second)

    def clear(self, ticket: Ticket) -> None:
        """No question any more; its result stays."""
        self._change(ticket, lambda room: room.update(phase=""))

    def follow(self, ticket: Ticket, view: View) -> None:
        """Show listeners who follow what the presenter looks at."""
        seen = asdict(_local(view))
        self._change(ticket, lambda room: room.update(view=seen))

    def results(self, ticket: Ticket) -> list[Result]:
        """Each question and round that was asked, in that order."""
        look = self._look(ticket)
        self.store.live(ticket.code)
        ballots = json.loads(look.text)["ballots"]
        return [
            Result(
                text=ballot["question"]["text"],
                options=tuple(option["text"] or option["alt"] for option in ballot["question"]["options"]),
                counts=tuple(_counts(look, number, len(ballot["question"]["options"]))),
                right=ballot["question"]["right"],
                round=ballot["round"],
                asked_at=ballot["asked_at"],
            )
            for number, ballot in enumerate(ballots, start=1)
        ]

    def keep(self, content: bytes, kind: Kind) -> str:
        """Keep a picture for the listeners; its digest. The oldest go, but for those that a room shows."""
        if kind not in PICTURE_KINDS:
            raise Refused("A picture for the hall is an SVG or a PNG.")
        if len(content) > PICTURE_BYTES:
            raise Refused(f"A picture for the hall has at most {PICTURE_BYTES // MIB} MiB.")
        digest = sha256(kind.encode() + b"\n" + content).hexdigest()[:DIGEST_LETTERS]
        self.store.keep(digest, (kind, content), self._needed)
        return digest

    # ---- everybody -------------------------------------------------------------------------------------------

    def state(self, code: str) -> State | None:
        """What listeners see, JSON-able; None where there is no such room."""
        look = self.store.look(code)
        return None if look is None else _seen(json.loads(look.text), look)

    def listeners(self, code: str) -> int:
        """How many browsers are in the room."""
        return self.store.here(code)

    def votes(self, code: str) -> int:
        """How many have voted in the last round that was opened."""
        look = self.store.look(code)
        return 0 if look is None else look.votes

    def vote(self, code: str, voter: str, option: int, number: int) -> None:
        """Count a vote in question and round `number`. Raises Refused."""
        [outcome] = self.store.vote([Choice(code, number, voter, option)], strangers=True)
        if outcome != "counted":
            raise Refused(NOT_COUNTED[outcome])

    # ---- within ----------------------------------------------------------------------------------------------

    def _look(self, ticket: Ticket) -> Look:
        """The presenter's room at this moment. Raises Refused where it is not theirs."""
        look = self.store.look(ticket.code)
        if look is None:
            raise Refused("This room has ended.")
        self._record(ticket, look.text)
        return look

    @staticmethod
    def _record(ticket: Ticket, text: str) -> dict[str, Any]:
        room: dict[str, Any] = json.loads(text)
        if not hmac.compare_digest(room["secret"], _hashed(ticket.secret)):
            raise Refused("Only who opened this room may do that.")
        if room["ended"]:
            raise Refused("This room has ended.")
        return room

    def _change(self, ticket: Ticket, change: Callable[[dict[str, Any]], None]) -> None:
        def changed(text: str) -> tuple[str, Ballot]:
            room = self._record(ticket, text)
            change(room)
            options = len(room["ballots"][-1]["question"]["options"]) if room["ballots"] else 0
            return json.dumps(room), Ballot(_number(room), options, room["phase"] == "open")

        try:
            self.store.change(ticket.code, changed)
        except NoRoom:
            raise Refused("This room has ended.") from None

    def _needed(self) -> set[str]:
        """The digests of all pictures that a room shows."""
        looks = [self.store.look(code) for code in self.store.codes()]
        found: set[str] = set()
        for room in (json.loads(look.text) for look in looks if look):
            if room["phase"]:
                found |= {option["picture"] for option in room["ballots"][-1]["question"]["options"]}
            if room["view"]:
                found |= {digest for digest, _, _ in room["view"]["pictures"]}
        return found


def _hashed(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _number(room: dict[str, Any]) -> int:
    """Of the last question and round; 0 before the first."""
    return len(room["ballots"])


def _open(room: dict[str, Any], question: dict[str, Any], round_: int) -> None:
    if _number(room) >= MOST_BALLOTS:
        raise Refused(f"A room takes {MOST_BALLOTS} votes; end this one and open another.")
    asked_at = datetime.now(UTC).isoformat(timespec="seconds")
    room["ballots"].append({"question": question, "round": round_, "asked_at": asked_at})
    room["phase"] = "open"


def _asked(room: dict[str, Any]) -> dict[str, Any]:
    """The last question and round, where it is shown still."""
    if not room["phase"]:
        raise Refused("No question is asked.")
    ballot: dict[str, Any] = room["ballots"][-1]
    return ballot


def _advance(phase: str, room: dict[str, Any]) -> None:
    """To a later phase of the question; a press too many changes nothing."""
    _asked(room)
    if phase == "revealed" and room["phase"] not in ("counted", "revealed"):
        raise Refused("Show the distribution first, then the answer.")
    room["phase"] = max(room["phase"], phase, key=PHASES.index)


def _second(room: dict[str, Any]) -> None:
    ballot = _asked(room)
    if ballot["round"] != 1:
        raise Refused("This question has been voted on twice.")
    _open(room, ballot["question"], 2)


def _counts(look: Look, number: int, options: int) -> list[int]:
    return [look.counts.get((number, option), 0) for option in range(options)]


def _seen(room: dict[str, Any], look: Look) -> State:
    """What listeners may know of a room."""
    if room["ended"]:
        return {"number": room["number"], "ended": True, "question": None, "view": None}
    question = _seen_question(room, look) if room["phase"] else None
    return {"number": _number(room), "ended": False, "question": question, "view": room["view"]}


def _seen_question(room: dict[str, Any], look: Look) -> State:
    ballot, number, phase = room["ballots"][-1], _number(room), room["phase"]
    question, second = ballot["question"], ballot["round"] == 2
    options = len(question["options"])
    counted, revealed = phase in ("counted", "revealed"), phase == "revealed"
    return {
        "id": number - 1 if second else number,
        "round": ballot["round"],
        "phase": phase,
        "text": question["text"],
        "options": question["options"],
        "votes": look.votes,
        "counts": _counts(look, number, options) if counted else None,
        "before": _counts(look, number - 1, options) if counted and second else None,
        "right": question["right"] if revealed else None,
        "why": question["why"] if revealed else "",
    }


def _line(text: str, what: str, most: int = TEXT_LETTERS) -> str:
    """A person's text in one line. Raises Refused where it is too long."""
    line = " ".join(text.split())
    if len(line) > most:
        raise Refused(f"{what} has at most {most} letters.")
    return line


def _checked(asked: Asked) -> Asked:
    """The question, tidied. Raises Refused where it is none."""
    text = _line(asked.text, "A question")
    options = tuple(
        Shown(_line(shown.text, "An option", OPTION_LETTERS), shown.picture, _line(shown.alt, "A picture's text"))
        for shown in asked.options
    )
    if not text:
        raise Refused("A question needs a text.")
    if not FEWEST_OPTIONS <= len(options) <= MOST_OPTIONS:
        raise Refused(f"A question has {FEWEST_OPTIONS} to {MOST_OPTIONS} options.")
    if not all(shown.text or shown.picture for shown in options):
        raise Refused("An option needs a text or a picture.")
    if len({(shown.text, shown.picture) for shown in options}) < len(options):
        raise Refused("Two options are the same.")
    if asked.right is not None and not 0 <= asked.right < len(options):
        raise Refused("The right answer is none of the options.")
    return Asked(text, options, asked.right, _line(asked.why, "An explanation"))


def _local(view: View) -> View:
    """The view, tidied. Raises Refused where its link leads out of the app."""
    link = view.link
    if not link.startswith("/") or link[1:2] in ("/", "\\") or len(link) > LINK_LETTERS or not link.isprintable():
        raise Refused("A view's link is a path of this app.")
    if len(view.pictures) > MOST_PICTURES:
        raise Refused(f"A view has at most {MOST_PICTURES} pictures.")
    pictures = tuple((digest, _line(alt, "A picture's text"), role) for digest, alt, role in view.pictures)
    return View(link, _line(view.title, "A title"), _line(view.line, "A line"), pictures)


# ---- the process's own ---------------------------------------------------------------------------------------

_lock = Lock()
_own: list[Rooms] = []


def rooms() -> Rooms:
    """This process's: in its memory, or where EXPLORER_ROOMS says. Raises ValueError where that is no such address."""
    with _lock:
        if not _own:
            _own.append(Rooms(store_at(os.environ.get(VARIABLE, ""))))
        return _own[0]


def store_at(address: str) -> Store:
    """In memory where there is no address, else in Redis or Valkey. Raises ValueError."""
    if not address:
        return Memory()
    scheme, separator, rest = address.partition("://")
    if scheme not in ("redis", "rediss", "valkey", "valkeys") or not separator:
        raise ValueError(f"{VARIABLE} is an address like redis://127.0.0.1:6379/0.")
    from explorer.hall.redis_store import Redis  # only where it is wanted

    return Redis(f"{scheme.replace('valkey', 'redis')}://{rest}")
