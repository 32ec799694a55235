"""Viewers are counted and their waits timed at the door."""

from __future__ import annotations

import json

import pytest
from starlette.types import Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from explorer.runtime.events import VARIABLE
from explorer.server import watch
from explorer.server.watch import Kind, Waits, Watch, viewers
from tests.server.asgi import converse

RAN = ForwardMsg.FINISHED_SUCCESSFULLY
CLICKED = ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
BEGINS_AGAIN = ForwardMsg.FINISHED_EARLY_FOR_RERUN


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> dict[Kind, Waits]:
    fresh: dict[Kind, Waits] = {"page": Waits(), "click": Waits()}
    monkeypatch.setattr(watch, "WAITED", fresh)
    return fresh


def asks(fragment: str = "", timer: bool = False) -> bytes:
    message = BackMsg()
    message.rerun_script.query_string = ""
    message.rerun_script.fragment_id = fragment
    message.rerun_script.is_auto_rerun = timer
    return message.SerializeToString()


def ends(status: int) -> bytes:
    return ForwardMsg(script_finished=status, hash="0" * 64).SerializeToString()  # type: ignore[arg-type]


def answering(*answers: list[bytes]) -> Watch:
    """An app that answers each message with these."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for answer in answers:
            await receive()
            assert viewers() == 1
            for data in answer:
                await send({"type": "websocket.send", "bytes": data})

    return Watch(app)


def test_pages_and_clicks_are_told_apart(waited: dict[Kind, Waits]) -> None:
    app = answering([b"\x00" * 500, ends(RAN)], [ends(CLICKED)], [ends(CLICKED)])
    told = converse(app, "/_stcore/stream", [asks(), asks("screen"), asks("screen")])
    assert len(told) == 4  # all is passed on
    assert (waited["page"].count, waited["click"].count) == (1, 2)
    assert all(0 <= seconds < 60 for waits in waited.values() for seconds in waits.last)
    assert viewers() == 0


def test_a_run_that_begins_again_has_not_ended(waited: dict[Kind, Waits]) -> None:
    converse(answering([], [ends(BEGINS_AGAIN), ends(CLICKED)]), "/_stcore/stream", [asks("a"), asks("b")])
    assert waited["click"].count == 1


def test_nobody_waits_for_a_timer_nor_for_what_is_no_request(waited: dict[Kind, Waits]) -> None:
    heartbeat = BackMsg(app_heartbeat=True).SerializeToString()
    sent = [asks("progress", timer=True), heartbeat, b"\xff\xff no message"]
    converse(answering([ends(CLICKED)], [ends(CLICKED)], [ends(CLICKED)]), "/_stcore/stream", sent)
    assert (waited["page"].count, waited["click"].count) == (0, 0)


def test_other_addresses_are_passed_on(waited: dict[Kind, Waits]) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert viewers() == 0

    converse(Watch(app), "/elsewhere", [])


def test_percentiles_are_of_what_was_waited() -> None:
    waits = Waits()
    assert waits.percentile(0.5) is None
    for milliseconds in range(100, 0, -1):
        waits.add(milliseconds / 1000)
    assert waits.percentile(0.5) == pytest.approx(0.051)
    assert waits.percentile(0.95) == pytest.approx(0.096)
    assert waits.percentile(1.0) == pytest.approx(0.1)


def test_events_are_lines_of_json_and_off_unless_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], waited: dict[Kind, Waits]
) -> None:
    converse(answering(), "/_stcore/stream", [])
    assert capsys.readouterr().err == ""
    monkeypatch.setenv(VARIABLE, "yes")
    converse(answering(), "/_stcore/stream", [])
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["event"], line["viewers"]) for line in lines] == [("came", 1), ("left", 0)]
