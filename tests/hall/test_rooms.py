"""A room, in memory and in Redis alike: what it allows, in which order, and what listeners may know."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from explorer.hall import rooms as module
from explorer.hall import store as stores
from explorer.hall.rooms import Asked, Refused, Rooms, Shown, State, Ticket, View, store_at

QUESTION = Asked("Which one?", (Shown("this"), Shown("that"), Shown("neither")), right=1, why="Since it is.")
DIGEST = "0" * 32


def seen(hall: Rooms, ticket: Ticket) -> State:
    state = hall.state(ticket.code)
    assert state is not None
    assert json.loads(json.dumps(state)) == state
    return state


def asked(hall: Rooms) -> tuple[Ticket, int]:
    """A room with an open question, and its number."""
    ticket = hall.open()
    hall.ask(ticket, QUESTION)
    return ticket, seen(hall, ticket)["number"]


def test_a_code_is_four_letters_that_nobody_mistakes(hall: Rooms) -> None:
    tickets = [hall.open() for _ in range(5)]
    assert len({ticket.code for ticket in tickets}) == len({ticket.secret for ticket in tickets}) == 5
    assert all(len(ticket.code) == 4 and not set(ticket.code) & set("AEIOUY0123456789") for ticket in tickets)
    assert all(ticket.secret not in json.dumps(hall.state(ticket.code)) for ticket in tickets)
    assert hall.state("AAAA") is None


def test_a_question_from_its_asking_to_the_second_round(hall: Rooms) -> None:
    ticket, number = asked(hall)
    question = seen(hall, ticket)["question"]
    assert (question["round"], question["phase"], question["id"]) == (1, "open", number)
    for voter, option in enumerate([0, 1, 1, 2]):
        hall.vote(ticket.code, f"v{voter}", option, number)
    hall.vote(ticket.code, "v3", 0, number)  # a second vote replaces the first
    assert hall.votes(ticket.code) == seen(hall, ticket)["question"]["votes"] == 4

    def shows() -> tuple[object, ...]:
        question = seen(hall, ticket)["question"]
        return tuple(question[name] for name in ("phase", "counts", "before", "right", "why"))

    assert shows() == ("open", None, None, None, "")
    hall.close(ticket)
    assert shows() == ("closed", None, None, None, "")
    with pytest.raises(Refused, match="closed"):
        hall.vote(ticket.code, "late", 1, number)
    with pytest.raises(Refused, match="distribution first"):
        hall.reveal(ticket)
    hall.count(ticket)
    assert shows() == ("counted", [2, 2, 0], None, None, "")
    hall.reveal(ticket)
    hall.close(ticket)  # a press too many
    assert shows() == ("revealed", [2, 2, 0], None, 1, "Since it is.")

    hall.again(ticket)
    second = seen(hall, ticket)
    assert shows() == ("open", None, None, None, "")
    assert second["number"] != number and second["question"]["id"] == question["id"]
    assert (second["question"]["round"], hall.votes(ticket.code)) == (2, 0)
    with pytest.raises(Refused, match="Another question"):
        hall.vote(ticket.code, "v0", 1, number)
    hall.vote(ticket.code, "v0", 1, second["number"])
    hall.count(ticket)  # closes the vote, too
    assert shows() == ("counted", [0, 1, 0], [2, 2, 0], None, "")
    with pytest.raises(Refused):
        hall.again(ticket)
    hall.clear(ticket)
    assert seen(hall, ticket)["question"] is None
    with pytest.raises(Refused, match="No question"):
        hall.close(ticket)
    first, other = hall.results(ticket)
    assert (first.counts, other.counts, first.round, other.round) == ((2, 2, 0), (0, 1, 0), 1, 2)
    assert (first.text, first.options, first.right) == ("Which one?", ("this", "that", "neither"), 1)
    assert datetime.fromisoformat(first.asked_at).utcoffset() is not None


def test_what_is_not_asked_cannot_be_voted_on(hall: Rooms) -> None:
    ticket, number = asked(hall)
    for option in (-1, 3, 10**6):
        with pytest.raises(Refused, match="no such option"):
            hall.vote(ticket.code, "v", option, number)
    with pytest.raises(Refused, match="Another question"):
        hall.vote(ticket.code, "v", 0, number + 1)
    with pytest.raises(Refused, match="no such room"):
        hall.vote("AAAA", "v", 0, number)
    assert hall.votes(ticket.code) == 0
    hall.ask(ticket, QUESTION)
    with pytest.raises(Refused, match="Another question"):
        hall.vote(ticket.code, "v", 0, number)


def test_votes_at_once_are_all_counted(hall: Rooms) -> None:
    """Twenty threads, each with voters of its own who change their minds, while the presenter looks at things."""
    ticket, number = asked(hall)

    def vote(thread: int) -> None:
        for voter in range(10):
            for option in (0, 1, 2, voter % 3):
                hall.vote(ticket.code, f"{thread}-{voter}", option, number)

    with ThreadPoolExecutor(20) as pool:
        done = [pool.submit(vote, thread) for thread in range(20)]
        for step in range(20):
            hall.follow(ticket, View("/resnet", f"step {step}"))
        for future in done:
            future.result()
    hall.count(ticket)
    state = seen(hall, ticket)
    assert state["question"]["votes"] == 200
    assert state["question"]["counts"] == [80, 60, 60]
    assert state["view"]["title"] == "step 19"


def test_who_has_no_ticket_may_do_nothing(hall: Rooms) -> None:
    ticket, _ = asked(hall)
    forged = Ticket(ticket.code, hall.open().secret)
    before = seen(hall, ticket)
    presses = (hall.close, hall.count, hall.reveal, hall.again, hall.clear, hall.end, hall.touch, hall.results)
    for press in presses:
        with pytest.raises(Refused, match="Only who opened"):
            press(forged)
    with pytest.raises(Refused):
        hall.ask(forged, QUESTION)
    with pytest.raises(Refused):
        hall.follow(forged, View("/resnet", "no"))
    with pytest.raises(Refused):
        hall.touch(Ticket("AAAA", ticket.secret))
    assert seen(hall, ticket) == before


@pytest.mark.parametrize(
    "question",
    [
        Asked(" ", QUESTION.options),
        Asked("Q", QUESTION.options[:1]),
        Asked("Q", tuple(Shown(str(i)) for i in range(7))),
        Asked("Q", (Shown("a"), Shown(""))),
        Asked("Q", (Shown("a"), Shown(" a"))),
        Asked("Q", QUESTION.options, right=3),
        Asked("Q" * 1001, QUESTION.options),
        Asked("Q", (Shown("a" * 301), Shown("b"))),
    ],
)
def test_what_is_no_question_is_refused(question: Asked) -> None:
    hall = Rooms(stores.Memory())
    ticket = hall.open()
    with pytest.raises(Refused):
        hall.ask(ticket, question)
    assert seen(hall, ticket)["number"] == 0


@pytest.mark.parametrize(
    "link", ["https://example.org", "//example.org", "/\\example.org", "javascript:x", "", "/a\nb"]
)
def test_a_view_leads_to_this_app_only(link: str) -> None:
    hall = Rooms(stores.Memory())
    with pytest.raises(Refused, match="path of this app"):
        hall.follow(hall.open(), View(link, "elsewhere"))


def test_a_view_is_seen_with_its_pictures(hall: Rooms) -> None:
    ticket = hall.open()
    digest = hall.keep(b"<svg/>", "image/svg+xml")
    hall.follow(ticket, View("/resnet?node=conv1", "ResNet-18", "64 maps", ((digest, "The strip", "strip"),)))
    assert seen(hall, ticket)["view"] == {
        "link": "/resnet?node=conv1",
        "title": "ResNet-18",
        "line": "64 maps",
        "pictures": [[digest, "The strip", "strip"]],
    }
    assert hall.store.picture(digest) == ("image/svg+xml", b"<svg/>")
    assert hall.keep(b"<svg/>", "image/png") != digest == hall.keep(b"<svg/>", "image/svg+xml")


def test_old_pictures_go_but_not_those_that_are_shown(new_store) -> None:
    hall = Rooms(new_store(pictures_bytes=1000))
    ticket = hall.open()
    in_view, in_option, old, *_ = (hall.keep(bytes([i]) * 200, "image/png") for i in range(4))
    hall.follow(ticket, View("/", "", "", ((in_view, "", "maps"),)))
    hall.ask(ticket, Asked("Q", (Shown("", in_option, "a map"), Shown("none"))))
    last = [hall.keep(bytes([i]) * 200, "image/png") for i in range(4, 8)][-1]
    there = {digest for digest in (in_view, in_option, old, last) if hall.store.picture(digest)}
    assert there == {in_view, in_option, last}
    with pytest.raises(Refused):
        hall.keep(b"x" * (module.PICTURE_BYTES + 1), "image/png")
    with pytest.raises(Refused):
        hall.keep(b"x", "text/html")  # type: ignore[arg-type]


def test_nothing_is_left_of_a_room_that_ended(hall: Rooms) -> None:
    ticket, number = asked(hall)
    hall.store.stay(ticket.code, ["v"])
    hall.vote(ticket.code, "v", 0, number)
    picture = hall.keep(b"x", "image/png")
    hall.end(ticket)
    state = seen(hall, ticket)
    assert state == {"number": number, "ended": True, "question": None, "view": None}
    assert (hall.votes(ticket.code), hall.listeners(ticket.code), hall.store.voted(ticket.code, "v")) == (0, 0, None)
    assert hall.store.picture(picture) is None
    for refused in (hall.results, hall.close, hall.touch, hall.end):
        with pytest.raises(Refused, match="ended"):
            refused(ticket)
    with pytest.raises(Refused, match="no such room"):
        hall.vote(ticket.code, "v", 0, number)
    assert hall.store.codes() == []


def test_a_room_ends_by_itself_unless_its_presenter_lives(new_store) -> None:
    hall = Rooms(new_store(life_s=0.6))
    living, left = hall.open(), hall.open()
    for _ in range(4):
        time.sleep(0.2)
        hall.touch(living)
    assert hall.state(left.code) is None
    assert hall.state(living.code) is not None
    assert hall.store.codes() == [living.code]
    with pytest.raises(Refused, match="ended"):
        hall.touch(left)


def test_twenty_rooms_and_no_more(hall: Rooms) -> None:
    tickets = [hall.open() for _ in range(stores.MOST_ROOMS)]
    with pytest.raises(Refused, match="20 rooms"):
        hall.open()
    hall.end(tickets[0])
    assert hall.open().code not in {ticket.code for ticket in tickets}


def test_a_room_full_of_votes_lets_those_in_who_are_here(hall: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    """Voters who threw their cookie away and left make room; those who are here keep their votes."""
    for place in ("explorer.hall.store", "explorer.hall.redis_store"):
        monkeypatch.setattr(f"{place}.MOST_VOTERS", 3)
    ticket, number = asked(hall)
    hall.store.stay(ticket.code, ["a", "b", "d"])
    for voter in ("a", "ghost", "b"):
        hall.vote(ticket.code, voter, 0, number)
    hall.vote(ticket.code, "d", 1, number)
    with pytest.raises(Refused, match="as many voters"):
        hall.vote(ticket.code, "ghost", 2, number)
    votes = {voter: hall.store.voted(ticket.code, voter) for voter in ("a", "b", "d", "ghost")}
    assert votes == {"a": (number, 0), "b": (number, 0), "d": (number, 1), "ghost": None}
    hall.count(ticket)
    assert seen(hall, ticket)["question"]["counts"] == [2, 1, 0]


def test_browsers_come_and_go(hall: Rooms) -> None:
    ticket = hall.open()
    hall.store.stay(ticket.code, ["a", "b"])
    assert hall.listeners(ticket.code) == 2
    hall.store.leave(ticket.code, "a")
    hall.store.leave(ticket.code, "stranger")
    assert hall.listeners(ticket.code) == 1
    assert [hall.store.knows(ticket.code, voter) for voter in ("a", "b", "stranger")] == [True, True, False]
    hall.store.stay(ticket.code, [f"v{i}" for i in range(stores.MOST_BROWSERS + 5)])
    assert hall.listeners(ticket.code) == stores.MOST_BROWSERS
    hall.store.stay("AAAA", ["a"])
    assert hall.listeners("AAAA") == 0


def test_changes_are_heard(hall: Rooms) -> None:
    news: list[tuple[str | None, bool]] = []
    started, voted = threading.Event(), threading.Event()

    def heard(code: str | None, only_votes: bool) -> None:
        news.append((code, only_votes))
        (voted if only_votes else started).set()

    hall.store.listen(heard)
    if hall.store.waits:
        assert started.wait(5)
    ticket, number = asked(hall)
    hall.vote(ticket.code, "v", 0, number)
    assert voted.wait(5)
    assert [each for each in news if each[0]] == [(ticket.code, False), (ticket.code, True)]


def test_the_address_decides_where_rooms_are(redis_address: str) -> None:
    assert isinstance(store_at(""), stores.Memory)
    assert store_at(redis_address.replace("redis://", "valkey://")).codes() is not None
    for wrong in ("http://127.0.0.1", "redis", "127.0.0.1:6379"):
        with pytest.raises(ValueError, match="EXPLORER_ROOMS"):
            store_at(wrong)
