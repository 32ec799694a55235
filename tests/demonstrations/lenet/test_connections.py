"""C3 read in part and in full: the paper's counts, and counts made link by link."""

from __future__ import annotations

import pytest

from explorer.architectures import variant
from explorer.architectures.lenet import C3_TABLE
from explorer.demonstrations.lenet import connections as c3


def test_the_papers_counts() -> None:
    own, whole = c3.counts(variant("lenet5"), "partial")
    assert (own.parameters, own.connections, own.macs) == (1_516, 151_600, 150_000)
    assert (whole.parameters, whole.connections, whole.macs) == (60_000, 340_908, 325_680)


@pytest.mark.parametrize("name", ["lenet5", "lenet5_modern"])
def test_the_counts_follow_from_the_links(name: str) -> None:
    for reading in ("partial", "full"):
        table = c3.table(reading, 6, 16)  # type: ignore[arg-type]
        links = sum(map(len, table))
        own, _ = c3.counts(variant(name), reading)  # type: ignore[arg-type]
        assert own.parameters == 25 * links + 16
        assert own.connections == (25 * links + 16) * 100  # 10x10 positions
        assert own.macs == 25 * links * 100


@pytest.mark.parametrize("name", ["lenet5", "lenet5_modern"])
def test_only_c3_differs(name: str) -> None:
    (part, part_network), (full, full_network) = (c3.counts(variant(name), r) for r in ("partial", "full"))
    for count in ("parameters", "connections", "macs"):
        difference = getattr(full, count) - getattr(part, count)
        assert difference > 0
        assert getattr(full_network, count) - getattr(part_network, count) == difference


def test_no_two_columns_of_the_partial_table_are_alike() -> None:
    assert c3.table("partial", 6, 16) == C3_TABLE
    assert len(set(C3_TABLE)) == 16
    assert set(c3.table("full", 6, 16)) == {tuple(range(6))}
