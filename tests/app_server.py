"""The app as its users run it, in a process of its own: for the browser tests and the benchmarks."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STARTUP_SECONDS = 60


@dataclass(frozen=True)
class AppServer:
    """A running app: its address, its process and the file that receives what it prints."""

    url: str
    pid: int
    log: Path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@contextmanager
def app_server(home: Path, **variables: str) -> Iterator[AppServer]:
    """Start the app on a free port of 127.0.0.1 and stop it at the end of the `with` block.

    `home` is an empty folder: the process starts in it and has it as its home, so that neither a person's
    settings and cached weights nor the current directory can decide what the app does. `variables` are those of the
    environment that it is started with.
    Raises RuntimeError with the log when the app does not answer within a minute.
    """
    url = f"http://127.0.0.1:{_free_port()}"
    log = home / "app.log"
    command = [sys.executable, "-m", "explorer", "serve", "--port", url.rpartition(":")[2]]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "EXPLORER_HUB_MIRROR": "http://127.0.0.1:9",  # where nobody listens: no test fetches anything
        "PYTHONPATH": str(ROOT),  # this clone, whichever is installed
        "STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "full",
        **variables,
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + STARTUP_SECONDS
        while not _is_healthy(url):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The app did not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.1)
        yield AppServer(url, process.pid, log)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
