"""A server with open streams stops when it is told to: uvicorn waits for all answers, and a stream has no end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis

from explorer.hall.rooms import Rooms, store_at
from tests.hall.listener import Listener
from tests.hall.redis_server import free_port

SERVE = """
import sys, uvicorn
from starlette.applications import Starlette
from explorer.hall.routes import ROUTES
uvicorn.run(Starlette(routes=ROUTES), host="127.0.0.1", port=int(sys.argv[1]), log_level="critical")
"""
ROOT = Path(__file__).resolve().parents[2]


def test_streams_end_with_their_server(redis_address: str) -> None:
    redis.Redis.from_url(redis_address).flushall()  # of the rooms that other tests have left
    port = free_port()
    environment = os.environ | {"EXPLORER_ROOMS": redis_address, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(port)], env=environment)
    listener = Listener(port, Rooms(store_at(redis_address)).open().code)
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                assert listener.connect() == 200
                break
            except ConnectionRefusedError:
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.05)
        assert listener.state()["ended"] is False
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == -signal.SIGTERM
        with pytest.raises(EOFError):
            listener.event()
    finally:
        process.kill()
        process.wait()
        listener.leave()
