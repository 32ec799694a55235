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


# As Back and Forward do it: the page does not load again.
GO = """path => {
  history.pushState({}, "", path);
  dispatchEvent(new PopStateEvent("popstate"));
  document.activeElement?.blur();
}"""
TAB_SIZE = (1440, 900)


class Tab:
    """A tab that tests use one after the other: to open a page anew takes Streamlit's scripts seconds.

    A link restores every control, so that nothing of a former test is left but what no link carries. A tab in which a
    test failed is not used again.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._view: AppPage | None = None
        self.is_free = True

    def open(self, url: str, path: str, size: tuple[int, int]) -> AppPage:
        """The page at `path`; its problems are those from now on."""
        if self._view is None:
            self._view = new_view(self._browser, size)
            self._view.page.goto(url + path, timeout=TIMEOUT_MS)
        else:
            self._go(self._view, path, size)
        self._view.settle()
        return self._view

    def _go(self, view: AppPage, path: str, size: tuple[int, int]) -> None:
        view.problems.clear()
        page = view.page
        page.mouse.move(0, 0)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        # An empty link is the navigation's, with which a page comes back as it was left; and a sidebar follows a link
        # that is another one than that of the page before.
        by_way_of = f"{path}?sidebar=hidden" if "?" not in path else path.partition("?")[0]
        if "?" not in path or "sidebar=hidden" in path:
            page.evaluate(GO, by_way_of)
            view.settle()
        page.evaluate(GO, path)

    def close(self) -> None:
        if self._view is not None:
            self._view.page.context.close()
            self._view = None


HAS_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    item.stash[HAS_FAILED] = report.failed or item.stash.get(HAS_FAILED, False)
    return report


def new_view(browser: Browser, size: tuple[int, int], dark: bool = False, touch: bool = False) -> AppPage:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        has_touch=touch,
    )
    view = AppPage(context.new_page())
    view.watch(context)
    return view


@pytest.fixture(scope="session")
def tab(browser: Browser) -> Iterator[Tab]:
    shared = Tab(browser)
    yield shared
    shared.close()


@pytest.fixture
def open_page(server: AppServer, browser: Browser, tab: Tab, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """`open_page("/resnet?variant=resnet18", size=(390, 844), dark=True)` -> AppPage, settled.

    What is opened first is opened in the tab of the tests before, unless it has to be `fresh`: a session of its own.
    The test fails at its end when a page logged an error, showed an exception, had a request that failed,
    or made one to another host.
    """
    opened: list[AppPage] = []
    own: list[AppPage] = []
    tab.is_free = True

    def open_(
        path: str = "/",
        size: tuple[int, int] = TAB_SIZE,
        dark: bool = False,
        touch: bool = False,
        fresh: bool = False,
    ) -> AppPage:
        if tab.is_free and not (dark or touch or fresh):
            tab.is_free = False
            view = tab.open(server.url, path, size)
            opened.append(view)
            return view
        view = new_view(browser, size, dark, touch)
        opened.append(view)
        own.append(view)
        view.page.goto(server.url + path, timeout=TIMEOUT_MS)
        view.settle()
        return view

    yield open_
    for view in own:
        view.page.context.close()
    problems = [problem for view in opened for problem in view.problems]
    if problems or request.node.stash.get(HAS_FAILED, False):
        tab.close()
    assert not problems, "\n".join(dict.fromkeys(problems))
