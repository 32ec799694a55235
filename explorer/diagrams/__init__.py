"""Diagrams of a traced network at four zooms: the stages, a stage's blocks, a block's operations, everything.

A diagram is DOT text that Graphviz lays out when it is asked for as SVG or exported. Its units are CSS pixels
at scale 1, and its text is 16 of them high. Everything here is a pure function of the trace.

A notebook shows a diagram that is a cell's last value:

    from explorer.analysis.trace import trace_variant
    from explorer.diagrams import diagram_for
    diagram_for(trace_variant("resnet50"), "block", "conv3_x.0")
"""

from __future__ import annotations

import html
import re
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

from explorer.analysis.element import Element
from explorer.analysis.trace import Block, Stage, Trace, UnknownNode
from explorer.diagrams.drawing import BOXES_LAYOUT, FRAME, FRAME_FILL, ROWS_LAYOUT, SELECTION, STRIP_LAYOUT, Drawing
from explorer.diagrams.rows import Units
from explorer.diagrams.strip import network_strip, runs_of, stage_in_rows
from explorer.diagrams.svg import laid_out, readable_svg

Zoom = Literal["network", "stage", "block", "operations"]
Format = Literal["svg", "png", "pdf", "dot"]
PNG_DPI = 144  # dots per inch: twice the size on screen, sharp on slides
# Units that fit a 1440 px screen, where 16 of them, the height of a text, are at least 14 px:
COLUMN_WIDTH = 615  # of half of it, for a stage's diagram
COLUMN_HEIGHT = 195
STRIP_WIDTH = 1280  # of what the sidebar leaves, for the strip of stages


class DiagramError(ValueError):
    """There is no such diagram; `str()` is a sentence for a person."""


@dataclass(frozen=True)
class Diagram:
    """A drawing as DOT text. `elements` describes what can be selected, by the ids that it has in the SVG."""

    zoom: Zoom
    dot: str
    elements: dict[str, Element]

    @classmethod
    def of(cls, zoom: Zoom, drawing: Drawing) -> Diagram:
        return cls(zoom, drawing.graph.source, drawing.elements)

    def svg(self) -> str:
        """For the browser, which adds the colours: an element is `<g id=ELEMENT class="node kind-KIND">`."""
        return self._svg

    @cached_property
    def described(self) -> dict[str, dict[str, Any]]:
        """What each element tells, as JSON has it: it is sent at each click."""
        return {name: asdict(element) for name, element in self.elements.items()}

    @cached_property
    def size(self) -> tuple[float, float]:
        """Width and height in CSS pixels at scale 1."""
        width, height = re.findall(r' (?:width|height)="([\d.]+)"', self._svg)[:2]
        return float(width), float(height)

    @cached_property
    def _svg(self) -> str:
        return readable_svg(laid_out(self.dot, "svg"), self.elements, coloured=False)

    def render(self, fmt: Format, selected: str | None = None) -> bytes:
        """A file in the light palette. The element that shows `selected` (any id) is outlined."""
        dot = self.dot if selected is None else self._outlined(selected)
        if fmt == "dot":
            return dot.encode()
        if fmt == "svg":
            return readable_svg(laid_out(dot, fmt), self.elements, coloured=True).encode()
        return laid_out(_appended(dot, f"graph [dpi={PNG_DPI}]") if fmt == "png" else dot, fmt)

    def _repr_svg_(self) -> str:
        """What a notebook shows, which lacks the app's style sheet: the same as the file."""
        return self.render("svg").decode()

    def element_of(self, selected: str) -> str | None:
        """The id of the element that shows an operation: itself, or else its block, or else its stage."""
        parts = selected.split(".")
        candidates = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((name for name in candidates if name in self.elements), None)

    def _outlined(self, selected: str) -> str:
        element = self.element_of(selected)
        if element is None:
            return self.dot
        cell = re.compile(rf'(<TD ID="{re.escape(html.escape(element))}"[^>]*?) COLOR="[^"]*" BORDER="1"')
        dot, cells = cell.subn(rf'\1 COLOR="{SELECTION}" BORDER="4"', self.dot)
        return dot if cells else _appended(dot, f'"{element}" [color="{SELECTION}" penwidth=4]')


