"""ES modules joined to the single text that Streamlit takes; what it does in a browser is tested in tests/js."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from explorer.ui.components import bundle

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write modules, given as entry=..., x=...; return the entry's path."""

    def write_(**modules: str) -> Path:
        for name, text in modules.items():
            (tmp_path / f"{name}.js").write_text(text)
        return tmp_path / "entry.js"

    return write_


def test_a_module_comes_once_and_after_those_that_it_imports(write: Write) -> None:
    code = bundle(
        write(
            entry='import { b } from "./b.js";\nimport { c } from "./c.js";\nexport default function () {}\n',
            b='import { c } from "./c.js";\nexport function b() { return "B" + c; }\n',
            c='export const c = "C";\n',
        )
    )
    assert code.count('"C"') == code.count('"B"') == 1
    assert code.index('"C"') < code.index('"B"') < code.index("export default function")


def test_modules_of_other_folders(write: Write, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "a.js").write_text('import { b } from "../b.js";\nexport const a = b;\n')
    entry = write(
        entry='import { a } from "./shared/a.js";\nexport default function () {}\n', b="export const b = 1;\n"
    )
    assert "import" not in bundle(entry)


def test_a_circle_is_refused(write: Write) -> None:
    entry = write(
        entry='import { a } from "./a.js";\n',
        a='import { b } from "./b.js";\nexport const a = 1;\n',
        b='import { a } from "./a.js";\nexport const b = 1;\n',
    )
    with pytest.raises(ValueError, match=r"entry\.js -> a\.js -> b\.js -> a\.js"):
        bundle(entry)


def test_a_missing_file_and_a_missing_name_are_refused(write: Write) -> None:
    with pytest.raises(FileNotFoundError, match=r"a\.js"):
        bundle(write(entry='import { a } from "./a.js";\n'))
    with pytest.raises(ValueError, match=r"entry\.js .* b, .* a\.js"):
        bundle(write(entry='import { a, b } from "./a.js";\n', a="export const a = 1;\nconst b = 2;\n"))


@pytest.mark.parametrize(
    "line",
    [
        'import a from "./a.js";',
        'import * as a from "./a.js";',
        "import { a } from './a.js';",
        'import { a } from "react";',
        "export { b };",
        "export class B {}",
        "export default class {}",
        'export * from "./a.js";',
    ],
)
def test_other_forms_are_refused(write: Write, line: str) -> None:
    with pytest.raises(ValueError, match=r"entry\.js .* unknown form"):
        bundle(write(entry=f"const b = 1;\n{line}\n", a="export const a = 1;\n"))


def test_a_name_cannot_be_changed_in_an_import(write: Write) -> None:
    with pytest.raises(ValueError, match=r"entry\.js .* a as b"):
        bundle(write(entry='import { a as b } from "./a.js";\n', a="export const a = 1;\n"))
