"""Options and fixtures of all tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

GOLDEN = Path(__file__).parent / "golden"

if "PYTEST_XDIST_WORKER" in os.environ:
    # The workers share the cores already: torch's threads on top of them only wait for each other.
    # It has to be set before anything imports torch.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


# Speed is no property: a busy machine is slow.
settings.register_profile("default-without-deadline", deadline=None)
settings.load_profile("default-without-deadline")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "gpu: needs CUDA, skipped where there is none")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        if "visit" in used:
            # One worker runs them all: networks and activations are cached in its process.
            item.add_marker(pytest.mark.xdist_group("pages"))
        if {"browser", "server"} & used:
            # A file at a time, by whichever worker is free: each starts an app and a browser of its own, once.
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu"):
        import torch  # takes seconds: only where a test asks for it

        if not torch.cuda.is_available():
            pytest.skip("no CUDA device on this machine")


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """The repository's folder."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium. The tests fail without one: skipped browser tests would look like passed ones."""
    from playwright.sync_api import sync_playwright  # only where a test asks for it

    from tests.browser import chromium

    executable = chromium.find()
    if executable is None:
        pytest.fail("There is no Chromium: `make browser` installs one.")
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=executable, args=chromium.FLAGS)
        yield chrome
        chrome.close()


@pytest.fixture(scope="session")
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten (`make golden`) rather than compared."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture
def golden(update_golden: bool) -> Callable[[str, str], None]:
    """Compare a text with the golden file of that name, or rewrite the file with `--update-golden`."""

    def check(name: str, text: str) -> None:
        file = GOLDEN / name
        if update_golden:
            file.write_text(text)
        assert file.is_file(), f"{name} has no golden file: run `make golden` and read what it writes"
        assert text == file.read_text()

    return check


@pytest.fixture(scope="session", autouse=True)
def no_foreign_components() -> None:
    """Each AppTest looks for components in the metadata of all installed packages, 0.7 s long: none has any."""
    from streamlit.components.v2 import manifest_scanner

    found = manifest_scanner.scan_component_manifests()
    manifest_scanner.scan_component_manifests = lambda max_workers=None: found


@pytest.fixture(scope="session")
def warm() -> None:
    """The app warms up in the background: a thread that is still at it would disturb the tests' times."""
    from explorer.ui.app import warmup

    warmup.start().join()


@pytest.fixture(scope="session")
def visit(warm: None) -> Callable[..., Any]:
    """`visit("resnet", variant="resnet18")`: a new session, at a page of the app."""
    from tests.visit import Visit

    def start(page: str, /, **link: str) -> Visit:
        return Visit().open(page, **{name.replace("__", "."): value for name, value in link.items()})

    return start
