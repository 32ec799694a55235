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
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal

from explorer.analysis.element import Element
from explorer.analysis.trace import Block, Stage, Trace, UnknownNode
from explorer.diagrams.drawing import FRAME, FRAME_FILL, ROWS_LAYOUT, SELECTION, Drawing
from explorer.diagrams.heading import heading, kinds_legend, scale_legend
from explorer.diagrams.rows import Units
from explorer.diagrams.scale import ColourBy, Scale
from explorer.diagrams.strip import network_strip, runs_of, stage_in_rows
from explorer.diagrams.svg import laid_out, readable_svg

Zoom = Literal["network", "stage", "block", "operations"]
Format = Literal["svg", "png", "pdf", "dot"]
POINTS_PER_INCH = 72  # Graphviz' points are our pixels
PNG_DPI = 4 * POINTS_PER_INCH  # four times the size on screen, sharp on slides
MAX_PNG_SIDE = 16_000  # px; the library that paints fails above 32,767
# Pixels at scale 1 for a stage's diagram, on a page of 1280x720:
COLUMN_WIDTH = 604  # half of it
COLUMN_HEIGHT = 115  # what high blocks leave


class DiagramError(ValueError):
    """There is no such diagram; `str()` is a sentence for a person."""


@dataclass(frozen=True)
class Diagram:
    """A drawing as DOT text. `elements` describes what can be selected, by the ids that it has in the SVG."""

    zoom: Zoom
    dot: str
    elements: dict[str, Element]
    scale: Scale | None = None  # of the colours, where they show a cost
    steps: Mapping[str, int | None] = field(default_factory=dict)  # on the scale, by element; None: costs nothing

    @classmethod
    def of(cls, zoom: Zoom, drawing: Drawing) -> Diagram:
        return cls(zoom, drawing.graph.source, drawing.elements, drawing.scale, drawing.steps)

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
        return readable_svg(laid_out(self.dot, "svg"), self._classes, coloured=False)

    @property
    def _classes(self) -> dict[str, str]:
        """The CSS classes of the elements, by which a style sheet colours them."""
        steps = {name: f" step-{'none' if step is None else step}" for name, step in self.steps.items()}
        return {name: f"kind-{element.kind}{steps.get(name, '')}" for name, element in self.elements.items()}

    def render(self, fmt: Format, selected: str | None = None, *, title: str = "", legend: bool = False) -> bytes:
        """A file in the light palette, with a title and a legend above the drawing where they are asked for.

        The element that shows `selected` (any id) is outlined.
        """
        dot = self.dot if selected is None else self._outlined(selected)
        if title or legend:
            dot = _appended(dot, f"graph [labelloc=t label=<{heading(title, self._legend() if legend else '')}>]")
        if fmt == "dot":
            return dot.encode()
        if fmt == "svg":
            return readable_svg(laid_out(dot, fmt), self._classes, coloured=True).encode()
        if fmt == "png":
            dpi = min(PNG_DPI, POINTS_PER_INCH * MAX_PNG_SIDE / max(self.size))
            dot = _appended(dot, f"graph [dpi={dpi:.0f}]")
        return laid_out(dot, fmt)

    def _legend(self) -> str:
        if self.scale is not None:
            return scale_legend(self.scale)
        return kinds_legend(element.kind for element in self.elements.values())

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


def network_diagram(trace: Trace, colour_by: ColourBy = "kind") -> Diagram:
    """The stages from left to right, as high as their maps and as wide as their channels, on log scales."""
    return Diagram.of("network", network_strip(trace, colour_by))


def stage_diagram(trace: Trace, path: str, colour_by: ColourBy = "kind") -> Diagram:
    """The blocks of a stage from left to right, in as many rows as the column asks for.

    A run of equal ones is one box with a cell for each.

    Raises KeyError.
    """
    stage = trace.stage(path)
    runs = runs_of(trace, stage.blocks)

    def draw(rows: int) -> Diagram:
        return Diagram.of("stage", stage_in_rows(trace, stage, runs, rows, colour_by))

    drawn = [draw(0)]
    if drawn[0].size[1] > COLUMN_HEIGHT:
        drawn.append(draw(1))
    while min(diagram.size[0] for diagram in drawn) > COLUMN_WIDTH and len(drawn) <= len(runs):
        drawn.append(draw(len(drawn)))
    return min(drawn, key=lambda diagram: (max(diagram.size[0], COLUMN_WIDTH), diagram.size[1]))


def block_diagram(trace: Trace, path: str, colour_by: ColourBy = "kind") -> Diagram:
    """The operations of a block: a row for each convolution with what follows it, and dashed shortcuts.

    Raises KeyError.
    """
    block = trace.block(path)
    drawing = Drawing(trace, ROWS_LAYOUT, colour_by)
    units = Units(drawing)
    sources = [source for name in block.nodes for source in drawing.flow.inputs[name]]
    for source in dict.fromkeys(sources):
        if source not in block.nodes:
            units.enter(source, "input" if source == trace.nodes[0].name else f"from {source}")
    units.add(block, drawing.graph)
    units.connect()
    return Diagram.of("block", drawing)


def operations_diagram(trace: Trace, colour_by: ColourBy = "kind") -> Diagram:
    """Every operation of the network, with a frame around each block."""
    drawing = Drawing(trace, ROWS_LAYOUT, colour_by)
    units = Units(drawing, framed=True)
    units.enter(trace.nodes[0].name, "input")
    frame = {"labeljust": "l", "style": "rounded", "color": FRAME, "bgcolor": FRAME_FILL}
    for block in (block for stage in trace.stages for block in stage.blocks):
        attributes = frame | {"label": block.path}
        with drawing.graph.subgraph(name=f"cluster {block.path}", graph_attr=attributes) as cluster:
            units.add(block, cluster)
    units.connect()
    return Diagram.of("operations", drawing)


def diagram_for(trace: Trace, zoom: str, select: str | None = None, colour_by: ColourBy = "kind") -> Diagram:
    """The diagram at `zoom` that shows `select`, an operation, block or stage.

    Without a selection, or with the input: the first stage that has several blocks (or the largest), and its
    first block. Raises DiagramError for an unknown zoom or id.
    """
    stage, block = _shown(trace, select)
    if zoom == "network":
        return network_diagram(trace, colour_by)
    if zoom == "stage":
        return stage_diagram(trace, stage.path, colour_by)
    if zoom == "block":
        return block_diagram(trace, block.path, colour_by)
    if zoom == "operations":
        return operations_diagram(trace, colour_by)
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
