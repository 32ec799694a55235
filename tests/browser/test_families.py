"""Every family's page in a browser: it fits one window, a click changes the maps, nothing complains."""

from __future__ import annotations

import pytest

from explorer.architectures import families
from tests.browser import parts

OTHERS = [f for f in families() if f.name != "resnet"]  # ResNet's page has files of its own


@pytest.mark.parametrize("family", OTHERS, ids=lambda f: f.name)
def test_a_click_in_the_strip_changes_node_maps_and_link(open_page, family) -> None:
    view = open_page(f"/{family.name}")
    before, maps = parts.node(view), parts.maps(view)
    current = before.split(".")[0]
    strip = parts.diagram(view, "Stages of").locator("[data-element]")
    stages = strip.evaluate_all("elements => elements.map((e) => e.dataset.element)")
    other = next(s for s in stages if s not in (current, "input"))
    parts.element(view, "Stages of", other).click()
    view.settle()
    assert parts.node(view) != before
    assert parts.node(view).split(".")[0] == other
    assert parts.link(view)["node"] == parts.node(view)
    assert other in parts.selected(view)
    assert parts.maps(view) != maps
    overflow = view.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
