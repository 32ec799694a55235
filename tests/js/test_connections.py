"""LeNet's table of connections: maps can be pointed at and focused, cells can be pointed at."""

from __future__ import annotations

import pytest

from explorer.runtime import colormaps
from explorer.runtime.maps import pack
from tests.js.conftest import Modules

CONNECTIONS = "demonstrations/lenet/connections.js"
TABLE = [[0, 1], [1], [0, 2]]  # what each map of C3 reads


@pytest.fixture
def table(stage: Modules) -> Modules:
    parts = [
        {"shape": (count, 1, 1), "low": [0] * count, "high": [1] * count, "signed": False}
        for count in (3, len(TABLE), sum(map(len, TABLE)))
    ]
    message = pack({"parts": parts, "table": TABLE, "colormaps": colormaps.as_text()}, bytes(11))
    stage.mount(CONNECTIONS, message, "demonstrations/lenet/connections.css")
    return stage


def lit(table: Modules) -> list[str]:
    return table.locator(".map.lit").evaluate_all("all => all.map((map) => map.getAttribute('aria-label')).sort()")


def test_a_focused_map_is_lit_with_what_it_reads(table: Modules) -> None:
    table.page.get_by_role("button", name="C3 map 0").focus()
    assert lit(table) == ["C3 map 0", "S2 map 0", "S2 map 1"]
    assert table.locator("td.lit").count() == 2
    table.page.get_by_role("button", name="S2 map 0").focus()
    assert lit(table) == ["C3 map 0", "C3 map 2", "S2 map 0"]


def test_a_cell_is_one_link_and_no_stop_of_the_tab_key(table: Modules) -> None:
    cells = table.locator("td.cell")
    assert cells.count() == sum(map(len, TABLE))
    cells.last.hover()  # map 2 of C3 reads map 2 of S2
    assert lit(table) == ["C3 map 2", "S2 map 2"]
    assert table.locator("td.lit").count() == 1
    cells.last.click()
    table.page.mouse.move(0, 0)
    assert lit(table) == ["C3 map 2", "S2 map 2"]  # the click keeps it lit
    cells.last.click()
    table.page.mouse.move(0, 0)
    assert lit(table) == []
    assert table.locator("[tabindex]").count() == 0
