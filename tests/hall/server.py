"""The hall's routes on a bare server in a thread: no Streamlit, no torch, a start in milliseconds."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette

from explorer.hall.rooms import Rooms
from explorer.hall.routes import Hall
from tests.hall.redis_server import free_port

STARTUP_SECONDS = 20


@dataclass(frozen=True)
class HallServer:
    """A running server: its address, and what it remembers of browsers."""

    url: str
    hall: Hall
    rooms: Rooms

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


@contextmanager
def hall_server(rooms: Rooms, port: int | None = None) -> Iterator[HallServer]:
    """Serve the rooms on a port of 127.0.0.1 for the duration of the `with` block."""
    hall = Hall(lambda: rooms)
    port = port or free_port()
    config = uvicorn.Config(Starlette(routes=hall.routes), host="127.0.0.1", port=port, log_level="critical")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), name=f"hall server {port}")
    thread.start()
    deadline = time.monotonic() + STARTUP_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("The server did not start.")
        time.sleep(0.01)
    try:
        yield HallServer(f"http://127.0.0.1:{port}", hall, rooms)
    finally:
        hub = hall._hub
        if hub is not None:
            hub.loop.call_soon_threadsafe(hub.close)
        server.should_exit = True
        thread.join()
