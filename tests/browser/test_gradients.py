"""The section of gradients: each control, and a measurement that is cancelled."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import AppPage, OpenPage
from tests.browser.parts import choose, link, section

TIMEOUT_MS = 30_000


def results(view: AppPage) -> str:
    """What the section shows when everything has been measured."""
    charts = view.page.locator(".st-key-section-gradients .js-plotly-plot")
    expect(charts).to_have_count(2, timeout=TIMEOUT_MS)
    view.settle()
    return section(view, "gradients")


def test_every_control_measures_other_networks(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet20_cifar&section=gradients&gradients.depth=20")
    shown = [results(view)]
    for option, name, value in (
        ("without BN", "gradients.norm", "none"),
        ("Xavier", "gradients.init", "xavier"),
        ("Plain", "gradients.networks", "plain"),
        ("32", "gradients.depth", "32"),
    ):
        choose(view, option)
        shown.append(results(view))
        assert link(view)[name] == value
    view.page.get_by_role("spinbutton", name="Seed").fill("4")
    view.page.keyboard.press("Enter")
    view.settle()
    shown.append(results(view))
    assert link(view)["gradients.seed"] == "4"
    assert len(set(shown)) == len(shown)


def test_a_measurement_is_cancelled_and_begun_again(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet20_cifar")
    view.page.goto(f"{view.page.url}&section=gradients&gradients.depth=110&gradients.seed=11")
    view.page.get_by_role("button", name="Cancel").click(timeout=TIMEOUT_MS)
    again = view.page.get_by_role("button", name="Measure")
    expect(again).to_be_visible(timeout=TIMEOUT_MS)
    expect(view.page.get_by_role("progressbar")).to_have_count(0)
    again.click()
    assert "110" in results(view)
