"""The rules of the house: who may import whom, what is pinned, how long a page may be."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted([*(ROOT / "explorer").rglob("*.py"), *(ROOT / "pages").glob("*.py")])
PAGES = [path for path in SOURCES if path.parent.name == "pages"]
PINS = [
    line for line in (ROOT / "requirements.txt").read_text().splitlines() if line.strip() and not line.startswith("#")
]

# `explorer assets` asks timm, a tool of the tests; _typeshed is the type checker's.
NOT_REQUIRED = {"explorer", "timm", "_typeshed"}
IMPORT_NAMES = {
    "huggingface-hub": "huggingface_hub",
    "pillow": "PIL",
    "prometheus-client": "prometheus_client",
    "protobuf": "google",
}


def imports(path: Path) -> set[str]:
    """Full names of the modules that a file imports, at its top or inside functions."""
    package = path.relative_to(ROOT).parent.parts
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *filter(None, [node.module])])
            # `from explorer import ui` imports a module, too.
            names |= {f"{module}.{alias.name}" for alias in node.names} if module == "explorer" else {module}
    return names


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_what_computes_works_without_streamlit() -> None:
    """The contracts in pyproject.toml see imports only; this is the whole of what runs."""
    with_streamlit = {"ui", "page.py", "app.py", "component.py", "charts.py"}
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in SOURCES
        if path.parent.name != "pages"
        and not with_streamlit & {*path.parts, path.name}
        and not path.name.endswith(("panel.py", "__main__.py"))
    ]
    assert len(modules) > 80
    # None in sys.modules makes `import streamlit` raise ImportError.
    code = (
        "import importlib, sys; sys.modules['streamlit'] = None; "
        "[importlib.import_module(name) for name in sys.argv[1:]]"
    )
    done = subprocess.run([sys.executable, "-c", code, *modules], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_no_file_refers_to_a_place_outside_the_repository() -> None:
    needles = ["../" + "shared", "/" + "work/"]
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    texts = [ROOT / name for name in listed.stdout.splitlines() if name.endswith((".py", ".js", ".md", ".toml"))]
    assert Path(__file__) in texts
    found = [relative(p) for p in texts if any(needle in p.read_text(encoding="utf-8") for needle in needles)]
    assert found == []


@pytest.mark.parametrize("path", PAGES, ids=relative)
def test_a_page_is_a_narrative_not_a_program(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 120


@pytest.mark.parametrize("pin", PINS)
def test_requirements_are_pinned_exactly(pin: str) -> None:
    assert re.fullmatch(r"[a-z0-9-]+==[0-9][0-9.]*", pin)


def test_requirements_are_what_the_app_imports() -> None:
    required = {IMPORT_NAMES.get(name, name) for name in (pin.split("==")[0] for pin in PINS)}
    imported = {name.split(".")[0] for path in SOURCES for name in imports(path)}
    assert imported - set(sys.stdlib_module_names) - NOT_REQUIRED == required
