"""What the tests of pages share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="module")
def session(visit: Callable[..., Any]) -> Any:
    """One session for each page, shared by the tests that set everything that they look at."""

    class Sessions(dict[str, Any]):
        def __missing__(self, name: str) -> Any:
            self[name] = visit(name)
            return self[name]

    return Sessions()
