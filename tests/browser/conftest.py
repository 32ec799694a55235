"""One app for all tests of its pages in a browser; each test opens them in contexts of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlparse

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    WebSocket,
)

from tests.app_server import AppServer, app_server

LOCAL_HOSTS = ("127.0.0.1", "localhost", None)  # None: data: and blob: addresses
TIMEOUT_MS = 60_000

# Idle for 300 ms on end: the front end reports a run a little after the click that causes it. A session's first section
# waits until the screen has been painted.
SETTLED = """() => {
  const app = document.querySelector('[data-testid="stApp"]');
  const idle = app?.getAttribute('data-test-script-state') === 'notRunning'
    && !document.querySelector('[data-testid="stSkeleton"], .st-key-waiting');
  window.idleSince = idle ? window.idleSince ?? performance.now() : undefined;
  return idle && performance.now() - window.idleSince > 300;
}"""


@dataclass
class AppPage:
    """A page of the app in a browser context of its own, and what went wrong in it."""

    page: Page
    problems: list[str] = field(default_factory=list)

    def settle(self) -> None:
        """Wait until the script has run and the page has stayed idle. Call it after each click."""
        self.page.evaluate("() => { delete window.idleSince; }")
        self.page.wait_for_function(SETTLED, timeout=TIMEOUT_MS)
        boxes = self.page.get_by_test_id("stException").all_inner_texts()
        self.problems += [f"exception on the page: {text}" for text in boxes]

    def watch(self, context: BrowserContext) -> None:
        """Note every error, failed request and request to another machine, from now on."""
        note = self.problems.append

        def check_host(request: Request | WebSocket) -> None:
            if urlparse(request.url).hostname not in LOCAL_HOSTS:
                note(f"request to another host: {request.url}")

        def on_failure(request: Request) -> None:
            if request.failure != "net::ERR_ABORTED":  # the page was left before the answer came
                note(f"failed request: {request.url} ({request.failure})")

        def on_response(response: Response) -> None:
            if response.status >= 400:
                note(f"status {response.status}: {response.url}")

        def on_console(message: ConsoleMessage) -> None:
            if message.type == "error":
                note(f"console: {message.text}")

        context.on("request", check_host)
        self.page.on("websocket", check_host)
        context.on("requestfailed", on_failure)
        context.on("response", on_response)
        context.on("console", on_console)
        context.on("weberror", lambda error: note(f"page error: {error.error}"))


OpenPage = Callable[..., AppPage]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The running app; `server.log` is the file with its output."""
    with app_server(tmp_path_factory.mktemp("app")) as running:
        yield running


@pytest.fixture
def open_page(server: AppServer, browser: Browser) -> Iterator[OpenPage]:
    """`open_page("/resnet?variant=resnet18", size=(390, 844), dark=True)` -> AppPage, settled.

    The test fails at its end when a page logged an error, showed an exception, had a request that failed,
    or made one to another host.
    """
    opened: list[tuple[BrowserContext, AppPage]] = []

    def open_(path: str = "/", size: tuple[int, int] = (1440, 900), dark: bool = False, touch: bool = False) -> AppPage:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            has_touch=touch,
        )
        view = AppPage(context.new_page())
        opened.append((context, view))
        view.watch(context)
        view.page.goto(server.url + path, timeout=TIMEOUT_MS)
        view.settle()
        return view

    yield open_
    for context, _ in opened:
        context.close()
    problems = [problem for _, view in opened for problem in view.problems]
    assert not problems, "\n".join(dict.fromkeys(problems))
