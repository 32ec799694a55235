"""Tell the browser where the server is, so that a deep link does not have to find out by failing.

At /resnet Streamlit's frontend first asks /resnet/_stcore/health, and the browser logs the 404. Its setting
`BACKEND_BASE_URL` skips the guess. The setting is not documented; without it everything works, two errors louder.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SCRIPT = b"<script>window.__streamlit={...window.__streamlit,BACKEND_BASE_URL:location.origin}</script>"
HEAD = b"<head>"


class DeepLinks:
    """ASGI middleware that puts SCRIPT into the one HTML document that Streamlit serves."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or "text/html" not in Headers(scope=scope).get("accept", ""):
            await self.app(scope, receive, send)
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
