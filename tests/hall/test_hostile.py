"""A hostile audience: each gets one sentence, and the others notice nothing."""

from __future__ import annotations

import http.client
import json
import secrets
import socket
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from explorer.hall import hub, limits, routes
from explorer.hall.limits import Rate
from explorer.hall.rooms import Asked, Rooms, Shown, Ticket, View
from explorer.hall.store import Memory
from tests.hall.listener import Listener
from tests.hall.server import HallServer, hall_server

QUESTION = Asked("Which one?", (Shown("this"), Shown("that")), right=1)
JSON = "application/json"


@pytest.fixture
def server() -> Iterator[HallServer]:
    with hall_server(Rooms(Memory())) as running:
        yield running


@pytest.fixture
def ticket(server: HallServer) -> Ticket:
    """Of a room with an open question."""
    ticket = server.rooms.open()
    server.rooms.ask(ticket, QUESTION)
    return ticket


@pytest.fixture
def honest(server: HallServer, ticket: Ticket) -> Iterator[Listener]:
    """Somebody who is in the room, and votes and hears at the end of the test as before."""
    with Listener(server.port, ticket.code) as listener:
        yield listener
        assert listener.vote(1)[0] == 200
        server.rooms.count(ticket)
        assert listener.until("phase", "counted")["question"]["counts"][1] >= 1


def is_sentence(answer: dict[str, str]) -> bool:
    return list(answer) == ["error"] and answer["error"].count(".") == 1 and answer["error"].endswith(".")


def test_what_is_no_option_or_no_vote(server: HallServer, honest: Listener) -> None:
    server.hall.votes = Rate(100, 0)
    for option in (-1, 2, 10**30, 0.5, "0", None, True, [0], {"$gt": 0}):
        status, answer = honest.vote(option)
        assert status in (400, 409) and is_sentence(answer)
    for body in (b"", b"null", b"[]", b"\xff", b"[" * 1000, b'{"option": 0}', b'{"option": NaN}'):
        status, answer = honest.post(body, Content_Type=JSON)
        assert status == 400 and is_sentence(answer)
    assert server.rooms.votes(honest.code) == 0


def test_another_sites_page_cannot_vote(honest: Listener) -> None:
    for headers in ({"Origin": "http://example.org"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}):
        status, answer = honest.vote(0, **headers)
        assert status == 403 and is_sentence(answer)
    body = b'{"option": 0, "id": 1, "round": 1}'
    assert honest.post(body, Content_Type="text/plain")[0] == 415  # what a form of another site may send
    assert honest.vote(0, Origin=f"http://127.0.0.1:{honest.port}")[0] == 200
    assert honest.vote(0, Sec_Fetch_Site="same-origin")[0] == 200


def test_hundreds_of_votes_of_one_browser_are_one(server: HallServer, ticket: Ticket, honest: Listener) -> None:
    server.hall.votes = Rate(10, 0)
    with Listener(server.port, ticket.code) as hostile:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        statuses: Counter[int] = Counter()
        for vote in range(300):
            body = json.dumps({"option": vote % 2, "id": 1, "round": 1})
            headers = {"Content-Type": JSON, "Cookie": f"hall={hostile.cookie}"}
            connection.request("POST", f"/hall/{ticket.code}/vote", body, headers)
            answer = connection.getresponse()
            answer.read()
            statuses[answer.status] += 1
        connection.close()
    assert statuses == {200: 10, 429: 290}
    assert server.rooms.votes(ticket.code) == 1


def test_a_cookie_without_a_stream_has_no_vote(server: HallServer, ticket: Ticket, honest: Listener) -> None:
    """Whoever makes cookies up, or throws the page's cookie away, has to hold a connection for each vote."""
    for _ in range(20):
        made_up = Listener(server.port, ticket.code, secrets.token_urlsafe(16))
        status, answer = made_up.vote(0)
        assert status == 403 and is_sentence(answer)
        opened = Listener(server.port, ticket.code)
        assert opened.get(f"/hall/{ticket.code}")[0] == 200
        assert opened.vote(0)[0] == 403
    assert Listener(server.port, ticket.code).vote(0)[0] == 403  # no cookie at all
    assert server.rooms.votes(ticket.code) == 0


def test_codes_are_not_found_by_guessing(server: HallServer, ticket: Ticket, honest: Listener) -> None:
    """Once many wrong codes were tried, strangers learn nothing for a while, not of right codes either."""
    server.hall.guesses = Rate(20, 0)
    guesser = Listener(server.port, "")
    statuses = [guesser.get(f"/hall/BB{a}{b}/events")[0] for a in "BCD" for b in "BCDFGHJKLM"]
    assert statuses == [404] * 20 + [429] * 10
    for path in (f"/hall/{ticket.code}", f"/hall/{ticket.code}/events", "/hall/BBBB", "/hall/BBBB/events"):
        status, headers, body = Listener(server.port, "").get(path)
        assert status == 429 and int(headers["retry-after"]) > 0 and b"wrong codes" in body
    assert Listener(server.port, ticket.code, honest.cookie).get(f"/hall/{ticket.code}")[0] == 200
    server.hall.guesses = Rate(1, 1)  # later
    assert Listener(server.port, "").get(f"/hall/{ticket.code}")[0] == 200


