"""The work in the background: it ends with the process."""

from __future__ import annotations

from threading import Event, Thread

import pytest

from explorer.ui import cache
from explorer.ui.app import warmup
from tests.traces import traced


def test_the_process_waits_for_what_is_under_way_and_for_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, ended, under_way = [], Event(), Event()

    def trace(name: str) -> object:
        asked.append(name)
        under_way.set()
        ended.wait()
        return traced(name)

    monkeypatch.setattr(cache, "trace", trace)
    thread = warmup._in_background(warmup._draw_diagrams, "diagrams")
    assert not thread.daemon  # Python waits for such threads, and only then undoes what torch needs
    under_way.wait()
    monkeypatch.setattr(warmup.threading, "main_thread", Thread)  # one that is not alive, as the main one is by then
    ended.set()
    thread.join()
    assert len(set(asked)) == 1
