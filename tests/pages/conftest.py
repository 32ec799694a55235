"""What the tests of pages share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from explorer.architectures.family import Variant
from explorer.runtime.weights import network
from explorer.runtime.weights.network import UNTRAINED, narrowed_variant
from explorer.ui import cache

WIDTH = 0.25  # as the networks that come with the app


def narrower(variant: Variant, weights: str) -> Variant:
    """The variant that runs, as `narrowed_variant` says it: without training a narrow one, too."""
    narrowed = narrowed_variant(variant, weights)
    return replace(narrowed, config=replace(narrowed.config, width=WIDTH)) if weights == UNTRAINED else narrowed


def forget_all() -> None:
    """Empty every cache of the app's that counts its bytes or entries: what is in them is of other networks."""
    for module in [m for name, m in sys.modules.items() if name.startswith("explorer.")]:
        for function in vars(module).values():
            if hasattr(function, "cache_condition"):
                function.cache_clear()


@pytest.fixture(scope="module")
def narrow(warm: None) -> Iterator[None]:
    """Untrained networks are narrow: a hundred million random numbers prove no more about a page."""
    forget_all()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network, "narrowed_variant", narrower)
        patch.setattr(cache, "narrowed_variant", narrower)
        yield
    forget_all()
