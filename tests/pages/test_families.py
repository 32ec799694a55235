"""What every architecture's page does, whichever family: opened as a viewer opens it, every option flipped."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from explorer.architectures import families
from explorer.architectures.family import Family, Variant
from explorer.diagrams import Zoom
from explorer.runtime.run import Run
from explorer.runtime.weights.network import BUNDLED, available_weights
from explorer.ui import cache
from explorer.ui.app.navigation import page_files
from explorer.ui.sidebar import sample_picture

PAGES = Path(__file__).resolve().parents[2] / "pages"
FAMILIES = families()
OTHERS = [f for f in FAMILIES if f.name != "resnet"]  # ResNet's page has a file of its own
Open = Callable[..., Any]  # -> tests.visit.Visit
# 25,557,032 or 25557032: such a number is the trace's to say. A year or a short number of the architecture is not.
COUNT = re.compile(r"\d{1,3}(?:,\d{3})+|\b\d{4,}\b|\b\d+(?:\.\d+)?\s?[MG]\b")


def title(variant: Variant) -> str:
    return f"{variant.title} ({variant.year})" if variant.year else variant.title


# In the navigation, which has to fit beside the sidebar at 1440 px.
SHORT = {"nin": "NiN", "inception": "Inception"}


def test_every_family_has_a_page_and_navigation_finds_it() -> None:
    found = {name: title for name, title, _ in page_files()}
    assert next(name for name, _, _ in page_files()) == "home"
    for family in FAMILIES:
        short = SHORT.get(family.name, family.title)
        assert found[family.name] == short
        first_line = (ast.get_docstring(ast.parse((PAGES / f"{family.name}.py").read_text())) or "").partition(":")[0]
        assert first_line == f"{short} ({family.year})"


@pytest.mark.parametrize("family", OTHERS, ids=lambda f: f.name)
def test_the_page_opens_with_a_selection_and_its_maps(session: Any, family: Family) -> None:
    page = session[family.name]
    variant = family.variant(family.default)
    assert page.warnings == []
    assert page.app.title[0].value == title(variant)
    assert page.bar["idea"] == family.idea
    weights = available_weights(variant)[0]
    assert ("Trained: " if weights == BUNDLED else "Untrained network") in page.text
    assert f"Stages of {variant.title}" in page.diagrams()
    node = cache.running_trace(Run(variant.name, weights, "cpu", sample_picture())).node(page.maps["node"])
    assert tuple(page.maps["shape"])[: len(node.out_shape)] == node.out_shape
    assert page.sections[-2:] == ["Layers", "Code"] and "Paper" in page.sections
    assert page.link == {}


@pytest.mark.parametrize("family", OTHERS, ids=lambda f: f.name)
def test_every_option(visit: Open, family: Family) -> None:
    page = visit(family.name)
    for colour in ("macs", "params", "memory", "kind"):
        page.set(colour=colour)
        strip, *others = page.diagrams().values()
        assert bool(strip["scale"]) == (colour != "kind") != bool(strip["kinds"])
        assert not any(data["scale"] or data["kinds"] for data in others)  # one legend
    page.set(view=True)
    for zoom in get_args(Zoom):
        page.app.selectbox(key="download-zoom").set_value(zoom)
        page.run()
    page.set(diagrams="operations")
    graph = page.diagrams()[f"All operations of {family.default}"]
    assert len(graph["elements"]) >= len(cache.trace(family.default).nodes)
    page.set(diagrams="blocks")
    page.look(order="strength")
    assert page.maps["order"] == "strength"
    page.show("layers")
    page.app.toggle(key="layers.weighted").set_value(False)
    page.run()
    assert len(page.long_table) == len(cache.trace(family.default).nodes) - 1
    page.app.selectbox(key="sample").set_value("testcard")
    page.run()
    assert page.link["sample"] == "testcard"


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_a_click_in_each_diagram_changes_the_maps(visit: Open, family: Family) -> None:
    page = visit(family.name)
    default = page.maps["node"]
    for label, data in list(page.diagrams().items()):
        targets = [e["target"] for e in data["elements"].values()]
        other = next((t for t in targets if t != page.maps["node"]), None)
        assert other is not None, label
        page.click(other)
        assert page.maps["node"] == other
        assert page.link.get("node", default) == other


@pytest.mark.parametrize("file", sorted(PAGES.glob("*.py")), ids=lambda f: f.stem)
def test_pages_type_no_counts(file: Path) -> None:
    for n in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(n, ast.Constant) and isinstance(n.value, str):
            counts = [c for c in COUNT.findall(n.value) if not re.fullmatch(r"(19|20)\d\d", c)]
            assert not counts, n.value


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_corrections_leave_counts_to_the_trace(family: Family) -> None:
    for mistake in family.mistakes:
        counted = re.findall(r"\b\d+(?:\.\d+)?\s?[MG]\b", mistake.correct + mistake.evidence)
        assert not counted or family.name == "googlenet", mistake  # its paper's "34M" is what is wrong there


def test_every_module_with_a_page_is_a_family() -> None:
    for name, _, _ in page_files():
        if importlib.util.find_spec(f"explorer.architectures.{name}"):
            assert name in {f.name for f in FAMILIES}
