"""The home page in a browser: each way in leads to a page, and one press of Back returns."""

from __future__ import annotations

from playwright.sync_api import expect

from explorer.cards import cards
from tests.browser.conftest import AppPage, OpenPage
from tests.browser.parts import element, link


def _page(view: AppPage) -> str:
    return view.page.url.partition("?")[0].rpartition("/")[2]


def _click_card(view: AppPage) -> None:
    view.page.get_by_test_id("stMain").get_by_role("link", name="ResNet (2015)").click()


def _click_strip(view: AppPage) -> None:
    element(view, "Stages of ResNet-50", "conv4_x").click()


def _click_bubble(view: AppPage) -> None:
    bubbles = view.page.locator(".st-key-timeline .points path")
    expect(bubbles.first).to_be_visible()
    bubbles.nth([card.name for card in cards()].index("resnet")).click(force=True)


def _click_way_in(view: AppPage) -> None:
    view.page.get_by_role("link", name="What a 1×1 saves").click()


def _click_picture(view: AppPage) -> None:
    view.page.locator(".st-key-preview-senet img").click(force=True)  # its link lies over it


def _click_compare(view: AppPage) -> None:
    view.page.get_by_role("link", name="Compare two networks").click()


WAYS_IN = (
    (_click_card, "resnet", {}),
    (_click_bubble, "resnet", {}),
    (_click_strip, "resnet", {"node": "conv4_x.1.add"}),  # which the page remembers
    (_click_picture, "senet", {"node": "conv3_x.0.se.gate", "section": "gates"}),
    (_click_way_in, "convolution", {"section": "calculator"}),
    (_click_compare, "compare", {}),
)


def test_each_way_in_and_back(open_page: OpenPage) -> None:
    view = open_page("/convolution?sample=coffee")
    view.page.get_by_role("link", name="Home").click()
    view.settle()
    for click, page, said in (WAYS_IN[0], *WAYS_IN):  # the first twice: nothing is left of the first click
        click(view)
        view.settle()
        assert (_page(view), link(view)) == (page, said | {"sample": "coffee"})
        view.page.go_back()
        view.settle()
        assert (_page(view), link(view)) == ("", {})


def test_what_one_sees_first(open_page: OpenPage) -> None:
    view = open_page("/nonsense*", size=(1280, 720))  # no such page: Home says so
    page = view.page
    expect(page.get_by_test_id("stAlert")).to_contain_text("nonsense*")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert (_page(view), link(view)) == ("", {})
    pictures = page.locator(':is([class*="st-key-preview-"], [class*="st-key-way-in-"]) img')
    expect(pictures).to_have_count(7)
    for picture in pictures.all():
        box = picture.bounding_box()
        assert box is not None and box["y"] + box["height"] <= 720
        assert picture.evaluate("i => i.naturalWidth") > 0
    page.get_by_role("link", name="Words that are used here").click()
    words = page.get_by_role("heading", name="Words")
    expect(words).to_be_in_viewport()
    page.set_viewport_size({"width": 390, "height": 844})
    main = page.get_by_test_id("stMain")
    assert main.evaluate("e => e.scrollWidth - e.clientWidth") <= 0
