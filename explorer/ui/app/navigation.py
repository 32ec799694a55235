"""The pages, found by looking: a family's page appears when its file does."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from explorer import ROOT

PAGES = ROOT / "pages"
HOME = "home"
TITLE = re.compile(r"(.+?)(?: \((\d{4})\))?")


@cache
def page_files() -> tuple[tuple[str, str, Path], ...]:
    """(name, title, file) of each page: home, the families by year, then the others.

    Title and year are the first line of a page's docstring, "ResNet (2015): ...", so that this list needs no torch.
    """
    found = []
    for file in PAGES.glob("*.py"):
        docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or file.stem
        match = TITLE.fullmatch(docstring.partition(":")[0])
        assert match is not None  # TITLE matches every text that is not empty
        title, year = match.groups()
        found.append((file.stem != HOME, int(year or 9999), title, file))
    return tuple((file.stem, title, file) for _, _, title, file in sorted(found))
