"""The command line, as a person runs it: in a process of its own where the exit status matters, else in this one."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.analysis import trace
from explorer.architectures import catalogue, variant
from explorer.cli import commands, main
from explorer.runtime.pictures import load_image
from explorer.runtime.preprocessing import model_input, preprocessing_for
from explorer.runtime.samples import sample
from tests.traces import traced

CAT = str(sample("cat").path)
SMALL = "resnet20_cifar"


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run_json(capsys: pytest.CaptureFixture[str], *argv: str):
    assert main([*argv, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_list_names_every_variant_with_its_counts(capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "trace_variant", lambda variant: traced(variant.name))
    records = {r["variant"]: r for r in run_json(capsys, "list")}
    assert records.keys() == catalogue().keys()
    assert records["resnet50"] == {
        "variant": "resnet50",
        "family": "resnet",
        "title": "ResNet-50",
        "year": 2015,
        "input_size": [3, 224, 224],
        "params": 25_557_032,
        "macs": 4_089_184_256,
        "depth": 50,
    }
    assert main(["list"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in records)


def test_describe_totals_are_the_sums_of_its_layers(capsys) -> None:
    described = run_json(capsys, "describe", "resnet18")
    for total in ("params", "macs"):
        assert described[total] == sum(layer[total] for layer in described["layers"])
    first = described["layers"][0]
    assert {k: first[k] for k in ("node", "path", "type", "in_shape", "out_shape", "params", "macs")} == {
        "node": "stem.conv",
        "path": "stem.conv",
        "type": "Conv2d",
        "in_shape": [3, 224, 224],
        "out_shape": [64, 112, 112],
        "params": 9408,
        "macs": 118_013_952,
    }
    assert first["receptive_field"] == [7, 7]
    add = next(layer for layer in described["layers"] if layer["node"] == "conv2_x.0.add")
    assert add["path"] == "conv2_x.0"


def test_describe_at_another_size_changes_macs_but_not_parameters(capsys) -> None:
    small, usual = (
        run_json(capsys, "describe", "resnet18", "--input-size", "112"),
        run_json(capsys, "describe", "resnet18"),
    )
    assert small["input_size"] == [3, 112, 112]
    assert small["params"] == usual["params"]
    assert small["macs"] < usual["macs"] / 3


def test_describe_prints_the_golden_text(capsys) -> None:
    assert main(["describe", SMALL]) == 0
    golden = Path(__file__).parents[1] / "golden" / f"{SMALL}.txt"
    assert capsys.readouterr().out == golden.read_text()


@pytest.mark.parametrize(
    ("suffix", "magic"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("dot", b"digraph")]
)
@pytest.mark.parametrize("zoom", ["network", "stage", "block", "operations"])
def test_diagram_writes_each_format_at_each_zoom(suffix: str, magic: bytes, zoom: str) -> None:
    file = Path(f"out.{suffix}")
    assert main(["diagram", SMALL, "--zoom", zoom, "--select", "conv3_x.0", "-o", str(file)]) == 0
    assert magic in file.read_bytes()[:400]


def test_maps_writes_the_grid_and_the_raw_array() -> None:
    assert main(["maps", SMALL, "--image", CAT, "--node", "conv3_x.0.add", "-o", "m.png", "--npy", "raw.array"]) == 0
    values = np.load("raw.array")
    assert (values.dtype, values.shape) == (np.float32, (32, 16, 16))
    x = model_input(load_image(Path(CAT)).image, preprocessing_for((3, 32, 32))).tensor
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = variant(SMALL).build()
    seen = {}
    model.conv3_x[0].relu2.register_forward_pre_hook(lambda module, args: seen.update(add=args[0][0]))
    with torch.inference_mode():
        model(x)
    np.testing.assert_allclose(values, seen["add"].numpy(), rtol=1e-4, atol=1e-5)
    with Image.open("m.png") as picture:
        assert picture.size > (200, 200)


def test_maps_of_a_stage_are_those_of_its_output_and_vectors_work_too() -> None:
    for node in ("conv3_x", "conv3_x.2.relu2", "head.fc", "input"):
        assert main(["maps", SMALL, "--image", "cat", "--node", node, "-o", "m.png", "--npy", f"{node}.npy"]) == 0
    assert np.array_equal(np.load("conv3_x.npy"), np.load("conv3_x.2.relu2.npy"))
    assert np.load("head.fc.npy").shape == (10,)
    assert np.load("input.npy").shape == (3, 32, 32)


def test_predict_says_that_an_untrained_network_knows_nothing(capsys) -> None:
    answer = run_json(capsys, "predict", SMALL, "--image", CAT, "--device", "cpu")
    assert answer.keys() == {
        *("variant", "weights", "device", "milliseconds", "top"),
        *("distance", "largest_distance", "unlike"),
    }
    assert answer["distance"] is answer["largest_distance"] is None and not answer["unlike"]
    assert (answer["weights"], answer["device"]) == ("untrained", "cpu")
    assert len(answer["top"]) == 5
    assert all("untrained" in p["label"] and 0 <= p["probability"] <= 1 for p in answer["top"])
    assert main(["predict", SMALL, "--image", CAT]) == 0
    assert "untrained" in capsys.readouterr().out


def test_predict_with_weights_names_classes(capsys) -> None:
    torch.save(variant("resnet18").build().state_dict(), "own.pth")
    answer = run_json(capsys, "predict", "resnet18", "--image", CAT, "--weights", "own.pth")
    assert answer["weights"] == "own.pth"
    assert not any("untrained" in p["label"] for p in answer["top"])


def test_predict_says_that_a_picture_is_unlike_all_that_a_network_was_tested_on(capsys) -> None:
    arguments = ["resnet34", "--weights", "bundled", "--device", "cpu", "--image"]
    for picture, unlike in (("bricks", True), ("pagoda", False)):
        answer = run_json(capsys, "predict", *arguments, picture)
        assert answer["unlike"] is unlike is (answer["distance"] > answer["largest_distance"])
        assert main(["predict", *arguments, picture]) == 0
        assert ("None of its ten classes fits." in capsys.readouterr().out) is unlike


BAD = {
    "no command": ([], "Missing command"),
    "unknown command": (["dream"], "No such command 'dream'"),
    "unknown option": (["list", "--yaml"], "No such option"),
    "no variant": (["describe"], "'VARIANT'"),
    "one too many": (["describe", SMALL, SMALL], "unexpected extra argument"),
    "unknown variant": (["describe", "resnet51"], "no variant called 'resnet51'"),
    "size zero": (["describe", SMALL, "--input-size", "0"], "from 16 to 4,096"),
    "size word": (["describe", SMALL, "--input-size", "big"], "from 16 to 4,096"),
    "size one": (["describe", "resnet50", "--input-size", "1"], "from 16 to 4,096"),
    "size of a million": (["describe", "resnet50", "--input-size", "1000000"], "from 16 to 4,096"),
    "size of 5,000 digits": (["describe", "resnet50", "--input-size", "9" * 5000], "from 16 to 4,096"),
    "size in Arabic digits": (["describe", "resnet50", "--input-size", "٢٢٤"], "from 16 to 4,096"),
    "size refused": (["describe", "alexnet", "--input-size", "16"], "does not accept 16x16"),
    "unknown zoom": (["diagram", SMALL, "--zoom", "galaxy", "-o", "x.svg"], "'galaxy' is not one of"),
    "unknown format": (["diagram", SMALL, "--zoom", "stage", "-o", "x.gif"], "must end in one of"),
    "unknown node": (["diagram", SMALL, "--zoom", "stage", "--select", "conv9", "-o", "x.svg"], "'conv9'"),
    "no folder": (["diagram", SMALL, "--zoom", "stage", "-o", "nowhere/x.svg"], "nowhere is not a folder"),
    "no folder for maps": (["maps", SMALL, "--image", "cat", "--node", "stem", "-o", "nowhere/x.png"], "nowhere"),
    "a folder": (["maps", SMALL, "--image", "cat", "--node", "stem", "-o", "."], "is a folder"),
    "no zoom": (["diagram", SMALL, "-o", "x.svg"], "--zoom"),
    "no image": (["predict", SMALL, "--image", "none.png"], "none.png"),
    "unknown map node": (["maps", SMALL, "--image", "cat", "--node", "conv9", "-o", "x.png"], "'conv9'"),
    "no image option": (["maps", SMALL, "--node", "stem", "-o", "x.png"], "--image"),
    "unknown weights": (["predict", SMALL, "--image", "cat", "--weights", "magic"], "no weights called 'magic'"),
    "no data": (["evaluate", "lenet5", "--data", "none"], "none"),
    "port": (["serve", "--port", "65536"], "from 1 to 65,535"),
    "host": (["serve", "--host", "256.0.0.1"], "not known"),
    "unknown device": (["predict", SMALL, "--image", "cat", "--device", "abacus"], "'abacus'"),
}


@pytest.mark.parametrize(("argv", "sentence"), BAD.values(), ids=BAD)
def test_bad_input_gets_one_line_and_status_2(argv: list[str], sentence: str, capsys) -> None:
    status = main(argv)
    out, err = capsys.readouterr()
    assert status == 2
    assert sentence in err
    assert err.count("\n") == 1
    assert out == ""
    assert not list(Path().glob("x.*"))


@pytest.mark.parametrize("name", ["notes.txt", "own.pth", "own.safetensors"])
def test_text_as_weights_gets_one_line(name: str, capsys) -> None:
    Path(name).write_text("These are not weights.\n")
    assert main(["predict", SMALL, "--image", "cat", "--weights", name]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert f"{name} is not a readable weights file" in err


def test_a_picture_that_is_none_gets_one_line(capsys) -> None:
    Path("text.png").write_text("not a picture")
    assert main(["predict", SMALL, "--image", "text.png"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("command", commands.commands)
def test_each_command_has_help(command: str, capsys) -> None:
    assert main([command, "--help"]) == 0
    assert f"Usage: python -m explorer {command} [OPTIONS]" in capsys.readouterr().out


def test_as_a_module_from_the_repository(repo_root: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "explorer", "describe", "nothing"],
        cwd=repo_root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.startswith("python -m explorer: There is no variant called 'nothing'.")


def test_a_process_of_its_own_warns_of_nothing(repo_root: Path) -> None:
    """A folder that is missing: Graphviz's fonts would warn on stderr if the drawing were made first."""
    argv = ["diagram", SMALL, "--zoom", "stage", "-o", "nowhere/x.svg"]
    run = subprocess.run(
        [sys.executable, "-m", "explorer", *argv], cwd=repo_root, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1)


