"""An ASGI application asked without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.types import ASGIApp, Message


def get(app: ASGIApp, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """The status, the headers and the body of a GET."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("localhost", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
    sent = _run(_exchange(app, scope, [{"type": "http.request", "body": b"", "more_body": False}]))
    start, *rest = sent
    body = b"".join(message.get("body", b"") for message in rest)
    return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, body


def converse(app: ASGIApp, path: str, messages: list[bytes]) -> list[Message]:
    """What a WebSocket is told that sends these messages and leaves."""
    heard: list[Message] = [{"type": "websocket.receive", "bytes": data} for data in messages]
    return _run(_exchange(app, {"type": "websocket", "path": path}, [*heard, {"type": "websocket.disconnect"}]))


def _run(exchange: Coroutine[Any, Any, list[Message]]) -> list[Message]:
    """In a thread of its own: a browser's test may have left a running loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, exchange).result()


async def _exchange(app: ASGIApp, scope: dict[str, Any], messages: list[Message]) -> list[Message]:
    sent: list[Message] = []
    waiting = iter(messages)

    async def receive() -> Message:
        return next(waiting)

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent
