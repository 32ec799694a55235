"""Percentiles, and what is seen of the server's process."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable

import psutil

REST_S = 2.0  # that a server at rest does nothing
RESTING_PERCENT = 10  # of a core
REST_PATIENCE_S = 180.0


def milliseconds(seconds: Iterable[float], percentile: int) -> float | None:
    """A percentile of some times; of a single one, that one; None of none."""
    times = list(seconds)
    if not times:
        return None
    cuts = statistics.quantiles(times * 2 if len(times) == 1 else times, n=100, method="inclusive")
    return round(cuts[percentile - 1] * 1000, 1)


def listener(port: int) -> psutil.Process:
    """The process that listens on the port. Raises RuntimeError when it can't be seen."""
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
            return psutil.Process(connection.pid)
    raise RuntimeError(f"No process of this machine is seen to listen on port {port}.")


def app_processes(port: int) -> list[psutil.Process]:
    """The app's processes that answer at the port: one, or those behind the proxy that listens there."""
    found = listener(port)
    started = found.parent() if found.name() == "caddy" else None
    return [found] if started is None else [p for p in started.children() if "serve" in p.cmdline()]


def wait_until_rested(server: psutil.Process) -> None:
    """Until the server has done in the background what it does after its start. Raises RuntimeError if it goes on.

    A slow machine does that for half a minute, and the first clicks would be measured together with it.
    """
    server.cpu_percent()
    for _ in range(int(REST_PATIENCE_S / REST_S)):
        time.sleep(REST_S)
        if server.cpu_percent() < RESTING_PERCENT:
            return
    raise RuntimeError("The server does not come to rest.")


def resident_mib(server: psutil.Process) -> float:
    """The resident set of a process and its children."""
    return sum(p.memory_info().rss for p in (server, *server.children(recursive=True))) / 2**20
