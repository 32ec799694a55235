"""The kernels beside the diagrams: each control is pressed, and a click in a diagram is followed."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import AppPage, OpenPage
from tests.browser.parts import choose, element, link, maps, node, press, type_number


def test_kernels_follow_the_selection_and_lead_to_those_before(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet20_cifar&node=conv3_x.0.bn1")
    choose(view, "Kernels")
    view.page.get_by_role("button", name="Kernels of conv3_x.0.conv1").click()
    view.settle()
    assert node(view) == link(view)["node"] == "conv3_x.0.conv1"
    assert link(view)["instrument"] == "kernels"
    first = maps(view)
    element(view, "Stages of", "conv4_x").click()
    view.settle()
    assert node(view) == "conv4_x.1.add"
    choose(view, "Maps")
    assert maps(view) != first and "instrument" not in link(view)


def shown(view: AppPage) -> str:
    """The sentence about the kernels."""
    texts = view.page.locator(".st-key-instrument-shown").get_by_test_id("stMarkdownContainer")
    return texts.filter(has_text=re.compile("weights")).first.inner_text()


def test_all_kernels_or_one_its_output_and_its_inputs(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet20_cifar&node=stem.conv&instrument=kernels")
    expect(view.page.locator('img[alt^="Kernel #"]').first).to_be_visible()
    everything = shown(view)
    press(view, "kernels.shown", "One kernel")
    assert link(view)["kernels.shown"] == "one" and shown(view) != everything
    before = maps(view)
    assert len(before) == 3
    type_number(view, "maps.channel", 5)
    assert link(view)["maps.channel"] == "5" and maps(view) != before
    view.page.get_by_label("Order", exact=True).select_option("strength")
    view.settle()
    assert link(view)["kernels.order"] == "strength"
    choose(view, "Maps")
    assert link(view)["maps.channel"] == "5"
