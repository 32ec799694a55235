"""What the app answers to an address: its one document, which says where the server is, or the way to Home.

At /resnet Streamlit's frontend first asks /resnet/_stcore/health, and the browser logs the 404. Its setting
`BACKEND_BASE_URL` skips the guess. The setting is not documented; without it everything works, two errors louder.
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from explorer.ui.app.navigation import HOME, page_files

SCRIPT = b"<script>window.__streamlit={...window.__streamlit,BACKEND_BASE_URL:location.origin}</script>"
HEAD = b"<head>"
OTHERS = {"hall", "health", "metrics"}  # the audience's and the operators' pages: none of Streamlit's
UNKNOWN_PAGE = "page"  # in the link of Home: a page that was asked for and is none


class DeepLinks:
    """ASGI middleware that puts SCRIPT into the one HTML document that Streamlit serves.

    Who asks for a page that is none gets Home, which says so: Streamlit opens a dialog, and drops the link.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.pages = {"", *(name for name, _, _ in page_files())} - {HOME}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", ""):
            await self.app(scope, receive, send)
            return
        asked = scope["path"].strip("/")
        if asked.partition("/")[0] in OTHERS:
            await self.app(scope, receive, send)
            return
        if asked not in self.pages and "/" not in asked:
            home = "/" if asked == HOME else f"/?{UNKNOWN_PAGE}={quote(asked)}"
            await RedirectResponse(home)(scope, receive, send)
            return
        # The script goes into plain text: no compression of these few kilobytes.
        scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]

        async def send_with_script(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                del headers["content-length"]
                del headers["etag"]
            elif HEAD in message.get("body", b""):
                message["body"] = message["body"].replace(HEAD, HEAD + SCRIPT, 1)
            await send(message)

        await self.app(scope, receive, send_with_script)
