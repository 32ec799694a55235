"""Several processes of the app behind one address: more viewers than one process holds.

A browser belongs to one process, by a cookie of the proxy; a room belongs to none, since rooms lie in Redis or Valkey.
Where a process dies its viewers' next connection goes to another one, which opens the same view from its link, and a
new one takes its place.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from explorer import ROOT
from explorer.hall.rooms import VARIABLE as ROOMS
from explorer.runtime import memory
from explorer.runtime.events import event
from explorer.runtime.weights import permission

CADDYFILE = ROOT / "deploy" / "Caddyfile"
CADDY = "caddy"
REDIS = ("redis-server", "valkey-server")
LOOPBACK = "127.0.0.1"
LOOK_S = 0.5
RESTART_S = 1.0  # a process that ends is begun again after this
STOP_S = 10.0


class ReplicasError(ValueError):
    """They can't be started; the message is one sentence for whoever starts them."""


@dataclass
class Part:
    """A process of the whole: how it is begun, and the one that runs."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    ended: float = field(default=-RESTART_S)

    def begin(self) -> None:
        # Its own group: Ctrl-C reaches the one who starts and stops it, and no other.
        self.process = subprocess.Popen(
            self.command, env=dict(self.environment), stdin=subprocess.DEVNULL, start_new_session=True
        )

    def look(self) -> None:
        """Begin it, or begin it again, where it does not run."""
        if self.process is not None and self.process.poll() is None:
            return
        if self.process is not None:
            event("ended", part=self.name, status=self.process.returncode)
            self.process, self.ended = None, time.monotonic()
        if time.monotonic() - self.ended >= RESTART_S:
            self.begin()

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def parts(host: str, port: int, count: int) -> list[Part]:
    """The processes: a Redis where `EXPLORER_ROOMS` names none, the app `count` times, and the proxy.

    Raises:
        ReplicasError: the proxy, or a Redis, is not installed.
        OSError: the address is taken.
    """
    caddy = _tool(CADDY, "`make hall` installs it.")
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    socket.create_server(address, family=family).close()
    ports = _free_ports(count + 1)
    shared = {
        **os.environ,
        "STREAMLIT_SERVER_COOKIE_SECRET": secrets.token_hex(32),
        memory.VARIABLE: str(max(memory.LEAST, memory.limit() // memory.MIB // count)),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", "")))),
    }
    if permission.VARIABLE not in shared:
        shared[permission.VARIABLE] = permission.default_of(host)
    found = []
    if not shared.get(ROOMS):
        shared[ROOMS] = f"redis://{LOOPBACK}:{ports[-1]}/0"
        found.append(Part("redis", _redis(ports[-1]), shared))
    serve = (sys.executable, "-m", "explorer", "serve", "--host", LOOPBACK, "--port")
    found += [Part(f"app-{number}", (*serve, str(p)), shared) for number, p in enumerate(ports[:count], 1)]
    proxy = {
        **os.environ,
        "EXPLORER_SITE": f"http://:{port}",
        "EXPLORER_BIND": host,
        "EXPLORER_UPSTREAMS": " ".join(f"{LOOPBACK}:{p}" for p in ports[:count]),
        "EXPLORER_SECRET": secrets.token_hex(32),
    }
    found.append(Part("proxy", (caddy, "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"), proxy))
    return found


def _tool(name: str, hint: str) -> str:
    """The path of a program: beside this Python, where pip puts it, or anywhere. Raises ReplicasError."""
    beside = Path(sys.executable).with_name(name)
    path = str(beside) if beside.exists() else shutil.which(name)
    if path is None:
        raise ReplicasError(f"There is no {name}: {hint}")
    return path


def _redis(port: int) -> tuple[str, ...]:
    """The command of a Redis of our own, which writes nothing to the disk. Raises ReplicasError."""
    path = next(filter(None, map(shutil.which, REDIS)), None)
    if path is None:
        raise ReplicasError(f"There is no {' or '.join(REDIS)}: install one, or name a running one in {ROOMS}.")
    return path, "--port", str(port), "--bind", LOOPBACK, "--save", "", "--appendonly", "no"


def _free_ports(count: int) -> list[int]:
    """Ports on which nobody listens, no two alike."""
    probes = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def keep_running(all_parts: Sequence[Part]) -> None:
    """Begin them, begin again what ends, until this process is asked to stop; then end them all, the proxy first."""
    stopped = False

    def stop(number: int, frame: object) -> None:
        nonlocal stopped
        stopped = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    try:
        while not stopped:
            for part in all_parts:
                part.look()
            time.sleep(LOOK_S)
    finally:
        for part in reversed(all_parts):
            part.end()
