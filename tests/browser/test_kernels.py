"""The kernels beside the diagrams, in a browser."""

from __future__ import annotations

import re

from tests.browser.conftest import OpenPage
from tests.browser.parts import choose, element, link, maps, node


def test_kernels_take_the_place_of_the_maps(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet20_cifar&node=conv2_x.0.conv1&weights=untrained")
    shown = maps(view)
    choose(view, "Kernels")
    kernels = maps(view)
    assert len(kernels) == 16
    assert kernels != shown
    assert link(view)["instrument"] == "kernels"
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
    assert "instrument" not in link(view)
    view.page.go_back()
    view.settle()
    assert pictures.count() == 16
