"""A Redis for the tests of the hall: `python -m tests.hall.redis_server` installs one where there is none."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAMES = ("redis-server", "valkey-server")
PACKAGE = "redis-server"
STARTUP_SECONDS = 20


def find() -> str | None:
    """Path of the system's Redis or Valkey, else None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def _has_apt() -> bool:
    try:
        release = platform.freedesktop_os_release()
    except OSError:  # not Linux
        return False
    return "debian" in (release["ID"], *release.get("ID_LIKE", "").split())


def install() -> None:
    """Install Debian's package where we may; it starts no service. Raises CalledProcessError or OSError."""
    if not _has_apt():
        raise OSError("this system has no apt-get")
    prefix = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    # RUNLEVEL=1 keeps invoke-rc.d from starting a server that nobody asked for.
    apt_get = [*prefix, "env", "RUNLEVEL=1", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    subprocess.run([*apt_get, "update"], check=True)
    subprocess.run([*apt_get, "install", "--yes", "--no-install-recommends", PACKAGE], check=True)


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def redis_server(folder: Path, port: int | None = None) -> Iterator[str]:
    """Start a server that writes nothing to the disk; its address. Raises RuntimeError where it can't be."""
    executable = find()
    if executable is None:
        raise RuntimeError("There is no redis-server: `make redis` installs one.")
    port = port or free_port()
    log = folder / f"redis-{port}.log"
    options = {"--port": str(port), "--bind": "127.0.0.1", "--save": "", "--appendonly": "no", "--dir": str(folder)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [executable, *(part for pair in options.items() for part in pair)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + STARTUP_SECONDS
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Redis did not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.02)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(timeout=10)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def main() -> int:
    if find() is None:
        try:
            install()
        except (subprocess.CalledProcessError, OSError) as error:
            print(f"No Redis could be installed ({error}). Put one of {', '.join(NAMES)} on PATH.", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
