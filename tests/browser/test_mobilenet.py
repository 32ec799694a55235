"""MobileNet's sections: each control is pressed."""

from __future__ import annotations

from tests.browser.conftest import OpenPage
from tests.browser.parts import choose, element
from tests.browser.widgets import changes, drawn, fill, select, slide, toggle


def test_the_mix_follows_a_click_and_its_controls(open_page: OpenPage) -> None:
    view = open_page("/mobilenet?variant=mobilenet_v2&weights=untrained")
    followed = drawn(view, "mix")
    element(view, "Stages of", "stage4").click()
    view.settle()
    assert drawn(view, "mix") != followed
    changes(view, "mix", lambda: select(view, "Block", "stage2.1"), mix__block="stage2.1")
    changes(view, "mix", lambda: fill(view, "Output map", 3), mix__output="3")


def test_the_spiral_and_the_multipliers(open_page: OpenPage) -> None:
    view = open_page("/mobilenet?variant=mobilenet_v1&weights=untrained&section=spiral")
    changes(view, "spiral", lambda: slide(view, "Dimensions n", "ArrowRight"), spiral__dimensions="3")
    changes(view, "spiral", lambda: fill(view, "Seed of T", 4), spiral__seed="4")
    changes(view, "spiral", lambda: choose(view, "Pseudo-inverse of T"), spiral__decoder="inverse")
    changes(view, "spiral", lambda: toggle(view, "ReLU6"), spiral__relu6="no")
    choose(view, "α and ρ")
    changes(view, "multipliers", lambda: slide(view, "α, width", "ArrowLeft"), multipliers__alpha="0.75")
    changes(view, "multipliers", lambda: slide(view, "Picture's side", "ArrowLeft"), multipliers__size="192")
    choose(view, "Narrow and wide")
    assert view.page.locator(".st-key-section-widths .js-plotly-plot").is_visible()
