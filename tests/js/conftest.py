"""The JavaScript by itself: real module files on a blank page, without the app. No request leaves the machine."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, ViewportSize

ORIGIN = "http://modules.test"
SIZE: ViewportSize = {"width": 1000, "height": 800}

MOUNT = """async ([path, data, style]) => {
  const component = (await import(path)).default;
  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  root.append(Object.assign(document.createElement("style"), { textContent: style }));
  document.body.append(host);
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  window.reports ??= [];
  const report = (name, value) => window.reports.push([name, value]);
  window.receive = (message) => component({
    data: typeof message === "string" ? bytes(message) : message,
    parentElement: root,
    setStateValue: report,
    setTriggerValue: report,
  });
  window.receive(data);
}"""


class Modules:
    """A blank page that can import the repository's modules by their paths below explorer/."""

    def __init__(self, page: Page, sources: Path) -> None:
        self.page, self._sources = page, sources

    def call(self, path: str, name: str, *arguments: Any) -> Any:
        """What an exported function returns, as JSON."""
        code = "async ([path, name, values]) => (await import(path))[name](...values)"
        return self.page.evaluate(code, [f"/{path}", name, list(arguments)])

    def mount(self, path: str, data: dict[str, Any] | bytes, style: str = "") -> None:
        """Show a component as Streamlit does; `style` is its style sheet's path."""
        css = (self._sources / style).read_text(encoding="utf-8") if style else ""
        self.page.evaluate(MOUNT, [f"/{path}", _as_json(data), css])

    def receive(self, data: dict[str, Any] | bytes) -> None:
        """Send another message to the component that was mounted last."""
        self.page.evaluate("(data) => window.receive(data)", _as_json(data))

    @property
    def reports(self) -> list[Any]:
        """[name, value] of everything that the components have reported."""
        return self.page.evaluate("window.reports")

    def locator(self, selector: str) -> Locator:
        return self.page.locator(selector)


def _as_json(data: dict[str, Any] | bytes) -> Any:
    return base64.b64encode(data).decode() if isinstance(data, bytes) else data


@pytest.fixture(scope="session")
def sources(repo_root: Path) -> Path:
    return repo_root / "explorer"


def _context(browser: Browser, sources: Path) -> BrowserContext:
    context = browser.new_context(viewport=SIZE, has_touch=True)

    def serve(route: Route) -> None:
        path = urlparse(route.request.url).path
        if path == "/":
            route.fulfill(body="<!doctype html><body style='margin: 0'>", content_type="text/html")
        else:
            route.fulfill(path=sources / path[1:], content_type="text/javascript")

    context.set_default_timeout(5000)
    context.route("**/*", serve)
    return context


@pytest.fixture(scope="session")
def context(browser: Browser, sources: Path) -> Iterator[BrowserContext]:
    context = _context(browser, sources)
    yield context
    context.close()


@pytest.fixture(scope="session")
def modules(context: BrowserContext, sources: Path) -> Iterator[Modules]:
    """One page for all tests of functions that leave nothing on it."""
    page, errors = _tab(context)
    page.goto(ORIGIN)
    yield Modules(page, sources)
    assert errors == []


@pytest.fixture(scope="session")
def tab(context: BrowserContext) -> tuple[Page, list[Any]]:
    return _tab(context)


@pytest.fixture
def stage(tab: tuple[Page, list[Any]], sources: Path) -> Iterator[Modules]:
    """A page for components: loaded anew, in a tab that has been used, which is quicker than a new one."""
    page, errors = tab
    page.mouse.move(0, 0)
    page.set_viewport_size(SIZE)
    page.goto(ORIGIN)
    errors.clear()
    yield Modules(page, sources)
    assert errors == []


@pytest.fixture
def clocked(browser: Browser, sources: Path) -> Iterator[Modules]:
    """A page for a component whose time the test makes: in a context of its own, which keeps its clock."""
    context = _context(browser, sources)
    page, errors = _tab(context)
    page.goto(ORIGIN)
    page.clock.install(time=0)
    page.clock.pause_at(1)  # seconds; else it goes on by itself, on a busy machine further than a test thinks
    yield Modules(page, sources)
    context.close()
    assert errors == []


def _tab(context: BrowserContext) -> tuple[Page, list[Any]]:
    """A new tab, and the list of the errors that nobody caught in it."""
    page = context.new_page()
    errors: list[Any] = []
    page.on("pageerror", lambda error: errors.append(error))
    return page, errors
