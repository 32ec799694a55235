"""The table of layers as a file for spreadsheets."""

from __future__ import annotations

import csv
import io

import pytest

from explorer.analysis.table import layer_csv
from tests.traces import traced


@pytest.mark.parametrize("name", ["resnet50", "googlenet", "lenet5"])
def test_each_number_has_a_column_of_its_own(name: str) -> None:
    t = traced(name)
    rows = list(csv.DictReader(io.StringIO(layer_csv(t))))
    assert [row["operation"] for row in rows] == [n.name for n in t.nodes[1:]]
    assert sum(int(row["macs"]) for row in rows) == t.macs
    assert sum(int(row["params"]) for row in rows) == t.params
    words = {"operation", "type", "kind"}
    assert all(value == "" or value.isdecimal() for row in rows for key, value in row.items() if key not in words)


def test_shapes_and_windows() -> None:
    rows = {row["operation"]: row for row in csv.DictReader(io.StringIO(layer_csv(traced("resnet50"))))}
    stem, classifier = rows["stem.conv"], rows["head.fc"]
    assert [stem[f"in_{axis}"] for axis in "CHW"] == ["3", "224", "224"]
    assert [stem[f"out_{axis}"] for axis in "CHW"] == ["64", "112", "112"]
    assert [stem[f"{name}_h"] for name in ("kernel", "stride", "padding", "field")] == ["7", "2", "3", "7"]
    assert [classifier[f"out_{axis}"] for axis in "CHW"] == ["1000", "", ""]
    assert classifier["kernel_w"] == ""
