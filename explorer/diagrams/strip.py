"""Boxes in a row: the strip of a network's stages, and the blocks of a stage."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping, Sequence
from itertools import accumulate, groupby

from explorer.analysis.text import shape_text
from explorer.analysis.trace import Block, Stage, Trace
from explorer.analysis.types import Shape
from explorer.diagrams.drawing import (
    BOXES_LAYOUT,
    FRAME,
    FRAME_FILL,
    LINE,
    NEW_LINE,
    SKIP,
    STRIP_LAYOUT,
    Drawing,
    table,
)
from explorer.diagrams.labels import LAYERS, cell_text, window_text
from explorer.diagrams.scale import ColourBy
from explorer.diagrams.svg import SHAPE_OF

MAX_NAME_LENGTH = 11  # characters; a longer name of a stage is broken at its underscores
POINTS_PER_INCH = 72  # DOT's sizes are inches
FIRST_ROW_HEIGHT = "1.1"  # inches, of the first row of boxes: Graphviz makes room for the texts over the others alone
# The cells of a run of equal blocks:
MIN_COLUMNS = 5
MAX_COLUMNS = 16
PREFERRED_ROWS = 4
MAX_COLUMNS_WITH_TEXT_LEFT = 6  # with more, the text stands above them
MIN_BOXES_TO_FOLD_LOOSELY = 5  # boxes of a stage; fewer fit
MAX_LISTED_LAYERS = 5  # of a block, in a single row of boxes
MAX_LISTED_LAYERS_IN_ROWS = 3  # the same, where the boxes stand in several rows


def network_strip(trace: Trace, colour_by: ColourBy = "kind") -> Drawing:
    """The input and the stages in a row, each box as high as its maps and as wide as its channels, on log scales.

    Below each stands the shape of what leaves it. Heads for training only stand above the stages that follow theirs.
    """
    drawing = Drawing(trace, STRIP_LAYOUT, colour_by)
    source = trace.nodes[0]
    drawing.box(source.name, "input", source, **_strip_size(source.out_shape))
    _write_below(drawing, source.name, source.out_shape)
    strip = Strip(drawing, source.name)
    branches = {}
    for stage in trace.stages:
        size = _strip_size(stage.out_shape)
        if stage.path in trace.auxiliary:
            text = drawing.cost(stage) or "training"
            drawing.box(stage.path, f"{stage.path} ({text})", stage, **size)
            branches[stage.path] = stage.nodes
            continue
        lines = re.split("(?<=_)", stage.path) if len(stage.path) > MAX_NAME_LENGTH else [stage.path]
        if repeats := _repeats(stage):
            lines.append(f"×{repeats}")
        if cost := drawing.cost(stage):
            lines.append(cost)
        drawing.box(stage.path, "\n".join(lines), stage, **size)
        _write_below(drawing, stage.path, stage.out_shape)
        strip.append(stage.path, stage.nodes, drawing.flow.is_skipped(stage))
    strip.add_branches(branches)
    return drawing


def _write_below(drawing: Drawing, box: str, shape: Shape) -> None:
    text = f"{SHAPE_OF}{box}"
    with drawing.graph.subgraph(graph_attr={"rank": "same"}) as column:
        column.node(text, shape_text(shape), shape="plain", style="", id=text, **{"class": "label"})
        column.edge(box, text, style="invis", weight="9")


def _repeats(stage: Stage) -> int:
    """How many blocks of a kind the stage mainly consists of; 0 if it is no such repetition."""
    types = [block.type for block in stage.blocks if block.path != stage.path]
    longest = max((len(list(run)) for _, run in groupby(types)), default=0)
    return longest if longest > max(1, len(types) // 2) else 0


def _strip_size(shape: Shape) -> dict[str, str]:
    height = 26 + 5 * math.log2(max(shape[1:], default=1))  # 26 for vectors, 40 for 7x7, 65 for 224x224
    width = 7 * math.log2(shape[0])  # 42 for 64 channels, 77 for 2048; at least as wide as the text
    return {"height": f"{height / POINTS_PER_INCH:.3f}", "width": f"{width / POINTS_PER_INCH:.3f}"}


def stage_in_rows(
    trace: Trace, stage: Stage, runs: list[tuple[int, list[Block]]], rows: int, colour_by: ColourBy = "kind"
) -> Drawing:
    """The `runs` of a stage's blocks in so many rows of boxes.

    0: a single row as in the network's strip, with more room and rounder arcs than 1 gives.
    """
    drawing = Drawing(trace, BOXES_LAYOUT if rows else STRIP_LAYOUT, colour_by)
    strip = Strip(drawing)
    for position, (first, run) in enumerate(runs):
        if rows and position and position % math.ceil(len(runs) / rows) == 0:
            strip.wrap()
        nodes = [name for block in run for name in block.nodes]
        strip.append(_run_box(drawing, first, run), nodes, drawing.flow.is_skipped(run[0]))
    strip.finish(stage.output)
    return drawing


class Strip:
    """Boxes in a row, the shapes between them, and an arc over each box that contains a skip."""

    def __init__(self, drawing: Drawing, start: str | None = None) -> None:
        """The row starts at a box that is drawn already, below which its shape stands, or else outside."""
        self.trace = drawing.trace
        self.graph = drawing.graph
        self.inputs = drawing.flow.inputs
        self.labels_edges = start is None
        self.in_rows = drawing.layout is not STRIP_LAYOUT
        self.points: list[str] = []
        self.row: list[str] = [start] if start else []  # the DOT nodes in it
        self.start = self.last = self.row_start = start or self._point("invis")
        self.box_of: dict[str, str] = {}  # operation -> box
        self.exits = {self.start: self.start}  # box -> DOT node from which its output leaves
        self.input_shape: dict[str, Shape] = {self.start: ()}  # of each box

    def append(self, name: str, nodes: Sequence[str], skipped: bool) -> None:
        """The next box, which is drawn already; `nodes` are the operations that it stands for."""
        sources = self._sources(nodes)
        entry = end = name
        if skipped:
            is_free = self.exits[self.last] in self.points and not self._label(self.last, sources[self.last])
            entry = self.exits[self.last] if is_free else self._point("filled")
            end = self._point("filled")
            self.graph.edge(entry, name, weight="10")
            self.graph.edge(name, end, weight="10", arrowhead="none")
            self.graph.edge(f"{entry}:n", f"{end}:n", **SKIP)
        for box, source in sources.items():
            if self.exits[box] != entry:
                look = {"weight": "10" if box == self.last else "1", "arrowhead": "none" if skipped else "normal"}
                self.graph.edge(self.exits[box], entry, self._label(box, source), **look)
        self.row.append(name)
        self.box_of |= dict.fromkeys(nodes, name)
        self.exits[name] = end
        self.input_shape[name] = self.trace.node(sources[self.last]).out_shape
        self.last = name

    def add_branches(self, branches: Mapping[str, Sequence[str]]) -> None:
        """Boxes that lead nowhere, with their operations, above those that follow the one from which they come."""
        boxes = list(self.exits)
        for name, nodes in branches.items():
            (source,) = self._sources(nodes)
            self.graph.edge(self.exits[source], name, weight="0")
            below = boxes.pop(boxes.index(source) + 1)
            with self.graph.subgraph(graph_attr={"rank": "same"}) as column:
                column.edge(name, below, style="invis")

    def _sources(self, nodes: Sequence[str]) -> dict[str, str]:
        """The boxes that lead to these operations, each with the operation of it that does."""
        inside = set(nodes)
        sources: dict[str, str] = {}
        for source in (source for node in nodes for source in self.inputs[node] if source not in inside):
            sources.setdefault(self.box_of.get(source, self.start), source)
        return sources

    def wrap(self) -> None:
        """Continue in a row below: an arrow leads out of this one, another into the next."""
        self.graph.edge(self.exits[self.last], self._point("invis"))
        self.end_row()
        start = self._point("invis")
        self.graph.edge(self.row_start, start, style="invis")
        self.row_start = self.exits[self.last] = start

    def end_row(self) -> None:
        """Nothing more comes into this row."""
        if not self.in_rows:
            return
        with self.graph.subgraph(graph_attr={"rank": "same"}) as row:
            for name in self.row:
                row.node(name)
        self.row.clear()

    def finish(self, output: str) -> None:
        """An arrow out of the drawing."""
        self.graph.edge(self.exits[self.last], self._point("invis"), self._label(self.last, output))
        self.end_row()

    def _label(self, box: str, source: str) -> str:
        """The shape of what leaves a box, where it may have changed, in two lines to be narrow."""
        shape = self.trace.node(source).out_shape
        if shape == self.input_shape[box] or not self.labels_edges:
            return ""
        sides, _, channels = shape_text(shape).rpartition("×")
        return f"{sides}\n×{channels}" if sides else channels

    def _point(self, style: str) -> str:
        name = f"point {len(self.points)}"
        self.points.append(name)
        self.row.append(name)
        look = {"shape": "point", "width": "0.03" if style == "filled" else "0.001", "color": LINE}
        if self.in_rows and len(self.points) == len(self.row) == 1:
            look |= {"shape": "box", "height": FIRST_ROW_HEIGHT, "label": "", "margin": "0"}
        self.graph.node(name, style=style, **look, **{"class": "junction"})
        return name


def runs_of(trace: Trace, blocks: Sequence[Block]) -> list[tuple[int, list[Block]]]:
    """Neighbouring blocks that are equal, with the number of the first, which counts from 1.

    Where too many differ, those with the same texts count as equal: dense layers differ in what enters them.
    """
    runs = [list(run) for _, run in groupby(blocks, lambda block: block.signature)]
    if len(runs) >= MIN_BOXES_TO_FOLD_LOOSELY:
        texts = {block: tuple(cell_text(trace.node(name)) for name in block.nodes) for block in blocks}
        runs = [list(run) for _, run in groupby(blocks, lambda block: (block.type, texts[block]))]
    starts = accumulate((len(run) for run in runs), initial=1)
    return list(zip(starts, runs, strict=False))


def _run_box(drawing: Drawing, first: int, run: list[Block]) -> str:
    """Draws a block, or a run of equal ones with a cell for each, and returns the name of its DOT node."""
    if len(run) == 1:
        return _block_box(drawing, first, run[0])
    cells = [drawing.cell(block.path, _number(block, first + i), block) for i, block in enumerate(run)]
    columns = min(MAX_COLUMNS, max(MIN_COLUMNS, math.ceil(len(run) / PREFERRED_ROWS)))
    columns = math.ceil(len(run) / math.ceil(len(run) / columns))  # of rows of about the same length
    rows = ["".join(cells[start : start + columns]) for start in range(0, len(run), columns)]
    grid = f"<TD>{table(rows, border='0', cellspacing='1', cellpadding='2')}</TD>"
    texts = [html.escape(line) for line in (f"×{len(run)}", *_layers(drawing, run))]
    if columns <= MAX_COLUMNS_WITH_TEXT_LEFT:
        parts = [f"<TD>{''.join(f'{text}{NEW_LINE}' for text in texts)}</TD>{grid}"]
    else:
        parts = [f"<TD>{'&#160; '.join(texts)}{NEW_LINE}</TD>", grid]
    look = {"border": "1", "style": "rounded", "color": FRAME, "bgcolor": FRAME_FILL}
    name = f"units from {first}"
    drawing.table(name, table(parts, cellborder="0", cellspacing="0", cellpadding="4", **look), "cluster")
    return name


def _number(block: Block, position: int) -> str:
    """The number in a block's name, as b3 or module5 has one; else its position, which counts from 1."""
    own_name = block.path.rpartition(".")[2]
    digits = re.search(r"\d+$", own_name)
    return digits[0] if digits and not own_name.isdigit() else str(position)


