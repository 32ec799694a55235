from collections import Counter

import pytest

from tests.benchmarks.figures import milliseconds
from tests.benchmarks.mixed import COMPARE, SHARES, Action, Outcome, by_kind, offered, plan

HALL = {"viewers": 20, "seconds": 600.0, "rate": 2.5, "seed": 3}


def test_the_plan_holds_the_shares_on_all_pages_and_comes_from_the_seed_alone():
    pages = offered()
    starts, actions = plan(pages, **HALL)
    assert plan(pages, **HALL) == (starts, actions)
    assert plan(pages, **HALL | {"seed": 4})[1] != actions
    kinds = Counter(action.kind for action in actions)
    assert {kind: 100 * n / len(actions) for kind, n in kinds.items()} == pytest.approx(SHARES, abs=1.5)
    assert len(actions) == pytest.approx(HALL["seconds"] * HALL["rate"], rel=0.05)
    assert [a.at for a in actions] == sorted(a.at for a in actions)
    uploads = [action.photo for action in actions if action.photo is not None]
    assert uploads == list(range(kinds["pictures"] // 4))
    assert set(pages) == set(starts) == {action.page for action in actions}


def test_nobody_does_what_the_page_does_not_offer():
    pages = offered()
    where, actions = plan(pages, **HALL)
    for action in actions:
        here = where[action.viewer]
        assert action.kind in pages[here]
        assert (action.page != here) == (action.kind == "pages")
        where[action.viewer] = action.page


def test_percentiles_errors_and_replaced_actions_of_each_kind():
    def outcome(kind, seconds, page="resnet", **more):
        return Outcome(Action(0, 0, kind, page, 0), seconds, **more)

    report = by_kind(
        [
            *(outcome("clicks", n / 1000) for n in range(1, 101)),
            outcome("variants", 2.0, drawn_seconds=0.5, maps_seconds=1.5, replaced=True),
            outcome("pages", 1.0, page=COMPARE),
            outcome("pictures", 60.0, page=COMPARE, errors=("no answer",)),
            outcome("clicks", 0.0, page=COMPARE),
        ]
    )
    assert (report["clicks_count"], report["clicks_p50_ms"], report["clicks_p95_ms"]) == (101, 50, 95)
    assert [report[f"variants_{part}p95_ms"] for part in ("", "drawn_", "maps_")] == [2000, 500, 1500]
    assert (report["variants_replaced"], report["clicks_replaced"]) == (1, 0)
    assert (report["compare_count"], report["compare_errors"], report["compare_p50_ms"]) == (2, 1, 30500)
    assert report["pages_count"] == report["pictures_count"] == 0
    assert report["pages_p95_ms"] is None


def test_a_single_time_is_its_own_percentile():
    assert milliseconds([0.25], 95) == 250
