"""Which variant is proven how: an index (tests/golden/PROOFS.txt) in which none may be without an independent proof."""

from __future__ import annotations

import importlib
import inspect
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

from explorer.architectures import catalogue

TESTS = Path(__file__).resolve().parents[1]
WORD = re.compile(r"\w+")


def parity_tests() -> Iterator[Callable[..., object]]:
    """The functions that compare a network with another implementation, of all files beside this one."""
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        module: ModuleType = importlib.import_module(f"tests.architectures.{file.stem}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if name.startswith("test_") and "assert_parity" in inspect.getsource(function):
                yield function


def named_in(function: Callable[..., object]) -> set[str]:
    """The variants that a test's source or its parameters name."""
    parameters = " ".join(str(mark.args) for mark in getattr(function, "pytestmark", []))
    return set(WORD.findall(inspect.getsource(function) + parameters)) & catalogue().keys()


def proofs() -> dict[str, list[str]]:
    references = [json.loads(f.read_text()) for f in (TESTS / "reference").glob("*.json")]
    counted = {name for reference in references for name in reference}
    tabled = {file.stem for file in (TESTS / "reference" / "layers").glob("*.csv")}
    compared = set().union(*(named_in(test) for test in parity_tests()))
    kinds = {"parity": compared, "counts": counted, "layers": tabled}
    return {name: [kind for kind, names in kinds.items() if name in names] for name in catalogue()}


def test_every_variant_has_an_independent_proof(update_golden: bool) -> None:
    index = "".join(f"{name:<22}{', '.join(kinds)}\n" for name, kinds in proofs().items())
    file = TESTS / "golden" / "PROOFS.txt"
    if update_golden:
        file.write_text(index)
    assert all(proofs().values()), index
    assert index == file.read_text()


def test_references_are_of_variants_that_exist() -> None:
    named = {f.stem for f in (TESTS / "reference" / "layers").glob("*.csv")}
    for reference in (TESTS / "reference").glob("*.json"):
        named |= json.loads(reference.read_text()).keys()
    assert named <= catalogue().keys()
