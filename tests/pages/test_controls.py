"""All that can be set on any page: one meaning a name, links that come back as themselves, and nothing that raises."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import streamlit as st
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as s

import explorer.page
from explorer.ui import link
from explorer.ui.app.navigation import page_files
from explorer.ui.link import Control
from tests.visit import Visit

PAGES = [name for name, _, _ in page_files() if name != "home"]
# A page's run is slow for a property: the same few examples each time, and no search for a smaller one.
FEW = settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
PROBED = "probed"  # in the session: of each control, what it could be and what it is
# Values of controls without a list: the text in the link.
FREE = {
    "node": ("conv2_x.1.add", "stem", "input"),
    "weights": ("untrained", "bundled"),
    "cost.from": ("resnet50:conv3_x.0.conv1", "lenet5:c1.conv"),
}


@pytest.fixture(autouse=True)
def nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Of an architecture's page only what has controls: the drawing has tests of its own."""
    monkeypatch.setattr(explorer.page, "header", lambda *_: None)
    monkeypatch.setattr(explorer.page, "strip", lambda *_: None)
    monkeypatch.setattr(explorer.page, "screen", lambda *_: None)
    monkeypatch.setattr(explorer.page, "below", lambda *_: None)
    tells = link._tells

    def probe(c: Control, held: Any, initial: Any) -> bool:
        """Only a run of the page knows what a control can be."""
        low, high = c.limits()
        offered = [*c.options(), *({low, (low + high) // 2, high} if high > low else ()), True, False]
        found = st.session_state.setdefault(PROBED, {})
        told = tells(c, held, initial)
        possible = [value for value in offered if c.accepts(value)]
        found[c.name] = (c, possible, c.value if c.linked and c.active() else None)
        return told

    monkeypatch.setattr(link, "_tells", probe)
    yield


@cache
def names_on(page: str) -> list[str]:
    """The names of all its controls."""
    return sorted(probed(opened(page)))


def opened(page: str, **values: str) -> Visit:
    visit = Visit()
    visit.app.session_state[PROBED] = {}
    return visit.open(page, **values)


def probed(visit: Visit) -> dict[str, tuple[Control, list[Any], Any]]:
    found: dict[str, tuple[Control, list[Any], Any]] = visit.app.session_state[PROBED]
    return found


def shown(visit: Visit) -> dict[str, Any]:
    """The values that a link can carry."""
    return {name: value for name, (_, _, value) in probed(visit).items() if value is not None}


def test_a_name_means_one_thing_on_all_pages() -> None:
    labels: dict[str, set[tuple[str, bool, bool]]] = {}
    for page in PAGES:
        for name, (c, _, _) in probed(opened(page)).items():
            labels.setdefault(name, set()).add((c.label, c.kept, c.linked))
    assert {name: found for name, found in labels.items() if len(found) > 1} == {}
    assert len(labels) > 60


@pytest.mark.parametrize("page", PAGES)
@FEW
@given(data=s.data())
def test_any_values_go_out_to_a_link_and_come_back_as_themselves(page: str, data: s.DataObject) -> None:
    visit = opened(page)
    for _ in range(2):  # the second time with what the first made possible
        known = {name: possible for name, (c, possible, _) in probed(visit).items() if possible and c.linked}
        names = data.draw(s.lists(s.sampled_from(sorted(known)), unique=True, max_size=5))
        visit.app.session_state[PROBED] = {}
        visit.set(**{name: data.draw(s.sampled_from(known[name])) for name in names})
    visit.run()  # what depended on something that was drawn later has settled
    assume(not visit.components("navigation"))  # a lesson's step leads to another page: this one is left
    copy = opened(page, **visit.link)
    assert copy.warnings == []
    assert copy.link == visit.link
    assert shown(copy) == shown(visit)


@pytest.mark.parametrize("page", PAGES)
@FEW
@given(data=s.data())
def test_wrong_values_give_a_sentence_each_and_leave_a_link_that_works(page: str, data: s.DataObject) -> None:
    free = s.sampled_from(sorted({value for values in FREE.values() for value in values}))
    wrong = data.draw(s.dictionaries(s.sampled_from(names_on(page)), s.text(max_size=80) | free, max_size=4))
    visit = opened(page, **wrong)
    assert len(visit.warnings) <= len(wrong)
    again = opened(page, **visit.link)
    assert again.warnings == []
    assert shown(again) == shown(visit)
