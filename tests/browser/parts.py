"""Where the parts of a page are, and what they show."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlparse

from playwright.sync_api import Locator

from tests.browser.conftest import AppPage

MAPS_TITLE = re.compile(r" · [\d,]+ (maps? of|values)")


def diagram(view: AppPage, label: str) -> Locator:
    """The drawing whose accessible name begins with `label`: "Stages of", "Blocks of", "Operations of"."""
    return view.page.locator(f'svg[aria-label^="{label}"]')


def element(view: AppPage, label: str, name: str) -> Locator:
    """What can be clicked in a diagram, by the id of its stage, block or operation."""
    return diagram(view, label).locator(f'[data-element="{name}"]')


def selected(view: AppPage) -> set[str]:
    """The ids of everything that is highlighted, in all diagrams."""
    pressed = view.page.locator('.element[aria-pressed="true"]')
    return set(pressed.evaluate_all("elements => elements.map((e) => e.dataset.element)"))


def node(view: AppPage) -> str:
    """The operation whose maps are shown, by their title."""
    title = view.page.get_by_test_id("stMarkdownContainer").filter(has_text=MAPS_TITLE)
    return title.inner_text().partition(" · ")[0]


def link(view: AppPage) -> dict[str, str]:
    """The parameters in the address bar."""
    return dict(parse_qsl(urlparse(view.page.url).query))


def maps(view: AppPage) -> dict[str, str]:
    """The pictures of the maps on the page, by their captions."""
    cells = view.page.locator("button.map")
    return dict(
        cells.evaluate_all("cells => cells.map((c) => [c.innerText.trim(), c.querySelector('canvas').toDataURL()])")
    )


def current_map(view: AppPage) -> list[str]:
    return view.page.locator('button.map[aria-current="true"]').all_inner_texts()


def choose(view: AppPage, option: str) -> None:
    """Click an option of a segmented control."""
    view.page.get_by_role("radio", name=option, exact=True).click()
    view.settle()


# Everything that a person sees of an element: words, lines of drawings, pictures, what is painted.
SHOWN = """element => [
  element.innerText,
  ...Array.from(element.querySelectorAll("path"), (p) => p.getAttribute("d") + p.style.fill),
  ...Array.from(element.querySelectorAll("img, image"), (i) => i.src ?? i.href.baseVal),
  ...Array.from(element.querySelectorAll("canvas"), (c) => c.toDataURL()),
].join("\\n")"""


def section(view: AppPage, name: str) -> str:
    """What the open section shows; `name` as in the link."""
    opened = view.page.locator(f".st-key-section-{name}")
    opened.wait_for()
    shown: str = opened.evaluate(SHOWN)
    return shown


def pick(view: AppPage, label: str, option: str) -> None:
    """Choose an option of a select box."""
    box = view.page.get_by_role("combobox", name=re.compile(label))
    box.scroll_into_view_if_needed()  # a list closes when the page scrolls
    box.click()
    view.page.get_by_role("option", name=option, exact=True).click()
    view.settle()


def step(view: AppPage, label: str, key: str = "ArrowRight") -> None:
    """Move a slider by a step."""
    view.page.get_by_role("slider", name=re.compile(label)).press(key)
    view.settle()


def switch(view: AppPage, label: str) -> None:
    """Click a switch."""
    view.page.get_by_text(label, exact=True).click()
    view.settle()
