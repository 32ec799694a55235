"""`python -m explorer value`, as a person runs it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from explorer.cli import main

RUN = ["lenet5", "--image", "cat", "--weights", "bundled", "--device", "cpu"]


def test_json_says_what_the_value_is_made_of(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["value", *RUN, "--node", "c3.conv", "--channel", "3", "--at", "4,5", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["place"], found["sources"], found["made"]) == ([3, 4, 5], ["s2.tanh"], "sum")
    assert np.shape(found["inputs"]) == np.shape(found["weights"]) == np.shape(found["inside"]) == (3, 5, 5)
    assert sorted({place[0] for place in np.reshape(found["places"], (-1, 3)).tolist()}) == [3, 4, 5]  # table I
    products = np.multiply(found["inputs"], found["weights"])
    assert np.allclose(products, found["products"])
    assert found["value"] == pytest.approx(products.sum() + found["bias"])
    assert found["network"] == pytest.approx(found["value"], rel=1e-4)


def test_text_has_the_largest_products_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["value", *RUN, "--node", "f6", "--channel", "7"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("lenet5 f6.")
    assert main(["value", *RUN, "--node", "f6.linear", "--channel", "7"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[-10:]]
    sizes = [abs(float(row[-1])) for row in rows]
    assert sizes == sorted(sizes, reverse=True)
    assert all(float(row[-1]) == pytest.approx(float(row[-2]) * float(row[-3]), rel=1e-4) for row in rows)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--node", "c3.conv", "--at", "10,0"], "row 0 to 9"),
        (["--node", "c3.conv", "--channel", "16"], "channel 0 to 15"),
        (["--node", "c3.conv", "--at", "1"], "ROW,COLUMN"),
        (["--node", "f6.linear", "--at", "1,1"], "vector"),
        (["--node", "nothing"], "no node called"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["value", *RUN, *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err and len(captured.err.splitlines()) == 1
