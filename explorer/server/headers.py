"""Headers that bound what a page may do in a browser.

The policy allows what the app needs and no more: scripts, styles, pictures and connections of this server. Components'
scripts and pictures come as blob and data addresses, styles are written by Streamlit's front end into the page, and the
document has a few lines of script of its own, which are named by their hashes.
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from hashlib import sha256

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

VARIABLE = "EXPLORER_FRAMED_BY"  # addresses of course pages that may show the app in a frame, with spaces between
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), fullscreen=(self), geolocation=(), microphone=(), payment=(), usb=()",
}
INLINE_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
ADDRESS = re.compile(r"https?://[a-z0-9.*-]+(:\d+)?", re.IGNORECASE)


class FramingError(ValueError):
    """`EXPLORER_FRAMED_BY` has no addresses; the message is one sentence for whoever starts the app."""


def framed_by() -> str:
    """Who may show the app in a frame: itself, and the addresses of the setting.

    Raises FramingError for what is no address of a site.
    """
    sites = os.environ.get(VARIABLE, "").split()
    for site in sites:
        if not ADDRESS.fullmatch(site):
            raise FramingError(f"{VARIABLE} has {site!r}; it takes addresses like https://moodle.example.org.")
    return " ".join(("'self'", *sites))


def policy(document: bytes, framing: str) -> str:
    """The Content-Security-Policy of a document with these inline scripts."""
    hashes = [b64encode(sha256(script).digest()).decode() for script in INLINE_SCRIPT.findall(document)]
    scripts = " ".join(f"'sha256-{found}'" for found in hashes)
    return (
        f"default-src 'self'; script-src 'self' blob: {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob:; worker-src 'self' blob:; "
        f"object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors {framing}"
    )


class SafeHeaders:
    """ASGI middleware that adds what an answer does not say itself; documents get the policy."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.framing = framed_by()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        waiting: Message = {}  # the start of a document, until its scripts are known

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SAFE.items():
                    headers.setdefault(name, value)
                if headers.get("content-type", "").startswith("text/html") and "content-security-policy" not in headers:
                    waiting.update(message)
                    return
            elif waiting:
                headers = MutableHeaders(scope=waiting)
                headers["Content-Security-Policy"] = policy(message.get("body", b""), self.framing)
                start = dict(waiting)
                waiting.clear()
                await send(start)
            await send(message)

        await self.app(scope, receive, send_safely)
