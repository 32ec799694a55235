"""The page that compares, and the kernels beside the diagrams, in a browser."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.parts import choose, element, link, maps, node


def test_the_chart_of_accuracies_leads_to_a_network(open_page: OpenPage) -> None:
    view = open_page("/compare?a=resnet20_cifar&b=nin_cifar")
    page = view.page
    expect(page.locator("button.map").first).to_be_visible()
    bubbles = page.locator(".scatterlayer .points path")
    expect(bubbles.first).to_be_visible()
    few = bubbles.count()
    assert few > 10
    page.get_by_role("button", name=re.compile("^Competitions")).click()
    view.settle()
    expect(bubbles).not_to_have_count(few)
    bubbles.first.scroll_into_view_if_needed()
    bubbles.first.hover(force=True)
    hover = page.locator(".hoverlayer")
    expect(hover).to_contain_text("counted here")
    title = hover.locator("text").first.text_content() or ""
    bubbles.first.click(force=True)
    view.settle()
    assert view.page.url.partition("?")[0].rpartition("/")[2] != "compare"
    assert link(view)["variant"]
    heading = page.locator("h1").inner_text()
    assert title.strip().startswith(heading.partition(" (")[0])


def test_a_link_under_the_chart_opens_its_page(open_page: OpenPage) -> None:
    view = open_page("/compare?a=resnet20_cifar&b=nin_cifar")
    view.page.get_by_role("link", name="ResNet-50 v1").click()
    view.settle()
    assert link(view)["variant"] == "resnet50_v1"
    expect(view.page.locator("h1")).to_contain_text("ResNet-50 v1")


def test_kernels_take_the_place_of_the_maps(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet20_cifar&node=conv2_x.0.conv1&weights=untrained")
    shown = maps(view)
    choose(view, "Kernels")
    kernels = maps(view)
    assert len(kernels) == 16
    assert kernels != shown
    assert link(view)["panel"] == "kernels"
    element(view, "Operations of", "conv2_x.0.conv2").click()
    view.settle()
    assert node(view) == "conv2_x.0.conv2"
    assert maps(view) != kernels
    element(view, "Stages of", "stem").click()
    view.settle()
    element(view, "Operations of", "stem.conv").click()
    view.settle()
    pictures = view.page.get_by_role("img", name=re.compile("^Kernel #"))
    assert pictures.count() == 16
    assert pictures.first.bounding_box()["width"] > 40
    choose(view, "Maps")
    assert len(maps(view)) == 16
    assert "panel" not in link(view)
    view.page.go_back()
    view.settle()
    assert pictures.count() == 16
