"""The page that compares in a browser: every control is pressed, and one press of Back returns from where it leads."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import AppPage, OpenPage
from tests.browser.parts import choose, diagram, element, link, pick, wait_for_link

PAIR = {"compare.a": "resnet20_cifar", "compare.b": "nin_cifar"}
COMPARE = "/compare?compare.a=resnet20_cifar&compare.b=nin_cifar"


def pictures(view: AppPage) -> list[str]:
    """All maps of both networks."""
    found: list[str] = view.page.locator("button.map canvas").evaluate_all("all => all.map((c) => c.toDataURL())")
    return found


def page_name(view: AppPage) -> str:
    return view.page.url.partition("?")[0].rpartition("/")[2]


MAPS_TITLE = re.compile(r" · [\d,]+ (maps? of|values)")


def go_back(view: AppPage) -> None:
    view.page.go_back()
    view.settle()


def titles(view: AppPage) -> list[str]:
    """The operations whose maps are shown."""
    found = view.page.get_by_test_id("stMarkdownContainer").filter(has_text=MAPS_TITLE)
    return [text.partition(" · ")[0] for text in found.all_inner_texts()]


def test_two_networks_their_blocks_and_their_maps(open_page: OpenPage) -> None:
    view = open_page("/compare", size=(1280, 720))
    page = view.page
    blocks = diagram(view, "Operations of conv3_x.3")
    for block in blocks.all():  # both are seen without scrolling
        box = block.bounding_box()
        assert box is not None and box["y"] + box["height"] <= 720
    marks = page.locator(".marks > *")
    expect(marks).to_have_count(1)
    framed, add = (
        part.bounding_box() for part in (marks, element(view, "Operations of conv3_x.3, ResNet-34", "conv3_x.3.add"))
    )
    assert framed is not None and add is not None
    assert abs(framed["x"] - add["x"]) < 6 and abs(framed["y"] - add["y"]) < 6
    shown = pictures(view)
    element(view, "Operations of conv3_x.3, ResNet-34", "conv3_x.3.bn1").click()
    wait_for_link(view, "compare.a.node", "conv3_x.3.bn1")
    assert titles(view) == ["conv3_x.3.bn1"] * 2  # its partner goes with it
    assert pictures(view) != shown
    element(view, "Operations of conv3_x.3, ResNet-34", "conv3_x.3.add").click()
    wait_for_link(view, "compare.a.node", "conv3_x.3.add")
    assert titles(view) == ["conv3_x.3.add", "conv3_x.3.bn1"]
    shown = pictures(view)
    pick(view, "compare.b.weights", "Untrained, the paper's width: random, seeded")
    assert link(view)["compare.b.weights"] == "untrained"
    assert pictures(view) != shown
    choose(view, "1/16")
    wait_for_link(view, "compare.stage", "16")
    assert titles(view) == ["conv4_x.5.relu2"] * 2


def test_how_each_networks_maps_are_looked_at(open_page: OpenPage) -> None:
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
    # From here, one press of Back returns from where a link leads.
    here = link(view)
    for name, page_, said in (
        ("Open ResNet-20 (CIFAR)", "resnet", {"variant": "resnet20_cifar"}),
        ("Accuracy of both", "accuracy", {"compare.a": "resnet20_cifar", "compare.b": "resnet56_cifar"}),
    ):
        page.get_by_role("link", name=name).click()
        view.settle()
        assert (page_name(view), link(view)) == (page_, said)
        go_back(view)
        assert (page_name(view), link(view)) == ("compare", here)
