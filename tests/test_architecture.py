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

# From which parts of the program each part may import: the packages and modules of explorer/, and the pages.
LAYERS = {
    "architectures": {"architectures"},
    "analysis": {"analysis", "architectures"},
    "runtime": {"runtime", "analysis", "architectures"},
    "training": {"training", "runtime", "analysis", "architectures"},
    "ui": {"ui", "training", "runtime", "analysis", "architectures"},
    "pages": {"ui", "runtime", "analysis", "architectures"},
    "app": {"ui", "runtime", "analysis", "architectures"},
    "cli": {"training", "runtime", "analysis", "architectures"},
    "__main__": {"cli"},
    "__init__": set(),
}
MAY_IMPORT_STREAMLIT = {"ui", "pages", "app"}
IMPORT_NAMES = {"huggingface-hub": "huggingface_hub", "pillow": "PIL"}


def part(path: Path) -> str:
    """explorer/ui/state.py -> "ui", explorer/app.py -> "app", pages/resnet.py -> "pages"."""
    top, *below = path.relative_to(ROOT).with_suffix("").parts
    return below[0] if top == "explorer" else top


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


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_imports_go_one_way(path: Path) -> None:
    used = {name.split(".")[1] for name in imports(path) if name.startswith("explorer.")}
    assert used <= LAYERS[part(path)]


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_streamlit_stays_in_the_user_interface(path: Path) -> None:
    uses_streamlit = any(name.split(".")[0] == "streamlit" for name in imports(path))
    assert not uses_streamlit or part(path) in MAY_IMPORT_STREAMLIT


def test_everything_below_the_user_interface_works_without_streamlit() -> None:
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in SOURCES
        if part(path) not in MAY_IMPORT_STREAMLIT
    ]
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
    assert imported - set(sys.stdlib_module_names) - {"explorer"} == required
