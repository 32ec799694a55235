"""The pages in a session without a browser: widgets, the link and what the components are sent.

AppTest runs whole pages: what only a click in a fragment shows is tested in the browser.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from streamlit.testing.v1 import AppTest

from explorer.runtime.maps import unpack
from explorer.ui.window import PAINTED

APP = Path(__file__).resolve().parents[1] / "explorer" / "app.py"


class Visit:
    """One viewer's session."""

    def __init__(self) -> None:
        self.app = AppTest.from_file(str(APP), default_timeout=120)
        self.app.session_state[PAINTED] = True  # there is no browser to wait for

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

    def follow(self) -> Visit:
        """Go where the page sends the browser."""
        (sent,) = self.components("navigation")
        page, _, query = json.loads(sent.proto.json)["url"].partition("?")
        return self.open(page, **dict(parse_qsl(query)))

    def click(self, node: str) -> Visit:
        """Click an element of a diagram that selects this operation."""
        return self.set(node=node)

    def set(self, **values: Any) -> Visit:
        """Give controls their values, by name with "__" for the dot, as a widget or a component in the browser does."""
        for name, value in values.items():
            self.app.session_state[name.replace("__", ".")] = value
        return self.run()

    @property
    def bar(self) -> dict[str, Any]:
        """What the bar of the tour was sent."""
        (sent,) = self.components("stage")
        data: dict[str, Any] = json.loads(sent.proto.json)
        return data

    def show(self, section: str) -> Visit:
        """Open a section below the screen."""
        self.app.segmented_control(key="section").set_value(section)
        return self.run()

    def upload(self, content: bytes, name: str = "picture.png") -> Visit:
        if self.app.segmented_control(key="source").value != "Upload":
            self.app.segmented_control(key="source").set_value("Upload")
            self.run()
        self.app.file_uploader(key="upload").set_value((name, content, "image/png"))
        return self.run()

    def look(self, **view: Any) -> Visit:
        """Change how the maps are looked at, as the browser reports it."""
        return self.set(**{f"maps__{name}": value for name, value in view.items()})

    @property
    def sections(self) -> list[str]:
        """The names of the sections below the screen."""
        return list(self.app.segmented_control(key="section").options)

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

    def chart(self, key: str) -> dict[str, Any]:
        """The figure of a chart, as Plotly gets it."""
        (found,) = (e for e in self.app.get("plotly_chart") if e.proto.id.endswith(f"-{key}"))
        figure: dict[str, Any] = json.loads(found.proto.spec)
        return figure

    @property
    def long_table(self) -> list[dict[str, str]]:
        """The rows of a table of hundreds of rows, by head; none where there is no such table."""
        found = [e.proto.body for e in self.app.get("html") if 'class="long-table"' in e.proto.body]
        if not found:
            return []
        heads, *rows = ElementTree.fromstring(found[0]).iter("tr")
        names = [head.text or "" for head in heads]
        return [dict(zip(names, [cell.text or "" for cell in row], strict=True)) for row in rows]

    @property
    def link(self) -> dict[str, Any]:
        return dict(self.app.query_params)

    def classes(self, key: str) -> dict[str, dict[str, float]]:
        """The probabilities in a chart of best classes, by the title of the answer and the class."""
        figure = self.chart(key)
        names = [name.strip() for name in figure["layout"]["yaxis"]["ticktext"]]
        return {bars["name"]: dict(zip(names, bars["x"], strict=True)) for bars in figure["data"]}

    @property
    def answers(self) -> list[str]:
        """What the open section says first."""
        return [line.value for line in self.app.main.subheader]

    @property
    def warnings(self) -> list[str]:
        return [warning.value for warning in self.app.warning]

    @property
    def text(self) -> str:
        return "\n".join(element.value for element in (*self.app.markdown, *self.app.caption, *self.app.info))
