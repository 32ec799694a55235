"""What the home page shows of each family, kept as files so that home needs no torch.

`assets/gallery/FAMILY.json` is written by `python -m explorer assets` from the trace, and a test compares the two. A
family without a file is computed when home is drawn.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from explorer import ASSETS, ROOT
from explorer.analysis.element import Element

FOLDER = ASSETS / "gallery"


@dataclass(frozen=True)
class Card:
    """A family on the home page; the figures are those of its default variant."""

    name: str
    title: str
    year: int
    authors: str
    idea: str
    default: str
    variants: int
    params: int
    macs: int
    depth: int
    drawing: dict[str, Any]  # the strip of stages: its SVG, and what each element tells

    def svg(self) -> str:
        """The strip, as the diagram component draws it."""
        return str(self.drawing["svg"])

    @property
    def described(self) -> dict[str, dict[str, Any]]:
        """What each element tells, as JSON has it."""
        found: dict[str, dict[str, Any]] = self.drawing["elements"]
        return found

    @property
    def scale(self) -> None:
        """Its elements are coloured by their kinds."""

    @property
    def elements(self) -> dict[str, Element]:
        return {name: Element(**{**e, "lines": tuple(e["lines"])}) for name, e in self.drawing["elements"].items()}


def card(name: str) -> Card:
    """The card of a family, from its trace."""
    from explorer.analysis.trace import trace_variant
    from explorer.architectures import family
    from explorer.diagrams import network_diagram  # torch, pygraphviz: not for home

    f = family(name)
    variant = f.variant(f.default)
    t = trace_variant(variant)
    strip = network_diagram(t)
    drawing = {"svg": strip.svg(), "elements": {k: asdict(e) for k, e in strip.elements.items()}}
    counts = {"variants": len(f.variants), "params": t.inference_params, "macs": t.inference_macs, "depth": t.depth}
    return Card(f.name, f.title, f.year, f.authors, f.idea, variant.title, **counts, drawing=drawing)


@cache
def cards() -> tuple[Card, ...]:
    """The cards of all families that have a page, oldest first."""
    modules = {file.stem for file in (ROOT / "explorer" / "architectures").glob("*.py")}
    names = sorted(file.stem for file in (ROOT / "pages").glob("*.py") if file.stem in modules)
    found = []
    for name in names:
        file = FOLDER / f"{name}.json"
        found.append(Card(**json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else card(name))
    return tuple(sorted(found, key=lambda c: (c.year, c.title)))
