"""The work in the background: it ends with the process."""

from __future__ import annotations

from threading import Event

import pytest

from explorer.ui import cache
from explorer.ui.app import warmup
from tests.traces import traced


def test_the_end_of_the_process_waits_for_what_is_under_way_and_for_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, ending, under_way = [], Event(), Event()

    def trace(name: str) -> object:
        asked.append(name)
        under_way.set()
        ending.wait()
        return traced(name)

    monkeypatch.setattr(cache, "trace", trace)
    monkeypatch.setattr(warmup, "_ending", ending)
    monkeypatch.setattr(warmup, "_threads", [])
    thread = warmup._in_background(warmup._draw_diagrams, "diagrams")
    under_way.wait()
    warmup._end()
    assert not thread.is_alive()
    assert len(set(asked)) == 1