def test_a_browser_that_guesses_is_stopped_before_it_bothers_others(server: HallServer, ticket: Ticket) -> None:
    server.hall.guesses, server.hall.own_guesses = Rate(20, 0), Rate(8, 0)
    phone = Listener(server.port, "")
    phone.get(f"/hall/{ticket.code}")  # it has a cookie now
    statuses = [phone.get(f"/hall/BBB{letter}")[0] for letter in "BCDFGHJKLMNP"]
    assert statuses == [404] * 8 + [429] * 4
    assert server.hall.guesses.left() == 12
    assert Listener(server.port, ticket.code).get(f"/hall/{ticket.code}")[0] == 200


def test_a_huge_body_is_not_read(honest: Listener) -> None:
    status, answer = honest.post(b" " * 2000, Content_Type=JSON)
    assert status == 413 and is_sentence(answer)
    with socket.create_connection(("127.0.0.1", honest.port), timeout=10) as raw:  # no length, no end
        raw.sendall(head(honest) + b"Transfer-Encoding: chunked\r\n\r\n" + b"400\r\n" + b" " * 1024 + b"\r\n1\r\n \r\n")
        assert raw.recv(4096).startswith(b"HTTP/1.1 413")


def test_a_slow_body_is_not_waited_for(honest: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "BODY_S", 0.2)
    with socket.create_connection(("127.0.0.1", honest.port), timeout=10) as raw:
        raw.sendall(head(honest) + b"Content-Length: 34\r\n\r\n{")
        assert raw.recv(4096).startswith(b"HTTP/1.1 408")


def head(listener: Listener) -> bytes:
    """The first lines of a vote."""
    return (
        f"POST /hall/{listener.code}/vote HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: hall={listener.cookie}\r\n"
        f"Content-Type: {JSON}\r\n"
    ).encode()


def test_more_streams_than_a_process_takes(
    server: HallServer, ticket: Ticket, honest: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "MOST_STREAMS", 4)
    hostile = [Listener(server.port, ticket.code) for _ in range(6)]
    assert [listener.connect() for listener in hostile] == [200] * 3 + [503] * 3
    status, headers, body = Listener(server.port, ticket.code).get(f"/hall/{ticket.code}/events?why")
    assert status == 503 and is_sentence(json.loads(body)) and int(headers["retry-after"]) > 0
    for listener in hostile:
        listener.leave()
    wait_for_listeners(server, ticket, 1)
    with Listener(server.port, ticket.code):
        pass


def test_a_browser_has_four_tabs_in_a_room(server: HallServer, ticket: Ticket, honest: Listener) -> None:
    tabs = [Listener(server.port, ticket.code)]
    tabs[0].connect()
    for _ in range(hub.MOST_TABS):
        tabs.append(Listener(server.port, ticket.code, tabs[0].cookie))
        assert tabs[-1].connect() == 200
    with pytest.raises(EOFError):
        while tabs[0].event():
            pass
    server.rooms.follow(ticket, View("/resnet", "on"))
    for tab in tabs[1:]:
        while tab.state()["view"] is None:
            pass
        tab.leave()


def test_who_does_not_read_is_dropped(
    server: HallServer, ticket: Ticket, honest: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its state waits, and nothing else; others get theirs; when it comes back, it is where the room stands."""
    monkeypatch.setattr(hub, "STUCK_S", 0.3)
    monkeypatch.setattr(hub, "LOOK_S", 0.05)
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    deaf.connect(("127.0.0.1", server.port))
    deaf.sendall(f"GET /hall/{ticket.code}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    wait_for_listeners(server, ticket, 2)
    deadline, step = time.monotonic() + 20, 0
    while server.rooms.listeners(ticket.code) == 2 and time.monotonic() < deadline:
        step += 1
        pictures = tuple((f"{step:032}", "x" * 1000, "maps") for _ in range(12))
        server.rooms.follow(ticket, View("/resnet", str(step), "", pictures))
        while (view := honest.state()["view"]) is None or view["title"] != str(step):
            pass
    assert server.rooms.listeners(ticket.code) == 1
    deaf.close()
    with Listener(server.port, ticket.code) as back:
        assert back.state()["view"]["title"] == str(step)


def wait_for_listeners(server: HallServer, ticket: Ticket, count: int) -> None:
    deadline = time.monotonic() + 10
    while server.rooms.listeners(ticket.code) != count:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_rate_is_for_each_key_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: now[0])
    rate = Rate(3, 0.5)
    assert [rate.take("a") for _ in range(4)] == [True, True, True, False]
    assert rate.take("b") and rate.left("c") == 3
    now[0] += 2
    assert [rate.take("a") for _ in range(2)] == [True, False]
    now[0] += 1000
    assert rate.left("a") == 3
    monkeypatch.setattr(limits, "MOST_KEYS", 10)
    for key in range(100):
        rate.take(str(key))
    assert len(rate._left) <= 12
