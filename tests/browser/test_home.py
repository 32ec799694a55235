"""The home page in a browser: each way in leads to a page, and one press of Back returns."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

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
    names = view.page.locator(".st-key-timeline .textpoint")
    expect(names.first).to_be_visible()
    bubbles.nth(names.all_text_contents().index("VGG")).click(force=True)


def _click_compare(view: AppPage) -> None:
    view.page.get_by_role("link", name="Compare two networks").click()


def _click_convolution(view: AppPage) -> None:
    view.page.get_by_role("link", name="What a 1×1 convolution saves").click()


@pytest.mark.parametrize(
    ("click", "page", "said"),
    [
        (_click_card, "resnet", {}),
        (_click_strip, "resnet", {"node": "conv4_x.1.add"}),
        (_click_bubble, "vgg", {}),
        (_click_compare, "compare", {}),
        (_click_convolution, "convolution", {}),
    ],
)
def test_each_way_in_and_back(open_page: OpenPage, click, page: str, said: dict[str, str]) -> None:
    view = open_page("/convolution?sample=coffee")
    view.page.get_by_role("link", name="Home").click()
    view.settle()
    click(view)
    view.settle()
    assert (_page(view), link(view)) == (page, said | {"sample": "coffee"})
    view.page.go_back()
    view.settle()
    assert (_page(view), link(view)) == ("", {})
    click(view)  # once more: nothing is left of the first click
    view.settle()
    assert (_page(view), link(view)) == (page, said | {"sample": "coffee"})
