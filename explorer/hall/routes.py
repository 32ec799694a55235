"""The audience's addresses, beside the app: pages, event streams, votes and pictures. No Streamlit session.

    /hall                  asks for the code
    /hall/CODE             the audience's page
    /hall/CODE/events      server-sent events: the room's state now, and each new one
    /hall/CODE/vote        a vote, as JSON
    /hall/picture/DIGEST   what the presenter's view shows

A hostile audience is bounded by browser, which is a random cookie, and by room, never by address: a hall is one
address. A vote needs a browser that has the room's stream open, or had until just now; each browser has one vote, a
room at most `MOST_VOTERS`, and where all places are taken those go whose browsers have left. So cookies that are thrown
away cost a connection each, and take no place from who is there.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import secrets
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from explorer.hall.hub import Hub, message
from explorer.hall.limits import Rate
from explorer.hall.refused import Away, Refused
from explorer.hall.rooms import CODE_LETTERS, LETTERS, NOT_COUNTED, Rooms, State, rooms
from explorer.hall.store import Choice

PAGE = Path(__file__).with_name("page")
STATIC = {"hall.js": "text/javascript", "hall.css": "text/css"}
COOKIE = "hall"
COOKIE_S = 12 * 3600
VOTER = re.compile(r"[A-Za-z0-9_-]{22}")
CODE = re.compile(rf"[{LETTERS}]{{{CODE_LETTERS}}}")
BODY_BYTES = 1024
BODY_S = 5.0
RETRY_MS = 3000
# With 20 rooms of 160,000 codes, two wrong guesses a second find one in an hour on average.
GUESSES, GUESSES_PER_S = 100, 2.0  # of all browsers that are in no room
OWN_GUESSES, OWN_GUESSES_PER_S = 8, 0.1  # of one browser
VOTES, VOTES_PER_S = 10, 2.0  # of one browser

SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PAGE_HEADERS = SAFE | {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
    ),
    "Cache-Control": "no-store",
}
PICTURE_HEADERS = SAFE | {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cache-Control": "public, max-age=31536000, immutable",
}
STREAM_HEADERS = SAFE | {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",  # nginx would wait for more
}
UNKNOWN = "There is no room {code}: the code is wrong, or the lecture is over."
ENDED = "The room {code} has ended."
GUESSING = "Too many wrong codes are being tried; this page tries again by itself."
NO_COOKIE = "This browser keeps no cookie for this page; without one no vote can be counted."
TOO_FAST = "You vote faster than votes are counted; wait a moment."
FOREIGN = "A vote comes from the room's own page only."
NO_VOTE = "This is no vote."
TOO_LONG = "A vote is no longer than a kibibyte."
TOO_SLOW = "The vote did not arrive in time."


class Refusal(Exception):
    """An answer that is none: its status, and one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        self.status = status
        self.sentence = sentence

    @property
    def headers(self) -> dict[str, str]:
        """When to try again, where that helps: not all at the same time."""
        return {"Retry-After": str(random.randint(3, 10))} if self.status in (429, 503) else {}

    def json(self) -> Response:
        return JSONResponse({"error": self.sentence}, self.status, headers=SAFE | self.headers)


