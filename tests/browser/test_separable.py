"""Xception's section: each control is pressed."""

from __future__ import annotations

from tests.browser.conftest import OpenPage
from tests.browser.parts import check_controls, pick, step


def test_layer_groups_and_kernels(open_page: OpenPage) -> None:
    view = open_page("/xception?weights=untrained&section=spectrum")
    controls = {
        "separable.layer": lambda view, name: pick(view, name, "entry_flow.module1.conv2 (regular)"),
        "separable.groups": lambda view, name: step(view, name, "ArrowLeft"),
    }
    check_controls(view, "spectrum", controls)
    view.page.get_by_text("The composed kernels").click()
    assert view.page.locator('img[alt^="To output"]').first.is_visible()
