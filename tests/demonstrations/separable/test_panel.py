"""Xception's section: any layer in any number of groups, its cost, and the link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from explorer.demonstrations.separable import panel
from explorer.runtime.run import Run
from explorer.ui.sidebar import sample_picture

Open = Callable[..., Any]  # a page and its link -> Visit
FIRST = "entry_flow.module2.residual.separable1"
REGULAR = "entry_flow.module1.conv2"


@pytest.fixture
def page(visit: Open) -> Any:
    return visit("xception", variant="xception", weights="untrained")


def layer(page: Any) -> str:
    return str(page.app.selectbox(key="separable.layer").value)


def groups(page: Any) -> int:
    return int(page.app.select_slider(key="separable.groups").value)


def strips(page: Any) -> str:
    """All rows of maps, as they are sent."""
    return "".join(html.proto.body for html in page.app.get("html"))


def test_it_opens_with_a_separable_layer_as_it_is(page: Any) -> None:
    assert (layer(page), groups(page)) == (FIRST, 64)
    assert page.warnings == []
    assert not {"separable.layer", "separable.groups"} & set(page.link)
    assert strips(page).count('alt="To output') == panel.MAPS_SHOWN**2


def test_the_maps_between_are_shown_where_there_are_any(page: Any) -> None:
    for count in (64, 2, 1):
        page.set(separable__groups=count)
        assert strips(page).count("reads #") == (0 if count == 1 else 2 * panel.MAPS_SHOWN)  # caption and alt


def test_groups_that_do_not_divide_a_layers_input_give_way(page: Any) -> None:
    page.set(separable__layer=REGULAR)
    assert groups(page) == 32
    page.set(separable__groups=4)
    assert page.link.items() >= {"separable.layer": REGULAR, "separable.groups": "4"}.items()


def test_the_link_brings_layer_and_groups_back(visit: Open) -> None:
    link = {"separable.layer": REGULAR, "separable.groups": "4"}
    page = visit("xception", variant="xception", weights="untrained", **link)
    assert (layer(page), groups(page)) == (REGULAR, 4)
    assert page.warnings == []
    page = visit("xception", variant="xception", weights="untrained", **{"separable.groups": "7"})
    assert groups(page) == 64 and len(page.warnings) == 1
    page = visit("xception", variant="xception", weights="untrained", **{"separable.layer": "nothing"})
    assert layer(page) == FIRST and len(page.warnings) == 1


def test_what_is_shown_is_of_the_run() -> None:
    run = Run("xception", "untrained", "cpu", sample_picture())
    lost = [panel._version(run, REGULAR, count).difference for count in (1, 2, 32)]
    assert lost[0] < panel.ROUNDING < lost[1] < lost[2]
    assert all(panel._version(run, FIRST, count).difference < panel.ROUNDING for count in (1, 2, 64))
