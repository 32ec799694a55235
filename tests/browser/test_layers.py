"""The table of layers and the papers' claims in a browser: files with names, and letters that can be read."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.parts import choose, link, switch


def test_layers_as_files_and_claims_on_a_phone(open_page: OpenPage) -> None:
    view = open_page("/resnet?section=layers&variant=resnet18", size=(1280, 720))
    page = view.page
    rows = page.locator(".long-table tbody tr")
    weighted = rows.count()
    switch(view, "layers.weighted")
    expect(rows).not_to_have_count(weighted)
    assert link(view)["layers.weighted"] == "no"
    assert float(rows.first.locator("td").first.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")) >= 16
    for suffix in ("csv", "txt"):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Download as {suffix.upper()}").click()
        assert download.value.suggested_filename == f"resnet18-layers.{suffix}"
        assert len(download.value.path().read_text().splitlines()) > rows.count()
    choose(view, "Paper")
    page.set_viewport_size({"width": 390, "height": 844})
    claims = page.locator(".st-key-claims")
    for cell in claims.locator("tr").nth(1).locator("td").all():
        box = cell.bounding_box()
        assert box is not None and box["x"] >= 0 and 200 < box["width"] <= 390
