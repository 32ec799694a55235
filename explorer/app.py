"""The entry: `cnn-explorer serve`, or `streamlit run explorer/app.py`.

The server imports this file as an ASGI app, to warm up before the first viewer; for each viewer Streamlit runs it again
as a script, which sets up the page and the navigation.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import streamlit as st

from explorer import ASSETS


def main() -> None:
    """One script run of one viewer."""
    from explorer.ui import link
    from explorer.ui.app import style, warmup
    from explorer.ui.app.navigation import HOME, page_files

    warmup.start()
    st.set_page_config(page_title="CNN explorer", page_icon=_icon(), layout="wide")
    style.apply()
    pages = {
        name: st.Page(file, title=title, url_path="" if name == HOME else name, default=name == HOME)
        for name, title, file in page_files()
    }
    page = st.navigation(list(pages.values()), position="top")
    link.begin(next(name for name, other in pages.items() if other is page))
    page.run()


def _icon() -> str:
    """The page's icon, within the page: Streamlit forgets a file of it when a click runs a fragment only."""
    return f"data:image/png;base64,{b64encode((ASSETS / 'icon.png').read_bytes()).decode()}"


@asynccontextmanager
async def _lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    from explorer.ui.app import warmup

    warmup.start()
    yield {}


if __name__ == "__main__":
    main()
else:
    import_module("pandas")  # Streamlit imports it when it is first needed: many viewers' threads at once fail in it
    from starlette.middleware import Middleware

    from explorer.hall import routes as hall
    from explorer.runtime import events
    from explorer.runtime.weights import permission
    from explorer.server import operators
    from explorer.server.headers import SafeHeaders
    from explorer.server.watch import Watch
    from explorer.ui.app.deep_links import DeepLinks

    permission.default_for(st.get_option("server.address"))
    watch = [Middleware(Watch)] if operators.is_on() or events.is_on() else []  # it reads each message
    app = st.App(
        __file__,
        lifespan=_lifespan,
        routes=[*hall.ROUTES, *operators.ROUTES],
        middleware=[Middleware(SafeHeaders), *watch, Middleware(DeepLinks)],
    )
