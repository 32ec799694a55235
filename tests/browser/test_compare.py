"""The page that compares in a browser: every control is pressed, and one press of Back returns from where it leads."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import AppPage, OpenPage
from tests.browser.parts import choose, link, wait_for_link

PAIR = {"compare.a": "resnet20_cifar", "compare.b": "nin_cifar"}
COMPARE = "/compare?compare.a=resnet20_cifar&compare.b=nin_cifar"


def pictures(view: AppPage) -> list[str]:
    """All maps of both networks."""
    found: list[str] = view.page.locator("button.map canvas").evaluate_all("all => all.map((c) => c.toDataURL())")
    return found


def page_name(view: AppPage) -> str:
    return view.page.url.partition("?")[0].rpartition("/")[2]


def go_back(view: AppPage) -> None:
    view.page.go_back()
    view.settle()


def test_two_networks_and_their_maps(open_page: OpenPage) -> None:
    view = open_page(COMPARE)
    page = view.page
    shown = pictures(view)
    choose(view, "1/2")
    wait_for_link(view, "compare.stage", "2")
    assert pictures(view) != shown
    choose(view, "1/4")
    wait_for_link(view, "compare.stage", None)
    page.get_by_label("Scale", exact=True).first.select_option("map")
    wait_for_link(view, "compare.a.scale", "map")
    page.get_by_label("Order", exact=True).nth(1).select_option("strength")
    wait_for_link(view, "compare.b.order", "strength")
    view.page.reload()
    view.settle()
    assert link(view) == PAIR | {"compare.a.scale": "map", "compare.b.order": "strength"}
    table = page.get_by_test_id("stTable")
    differences = table.inner_text()
    box = page.locator(".st-key-compare-b input")
    box.fill("ResNet-56")
    page.get_by_role("option", name="ResNet-56 (CIFAR)", exact=True).click()
    wait_for_link(view, "compare.b", "resnet56_cifar")
    assert table.inner_text() != differences
    choose(view, "Stage by stage")
    assert link(view)["section"] == "stages"
    expect(table).to_contain_text("ResNet-56 (CIFAR)")


def test_a_network_is_one_press_of_back_away(open_page: OpenPage) -> None:
    view = open_page(COMPARE)
    view.page.get_by_role("link", name="Open ResNet-20 (CIFAR)").click()
    view.settle()
    assert (page_name(view), link(view)) == ("resnet", {"variant": "resnet20_cifar"})
    go_back(view)
    assert (page_name(view), link(view)) == ("compare", PAIR)


def test_the_chart_of_accuracies_leads_to_a_network_and_back(open_page: OpenPage) -> None:
    view = open_page(f"{COMPARE}&section=accuracy")
    page, here = view.page, PAIR | {"section": "accuracy"}
    bubbles = page.locator(".scatterlayer .points path")
    expect(bubbles.first).to_be_visible()
    counts = [bubbles.count()]
    assert counts[0] > 10
    for group in ("Competitions", "Library weights", "Papers"):
        page.get_by_text(re.compile(f"^{group}: ")).first.click()
        view.settle()
        expect(bubbles).not_to_have_count(counts[-1])
        counts.append(bubbles.count())
    choose(view, "Top-5")
    expect(page.locator(".ytitle")).to_contain_text("top-5")
    shown = here | {
        "accuracy.measure": "5",
        "accuracy.paper": "no",
        "accuracy.library": "yes",
        "accuracy.more": "yes",
    }
    assert link(view) == shown
    resnet = page.get_by_role("link", name="ResNet-50", exact=True)
    resnet.click()
    view.settle()
    assert page_name(view) == "resnet"
    go_back(view)
    assert (page_name(view), link(view)) == ("compare", shown)


def test_a_bubble_leads_to_its_network_and_back(open_page: OpenPage) -> None:
    view = open_page(f"{COMPARE}&section=accuracy")
    page = view.page
    bubbles = page.locator(".scatterlayer .points path")
    bubbles.first.scroll_into_view_if_needed()
    bubbles.first.hover(force=True)
    hover = page.locator(".hoverlayer")
    expect(hover).to_contain_text("counted here")
    title = hover.locator("text").first.text_content() or ""
    bubbles.first.click(force=True)
    view.settle()
    assert page_name(view) != "compare"
    assert title.strip().startswith(page.locator("h1").inner_text().partition(" (")[0])
    go_back(view)
    assert (page_name(view), link(view)) == ("compare", PAIR | {"section": "accuracy"})
