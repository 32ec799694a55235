"""Press the widgets of a page as a person does, and what is seen to change then."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.browser.conftest import AppPage
from tests.browser.parts import link


def select(view: AppPage, label: str, option: str) -> None:
    """Choose an option of a select box by typing it; both by how they begin."""
    box = view.page.get_by_role("combobox", name=re.compile(f"^{re.escape(label)}"))
    box.click()
    box.fill(option)
    view.page.get_by_role("option", name=re.compile(f"^{re.escape(option)}")).first.click()
    view.settle()


def slide(view: AppPage, label: str, key: str, times: int = 1) -> None:
    """Press an arrow key on a slider."""
    thumb = view.page.get_by_role("slider", name=label)
    for _ in range(times):
        thumb.press(key)
    view.settle()


def fill(view: AppPage, label: str, value: int) -> None:
    """Type into a number box; `label` by how it begins."""
    box = view.page.get_by_role("spinbutton", name=re.compile(f"^{re.escape(label)}"))
    box.fill(str(value))
    box.press("Enter")
    view.settle()


def toggle(view: AppPage, label: str) -> None:
    """Press a switch."""
    view.page.get_by_test_id("stCheckbox").filter(has_text=label).locator("label").click()
    view.settle()


def drawn(view: AppPage, section: str) -> str:
    """All that a section shows: texts, pictures, and the bars and points of charts."""
    shown = view.page.locator(f".st-key-section-{section}")
    shown.locator(".js-plotly-plot").evaluate_all(
        "charts => Promise.all(charts.map((c) => new Promise((done) => requestAnimationFrame(done))))"
    )
    return shown.evaluate(
        "e => e.innerText + [...e.querySelectorAll('img')].map((i) => i.src).join()"
        "+ [...e.querySelectorAll('.js-plotly-plot path')].map((p) => p.getAttribute('d')).join()"
        "+ [...e.querySelectorAll('canvas')].map((c) => c.toDataURL()).join()"
    )


def changes(view: AppPage, section: str, press: Callable[[], None], **expected: str | None) -> None:
    """Assert that `press` puts the `expected` values into the link, None for none, and changes what is shown."""
    before = drawn(view, section)
    press()
    for name, value in expected.items():
        assert link(view).get(name.replace("__", ".")) == value
    assert drawn(view, section) != before
