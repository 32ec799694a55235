"""Xception's section: each control is pressed."""

from __future__ import annotations

from tests.browser.conftest import OpenPage
from tests.browser.widgets import changes, select, slide


def test_layer_groups_and_kernels(open_page: OpenPage) -> None:
    view = open_page("/xception?weights=untrained")
    layer = "entry_flow.module1.conv2"
    changes(view, "spectrum", lambda: select(view, "Layer", layer), separable__layer=layer, separable__groups=None)
    changes(view, "spectrum", lambda: slide(view, "Groups", "ArrowLeft"), separable__groups="16")
    view.page.get_by_text("The composed kernels").click()
    assert view.page.locator('img[alt^="To output"]').first.is_visible()
