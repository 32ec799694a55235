"""Percentiles, and what is seen of the server's process."""

from __future__ import annotations

import statistics
from collections.abc import Iterable

import psutil


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


def resident_mib(server: psutil.Process) -> float:
    """The resident set of a process and its children."""
    return sum(p.memory_info().rss for p in (server, *server.children(recursive=True))) / 2**20
