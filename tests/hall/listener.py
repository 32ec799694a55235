"""A listener's browser as the server sees it: a cookie, an event stream, votes."""

from __future__ import annotations

import http.client
import json
from types import TracebackType
from typing import Any

Event = tuple[str, Any]


class Listener:
    """One browser; `cookie` is the one that it sends and the one that it was given."""

    def __init__(self, port: int, code: str, cookie: str | None = None) -> None:
        self.port = port
        self.code = code
        self.cookie = cookie
        self._stream: http.client.HTTPConnection | None = None
        self._answer: http.client.HTTPResponse | None = None

    def __enter__(self) -> Listener:
        assert self.connect() == 200
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.leave()

    def _headers(self, **headers: str) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return named | ({"Cookie": f"hall={self.cookie}"} if self.cookie else {})

    def connect(self, timeout: float = 10) -> int:
        """Open the event stream; the answer's status."""
        self._stream = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        self._stream.request("GET", f"/hall/{self.code}/events", headers=self._headers(Accept="text/event-stream"))
        self._answer = self._stream.getresponse()
        self._take_cookie(self._answer)
        return self._answer.status

    def leave(self) -> None:
        if self._answer is not None and self._stream is not None:
            self._answer.close()
            self._stream.close()

    def event(self) -> Event:
        """The next event: its name ("message" where it has none) and data. Raises EOFError at the stream's end."""
        assert self._answer is not None
        name, data = "message", ""
        while True:
            line = self._answer.readline().decode()
            if not line:
                raise EOFError
            field, _, value = line.rstrip("\n").partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                data = value
            elif not field and data:
                return name, json.loads(data)

    def state(self) -> dict[str, Any]:
        """The next state."""
        while True:
            name, data = self.event()
            if name == "message":
                return dict(data)

    def until(self, key: str, value: object) -> dict[str, Any]:
        """The next state whose question has that value."""
        while True:
            state = self.state()
            if state["question"] and state["question"][key] == value:
                return state

    def vote(self, option: object, question: int = 1, round_: int = 1, **headers: str) -> tuple[int, dict[str, Any]]:
        """The answer's status and content."""
        body = json.dumps({"option": option, "id": question, "round": round_})
        return self.post(body.encode(), Content_Type="application/json", **headers)

    def post(self, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("POST", f"/hall/{self.code}/vote", body, self._headers(**headers))
        answer = connection.getresponse()
        content = json.loads(answer.read())
        connection.close()
        return answer.status, content

    def get(self, path: str) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Status, headers and body; redirects are not followed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", path, headers=self._headers(Accept="text/html"))
        answer = connection.getresponse()
        self._take_cookie(answer)
        body = answer.read()
        connection.close()
        return answer.status, answer.headers, body

    def _take_cookie(self, answer: http.client.HTTPResponse) -> None:
        for cookie in answer.headers.get_all("set-cookie") or ():
            self.cookie = cookie.partition("=")[2].partition(";")[0]
