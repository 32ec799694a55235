"""A server on this machine that stands in for torchvision's, timm's and the hub, as well or badly as a test asks."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

PIECE = 16_384  # bytes


@dataclass
class Hub:
    """What is served under every path, and what was asked for.

    Attributes:
        body: the file.
        status: of the answer; no body is sent unless it is 200.
        promised: bytes that the server announces, where it isn't the truth.
        piece, pause: bytes that are sent at a time, and seconds before each time.
        after: bytes after which the server waits for `go`.
        stated: the SHA-256 that a hub states, where it isn't the truth.
    """

    body: bytes = b""
    status: int = 200
    promised: int | None = None
    piece: int = PIECE
    pause: float = 0
    after: int | None = None
    stated: str | None = None
    go: Event = field(default_factory=Event)
    asked: list[str] = field(default_factory=list)
    address: str = ""

    @property
    def downloads(self) -> int:
        return sum(line.startswith("GET") for line in self.asked)


@contextmanager
def serve(hub: Hub) -> Iterator[Hub]:
    """Serve until the end of the block; `hub.address` is where."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            hub.asked.append(f"HEAD {self.path}")
            self._head({"ETag": f'"{hub.stated or hashlib.sha256(hub.body).hexdigest()}"', "X-Repo-Commit": "c0ffee"})

        def do_GET(self) -> None:
            hub.asked.append(f"GET {self.path}")
            self._head({})
            if hub.status != 200:
                return
            try:
                for start in range(0, len(hub.body), hub.piece):
                    time.sleep(hub.pause)
                    if hub.after is not None and start >= hub.after:
                        hub.go.wait(30)
                    self.wfile.write(hub.body[start : start + hub.piece])
            except ConnectionError:
                pass  # the other side has cancelled

        def _head(self, headers: dict[str, str]) -> None:
            self.send_response(hub.status)
            size = len(hub.body) if hub.promised is None else hub.promised
            for name, value in {"Content-Length": str(size if hub.status == 200 else 0), **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Not into the tests' output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.go.set()
        server.shutdown()
        server.server_close()
        thread.join()
