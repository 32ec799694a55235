"""What Streamlit is given, in a browser: each component's bundle is one module that needs no other file."""

from __future__ import annotations

from pathlib import Path

import pytest

from explorer.ui.components import bundle
from tests.js.conftest import Modules

SOURCES = Path(__file__).resolve().parents[2] / "explorer"
ENTRIES = sorted(path for path in SOURCES.rglob("*.js") if "export default" in path.read_text(encoding="utf-8"))
LOAD = 'const module = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));'
INSPECT = f"async (code) => {{ {LOAD} return [Object.keys(module), module.default.length]; }}"
RUN = f"async (code) => {{ {LOAD} return module.default(); }}"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda path: path.stem)
def test_a_component_is_one_module_with_one_export(modules: Modules, entry: Path) -> None:
    assert modules.page.evaluate(INSPECT, bundle(entry)) == [["default"], 1]


def test_private_names_may_be_equal(modules: Modules, tmp_path: Path) -> None:
    (tmp_path / "one.js").write_text('const text = "one";\nexport const one = () => text;\n')
    (tmp_path / "two.js").write_text(
        'import { one } from "./one.js";\nconst text = "two";\nexport function two() {\n  return [one(), text];\n}\n'
    )
    entry = tmp_path / "entry.js"
    entry.write_text(
        'import { one } from "./one.js";\nimport { two } from "./two.js";\nconst text = "entry";\n'
        "export default function () {\n  return [one(), ...two(), text];\n}\n"
    )
    assert modules.page.evaluate(RUN, bundle(entry)) == ["one", "one", "two", "entry"]
