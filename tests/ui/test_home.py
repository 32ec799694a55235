"""The home page's files: written from the traces, read without torch."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from explorer.architectures import families
from explorer.ui import home

ROOT = Path(__file__).resolve().parents[2]
FAMILIES = [f.name for f in families() if (ROOT / "pages" / f"{f.name}.py").is_file()]
# Where Graphviz puts things depends on the fonts of the machine.
POSITIONS = re.compile(r' (d|points|x|y|width|height|viewBox|transform)="[^"]*"')


def without_positions(text: str) -> dict[str, Any]:
    card: dict[str, Any] = json.loads(text)
    card["drawing"]["svg"] = POSITIONS.sub("", card["drawing"]["svg"])
    return card


@pytest.mark.parametrize("name", FAMILIES)
def test_the_file_of_a_family_is_what_its_trace_says(name: str, update_golden: bool) -> None:
    file, text = home.FOLDER / f"{name}.json", home.card_text(name)
    if update_golden:
        file.write_text(text, encoding="utf-8")
    assert file.is_file(), f"run `make golden` to write {file.name}"
    assert without_positions(file.read_text(encoding="utf-8")) == without_positions(text)


def test_no_file_is_left_of_a_family_without_a_page() -> None:
    assert {file.stem for file in home.FOLDER.iterdir()} <= set(FAMILIES)


@pytest.mark.parametrize("card", home.cards(), ids=lambda card: card.name)
def test_every_element_of_a_card_is_in_its_drawing(card: home.Card) -> None:
    assert len(card.elements) > 2
    assert all(f'id="{element}"' in card.svg() for element in card.elements)
