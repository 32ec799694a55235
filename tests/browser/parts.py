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
