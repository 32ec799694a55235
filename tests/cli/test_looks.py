"""`python -m explorer looks`, as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.cli import main

RUN = ["looks", "lenet5", "--image", "cat", "--weights", "bundled", "--device", "cpu"]


def test_the_map_is_printed_and_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "map.png"
    assert main([*RUN, "--out", str(file), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    values = np.array(found["map"])
    assert found["method"] == "grad-cam" and values.min() >= 0 and found["node"].startswith("s4")
    with Image.open(file) as image:
        assert image.size == (224, 224)
        assert np.ptp(np.asarray(image), axis=(0, 1)).max() > 50
    assert main([*RUN, "--class", "3", "--node", "c1.conv"]) == 0
    assert "c1.conv: 3" in capsys.readouterr().out


def test_integrated_gradients_say_both_sums(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RUN, "--method", "integrated", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["sum"] == pytest.approx(np.sum(found["map"]), rel=1e-4)
    assert found["sum"] == pytest.approx(found["difference"], rel=0.05)
    assert 0 < found["top_tenth"] <= 1


def test_a_value_of_an_untrained_and_edited_network(capsys: pytest.CaptureFixture[str]) -> None:
    run = ["looks", "lenet5_modern", "--image", "cat", "--node", "c1.conv", "--channel", "2", "--method", "gradient"]
    assert main([*run, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["of"].split()[1].startswith("2,") and np.any(found["map"])
    assert main([*run, "--edit", "c1.conv:zero", "--json"]) == 0
    assert not np.any(json.loads(capsys.readouterr().out)["map"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--method", "guided"], "no method"),
        (["--class", "cow"], "no class"),
        (["--channel", "3"], "needs a --node"),
        (["--node", "c3", "--channel", "16"], "channels 0 to 15"),
        (["--node", "output"], "no maps"),
        (["--weights", "untrained"], "knows no class"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*RUN, *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and said in captured.err and len(captured.err.splitlines()) == 1
