"""The pages in a session without a browser: widgets, the link and what the components are sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from explorer.runtime.maps import unpack
from explorer.ui import screen
from explorer.ui.app import warmup

HERE = Path(__file__).parent
APP = HERE.parents[1] / "explorer" / "app.py"


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            # One worker runs them all: networks and activations are cached in its process.
            item.add_marker(pytest.mark.xdist_group("pages"))


class Visit:
    """One viewer's session."""

    def __init__(self) -> None:
        self.app = AppTest.from_file(str(APP), default_timeout=120)
        self.view: dict[str, Any] = {}
        self.run()

    def run(self) -> Visit:
        """Run the page; what a person must never see fails the test."""
        self.app.run()
        assert not self.app.exception, self.app.exception[0].message
        return self

    def open(self, page: str, /, **link: str) -> Visit:
        """Go to a page by its link, or by the navigation where the link says nothing."""
        self.app.query_params = dict(link)
        self.app.switch_page(f"../pages/{page}.py")
        return self.run()

    def click(self, node: str) -> Visit:
        """Click an element of a diagram that selects this operation."""
        key = self.components("link")[0].key
        self.app.session_state[key] = {"node": node}
        self.run()
        self.app.session_state[key] = {}  # a click does not last; without a browser nothing takes it back
        return self

    def upload(self, content: bytes, name: str = "picture.png") -> Visit:
        if not self.app.file_uploader:
            self.app.segmented_control(key="source").set_value("Upload")
            self.run()
        self.app.file_uploader(key="upload").set_value((name, content, "image/png"))
        return self.run()

    def look(self, **view: Any) -> Visit:
        """Change how the maps are looked at, as the browser reports it."""
        key = self.components("feature_maps")[0].key
        self.view |= view
        self.app.session_state[key] = {"view": self.view}
        return self.run()

    def components(self, name: str) -> list[Any]:
        shown = self.app.get("bidi_component")
        return [element for element in shown if element.proto.component_name == f"cnn_explorer.{name}"]

    def diagrams(self) -> dict[str, dict[str, Any]]:
        """What each diagram was sent, by its accessible name."""
        sent = [json.loads(element.proto.json) for element in self.components("diagram")]
        return {data["label"]: data for data in sent}

    @property
    def maps(self) -> dict[str, Any]:
        """The header of the maps on the page."""
        header, _ = unpack(self.components("feature_maps")[0].proto.bytes)
        return header

    @property
    def model_input(self) -> bytes:
        """The picture shown as the model's input, a PNG file."""
        _, picture = unpack(self.components("model_input")[0].proto.bytes)
        return picture

    @property
    def link(self) -> dict[str, Any]:
        return dict(self.app.query_params)

    @property
    def warnings(self) -> list[str]:
        return [warning.value for warning in self.app.warning]

    @property
    def text(self) -> str:
        return "\n".join(element.value for element in (*self.app.markdown, *self.app.caption, *self.app.info))


@pytest.fixture(scope="session", autouse=True)
def warm() -> None:
    """The app warms up in the background: a thread that is still at it would disturb the tests' times."""
    warmup.start().join()
    screen.PAUSE = 0.0  # there is no browser to wait for


@pytest.fixture(scope="session")
def visit() -> Callable[..., Visit]:
    """`visit("resnet", variant="resnet18")`: a new session, at a page of the app."""

    def start(page: str, /, **link: str) -> Visit:
        return Visit().open(page, **link)

    return start
