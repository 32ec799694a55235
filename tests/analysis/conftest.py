from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


@pytest.fixture
def golden(update_golden: bool) -> Callable[[str, str], None]:
    """Compare a text with the golden file of that name, or rewrite the file with `--update-golden`."""

    def check(name: str, text: str) -> None:
        file = GOLDEN / name
        if update_golden:
            file.write_text(text)
        assert file.is_file(), f"{name} has no golden file: run `make golden` and read what it writes"
        assert text == file.read_text()

    return check
