"""`python -m explorer cost`, as a person runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from explorer.cli import main

CLASSIC = ["cost", "--input", "28x28x192", "--out-channels", "32", "--kernel", "5"]


def run_json(capsys: pytest.CaptureFixture[str], *argv: str):
    assert main([*CLASSIC, *argv, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("width", [[], ["--bottleneck", "16"]])
def test_the_classic_case(width: list[str], capsys) -> None:
    assert run_json(capsys, *width) == {
        "direct": {"out_shape": [32, 28, 28], "params": 153_632, "macs": 120_422_400},
        "bottleneck": {"out_shape": [32, 28, 28], "params": 15_920, "macs": 12_443_648},
        "ratio": 120_422_400 / 12_443_648,
    }


def test_depthwise_separable_is_an_entry_of_its_own(capsys) -> None:
    answer = run_json(capsys, "--depthwise-separable")
    assert list(answer) == ["direct", "bottleneck", "depthwise_separable", "ratio"]
    assert answer["depthwise_separable"] == {
        "out_shape": [32, 28, 28],
        "params": 192 * 25 + 192 + 192 * 32 + 32,
        "macs": 28 * 28 * (192 * 25 + 192 * 32),
    }


@pytest.mark.parametrize(
    ("options", "shape", "params", "macs"),
    [
        (["--padding", "valid"], [32, 24, 24], 153_632, 24 * 24 * 32 * 25 * 192),
        (["--padding", "0"], [32, 24, 24], 153_632, 24 * 24 * 32 * 25 * 192),
        (["--padding", "3"], [32, 30, 30], 153_632, 30 * 30 * 32 * 25 * 192),
        (["--stride", "2"], [32, 14, 14], 153_632, 14 * 14 * 32 * 25 * 192),
        (["--groups", "4"], [32, 28, 28], 38_432, 120_422_400 // 4),
        (["--no-bias"], [32, 28, 28], 153_600, 120_422_400),
        (["--kernel", "1x7"], [32, 28, 28], 192 * 7 * 32 + 32, 28 * 28 * 32 * 7 * 192),
    ],
)
def test_every_option(options: list[str], shape: list[int], params: int, macs: int, capsys) -> None:
    assert run_json(capsys, *options)["direct"] == {"out_shape": shape, "params": params, "macs": macs}


def test_the_usual_bottleneck_suits_the_groups(capsys) -> None:
    assert run_json(capsys, "--groups", "32")["bottleneck"]["params"] == 192 * 32 + 32 + 25 * 32 + 32


def test_as_text(capsys) -> None:
    assert main(CLASSIC) == 0
    printed = capsys.readouterr().out
    assert "120,422,400" in printed
    assert "12,443,648" in printed
    assert "9.68 times the MACs" in printed


BAD = {
    "kernel too large": (["--kernel", "31", "--padding", "valid"], "larger than its input"),
    "groups": (["--groups", "5"], "5 groups do not divide 192 input channels"),
    "groups of the bottleneck": (["--groups", "4", "--bottleneck", "6"], "4 groups do not divide 6 input"),
    "no groups": (["--groups", "0"], "not a whole number from 1"),
    "negative stride": (["--stride", "-1"], "stride must be 1 or more"),
    "no bottleneck": (["--bottleneck", "0"], "not a whole number from 1"),
    "negative padding": (["--padding", "-1"], "padding must be 0 or more"),
    "no shape": (["--input", "28x28"], "not a shape"),
    "no kernel": (["--kernel", "big"], "not a kernel size"),
    "no padding": (["--padding", "soft"], "not a padding"),
    "stride in Arabic digits": (["--stride", "٢"], "not a stride"),
    "no number": (["--out-channels", "many"], "not a whole number from 1"),
}


@pytest.mark.parametrize(("options", "sentence"), BAD.values(), ids=BAD)
def test_the_impossible_gets_one_line_and_status_2(options: list[str], sentence: str, capsys) -> None:
    status = main([*CLASSIC, *options])
    out, err = capsys.readouterr()
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert sentence in err


def test_the_answer_needs_no_torch(repo_root: Path) -> None:
    code = """
import sys
sys.modules["torch"] = None  # importing it raises ImportError
from explorer.cli import main
sys.exit(main(sys.argv[1:]))
"""
    command = [sys.executable, "-c", code, *CLASSIC]
    run = subprocess.run(command, cwd=repo_root, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