def test_help_waits_for_neither_torch_nor_streamlit(repo_root: Path) -> None:
    code = (
        "import sys; from explorer.cli import main; main(['predict', '--help']); "
        "sys.exit(' '.join({'torch', 'streamlit'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=repo_root, capture_output=True, text=True, check=False)
    assert run.stderr.strip() == ""


# ---- serve -------------------------------------------------------------------------------------------------


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, str]]:
    """The host, port and public name of each server that was started."""
    servers: list[tuple[str, int, str]] = []
    monkeypatch.setattr("explorer.cli._start_streamlit", lambda *server: servers.append(server))
    monkeypatch.delenv("HOST", raising=False)
    monkeypatch.delenv("PORT", raising=False)
    return servers


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_serve_takes_host_and_port_from_options_before_the_environment(
    started: list, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["serve", "--port", str(free_port)]) == 0
    monkeypatch.setenv("HOST", "0.0.0.0")
    monkeypatch.setenv("PORT", str(free_port))
    assert main(["serve"]) == 0
    assert main(["serve", "--host", "localhost"]) == 0
    assert started == [
        ("127.0.0.1", free_port, "127.0.0.1"),
        ("0.0.0.0", free_port, socket.gethostname()),
        ("localhost", free_port, "localhost"),
    ]


def test_a_port_in_use_is_refused_in_one_line(started: list, capsys) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert main(["serve", "--port", str(server.getsockname()[1])]) == 2
    assert started == []
    assert capsys.readouterr().err.count("\n") == 1


def test_an_address_of_rooms_that_is_none_is_refused_in_one_line(started: list, capsys, monkeypatch) -> None:
    monkeypatch.setenv("EXPLORER_ROOMS", "localhost:6379")
    assert main(["serve"]) == 2
    assert started == []
    assert capsys.readouterr().err.count("\n") == 1
