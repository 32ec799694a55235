"""The home page's cards."""

from __future__ import annotations

import pytest

from explorer import cards


@pytest.mark.parametrize("card", cards.cards(), ids=lambda card: card.name)
def test_every_element_of_a_card_is_in_its_drawing(card: cards.Card) -> None:
    assert len(card.elements) > 2
    assert all(f'id="{element}"' in card.svg() for element in card.elements)
