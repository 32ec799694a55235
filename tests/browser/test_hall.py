"""A lecture: one presenter in the app, three listeners on phones, from the question to the answer and after it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.app_server import AppServer
from tests.browser.conftest import AppPage, OpenPage
from tests.browser.parts import link, node

PHONES = ((390, 844), (360, 640), (390, 844))
LAPTOP = (1280, 720)
ALONE = "/resnet?instrument=questions&questions.name=most-params&sidebar=hidden"


@pytest.fixture
def phones(server: AppServer, browser: Browser) -> Iterator[list[Page]]:
    contexts = [
        browser.new_context(viewport={"width": w, "height": h}, has_touch=True, color_scheme="dark" if n else "light")
        for n, (w, h) in enumerate(PHONES)
    ]
    yield [context.new_page() for context in contexts]
    for context in contexts:
        context.close()


def press(view: AppPage, name: str) -> None:
    view.page.get_by_role("button", name=name, exact=True).click()
    view.settle()


def option(phone: Page, text: str) -> Locator:
    return phone.get_by_role("button", name=re.compile(rf"^{re.escape(text)}\b"))


def test_who_is_alone_predicts_and_the_page_shows_the_answer(open_page: OpenPage) -> None:
    view = open_page(ALONE, size=LAPTOP)
    page = view.page
    before = node(view)
    page.get_by_role("button", name="conv4_x", exact=True).click()
    view.settle()
    press(view, "Show the answer")
    assert node(view) != before and link(view)["colour"] == "params"
    said = page.locator(".st-key-question").inner_text()
    assert "15.0 M" in said
    box = page.locator(".st-key-question").bounding_box()
    assert box is not None and box["y"] + box["height"] <= LAPTOP[1]
    press(view, "›")
    assert "colour" not in link(view) and node(view) == before
    page.go_back()
    view.settle()
    assert "questions.name" not in link(view) and page.get_by_text("Which stage has the most parameters?").is_visible()


def test_a_hall_votes_on_its_phones_and_follows(open_page: OpenPage, phones: list[Page], server: AppServer) -> None:
    view = open_page(ALONE, size=LAPTOP)
    page = view.page
    press(view, "Open a room")
    press(view, "Join")
    code = page.locator(".st-key-room-join h1").inner_text()
    assert page.locator(".st-key-room-join img").bounding_box()["width"] > 300  # type: ignore[index]
    page.keyboard.press("Escape")
    view.settle()
    for phone in phones:
        phone.goto(f"{server.url}/hall/{code}")
    expect(phones[0].get_by_text("ResNet-50 · conv2_x.1.add")).to_be_visible()
    picture = phones[0].locator("img").filter(visible=True).first
    assert picture.evaluate("async (image) => { await image.decode(); return image.naturalWidth; }") > 100

    # The options stand on the projector too; nobody sees votes while the hall votes.
    press(view, "Ask the hall")
    for phone, text in zip(phones, ("conv5_x", "conv4_x", "conv4_x"), strict=True):
        option(phone, text).tap()
    expect(page.locator(".st-key-question-actions")).to_contain_text("3 of 3 have voted")
    option(phones[2], "conv5_x").tap()  # another mind
    phones[1].reload()
    expect(option(phones[1], "conv4_x")).to_contain_text("your choice")
    assert page.locator(".st-key-question .votes").count() == 0
    press(view, "Close the vote")
    expect(option(phones[0], "conv4_x")).to_be_disabled()
    press(view, "Show the votes")
    shares = page.locator(".st-key-question .votes").all_inner_texts()
    assert sorted(int(text.partition("%")[0]) for text in shares) == [0, 0, 33, 67]
    assert "colour" not in link(view)
    press(view, "Vote again")
    option(phones[1], "conv5_x").tap()
    expect(page.locator(".st-key-question-actions")).to_contain_text("1 of 3 have voted")
    press(view, "Show the votes")
    assert any("before" in text for text in page.locator(".st-key-question .votes").all_inner_texts())

    # The reveal shows it, on the projector and to who follows; who has left stays where they are.
    press(view, "Show the answer")
    assert link(view)["colour"] == "params"
    expect(phones[0].get_by_text(re.compile("right"))).to_be_visible()
    page.reload()  # by mistake: the room is still this presenter's
    view.settle()
    press(view, "Done")
    expect(phones[0].get_by_text(node(view))).to_be_visible()
    phones[2].get_by_role("button", name="Stop following").tap()
    page.locator('svg[aria-label^="Stages of"] [data-element="conv3_x"]').click()
    view.settle()
    expect(phones[0].get_by_text(f"ResNet-50 · {node(view)}")).to_be_visible()
    expect(phones[2].get_by_text(node(view))).to_have_count(0)
    with phones[0].context.expect_page() as opened:
        phones[0].get_by_role("link", name="Explore from here").tap()
    assert f"node={node(view)}" in opened.value.url or opened.value.url.endswith("/resnet")

    press(view, "Join")
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="Results as CSV").click()
    assert downloaded.value.path().read_text(encoding="utf-8").count("\n") == 1 + 2 * 4
    page.get_by_role("button", name="End the room").click()
    view.settle()
    expect(phones[0].get_by_text(re.compile("ended"))).to_be_visible()
    assert page.get_by_role("button", name="Open a room").is_visible()


def test_a_lesson_leads_from_page_to_page(open_page: OpenPage) -> None:
    view = open_page("/", size=LAPTOP)
    page = view.page
    page.locator(".st-key-lessons a").first.click()
    view.settle()
    said = link(view)
    assert said["step"] == "1" and said["present"] == "yes"
    assert page.evaluate("document.documentElement.hasAttribute('data-presenting')")
    page.keyboard.press("PageDown")
    view.settle()
    assert link(view)["step"] == "2"
