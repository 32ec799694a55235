"""One app, and a few tabs, for all tests of its pages in a browser.

A test that opens a page loads it anew, in a session of its own, but in a tab that has been used: there the browser has
compiled Streamlit's JavaScript already, which is half of what an opening costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlparse

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    Response,
    WebSocket,
    expect,
)

from tests.app_server import AppServer, app_server

LOCAL_HOSTS = ("127.0.0.1", "localhost", None)  # None: data: and blob: addresses
TIMEOUT_MS = 60_000
expect.set_options(timeout=TIMEOUT_MS)  # a busy machine is slow
MAX_HISTORY = 30  # entries

# A busy server begins a run some time after it was asked, and the front end says that it runs only then. The first byte
# of a request to run is the number of its field in Streamlit's BackMsg.
ASKED = """(() => {
  const RERUN = (11 << 3) | 2;
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (message) {
    if (message[0] === RERUN) {
      window.asked = true;
      for (const answer of ["message", "close"]) {
        this.addEventListener(answer, () => { window.asked = false; }, { once: true });
      }
    }
    send.call(this, message);
  };
})();"""

# Idle for 300 ms on end: the front end sends some changes a little after the click that causes them. A session's first
# section waits until the screen has been painted.
SETTLED = """() => {
  const app = document.querySelector('[data-testid="stApp"]');
  const idle = !window.asked && app?.getAttribute('data-test-script-state') === 'notRunning'
    && !document.querySelector('[data-testid="stSkeleton"], .st-key-waiting');
  window.idleSince = idle ? window.idleSince ?? performance.now() : undefined;
  return idle && performance.now() - window.idleSince > 300;
}"""


@dataclass
class AppPage:
    """A page of the app, and what went wrong in it."""

    page: Page
    problems: list[str] = field(default_factory=list)

    def settle(self) -> None:
        """Wait until the script has run and the page has stayed idle. Call it after each click."""
        self.page.evaluate("() => { delete window.idleSince; }")
        self.page.wait_for_function(SETTLED, timeout=TIMEOUT_MS)
        boxes = self.page.get_by_test_id("stException").all_inner_texts()
        self.problems += [f"exception on the page: {text}" for text in boxes]


@dataclass
class Tab:
    """A tab for one test after the other, and what has gone wrong in it since the last page was opened there."""

    page: Page
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Note every error, failed request and request to another machine."""
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

        context = self.page.context
        context.on("request", check_host)
        self.page.on("websocket", check_host)
        context.on("requestfailed", on_failure)
        context.on("response", on_response)
        context.on("console", on_console)
        context.on("weberror", lambda error: note(f"page error: {error.error}"))

    def open(self, address: str, size: tuple[int, int], dark: bool) -> AppPage:
        """Load a page as if nothing had been opened here before."""
        page = self.page
        page.evaluate("() => { if (origin !== 'null') { localStorage.clear(); sessionStorage.clear(); } }")
        page.context.clear_cookies()
        page.mouse.move(0, 0)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(media="screen", color_scheme="dark" if dark else "light", reduced_motion="reduce")
        self.problems.clear()
        page.goto(address, timeout=TIMEOUT_MS)
        view = AppPage(page, self.problems)
        view.settle()
        return view

    @property
    def worn(self) -> bool:
        """Whether it can't be used again: closed, or its history is nearly as long as Chromium keeps it (50)."""
        return self.page.is_closed() or self.page.evaluate("history.length") > MAX_HISTORY


OpenPage = Callable[..., AppPage]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The running app; `server.log` is the file with its output."""
    with app_server(tmp_path_factory.mktemp("app")) as running:
        yield running


@pytest.fixture(scope="session")
def tabs() -> dict[tuple[bool, int], Tab]:
    """The open tabs: whether it is touched, and its number among those of one test."""
    return {}


@pytest.fixture
def open_page(server: AppServer, browser: Browser, tabs: dict[tuple[bool, int], Tab]) -> Iterator[OpenPage]:
    """`open_page("/resnet?variant=resnet18", size=(390, 844), dark=True)` -> AppPage, settled.

    The test fails at its end when a page logged an error, showed an exception, had a request that failed,
    or made one to another host.
    """
    opened: list[AppPage] = []

    def open_(path: str = "/", size: tuple[int, int] = (1440, 900), dark: bool = False, touch: bool = False) -> AppPage:
        place = touch, len(opened)
        if place in tabs and tabs[place].worn:
            tabs.pop(place).page.context.close()
        if place not in tabs:
            context = browser.new_context(has_touch=touch)
            context.add_init_script(ASKED)
            tabs[place] = Tab(context.new_page())
        opened.append(tabs[place].open(server.url + path, size, dark))
        return opened[-1]

    yield open_
    problems = [problem for view in opened for problem in view.problems]
    assert not problems, "\n".join(dict.fromkeys(problems))
