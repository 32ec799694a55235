"""MobileNet's sections: each control is pressed, and the mix follows a click."""

from __future__ import annotations

from tests.browser.conftest import OpenPage
from tests.browser.parts import check_controls, choose, element, link, pick, press, section, step, switch, type_number


def test_the_mix_follows_a_click_and_its_controls(open_page: OpenPage) -> None:
    view = open_page("/mobilenet?variant=mobilenet_v2&weights=untrained&section=mix")
    before = section(view, "mix")
    element(view, "Stages of", "stage4").click()
    view.settle()
    assert section(view, "mix") != before and "mix.block" not in link(view)
    controls = {
        "mix.block": lambda view, name: pick(view, name, "stage2.1"),
        "mix.output": lambda view, name: type_number(view, name, 3),
    }
    check_controls(view, "mix", controls)


def test_the_spiral_and_the_multipliers(open_page: OpenPage) -> None:
    view = open_page("/mobilenet?variant=mobilenet_v1&weights=untrained&section=spiral")
    controls = {
        "spiral.dimensions": step,
        "spiral.seed": lambda view, name: type_number(view, name, 4),
        "spiral.decoder": lambda view, name: press(view, name, "Pseudo-inverse of T"),
        "spiral.relu6": switch,
    }
    check_controls(view, "spiral", controls)
    choose(view, "α and ρ")
    controls = dict.fromkeys(
        ("multipliers.alpha", "multipliers.size"), lambda view, name: step(view, name, "ArrowLeft")
    )
    check_controls(view, "multipliers", controls)
    choose(view, "Narrow and wide")
    assert view.page.locator(".st-key-section-widths .js-plotly-plot").is_visible()