class Hall:
    """The routes of one process's rooms, and what they remember of browsers."""

    def __init__(self, rooms: Callable[[], Rooms]) -> None:
        self._rooms = rooms
        self._hub: Hub | None = None
        self.guesses = Rate(GUESSES, GUESSES_PER_S)
        self.own_guesses = Rate(OWN_GUESSES, OWN_GUESSES_PER_S)
        self.votes = Rate(VOTES, VOTES_PER_S)

    @property
    def routes(self) -> list[BaseRoute]:
        return [
            Route("/hall", self.form),
            Route("/hall/", self.form),
            Route("/hall/page/{name}", static),
            Route("/hall/picture/{digest}", self.picture),
            Route("/hall/{code}", self.page),
            Route("/hall/{code}/events", self.events),
            Route("/hall/{code}/vote", self.vote, methods=["POST"]),
        ]

    @property
    def hub(self) -> Hub:
        """The running loop's."""
        if self._hub is None or self._hub.loop is not asyncio.get_running_loop():
            self._hub = Hub(self._rooms())
        return self._hub

    # ---- pages -----------------------------------------------------------------------------------------------

    async def form(self, request: Request) -> Response:
        """GET /hall?code=kxqr leads to the room."""
        code = "".join(request.query_params.get("code", "").split()).upper()
        if CODE.fullmatch(code):
            return RedirectResponse(f"{_up(request)}hall/{code}", 303, headers=PAGE_HEADERS)
        return _form(request, 200, f"{code[:20]} is no code." if code else "")

    async def page(self, request: Request) -> Response:
        """GET /hall/CODE"""
        given = request.path_params["code"]
        if given != (code := given.upper()) and CODE.fullmatch(code):
            return RedirectResponse(code, 307, headers=PAGE_HEADERS)
        try:
            await self._admit(request, code)
        except Refusal as refusal:
            headers = {"Refresh": refusal.headers["Retry-After"]} if refusal.headers else {}
            return _form(request, refusal.status, refusal.sentence, refusal.headers | headers)
        answer = _html("room.html", code=code, up=_up(request))
        # Who comes by a link of another site sends no cookie, and is not to lose the one there is.
        if request.headers.get("sec-fetch-site") != "cross-site":
            seat(request, answer)
        return answer

    async def picture(self, request: Request) -> Response:
        """GET /hall/picture/DIGEST"""
        try:
            found = await self.hub.call(self.hub.rooms.store.picture, request.path_params["digest"])
        except Away as error:
            return Refusal(503, str(error)).json()
        if found is None:
            return Refusal(404, "This picture is not kept any more.").json()
        kind, content = found
        return Response(content, media_type=kind, headers=PICTURE_HEADERS)

    # ---- the room --------------------------------------------------------------------------------------------

    async def events(self, request: Request) -> Response:
        """GET /hall/CODE/events; with ?why, only whether there would be a stream, which an EventSource can't say."""
        try:
            await self._admit(request, request.path_params["code"])
            self.hub.room_for_one()
        except Refusal as refusal:
            return refusal.json()
        except Refused as error:
            return Refusal(503, str(error)).json()
        if "why" in request.query_params:
            return Response(status_code=204, headers=SAFE)
        return EventStream(self.hub, request)

    async def vote(self, request: Request) -> Response:
        """POST /hall/CODE/vote {"option": 0, "id": 1, "round": 1} -> {"number": 1, "option": 0}"""
        try:
            return await self._vote(request)
        except Refusal as refusal:
            return refusal.json()

    async def _vote(self, request: Request) -> Response:
        if not _is_own(request.headers):
            raise Refusal(403, FOREIGN)
        voter = _voter(request)
        if voter is None:
            raise Refusal(403, NO_COOKIE)
        if not self.votes.take(voter):
            raise Refusal(429, TOO_FAST)
        option, number = _parsed(await _body(request))
        try:
            outcome = await self.hub.vote(Choice(request.path_params["code"], number, voter, option))
        except Away as error:
            raise Refusal(503, str(error)) from None
        if outcome != "counted":  # a stranger hears the same of all codes, right or wrong
            raise Refusal(403 if outcome == "stranger" else 409, NOT_COUNTED[outcome])
        return JSONResponse({"number": number, "option": option}, headers=SAFE | {"Cache-Control": "no-store"})

    async def _admit(self, request: Request, code: str) -> None:
        """Raises Refusal where there is no such room, and to strangers while too many guess, whatever the code."""
        voter = _voter(request)
        hub = self.hub
        try:
            there, state = await hub.call(self._met, hub.rooms, code, voter)
            if not there and (self.guesses.left() < 1 or (voter and self.own_guesses.left(voter) < 1)):
                raise Refusal(429, GUESSING)
        except Away as error:
            raise Refusal(503, str(error)) from None
        if state is None:
            if voter is None or self.own_guesses.take(voter):
                self.guesses.take()
            raise Refusal(404, UNKNOWN.format(code=code[:20]))
        if state["ended"]:
            raise Refusal(410, ENDED.format(code=code))

    @staticmethod
    def _met(rooms: Rooms, code: str, voter: str | None) -> tuple[bool, State | None]:
        """Whether the browser is in the room, and the room's state."""
        there = voter is not None and rooms.store.knows(code, voter)
        return there, rooms.state(code) if CODE.fullmatch(code) else None


