"""Installed with `pip install -e .`, the clone works from any directory."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from explorer import ASSETS, cli

COMMAND = Path(sys.executable).with_name("cnn-explorer.exe" if sys.platform == "win32" else "cnn-explorer")


def test_the_entry_point_is_the_command_line(repo_root: Path) -> None:
    scripts = tomllib.loads((repo_root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert EntryPoint("cnn-explorer", scripts["cnn-explorer"], "console_scripts").load() is cli.run


@pytest.mark.parametrize(
    "command",
    [
        pytest.param([str(COMMAND), "describe", "lenet5", "--json"], id="command"),
        pytest.param([sys.executable, "-m", "explorer", "describe", "lenet5", "--json"], id="module"),
    ],
)
def test_the_command_works_from_another_directory(command: list[str], tmp_path: Path) -> None:
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert '"variant": "lenet5"' in run.stdout


def test_a_notebook_anywhere_has_traces_diagrams_and_samples(tmp_path: Path) -> None:
    code = (
        "from explorer.analysis.trace import trace_variant; from explorer.diagrams import diagram_for; "
        "from explorer.runtime.samples import samples; "
        "print(diagram_for(trace_variant('lenet5'), 'network')._repr_svg_()[:4], samples()[0].path.parent.parent)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["<svg", str(ASSETS)]
