"""What operators ask of a server."""

from __future__ import annotations

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette

from explorer.runtime.device import forward_slot
from explorer.runtime.store import store
from explorer.server import operators
from tests.server.asgi import get

APP = Starlette(routes=operators.ROUTES)


@pytest.mark.parametrize("path", ["/health", "/metrics"])
def test_off_unless_set(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.delenv(operators.VARIABLE, raising=False)
    status, _, body = get(APP, path)
    assert status == 404
    assert operators.VARIABLE in body.decode()


def test_metrics_say_what_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(operators.VARIABLE, "yes")
    with forward_slot():
        status, headers, body = get(APP, "/metrics")
    assert status == 200
    assert headers["cache-control"] == "no-store"
    samples = {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }
    assert samples["explorer_working", ("passes",)] == 1
    assert samples["explorer_waiting", ("passes",)] == 0
    assert samples["explorer_kept_bytes", ()] == store().nbytes
    assert samples["explorer_viewers", ()] == 0
    assert samples["explorer_memory_limit_bytes", ()] > samples["explorer_kept_limit_bytes", ()] > 0
    assert samples["process_resident_memory_bytes", ()] > 0


def test_the_page_says_the_same_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(operators.VARIABLE, "yes")
    status, _, body = get(APP, "/health")
    found = dict(re.findall(r"<th>(.*?)</th><td>(.*?)</td>", body.decode()))
    assert status == 200
    assert found == dict(operators.rows()) | {name: said for name, said in found.items() if "Memory" in name}
    assert found["Viewers"] == "0"
    assert found["Lane long"].startswith("0 of 1")
