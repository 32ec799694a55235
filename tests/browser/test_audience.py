"""The audience's page on a phone, on a bare server: from the first question to the second server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Browser, Page, expect

from explorer.hall.rooms import Asked, Rooms, Shown, View, store_at
from explorer.hall.store import Memory
from tests.hall.redis_server import redis_server
from tests.hall.server import hall_server

PHONE = {"width": 390, "height": 844}
QUESTION = Asked("How many <b>maps</b>?", (Shown("64"), Shown("256"), Shown("512")), right=1, why="The widths add up.")
STRIP = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="900" height="90"><rect width="900" height="90" fill="#cde"/></svg>'
)


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A phone; the test fails where a script of the page failed or a request left the machine."""
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=2)
    problems: list[str] = []
    context.on("weberror", lambda error: problems.append(str(error.error)))
    context.on("request", lambda request: problems.append(request.url) if not is_local(request.url) else None)
    page = context.new_page()
    page.on("console", lambda said: problems.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    context.close()
    assert problems == []


def is_local(url: str) -> bool:
    return urlparse(url).hostname == "127.0.0.1"


def test_a_phone_from_the_first_vote_to_the_second_and_along(phone: Page) -> None:
    rooms = Rooms(Memory())
    ticket = rooms.open()
    with hall_server(rooms) as server:
        phone.goto(f"{server.url}/hall")
        phone.get_by_label("four letters").fill(ticket.code.lower())
        phone.get_by_role("button", name="Enter").tap()
        expect(phone).to_have_url(f"{server.url}/hall/{ticket.code}")
        expect(phone.get_by_text("You follow the presenter.")).to_be_visible()

        rooms.ask(ticket, QUESTION)
        options = phone.locator("#options button")
        expect(phone.get_by_role("heading", name=QUESTION.text)).to_be_visible()  # the markup is text
        assert all(box.bounding_box()["height"] >= 44 for box in options.all())
        options.nth(0).tap()
        expect(options.nth(0)).to_have_attribute("aria-pressed", "true")
        options.nth(1).press("Enter")  # by keyboard, too
        expect(options.nth(1)).to_have_attribute("aria-pressed", "true")
        expect(options.nth(0)).to_have_attribute("aria-pressed", "false")
        expect(phone.get_by_text("1 has voted")).to_be_visible()
        phone.reload()
        expect(options.nth(1)).to_have_attribute("aria-pressed", "true")
        assert phone.evaluate("document.cookie") == ""  # no script sees who votes

        number = rooms.state(ticket.code)["number"]
        for voter in range(3):
            rooms.vote(ticket.code, f"other {voter}", 0, number)
        rooms.close(ticket)
        expect(phone.locator("#phase")).to_have_text("The vote is closed")
        options.nth(0).tap(force=True)
        expect(options.nth(1)).to_have_attribute("aria-pressed", "true")
        assert phone.locator(".bar").count() == 0
        rooms.count(ticket)
        expect(options.nth(0).locator(".count")).to_have_text("3 (75 %)")
        expect(options.nth(1).locator(".count")).to_have_text("1 (25 %)")
        assert phone.locator(".right").count() == 0
        rooms.reveal(ticket)
        expect(options.nth(1)).to_have_class(re.compile(r"\bright\b"))
        expect(phone.get_by_text(QUESTION.why)).to_be_visible()

        rooms.again(ticket)
        expect(options.nth(1)).to_have_attribute("aria-pressed", "false")
        options.nth(1).tap()
        expect(options.nth(1)).to_have_attribute("aria-pressed", "true")
        rooms.count(ticket)
        expect(options.nth(1).locator(".count")).to_have_text(["1 (25 %)", "1 (100 %)"])
        rooms.clear(ticket)
        expect(phone.locator("#question")).to_be_hidden()

        digest = rooms.keep(STRIP.encode(), "image/svg+xml")
        rooms.follow(ticket, View("/resnet?node=conv1", "ResNet-18", "64 maps", ((digest, "Its stages", "strip"),)))
        picture = phone.get_by_alt_text("Its stages")
        expect(picture).to_be_visible()
        expect(picture).to_have_js_property("naturalWidth", 900)
        explore = phone.get_by_role("link", name="Explore from here")
        expect(explore).to_have_js_property("href", f"{server.url}/resnet?node=conv1")
        phone.get_by_role("button", name="Stop following").tap()
        expect(picture).to_be_hidden()
        rooms.follow(ticket, View("/vgg", "VGG-16"))
        phone.reload()  # the tab remembers
        expect(phone.get_by_text("You do not follow")).to_be_visible()
        expect(phone.get_by_role("heading", name="VGG-16")).to_be_hidden()
        phone.get_by_role("button", name="Follow", exact=True).tap()
        expect(phone.get_by_role("heading", name="VGG-16")).to_be_visible()
        assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    expect(phone.get_by_text("The connection is lost")).to_be_visible()
    with hall_server(Rooms(Memory()), server.port):  # the rooms of that memory are gone
        expect(phone.get_by_text(f"There is no room {ticket.code}")).to_be_visible(timeout=20_000)
        phone.get_by_role("link", name="another code").tap()
        expect(phone.get_by_label("four letters")).to_be_visible()


def test_a_phone_comes_back_where_the_room_stands(phone: Page, tmp_path: Path) -> None:
    """The server is started anew while a vote goes on; the room is in Redis."""
    with redis_server(tmp_path) as address:
        rooms = Rooms(store_at(address))
        ticket = rooms.open()
        rooms.ask(ticket, QUESTION)
        options = phone.locator("#options button")
        with hall_server(Rooms(store_at(address))) as server:
            phone.goto(f"{server.url}/hall/{ticket.code}")
            options.nth(2).tap()
            expect(options.nth(2)).to_have_attribute("aria-pressed", "true")
        expect(phone.get_by_text("The connection is lost")).to_be_visible()
        options.nth(1).tap()
        expect(phone.get_by_role("alert")).to_contain_text("did not arrive")
        rooms.count(ticket)
        rooms.again(ticket)
        with hall_server(Rooms(store_at(address)), server.port):
            expect(phone.locator("#phase")).to_contain_text("second", timeout=20_000)
            expect(phone.locator("#status")).to_be_empty()
            options.nth(1).tap()
            expect(options.nth(1)).to_have_attribute("aria-pressed", "true")
            rooms.end(ticket)
            expect(phone.get_by_text("The room has ended")).to_be_visible()
