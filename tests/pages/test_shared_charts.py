"""Every section of every page, for thirty students with the same photo: its charts are drawn for the first of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest

from explorer.architectures import families
from explorer.runtime.store import store

ROOT = Path(__file__).resolve().parents[2]
FAMILIES = {family.name: family for family in families()}
OTHERS = {"home", "compare", "units"}  # pages without shared charts
PAGES = sorted(file.stem for file in (ROOT / "pages").glob("*.py") if file.stem not in OTHERS)


# No charts, or (gradients) such as are measured in the background.
WITHOUT_CHARTS = {"Gradients", "Paper", "Layers", "Code", "Formulas", "All figures, as printed"}


def specs(page: Any, sections: list[str]) -> list[str]:
    """Open these sections: all their charts, but those that are measured in the background."""
    found = []
    for title in sections:
        page.show(title)
        if title not in WITHOUT_CHARTS:
            found += [element.proto.spec for element in page.app.get("plotly_chart")]
    return found


def figures() -> dict[Any, go.Figure]:
    """The charts that all viewers share, by what they show."""
    return {key: value for key, (value, _) in store()._entries.items() if isinstance(value, go.Figure)}


@pytest.mark.parametrize("page", PAGES)
def test_every_section_opens_and_a_second_viewer_gets_its_charts_and_none_is_drawn_again(page: str, visit: Any) -> None:
    viewer = visit(page)
    first = specs(viewer, viewer.sections)
    drawn = figures()
    assert first and drawn
    if page in FAMILIES:
        viewer.show("paper")
        assert len(viewer.app.main.expander) == len(FAMILIES[page].mistakes)
    assert specs(visit(page), [title for title in viewer.sections if title not in WITHOUT_CHARTS]) == first
    assert all(drawn.get(key) is figure for key, figure in figures().items())
