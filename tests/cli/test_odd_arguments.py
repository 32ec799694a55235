"""Whatever the arguments, a command works or says in one line why not: there is never a traceback."""

from __future__ import annotations

import io
import socket
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explorer.architectures import catalogue, family
from explorer.cli import commands, main

RUN = ["lenet5", "--image", "cat", "--weights", "bundled", "--device", "cpu"]
# Arguments with which each command works, or finds nothing to work on.
WORKING = {
    "list": ["--json"],
    "describe": ["lenet5", "--input-size", "32", "--json"],
    "diagram": ["lenet5", "--zoom", "block", "--select", "c1", "-o", "diagram.dot"],
    "cost": ["--input", "28x28x192", "--out-channels", "32", "--kernel", "5", "--stride", "2", "--groups", "4"],
    "maps": [*RUN, "--node", "c1", "-o", "maps.png", "--npy", "maps.npy"],
    "predict": [*RUN, "--json"],
    "gates": ["mobilenet_v3_small", *RUN[1:], "--json"],
    "value": [*RUN, "--node", "c3", "--channel", "3", "--at", "4,5", "--json"],
    "looks": [*RUN, "--method", "times", "--class", "3", "--node", "c3", "-o", "looks.png", "--json"],
    "handout": [*RUN, "--node", "c3", "--edit", "c1.conv:zero", "--link", "http://hall", "-o", "handout.html"],
    "train": ["lenet5", "--data", ".", "--work", "work", "--seed", "1"],
    "evaluate": ["lenet5", "--data", ".", "--weights", "bundled"],
    "overfitting": ["--data", ".", "--work", "work"],
    "units": ["resnet34", "--first", "1", "--node", "stem", "--work", "work"],
    "serve": ["--host", "127.0.0.1", "--port", "8501"],
    "replicas": ["--host", "127.0.0.1", "--port", "8501", "--count", "2"],
    "assets": [],
}
TOKENS = sorted({token for arguments in WORKING.values() for token in arguments})
ODD = [
    "",
    "-",
    "--",
    "-1",
    "0",
    "1e9",
    "9" * 5000,
    "٣",
    "½",
    "NaN",
    "a\nb",
    "x" * 300,
    "..",
    "/",
    "text.pth",
    "\udcff",
    "\0",
]

tokens = st.one_of(st.sampled_from(ODD), st.sampled_from(TOKENS), st.text(max_size=8))


@st.composite
def argument_lists(draw: st.DrawFn) -> list[str]:
    """A command's working arguments, of which some are left out, replaced or added to; or anything at all."""
    if draw(st.booleans()) and draw(st.booleans()):
        return draw(st.lists(tokens, max_size=4))
    command = draw(st.sampled_from(sorted(WORKING)))
    arguments = list(WORKING[command])
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(arguments)))
        change = draw(st.sampled_from(["replace", "insert", "remove"]))
        arguments[place : place + (change != "insert")] = [] if change == "remove" else [draw(tokens)]
    return [command, *arguments]


@pytest.fixture(autouse=True)
def without_effects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_host(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.chdir(tmp_path)
    Path("text.pth").write_text("not weights")
    monkeypatch.setattr("socket.getaddrinfo", no_such_host)
    monkeypatch.setattr("explorer.assets.write_all", lambda: ())
    catalogue()  # is cached: it must hold all variants
    few = (family("lenet"),)
    monkeypatch.setattr("explorer.architectures.families", lambda: few)


def outcome(argv: list[str]) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = main(argv)
    return status, out.getvalue(), err.getvalue()


def test_every_command_is_tried() -> None:
    assert WORKING.keys() == commands.commands.keys()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(argument_lists())
def test_odd_arguments_end_in_a_result_or_in_one_line(argv: list[str]) -> None:
    status, out, err = outcome(argv)
    assert status in (0, 2)
    if status == 2:
        assert out == ""
        assert err.count("\n") == 1
        assert len(err) > len("python -m explorer: .\n")
