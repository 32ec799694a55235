"""The audience's addresses on a bare server: pages, streams, votes; and two servers with one room."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from explorer.hall import hub, routes
from explorer.hall.rooms import Asked, Rooms, Shown, View, store_at
from explorer.hall.store import Memory
from tests.hall.listener import Listener
from tests.hall.redis_server import redis_server
from tests.hall.server import HallServer, hall_server

QUESTION = Asked("Which <b>one</b>?", (Shown("this"), Shown("<script>that</script>")), right=1, why="Since.")
PAGE = Path(routes.__file__).with_name("page")


@pytest.fixture
def server(hall: Rooms) -> Iterator[HallServer]:
    with hall_server(hall) as running:
        yield running


def test_a_listener_hears_each_step_and_votes(server: HallServer) -> None:
    rooms = server.rooms
    ticket = rooms.open()
    with Listener(server.port, ticket.code) as one, Listener(server.port, ticket.code) as other:
        assert one.event() == ("mine", None)
        assert one.state() == {"number": 0, "ended": False, "question": None, "view": None}
        rooms.follow(ticket, View("/resnet", "ResNet-18"))
        assert one.state()["view"]["title"] == "ResNet-18"
        rooms.ask(ticket, QUESTION)
        asked = one.state()["question"]
        assert (asked["phase"], asked["text"], asked["right"]) == ("open", QUESTION.text, None)
        assert [option["text"] for option in asked["options"]] == ["this", "<script>that</script>"]
        assert one.vote(0) == (200, {"number": 1, "option": 0})
        assert one.vote(1) == (200, {"number": 1, "option": 1})
        assert other.vote(0)[0] == 200
        one.until("votes", 2)
        assert rooms.listeners(ticket.code) == 2
        again = Listener(server.port, ticket.code, one.cookie)  # a reload
        with again:
            assert again.event() == ("mine", [1, 1])
            assert again.state()["question"]["votes"] == 2
            assert rooms.listeners(ticket.code) == 2
        rooms.count(ticket)
        assert one.until("phase", "counted")["question"]["counts"] == [1, 1]
        assert one.vote(0) == (409, {"error": "The vote is closed."})
        rooms.reveal(ticket)
        assert one.until("phase", "revealed")["question"]["right"] == 1
        rooms.again(ticket)
        assert one.until("round", 2)["question"]["id"] == 1
        assert one.vote(0)[0] == 409  # that was the first round
        assert one.vote(0, round_=2)[0] == 200
        rooms.end(ticket)
        while not one.state()["ended"]:
            pass
        with pytest.raises(EOFError):
            one.event()
    assert Listener(server.port, ticket.code).connect() == 410


def test_a_burst_of_votes_is_few_messages(server: HallServer) -> None:
    ticket = server.rooms.open()
    server.rooms.ask(ticket, QUESTION)
    with Listener(server.port, ticket.code) as listener:
        for voter in range(200):
            server.rooms.vote(ticket.code, str(voter), voter % 2, 1)
        counts = [0]
        while counts[-1] < 200:
            counts.append(listener.state()["question"]["votes"])
    assert counts == sorted(counts) and len(counts) < 20


def test_listeners_hear_that_the_server_lives_and_that_a_room_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "LOOK_S", 0.05)
    monkeypatch.setattr(hub, "ALIVE_S", 0.1)
    with hall_server(Rooms(Memory(life_s=0.5))) as server:
        listener = Listener(server.port, server.rooms.open().code)
        with listener:
            events = []
            with pytest.raises(EOFError):
                while True:
                    events.append(listener.event())
    names = [name for name, _ in events]
    assert names[:2] == ["mine", "message"] and "alive" in names
    assert events[-1][1]["ended"] is True


def test_pages(server: HallServer) -> None:
    ticket = server.rooms.open()
    phone = Listener(server.port, ticket.code)
    status, headers, body = phone.get(f"/hall/{ticket.code}")
    assert status == 200 and f"Room {ticket.code}" in body.decode()
    policy = headers["content-security-policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy and "frame-ancestors 'self'" in policy
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
    cookie = headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=strict", "path=/hall"))
    kept = phone.cookie
    assert phone.get(f"/hall/{ticket.code}")[1]["set-cookie"] is None and phone.cookie == kept
    for file in re.findall(r'(?:src|href)="\.\./(hall/page/[^"]+)"', body.decode()):
        answer = phone.get(f"/{file}")
        assert answer[0] == 200 and len(answer[2]) > 1000 and "max-age" in answer[1]["cache-control"]

    assert phone.get("/hall")[0] == phone.get("/hall/")[0] == 200
    assert phone.get("/hall?code=+kx%20qr")[1]["location"] == "hall/KXQR"
    assert phone.get(f"/hall/{ticket.code.lower()}")[1]["location"] == ticket.code
    status, _, body = phone.get("/hall?code=%3Cscript%3E")
    assert status == 200 and b"<script>" not in body and b"no code" in body
    for path in ("/hall/BBBB", "/hall/nonsense", "/hall/%3Cscript%3E"):
        status, _, body = phone.get(path)
        assert status == 404 and b"There is no room" in body and b"<script>" not in body
    assert phone.get("/hall/page/room.html")[0] == phone.get("/hall/page/..%2Froutes.py")[0] == 404
    server.rooms.end(ticket)
    status, _, body = phone.get(f"/hall/{ticket.code}")
    assert status == 410 and b"has ended" in body


def test_the_page_is_small_and_plain() -> None:
    """Together under 60 KB, and no syntax that a phone of 2018 does not know: after ES2017, or of later CSS."""
    files = {path.name: path.read_bytes() for path in PAGE.iterdir()}
    assert sum(map(len, files.values())) < 60_000
    assert sum(len(gzip.compress(content)) for content in files.values()) < 20_000
    script, style = files["hall.js"].decode(), files["hall.css"].decode()
    syntax, methods = (
        r"\?\.|\?\?|catch \{|\{ \.\.\.|\bimport\b",
        r"\.flat\(|All\(|replaceChildren|\.at\(|fromEntries|finally",
    )
    assert re.findall(f"{syntax}|{methods}", script) == []
    assert re.findall(r"innerHTML|insertAdjacent|outerHTML|document\.write|eval\(|http", script) == []
    assert re.findall(r":is\(|:has\(|:where\(|clamp\(|min\(|max\(|\bgap:|inset:|dvh|aspect-ratio|url\(", style) == []


def test_pictures_run_nothing_and_are_kept_by_browsers(server: HallServer) -> None:
    digest = server.rooms.keep(b"<svg><script>alert(1)</script></svg>", "image/svg+xml")
    status, headers, body = Listener(server.port, "").get(f"/hall/picture/{digest}")
    assert (status, body[:5], headers["content-type"]) == (200, b"<svg>", "image/svg+xml")
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "sandbox" in headers["content-security-policy"] and headers["x-content-type-options"] == "nosniff"
    assert Listener(server.port, "").get("/hall/picture/00")[0] == 404


def test_two_servers_have_one_room(redis_address: str) -> None:
    with hall_server(Rooms(store_at(redis_address))) as one, hall_server(Rooms(store_at(redis_address))) as other:
        ticket = one.rooms.open()
        with Listener(one.port, ticket.code) as here, Listener(other.port, ticket.code) as there:
            there.state()
            one.rooms.ask(ticket, QUESTION)
            assert there.until("phase", "open")["number"] == 1
            assert here.vote(0)[0] == there.vote(1)[0] == 200
            moved = Listener(other.port, ticket.code, here.cookie)  # the next request may reach another process
            assert moved.vote(1)[0] == 200
            assert here.until("votes", 2) and there.until("votes", 2)
            other.rooms.count(ticket)
            assert here.until("phase", "counted")["question"]["counts"] == [0, 2]
            assert one.rooms.listeners(ticket.code) == other.rooms.listeners(ticket.code) == 2


def test_a_redis_that_goes_away_is_a_sentence_and_comes_back(tmp_path: Path) -> None:
    """Streams stay; what was in a memory that was lost has ended."""
    with redis_server(tmp_path) as address, hall_server(Rooms(store_at(address))) as server:
        port = int(address.rpartition(":")[2].partition("/")[0])
        ticket = server.rooms.open()
        server.rooms.ask(ticket, QUESTION)
        listener = Listener(server.port, ticket.code)
        with listener:
            listener.state()
            stop_redis(address)
            status, answer = listener.vote(0)
            assert status == 503 and answer["error"].count(".") == 1
            assert listener.get(f"/hall/{ticket.code}")[0] == 503
            with redis_server(tmp_path, port):
                while not listener.state()["ended"]:
                    pass
                assert Listener(server.port, server.rooms.open().code).connect() == 200


def stop_redis(address: str) -> None:
    import redis

    with redis.Redis.from_url(address) as client:
        client.shutdown(nosave=True)
