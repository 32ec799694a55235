"""What only a browser can show: components of our own, each a Python module with its ES modules and its style sheet.

The ES modules import each other like any others, so linters, editors and tests read them as they are. Streamlit takes
the text of a single module: `bundle` makes it.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from streamlit.components.v2.types import ComponentRenderer

_IMPORT = re.compile(r'^import \{ ([\w, ]+) \} from "(\.[^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:function|const) (\w+))", re.MULTILINE)
_UNKNOWN = re.compile(r"^(?:import|export(?! default function)).*", re.MULTILINE)


def component(entry: Path, style: Path | None = None, palette: str = "") -> ComponentRenderer:
    """Register the component of a module, under the module's name, with its style sheet and colours as CSS."""
    css = None if style is None else f"{palette}\n{style.read_text(encoding='utf-8')}"
    return st.components.v2.component(f"cnn_explorer.{entry.stem}", css=css, js=bundle(entry))


def bundle(entry: Path) -> str:
    """Return `entry` and all modules that it imports as one ES module with the default export of `entry`.

    Each imported module becomes the body of a function, so that two may have private names that are equal.

    Raises:
        FileNotFoundError: a module does not exist.
        ValueError: modules import each other, a module lacks what another imports, or an import or export has another
            form than `import { a, b } from "./c.js";`, `export function`, `export const`, `export default function`.
    """
    parts: list[str] = []
    modules: dict[Path, tuple[str, list[str]]] = {}  # variable and exports of those that are in `parts`

    def add(path: Path, importers: tuple[Path, ...]) -> None:
        def link(statement: re.Match[str]) -> str:
            names, imported = statement[1], (path.parent / statement[2]).resolve()
            add(imported, (*importers, path))
            variable, exports = modules[imported]
            if missing := set(names.split(", ")) - set(exports):
                raise ValueError(f"{path.name} imports {', '.join(sorted(missing))}, which {imported.name} lacks")
            return f"const {{ {names} }} = {variable};"

        if path in importers:
            raise ValueError(f"modules import each other: {' -> '.join(p.name for p in (*importers, path))}")
        if path in modules:
            return
        code = _IMPORT.sub(link, path.read_text(encoding="utf-8"))
        exports = _EXPORT.findall(code)
        code = _EXPORT.sub("", code)
        if unknown := _UNKNOWN.search(code):
            raise ValueError(f"{path.name} has an import or export of an unknown form: {unknown[0]}")
        variable = f"module{len(modules)}"
        modules[path] = variable, exports
        if importers:
            code = f"const {variable} = (() => {{\n{code}return {{ {', '.join(exports)} }};\n}})();\n"
        parts.append(code)

    add(entry.resolve(), ())
    return "".join(parts)


def begun_with(key: str, view: DataclassInstance) -> dict[str, Any]:
    """The view with which the component `key` began: `view`, until it reports one.

    It is sent with every message: if each report came back inside the message, each would send the whole message again.
    """
    state, mounted = st.session_state, f"{key}-mounted"
    if not (state.get(key) or {}).get("view") or mounted not in state:
        state[mounted] = asdict(view)
    begun: dict[str, Any] = state[mounted]
    return begun
