"""Thirty students who open a page with the same photo: the charts are drawn for the first of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from explorer.ui import charts

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(file.stem for file in (ROOT / "pages").glob("*.py") if file.stem not in ("home", "compare"))


# No charts, or (gradients) such as are measured in the background.
WITHOUT_CHARTS = {"Gradients", "Paper", "Layers", "Code", "Formulas", "All figures, as printed"}


def specs(page: Any) -> list[str]:
    """Every chart of every section."""
    found = []
    for title in page.sections:
        if title not in WITHOUT_CHARTS:
            page.show(title)
            found += [element.proto.spec for element in page.app.get("plotly_chart")]
    return found


@pytest.mark.parametrize("page", PAGES)
def test_a_second_viewer_gets_the_same_charts_and_none_is_drawn_again(page: str, visit: Any) -> None:
    first = specs(visit(page))
    drawn = set(charts._FIGURES)
    assert first and drawn
    assert specs(visit(page)) == first
    assert set(charts._FIGURES) <= drawn
