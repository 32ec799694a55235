"""A network's weights: random ones of two widths, and a file from a viewer's disk, gone after a reload."""

from __future__ import annotations

import re
from io import BytesIO

import torch
from playwright.sync_api import expect

from explorer.architectures import variant
from tests.browser.conftest import OpenPage
from tests.browser.parts import link, maps, wait_for_link


def test_ones_own_weights_are_there_until_a_reload(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet20_cifar&node=stem.conv")
    page, sidebar = view.page, view.page.get_by_test_id("stSidebar")
    before = maps(view)
    torch.manual_seed(8)
    file = BytesIO()
    torch.save({f"module.{n}": t for n, t in variant("resnet20_cifar").build().state_dict().items()}, file)
    sidebar.get_by_text("Your own weights", exact=True).click()
    with page.expect_file_chooser() as chooser:
        sidebar.locator(".st-key-own-weights-file").locator("button", has_text="Upload").click()
    chooser.value.set_files({"name": "mine.pth", "mimeType": "application/octet-stream", "buffer": file.getvalue()})
    wait_for_link(view, "weights", "own")
    expect(sidebar.get_by_role("radio", name=re.compile(r"mine\.pth"))).to_be_checked()
    expect(sidebar.get_by_text("All 97 tensors fit")).to_be_visible()
    answer = page.locator('[class*="-input-answer"]')
    expect(answer).to_contain_text("Your weights")
    after = maps(view)
    assert after.keys() == before.keys() and all(after[name] != before[name] for name in before)

    names = "\n".join(f"kind {i}" for i in range(10)).encode()
    with page.expect_file_chooser() as chooser:
        sidebar.locator(".st-key-own-weights-classes").locator("button", has_text="Upload").click()
    chooser.value.set_files({"name": "names.txt", "mimeType": "text/plain", "buffer": names})
    expect(answer).to_contain_text("kind ")
    view.settle()

    page.reload()
    view.settle()
    expect(sidebar.get_by_text("They were there for that session only")).to_be_visible()
    expect(sidebar.get_by_role("radio", name="Untrained")).to_be_checked()
    assert maps(view) == before
    assert "weights" not in link(view)


def test_an_untrained_network_has_two_widths(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet34_a&node=stem.conv")
    sidebar = view.page.get_by_test_id("stSidebar")
    narrow = maps(view)
    sidebar.get_by_text("Untrained, the paper's width").click()
    wait_for_link(view, "weights", "untrained")
    assert len(narrow) == 16 and len(maps(view)) > 16  # of 64, on pages
    sidebar.get_by_text("Untrained, quarter width").click()
    wait_for_link(view, "weights", None)  # the default
    assert maps(view) == narrow
