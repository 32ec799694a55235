"""Leave for another page when the server says so, for instance after a click in a chart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from explorer.ui.components import component

_NAVIGATION = component(Path(__file__).with_name("navigation.js"))


def go_to(page: str, link: Mapping[str, str]) -> None:
    """Open a page by its link; this run goes on.

    `st.switch_page` with a link makes two steps of the browser's history; the first is no view, and Back stops there.
    """
    _NAVIGATION(key="navigation", data={"url": f"{page}?{urlencode(link)}" if link else page})
