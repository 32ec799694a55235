"""Headers that bound what a page may do in a browser. The browser tests show that the app works under them."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from explorer.server.headers import VARIABLE, FramingError, SafeHeaders
from tests.server.asgi import get

SCRIPT = "window.started = 1"
OWN = "default-src 'none'"


def _app() -> SafeHeaders:
    async def document(request: Request) -> Response:
        return HTMLResponse(f"<head><script>{SCRIPT}</script><script src='/a.js'></script></head>")

    async def data(request: Request) -> Response:
        return JSONResponse({})

    async def strict(request: Request) -> Response:
        return HTMLResponse("", headers={"Content-Security-Policy": OWN})

    return SafeHeaders(Starlette(routes=[Route("/", document), Route("/data", data), Route("/strict", strict)]))


def _directives(policy: str) -> dict[str, list[str]]:
    return {name: sources for name, *sources in (part.split() for part in policy.split(";"))}


def test_a_document_may_run_its_own_scripts_and_no_others() -> None:
    _, headers, body = get(_app(), "/")
    found = _directives(headers["content-security-policy"])
    digest = b64encode(sha256(SCRIPT.encode()).digest()).decode()
    assert found["script-src"] == ["'self'", "blob:", f"'sha256-{digest}'"]
    assert found["default-src"] == found["frame-ancestors"] == ["'self'"]
    assert found["object-src"] == ["'none'"]
    assert SCRIPT.encode() in body


def test_all_answers_are_taken_for_what_they_say_they_are() -> None:
    _, headers, _ = get(_app(), "/data")
    assert headers["x-content-type-options"] == "nosniff"
    assert "microphone=()" in headers["permissions-policy"]
    assert "content-security-policy" not in headers


def test_a_page_with_a_stricter_policy_keeps_it() -> None:
    assert get(_app(), "/strict")[1]["content-security-policy"] == OWN


def test_course_pages_may_be_allowed_to_show_it_in_a_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "https://moodle.example.org http://localhost:8080")
    found = _directives(get(_app(), "/")[1]["content-security-policy"])
    assert found["frame-ancestors"] == ["'self'", "https://moodle.example.org", "http://localhost:8080"]


@pytest.mark.parametrize("said", ["moodle", "https://a;script-src", "'none'", "https://a/b"])
def test_what_is_no_address_of_a_site_is_a_sentence(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv(VARIABLE, said)
    with pytest.raises(FramingError, match=VARIABLE):
        _app()
