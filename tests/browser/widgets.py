"""Press the widgets of a page as a person does, and what is seen to change then."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from playwright.sync_api import Locator

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


# ---- by the control's name ---------------------------------------------------------------------------------

# A page reports that it has scrolled in the next frame.
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def within(view: AppPage, control: str) -> Locator:
    """The widget of a control, by the control's name, in view: a list that is open closes when the page scrolls."""
    widget = view.page.locator(f".st-key-{control.replace('.', '-')}")
    widget.scroll_into_view_if_needed()
    view.page.evaluate(TWO_FRAMES)
    return widget


def pick(view: AppPage, control: str, option: str) -> None:
    """Choose an option of a select box."""
    within(view, control).get_by_role("combobox").press("ArrowDown")
    view.page.get_by_role("option", name=option, exact=True).click()
    view.settle()


def press(view: AppPage, control: str, option: str) -> None:
    """Click an option in a row of buttons."""
    within(view, control).get_by_role("radio", name=option, exact=True).click()
    view.settle()


def step(view: AppPage, control: str, key: str = "ArrowRight") -> None:
    """Move a slider with a key."""
    within(view, control).get_by_role("slider").press(key)
    view.settle()


def type_number(view: AppPage, control: str, number: int) -> None:
    """Write a number into its box."""
    box = within(view, control).get_by_role("spinbutton")
    box.fill(str(number))
    box.press("Enter")
    view.settle()


def switch(view: AppPage, control: str) -> None:
    """Click a switch."""
    within(view, control).locator("label").click()
    view.settle()


Act = Callable[[AppPage, str], None]  # on the control of that name


def check_controls(view: AppPage, name: str, controls: Mapping[str, Act]) -> None:
    """Each control, one after the other, changes what the open section shows, and stands in the link."""
    for control, act in controls.items():
        before = drawn(view, name)
        act(view, control)
        assert control in link(view), f"{control} is not in the link"
        assert drawn(view, name) != before, f"{control} changes nothing"
