"""What the proxy's cookie says, and processes behind it."""

from __future__ import annotations

import hmac
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tests.app_server import ROOT

COOKIE = "explorer_process"
STARTUP_SECONDS = 90


def process_of(cookie: str, secret: str, upstreams: Sequence[str]) -> str:
    """The upstream that a cookie names: it is that one's HMAC."""
    by_cookie = {hmac.new(secret.encode(), u.encode(), sha256).hexdigest(): u for u in upstreams}
    return by_cookie[cookie]


@contextmanager
def stub(name: str) -> Iterator[str]:
    """A server that answers each request with its own name; its address, as HOST:PORT."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(name)))
            self.end_headers()
            self.wfile.write(name.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def running(command: Sequence[str], url: str, log: Path, environment: Mapping[str, str]) -> Iterator[int]:
    """A process that answers at `url`, and its number. Raises RuntimeError with what it printed."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + STARTUP_SECONDS
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"It did not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


def replicas(port: int, count: int) -> list[str]:
    """The command that starts the app several times."""
    return [sys.executable, "-m", "explorer", "replicas", "--port", str(port), "--count", str(count)]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