class EventStream(Response):
    """The answer that has no end; see `hub`."""

    def __init__(self, hub: Hub, request: Request) -> None:
        super().__init__(headers=STREAM_HEADERS)
        del self.headers["content-length"]
        self.hub = hub
        self.code = request.path_params["code"]
        self.voter = seat(request, self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hub = self.hub
        try:
            stream, mine = await hub.join(self.code, self.voter)
        except Refused as error:
            await Refusal(503, str(error)).json()(scope, receive, send)
            return
        try:
            first = f"retry: {RETRY_MS}\n".encode() + message(mine, "mine")
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": first, "more_body": True})
            await stream.run(receive, send)
        finally:
            await hub.leave(stream)


def seat(request: Request, answer: Response) -> str:
    """The browser's random name, in a cookie that the answer sets where the browser has none."""
    voter = _voter(request)
    if voter is None:
        voter = secrets.token_urlsafe(16)
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, voter, COOKIE_S, path="/hall", httponly=True, samesite="strict", secure=secure)
    return voter


def _voter(request: Request) -> str | None:
    voter = request.cookies.get(COOKIE, "")
    return voter if VOTER.fullmatch(voter) else None


def _is_own(headers: Headers) -> bool:
    """Whether a page of this site asks. A browser says where its page is from; what is no browser may lie."""
    if (site := headers.get("sec-fetch-site")) is not None:
        return site == "same-origin"
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


async def _body(request: Request) -> bytes:
    """Raises Refusal where it is no JSON, too long, or too slow."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refusal(415, NO_VOTE)
    body = b""
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_BYTES:
                    raise Refusal(413, TOO_LONG)
    except TimeoutError:
        raise Refusal(408, TOO_SLOW) from None
    except ClientDisconnect:
        raise Refusal(400, NO_VOTE) from None
    return body


def _parsed(body: bytes) -> tuple[int, int]:
    """Option and number of the ballot: a question's id, and one more in its second round. Raises Refusal."""
    try:
        sent = json.loads(body)
        option, question, round_ = (sent[name] for name in ("option", "id", "round"))
    except (ValueError, RecursionError, TypeError, KeyError):
        raise Refusal(400, NO_VOTE) from None
    if any(type(value) is not int for value in (option, question, round_)) or round_ not in (1, 2):
        raise Refusal(400, NO_VOTE)
    if not (0 <= option < 100 and 0 < question < 10_000):
        raise Refusal(409, "There is no such option.")
    return option, question + round_ - 1


# ---- files ---------------------------------------------------------------------------------------------------


@cache
def _file(name: str) -> bytes:
    return (PAGE / name).read_bytes()


@cache
def _version(name: str) -> str:
    return sha256(_file(name)).hexdigest()[:12]


async def static(request: Request) -> Response:
    """GET /hall/page/NAME: its address changes with its content."""
    name = request.path_params["name"]
    if name not in STATIC:
        raise HTTPException(404)
    return Response(_file(name), media_type=STATIC[name], headers=SAFE | {"Cache-Control": "public, max-age=31536000"})


def _html(name: str, status: int = 200, headers: dict[str, str] | None = None, **values: Any) -> Response:
    versions = {"js": _version("hall.js"), "css": _version("hall.css")}
    text = Template(_file(name).decode()).substitute({k: escape(v) for k, v in (values | versions).items()})
    return Response(text, status, PAGE_HEADERS | (headers or {}), "text/html")


def _up(request: Request) -> str:
    """From the page to the folder that holds /hall, wherever a proxy puts it."""
    return "../" if request.scope["path"].count("/") > 1 else ""


def _form(request: Request, status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    return _html("form.html", status, headers, up=_up(request), sentence=sentence)


ROUTES = Hall(rooms).routes