def _appended(dot: str, statement: str) -> str:
    """A later statement of DOT adds to what it names, or overrides it."""
    return f"{dot.rstrip().removesuffix('}')}\t{statement}\n}}\n"


def network_diagram(trace: Trace) -> Diagram:
    """The stages from left to right, as high as their maps and as wide as their channels, on log scales."""
    return Diagram.of("network", network_strip(trace))


def stage_diagram(trace: Trace, path: str) -> Diagram:
    """The blocks of a stage from left to right, in as many rows as the column asks for.

    A run of equal ones is one box with a cell for each.

    Raises KeyError.
    """
    stage = trace.stage(path)
    runs = runs_of(trace, stage.blocks)
    diagram = Diagram.of("stage", stage_in_rows(trace, stage, runs, 0))
    for rows in range(1, len(runs) + 1):
        if diagram.size[0] <= COLUMN_WIDTH and diagram.size[1] <= COLUMN_HEIGHT:
            break
        diagram = Diagram.of("stage", stage_in_rows(trace, stage, runs, rows))
    return diagram


def block_diagram(trace: Trace, path: str) -> Diagram:
    """The operations of a block: a row for each convolution with what follows it, and dashed shortcuts.

    Raises KeyError.
    """
    block = trace.block(path)
    drawing = Drawing(trace, ROWS_LAYOUT)
    units = Units(drawing)
    sources = [source for name in block.nodes for source in drawing.flow.inputs[name]]
    for source in dict.fromkeys(sources):
        if source not in block.nodes:
            units.enter(source, "input" if source == trace.nodes[0].name else f"from {source}")
    units.add(block, drawing.graph)
    units.connect()
    return Diagram.of("block", drawing)


def operations_diagram(trace: Trace) -> Diagram:
    """Every operation of the network, with a frame around each block."""
    drawing = Drawing(trace, ROWS_LAYOUT)
    units = Units(drawing, framed=True)
    units.enter(trace.nodes[0].name, "input")
    frame = {"labeljust": "l", "style": "rounded", "color": FRAME, "bgcolor": FRAME_FILL}
    for block in (block for stage in trace.stages for block in stage.blocks):
        attributes = frame | {"label": block.path}
        with drawing.graph.subgraph(name=f"cluster {block.path}", graph_attr=attributes) as cluster:
            units.add(block, cluster)
    units.connect()
    return Diagram.of("operations", drawing)


def diagram_for(trace: Trace, zoom: str, select: str | None = None) -> Diagram:
    """The diagram at `zoom` that shows `select`, an operation, block or stage.

    Without a selection, or with the input: the first stage that has several blocks (or the largest), and its
    first block. Raises DiagramError for an unknown zoom or id.
    """
    stage, block = _shown(trace, select)
    if zoom == "network":
        return network_diagram(trace)
    if zoom == "stage":
        return stage_diagram(trace, stage.path)
    if zoom == "block":
        return block_diagram(trace, block.path)
    if zoom == "operations":
        return operations_diagram(trace)
    raise DiagramError(f"There is no zoom called {zoom!r}: choose network, stage, block or operations.")


def _shown(trace: Trace, select: str | None) -> tuple[Stage, Block]:
    stages = {stage.path: stage for stage in trace.stages}
    if select in stages:
        return stages[select], stages[select].blocks[0]
    if select is None or select == trace.nodes[0].name:
        several = (stage for stage in trace.stages if len(stage.blocks) > 1)
        stage = next(several, max(trace.stages, key=lambda s: len(s.nodes)))
        return stage, stage.blocks[0]
    try:
        node = trace.resolve(select)
    except UnknownNode as error:
        raise DiagramError(str(error)) from None
    return trace.stage(node.stage), trace.block(node.block)
