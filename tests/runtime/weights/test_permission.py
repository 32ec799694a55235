"""Which published weights a server fetches for its viewers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from explorer.runtime.weights.permission import VARIABLE, PermissionsError, allowed, default_for


@pytest.mark.parametrize(
    ("said", "resnet18", "vgg16"),
    [("yes", True, True), ("no", False, False), ("resnet18 alexnet", True, False), ("vgg16,resnet18", True, True)],
)
def test_the_setting(monkeypatch: pytest.MonkeyPatch, said: str, resnet18: bool, vgg16: bool) -> None:
    monkeypatch.setenv(VARIABLE, said)
    assert (allowed("resnet18"), allowed("vgg16")) == (resnet18, vgg16)


def test_a_name_that_is_none_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "resnet18 resnet19")
    with pytest.raises(PermissionsError, match="'resnet19'"):
        allowed("resnet18")


@pytest.mark.parametrize(
    ("address", "may"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("10.0.0.5", False), (None, False)],
)
def test_a_server_that_others_can_reach_fetches_none(
    monkeypatch: pytest.MonkeyPatch, address: str | None, may: bool
) -> None:
    monkeypatch.setenv(VARIABLE, "")  # remembered, so that it is put back
    monkeypatch.delenv(VARIABLE)
    default_for(address)
    assert allowed("resnet18") == may
    monkeypatch.setenv(VARIABLE, "no")
    default_for("127.0.0.1")
    assert not allowed("resnet18")  # what is set stays


def test_the_page_offers_none_and_says_so(monkeypatch: pytest.MonkeyPatch, visit: Callable[..., Any]) -> None:
    monkeypatch.setenv(VARIABLE, "no")
    page = visit("resnet", variant="resnet101")
    keys = {button.key for button in page.app.button}
    assert not keys & {"more-classes", "download-resnet101"}
    assert VARIABLE in page.text
    monkeypatch.setenv(VARIABLE, "resnet101")
    page = visit("resnet", variant="resnet101")
    assert {button.key for button in page.app.button} >= {"more-classes", "download-resnet101"}
