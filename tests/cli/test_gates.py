"""`python -m explorer gates`, as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from explorer.architectures import variant
from explorer.cli import main


def test_json_has_every_block(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gates", "se_resnet18", "--image", "cat", "--device", "cpu", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["variant"], answer["weights"]) == ("se_resnet18", "untrained")
    expected = [f"conv{stage}_x.{unit}.se.gate" for stage in (2, 3, 4, 5) for unit in (0, 1)]
    assert [b["node"] for b in answer["blocks"]] == expected
    for block, channels in zip(answer["blocks"], (64, 64, 128, 128, 256, 256, 512, 512), strict=True):
        assert (block["channels"], block["reduction"]) == (channels, 16)
        assert len(block["squeeze"]) == len(block["gate"]) == channels
        assert all(0 < gate < 1 for gate in block["gate"])


def test_text_has_a_line_for_each_block(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["mobilenet_v3_small", "--image", "coffee", "--device", "cpu"]
    assert main(["gates", *arguments, "--json"]) == 0
    blocks = json.loads(capsys.readouterr().out)["blocks"]
    assert main(["gates", *arguments]) == 0
    told, _, *lines = capsys.readouterr().out.splitlines()
    assert "untrained" in told
    assert len(lines) == len(blocks)
    for line, block in zip(lines, blocks, strict=True):
        node, channels, reduction, *numbers = line.split()
        gate = block["gate"]
        assert (node, int(channels)) == (block["node"], block["channels"])
        assert float(reduction) == pytest.approx(block["reduction"], rel=1e-3)
        assert [float(n) for n in numbers] == pytest.approx([min(gate), sum(gate) / len(gate), max(gate)], abs=1e-4)


def test_weights_from_a_file_are_used(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    state = variant("se_resnet18").build().state_dict()
    for name, value in state.items():
        if name.endswith("se.fc2.weight"):
            value.zero_()
        if name.endswith("se.fc2.bias"):
            value.fill_(2.0)
    file = tmp_path / "open.safetensors"
    save_file(state, file)
    arguments = ["gates", "se_resnet18", "--image", "cat", "--weights", str(file), "--device", "cpu"]
    assert main([*arguments, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["weights"] == str(file)
    open_gate = torch.sigmoid(torch.tensor(2.0)).item()
    assert all(gate == pytest.approx(open_gate) for b in answer["blocks"] for gate in b["gate"])
    assert main(arguments) == 0
    assert "untrained" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["resnet50", "--image", "cat"], "resnet50 has no squeeze-and-excitation"),
        (["se_resnet51", "--image", "cat"], "Did you mean"),
        (["se_resnet18", "--image", "nowhere.png"], "nowhere.png"),
        (["se_resnet18", "--image", "cat", "--weights", "magic"], "no weights called 'magic'"),
        (["se_resnet18", "--image", "cat", "--device", "abacus"], "no device 'abacus'"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["gates", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert sentence in err