def _block_box(drawing: Drawing, number: int, block: Block) -> str:
    own_name = block.path.rpartition(".")[2]
    name, lines = block.path, [f"unit {number}" if own_name.isdigit() else own_name]
    lines += _layers(drawing, [block])
    if any(stage.path == name and len(stage.blocks) > 1 for stage in drawing.trace.stages):
        # Operations of the stage itself, such as the concat after dense layers: that id is the stage's.
        nodes = [drawing.trace.node(node) for node in block.nodes]
        name, lines = block.output, [cell_text(node, drawing.cost(node)) for node in nodes]
    drawing.box(name, "\n".join(lines), block)
    return name


def _layers(drawing: Drawing, run: list[Block]) -> list[str]:
    """The layers with a window or weights as papers list them, without those of gates and shortcuts; or the cost."""
    if drawing.scale is not None:
        costs = sorted({drawing.scale.cost(block) for block in run})
        ends = [drawing.scale.text(cost) for cost in dict.fromkeys((costs[0], costs[-1])) if cost]
        return (
            [*ends[:1], f"to {ends[1]}"] if len(ends) > 1 else [f"{end} each" if len(run) > 1 else end for end in ends]
        )
    nodes = [drawing.trace.node(name) for name in run[0].nodes if name not in drawing.flow.shortcuts]
    listed = [
        f"fc {window_text(node)}" if node.kind == "linear" else window_text(node)
        for node in nodes
        if node.kind in LAYERS
    ]
    limit = MAX_LISTED_LAYERS_IN_ROWS if drawing.layout is BOXES_LAYOUT else MAX_LISTED_LAYERS
    return listed if len(listed) <= limit else [f"{len(listed)} layers"]
