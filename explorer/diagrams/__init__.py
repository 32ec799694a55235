"""Diagrams of a traced network at four zooms: the stages, a stage's blocks, a block's operations, everything.

A diagram is DOT text that Graphviz lays out when it is asked for as SVG or exported. Its units are CSS pixels
at scale 1, and its text is 16 of them high. Everything here is a pure function of the trace.
"""

from __future__ import annotations

import html
import math
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, groupby
from typing import Literal
from xml.etree import ElementTree

import graphviz
import pygraphviz

from explorer.analysis.palette import INK, KINDS
from explorer.analysis.text import bytes_text, grouped, pair_text, shape_text, si
from explorer.analysis.trace import Block, Kind, Node, Shape, Stage, Trace, UnknownNode
from explorer.diagrams.element import Element

Zoom = Literal["network", "stage", "block", "operations"]
Format = Literal["svg", "png", "pdf", "dot"]

FONT_SIZE = 16
CHARACTER_WIDTH, CELL_PADDING = 8, 10  # the former of a lower-case letter, on average
LONG_NAME = 11  # of a stage; a longer one is broken at its underscores
# Of nearly equal width, so that boxes measured with one of them fit text that is set in another.
FONTS = "Source Sans 3,Source Sans Pro,Helvetica,Arial,Liberation Sans,DejaVu Sans Condensed,sans-serif"
POINTS_PER_INCH = 72  # DOT's sizes are inches
STRIP_LAYOUT = {"rankdir": "LR", "ranksep": "0.09", "nodesep": "0.05"}
ROW_HEIGHT = "1.1"  # of the first row of boxes: Graphviz makes room for the texts over the others alone
BOXES_LAYOUT = {"rankdir": "TB", "ranksep": "0.05", "nodesep": "0.06"}
ROWS_LAYOUT = {"rankdir": "TB", "ranksep": "0.2", "nodesep": "0.16"}
PNG_DPI = 144  # twice the size on screen, sharp on slides
LINE, FRAME, FRAME_FILL, SELECTION = "#5f646d", "#c4c8ce", "#f6f7f9", "#b00020"
SKIP_LINE = KINDS["merge"].light_stroke
SKIP = {"class": "skip", "style": "dashed", "penwidth": "1.5", "color": SKIP_LINE, "weight": "0"}

# A block or stage takes the colour of the first of these that it contains.
CHARACTERISTIC: tuple[Kind, ...] = (
    "depthwise", "convolution", "pointwise", "linear", "pooling",
    "gate", "merge", "normalization", "activation", "reshape",
)  # fmt: skip
CONVOLUTIONS: tuple[Kind, ...] = ("convolution", "pointwise", "depthwise")
STARTS_CHAIN: tuple[Kind, ...] = (*CONVOLUTIONS, "pooling", "linear", "merge")
SHORT_TYPES = {
    "Conv2d": "conv", "Linear": "fc", "BatchNorm2d": "BN", "LocalResponseNorm": "LRN",
    "MaxPool2d": "max", "AvgPool2d": "avg", "AdaptiveAvgPool2d": "avg", "Subsampling": "sum",
    "add": "+", "mul": "×", "cat": "concat", "getitem": "slice",
}  # fmt: skip
MAX_ROW, WRAPPED_ROW = 4, 3  # cells; a longer chain (a gate) is wrapped
COLUMN_WIDTH, COLUMN_HEIGHT = 615, 195  # of half a 1440 px screen, where 16 units are at least 14 px
STRIP_WIDTH = 1280  # of that screen beside the sidebar
ROWS_WIDTH = 630  # of rows side by side; where they are wider, each is broken into two
STACKED_LEVELS = 3  # of rows one below the other; more would be too high, and are drawn without names
MIN_COLUMNS, MAX_COLUMNS, CELL_ROWS = 5, 16, 4  # of the cells of a run of blocks
COLUMNS_BESIDE_TEXT = 6  # more of them leave no room for the text at their left
FOLD_LOOSELY_FROM = 5  # boxes of a stage; fewer fit
LISTED_LAYERS, LISTED_IN_ROWS = 5, 3  # of a block, in a row of boxes or in several

_GRAPHVIZ = threading.Lock()  # the C library keeps global state


class DiagramError(ValueError):
    """There is no such diagram; `str()` is a sentence for a person."""


@dataclass(frozen=True)
class Diagram:
    """A drawing as DOT text. `elements` describes what can be selected, by the ids that it has in the SVG."""

    zoom: Zoom
    dot: str
    elements: dict[str, Element]

    def svg(self) -> str:
        """For the browser, which adds the colours: an element is `<g id=ELEMENT class="node kind-KIND">`."""
        return self._svg

    @cached_property
    def size(self) -> tuple[float, float]:
        """Width and height in CSS pixels at scale 1."""
        width, height = re.findall(r' (?:width|height)="([\d.]+)"', self._svg)[:2]
        return float(width), float(height)

    @cached_property
    def _svg(self) -> str:
        return _readable_svg(_layout(self.dot, "svg"), self.elements, coloured=False)

    def render(self, fmt: Format, selected: str | None = None) -> bytes:
        """A file in the light palette. The element that shows `selected` (any id) is outlined."""
        dot = self.dot if selected is None else self._outlined(selected)
        if fmt == "dot":
            return dot.encode()
        if fmt == "svg":
            return _readable_svg(_layout(dot, fmt), self.elements, coloured=True).encode()
        return _layout(_appended(dot, f"graph [dpi={PNG_DPI}]") if fmt == "png" else dot, fmt)

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


# ---- the four zooms ----------------------------------------------------------------------------------------


def network_diagram(trace: Trace) -> Diagram:
    """The stages from left to right, as high as their maps and as wide as their channels, on log scales."""
    diagram = _network_strip(trace, STRIP_LAYOUT)
    return diagram if diagram.size[0] <= STRIP_WIDTH else _network_strip(trace, BOXES_LAYOUT)


def _network_strip(trace: Trace, layout: dict[str, str]) -> Diagram:
    drawing = _Drawing("network", trace, layout)
    source = trace.nodes[0]
    drawing.box(source.name, "input", source, **_strip_size(source.out_shape))
    strip = _Strip(drawing, source.name)
    for stage in trace.stages:
        lines = re.split("(?<=_)", stage.path) if len(stage.path) > LONG_NAME else [stage.path]
        if stage.path in trace.auxiliary:
            lines = [f"{stage.path} (training only)"]
        elif repeats := _repeats(stage):
            lines.append(f"×{repeats}")
        drawing.box(stage.path, "\n".join(lines), stage, **_strip_size(stage.out_shape))
        strip.append(stage.path, stage.nodes, drawing.flow.is_skipped(stage))
    strip.end_row()
    return drawing.done()


def _repeats(stage: Stage) -> int:
    """How many blocks of a kind the stage mainly consists of; 0 if it is no such repetition."""
    types = [block.type for block in stage.blocks if block.path != stage.path]
    longest = max((len(list(run)) for _, run in groupby(types)), default=0)
    return longest if longest > max(1, len(types) // 2) else 0


def _strip_size(shape: Shape) -> dict[str, str]:
    height = 32 + 9 * math.log2(max(shape[1:], default=1))  # 32 for vectors, 57 for 7x7, 102 for 224x224
    width = 8 * math.log2(shape[0])  # 48 for 64 channels, 88 for 2048; at least as wide as the text
    return {"height": f"{height / POINTS_PER_INCH:.3f}", "width": f"{width / POINTS_PER_INCH:.3f}"}


def stage_diagram(trace: Trace, path: str) -> Diagram:
    """The blocks of a stage from left to right, in as many rows as the column asks for.

    A run of equal ones is one box with a cell for each.

    Raises KeyError.
    """
    stage = trace.stage(path)
    runs = _runs(trace, stage.blocks)
    diagram = _stage_in_rows(trace, stage, runs, 0)
    for rows in range(1, len(runs) + 1):
        if diagram.size[0] <= COLUMN_WIDTH and diagram.size[1] <= COLUMN_HEIGHT:
            break
        diagram = _stage_in_rows(trace, stage, runs, rows)
    return diagram


def _stage_in_rows(trace: Trace, stage: Stage, runs: list[tuple[int, list[Block]]], rows: int) -> Diagram:
    """0 rows: a single one as in the network's strip, with more room and rounder arcs."""
    drawing = _Drawing("stage", trace, BOXES_LAYOUT if rows else STRIP_LAYOUT)
    strip = _Strip(drawing)
    for position, (first, run) in enumerate(runs):
        if rows and position and position % math.ceil(len(runs) / rows) == 0:
            strip.wrap()
        nodes = [name for block in run for name in block.nodes]
        strip.append(_run_box(drawing, first, run), nodes, drawing.flow.is_skipped(run[0]))
    strip.finish(stage.output)
    return drawing.done()


def block_diagram(trace: Trace, path: str) -> Diagram:
    """The operations of a block: a row for each convolution with what follows it, and dashed shortcuts.

    Raises KeyError.
    """
    block = trace.block(path)
    drawing = _Drawing("block", trace, ROWS_LAYOUT)
    units = _Units(drawing)
    sources = [source for name in block.nodes for source in drawing.flow.inputs[name]]
    for source in dict.fromkeys(sources):
        if source not in block.nodes:
            units.enter(source, "input" if source == trace.nodes[0].name else f"from {source}")
    units.add(block, drawing.graph)
    units.connect()
    return drawing.done()


def operations_diagram(trace: Trace) -> Diagram:
    """Every operation of the network, with a frame around each block."""
    drawing = _Drawing("operations", trace, ROWS_LAYOUT)
    units = _Units(drawing)
    units.enter(trace.nodes[0].name, "input")
    frame = {"labeljust": "l", "style": "rounded", "color": FRAME, "bgcolor": FRAME_FILL}
    for block in (block for stage in trace.stages for block in stage.blocks):
        attributes = frame | {"label": block.path}
        with drawing.graph.subgraph(name=f"cluster {block.path}", graph_attr=attributes) as cluster:
            units.add(block, cluster)
    units.connect()
    return drawing.done()


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


# ---- what flows where --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Flow:
    """The edges that are drawn: the `inputs` of each operation, and which edges are `skips`.

    `shortcuts` are the operations on skipping branches (a projection); `bypassed` are those that they bypass.
    """

    inputs: dict[str, tuple[str, ...]]
    skips: frozenset[tuple[str, str]]
    shortcuts: frozenset[str]
    bypassed: frozenset[str]

    @classmethod
    def of(cls, trace: Trace) -> _Flow:
        inputs = _drawn_inputs(trace)
        names = [node.name for node in trace.nodes]
        depth, origins = _depth_and_origins(names, inputs)
        skips: set[tuple[str, str]] = set()
        shortcuts: set[str] = set()
        bypassed: set[str] = set()
        for position, node in enumerate(trace.nodes):
            if node.kind != "merge" or node.type == "mul":
                continue  # the maps that a gate multiplies do not skip the gate
            deepest = max(inputs[node.name], key=depth.__getitem__)
            for source in inputs[node.name]:
                common = origins[source] & origins[deepest]
                if depth[source] == depth[deepest] or not common:
                    continue
                fork = common.bit_length() - 1  # the last operation from which both branches come
                if node.type == "cat" and names[fork] != source:
                    continue  # the short branches of an inception module do not skip the long ones
                after = [i for i in range(fork + 1, position) if origins[names[i]] >> fork & 1]
                branch = {names[i] for i in after if origins[source] >> i & 1}
                shortcuts |= branch
                bypassed |= {names[i] for i in after if origins[deepest] >> i & 1}
                skips.add((source, node.name))
                skips |= {(i, n) for n in branch for i in inputs[n] if i == names[fork] or i in branch}
        return cls(inputs, frozenset(skips), frozenset(shortcuts), frozenset(bypassed))

    def is_skipped(self, group: Stage | Block) -> bool:
        """Whether a skip connection bypasses something in the group."""
        return not self.bypassed.isdisjoint(group.nodes)


def _depth_and_origins(
    names: Sequence[str], inputs: dict[str, tuple[str, ...]]
) -> tuple[dict[str, int], dict[str, int]]:
    """For each operation, how many are on the longest path to it, and which lead to it (bit i: the i-th)."""
    depth: dict[str, int] = {}
    origins: dict[str, int] = {}
    for position, name in enumerate(names):
        depth[name] = 1 + max((depth[source] for source in inputs[name]), default=0)
        origins[name] = 1 << position
        for source in inputs[name]:
            origins[name] |= origins[source]
    return depth, origins


def _drawn_inputs(trace: Trace) -> dict[str, tuple[str, ...]]:
    """The inputs of each operation, with concat([a..k, l]) as concat([concat([a..k]), l]) where that exists.

    It is the same tensor, and with the hundreds of raw edges of a DenseNet Graphviz does not finish.
    """
    inputs: dict[str, tuple[str, ...]] = {}
    concats: dict[tuple[str, ...], str] = {}
    for node in trace.nodes:
        inputs[node.name] = node.inputs
        if node.type != "cat":
            continue
        for length in range(len(node.inputs) - 1, 0, -1):
            if node.inputs[:length] in concats:
                inputs[node.name] = (concats[node.inputs[:length]], *node.inputs[length:])
                break
        concats[node.inputs] = node.name
    return inputs


# ---- texts -------------------------------------------------------------------------------------------------


def _element(trace: Trace, item: Node | Stage | Block) -> Element:
    output = item if isinstance(item, Node) else trace.node(item.output)
    if isinstance(item, Node):
        kind, arriving, title = item.kind, _arriving(item), item.name
    else:
        kind, arriving, title = _group_kind(trace, item), shape_text(item.in_shape), item.path
    field, step = pair_text(output.receptive_field), _one_or_pair(output.rf_stride)
    lines = (
        _description(item),
        f"in {arriving} → out {shape_text(output.out_shape)}" if arriving else shape_text(output.out_shape),
        f"parameters {grouped(item.params)}",
        f"MACs {si(item.macs)}",
        f"memory {bytes_text(item.activation_bytes)}",
        f"receptive field {field} px, every {step} px",
    )
    return Element(output.name, title, lines, kind, item.macs, item.params, item.activation_bytes)


def _description(item: Node | Stage | Block) -> str:
    if isinstance(item, Stage) and len(item.blocks) > 1:
        return f"{len(item.blocks)} blocks, {len(item.nodes)} operations"
    if not isinstance(item, Node):
        return f"{item.type}, {len(item.nodes)} operations"
    text = item.type
    if item.kernel and item.stride:
        text += f" {pair_text(item.kernel)}, stride {_one_or_pair(item.stride)}"
    return f"{text}, groups {item.groups}" if item.groups and item.groups > 1 else text


def _arriving(node: Node) -> str:
    counts = Counter(map(shape_text, node.in_shapes))
    if len(counts) > 3:
        return f"{len(node.in_shapes)} inputs"
    return ", ".join(f"{count} of {shape}" if count > 1 else shape for shape, count in counts.items())


def _one_or_pair(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else pair_text(pair)


def _group_kind(trace: Trace, group: Stage | Block) -> Kind:
    kinds = {trace.node(name).kind for name in group.nodes}
    return next(kind for kind in CHARACTERISTIC if kind in kinds)


def _window_text(node: Node) -> str:
    """What a layer does, as papers write it: "3×3, 64, /2", "max 3×3, /2"; "" for other operations."""
    if node.kind == "linear" or (node.kind == "gate" and node.type in ("Linear", "Conv2d")):
        return str(node.out_shape[0])  # the 1×1 convolutions of a gate see one position: linear layers
    if node.kind == "gate" or node.kernel is None or node.stride is None:
        return ""
    text = pair_text(node.kernel)
    if node.kind == "pooling":
        text = f"{SHORT_TYPES.get(node.type, '')} {text}".lstrip()
    else:
        groups = node.groups or 1  # a convolution of ours has none
        grouping = " dw" if node.kind == "depthwise" else f" g={groups}" if groups > 1 else ""
        text += f"{grouping}, {node.out_shape[0]}"
    moves = node.stride != (1, 1) and math.prod(node.out_shape[1:]) > 1
    return f"{text}, /{_one_or_pair(node.stride)}" if moves else text


def _chip_text(node: Node) -> str:
    """The operation's own name and what it does: "conv2 3×3, 64"; only the latter if it has no name."""
    name = node.name.rpartition(".")[2]
    if name.isdigit() or node.name != node.path:
        name = "" if node.kind == "pooling" else SHORT_TYPES.get(node.type, node.type)
    return f"{name} {_window_text(node)}".strip()


# ---- drawing -----------------------------------------------------------------------------------------------


class _Drawing:
    """DOT under construction: the source, and the elements that can be selected in it."""

    def __init__(self, zoom: Zoom, trace: Trace, layout: dict[str, str]) -> None:
        font = {"fontname": FONTS, "fontsize": str(FONT_SIZE), "fontcolor": INK}
        margin = "0.04,0.05" if layout is BOXES_LAYOUT else "0.08,0.05"
        box = {"shape": "box", "style": "rounded,filled", "margin": margin, "height": "0.36"}
        self.zoom = zoom
        self.layout = layout
        self.trace = trace
        self.flow = _Flow.of(trace)
        self.elements: dict[str, Element] = {}
        self.graph = graphviz.Digraph(
            graph_attr={"bgcolor": "white", "pad": "0.03"} | layout | font,
            node_attr=box | font,
            edge_attr={"arrowsize": "0.6", "color": LINE} | font,
        )

    def done(self) -> Diagram:
        return Diagram(self.zoom, self.graph.source, self.elements)

    def box(self, name: str, label: str, item: Node | Stage | Block, **attributes: str) -> None:
        """A node that can be selected."""
        self.elements[name] = element = _element(self.trace, item)
        style = KINDS[element.kind]
        colours = {"fillcolor": style.light_fill, "color": style.light_stroke}
        self.graph.node(name, graphviz.escape(label), **{"id": name} | colours | attributes)

    def cell(self, name: str, text: str, item: Node | Block, columns: int = 1) -> str:
        """A table cell that can be selected. TITLE makes Graphviz write its ID."""
        self.elements[name] = element = _element(self.trace, item)
        style, identifier = KINDS[element.kind], html.escape(name)
        return (
            f'<TD ID="{identifier}" TITLE="{identifier}" PORT="{identifier}" COLSPAN="{columns}" WIDTH="24"'
            f' BGCOLOR="{style.light_fill}" COLOR="{style.light_stroke}" BORDER="1">{html.escape(text)}</TD>'
        )

    def table(self, name: str, label: str, css_class: str, graph: graphviz.Digraph | None = None) -> None:
        """A node that consists of the cells in `label`."""
        (graph or self.graph).node(name, f"<{label}>", shape="plain", style="", **{"class": css_class})


NEW_LINE = '<BR ALIGN="LEFT"/>'


def _table(rows: Iterable[str], **attributes: str) -> str:
    settings = "".join(f' {name.upper()}="{value}"' for name, value in attributes.items())
    return f"<TABLE{settings}>{''.join(f'<TR>{row}</TR>' for row in rows)}</TABLE>"


class _Strip:
    """Boxes in a row, the shapes between them, and an arc over each box that contains a skip."""

    def __init__(self, drawing: _Drawing, start: str | None = None) -> None:
        """The row starts at a box that is drawn already, or else outside."""
        self.trace = drawing.trace
        self.graph = drawing.graph
        self.inputs = drawing.flow.inputs
        self.labels_all = drawing.zoom == "network"
        self.labels: set[tuple[str, str]] = set()  # those that were drawn, with the box from which they lead
        self.in_rows = drawing.layout is not STRIP_LAYOUT
        self.points: list[str] = []
        self.row: list[str] = [start] if start else []  # the DOT nodes in it
        self.start = self.last = self.row_start = start or self._point("invis")
        self.box_of: dict[str, str] = {}  # operation -> box
        self.exits = {self.start: self.start}  # box -> DOT node from which its output leaves
        self.entering: dict[str, Shape] = {self.start: ()}

    def append(self, name: str, nodes: Sequence[str], skipped: bool) -> None:
        """The next box, which is drawn already; `nodes` are the operations that it stands for."""
        inside = set(nodes)
        sources: dict[str, str] = {}  # box -> its operation that leads here
        for source in (source for node in nodes for source in self.inputs[node] if source not in inside):
            sources.setdefault(self.box_of.get(source, self.start), source)
        # What does not follow the last box is a branch: an auxiliary classifier.
        main = self.last if self.last in sources else next(iter(sources))
        entry = end = name
        if skipped:
            is_free = self.exits[main] in self.points and not self._label(main, sources[main])
            entry = self.exits[main] if is_free else self._point("filled")
            end = self._point("filled")
            self.graph.edge(entry, name, weight="10")
            self.graph.edge(name, end, weight="10", arrowhead="none")
            self.graph.edge(f"{entry}:n", f"{end}:n", **SKIP)
        for box, source in sources.items():
            if self.exits[box] != entry:
                look = {"weight": "10" if box == main else "1", "arrowhead": "none" if skipped else "normal"}
                label = self._label(box, source)
                if (box, label) in self.labels:  # an auxiliary head may see the same maps as the next stage
                    label = ""
                self.labels.add((box, label))
                self.graph.edge(self.exits[box], entry, label, **look)
        self.row.append(name)
        self.box_of |= dict.fromkeys(nodes, name)
        self.exits[name] = end
        self.entering[name] = self.trace.node(sources[main]).out_shape
        self.last = name

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
        if shape == self.entering[box] and not self.labels_all:
            return ""
        sides, _, channels = shape_text(shape).rpartition("×")
        return f"{sides}\n×{channels}" if sides else channels

    def _point(self, style: str) -> str:
        name = f"point {len(self.points)}"
        self.points.append(name)
        self.row.append(name)
        look = {"shape": "point", "width": "0.03" if style == "filled" else "0.001", "color": LINE}
        if self.in_rows and len(self.points) == len(self.row) == 1:
            look |= {"shape": "box", "height": ROW_HEIGHT, "label": "", "margin": "0"}
        self.graph.node(name, style=style, **look, **{"class": "junction"})
        return name


def _runs(trace: Trace, blocks: Sequence[Block]) -> list[tuple[int, list[Block]]]:
    """Neighbouring blocks that are equal, with the number of the first, which counts from 1.

    Where too many differ, those with the same texts count as equal: dense layers differ in what enters them.
    """
    runs = [list(run) for _, run in groupby(blocks, lambda block: block.signature)]
    if len(runs) >= FOLD_LOOSELY_FROM:
        texts = {block: tuple(_chip_text(trace.node(name)) for name in block.nodes) for block in blocks}
        runs = [list(run) for _, run in groupby(blocks, lambda block: (block.type, texts[block]))]
    starts = accumulate((len(run) for run in runs), initial=1)
    return list(zip(starts, runs, strict=False))


def _run_box(drawing: _Drawing, first: int, run: list[Block]) -> str:
    """Draws a block, or a run of equal ones with a cell for each, and returns the name of its DOT node."""
    if len(run) == 1:
        return _block_box(drawing, first, run[0])
    cells = [drawing.cell(block.path, _number(block, first + i), block) for i, block in enumerate(run)]
    columns = min(MAX_COLUMNS, max(MIN_COLUMNS, math.ceil(len(run) / CELL_ROWS)))
    columns = math.ceil(len(run) / math.ceil(len(run) / columns))  # of rows of about the same length
    rows = ["".join(cells[start : start + columns]) for start in range(0, len(run), columns)]
    grid = f"<TD>{_table(rows, border='0', cellspacing='1', cellpadding='2')}</TD>"
    texts = [html.escape(line) for line in (f"×{len(run)}", *_layers(drawing, run[0]))]
    if columns <= COLUMNS_BESIDE_TEXT:
        parts = [f"<TD>{''.join(f'{text}{NEW_LINE}' for text in texts)}</TD>{grid}"]
    else:
        parts = [f"<TD>{'&#160; '.join(texts)}{NEW_LINE}</TD>", grid]
    look = {"border": "1", "style": "rounded", "color": FRAME, "bgcolor": FRAME_FILL}
    name = f"units from {first}"
    drawing.table(name, _table(parts, cellborder="0", cellspacing="0", cellpadding="4", **look), "cluster")
    return name


def _number(block: Block, position: int) -> str:
    """The number in a block's name, as b3 or module5 has one; else its position, which counts from 1."""
    own_name = block.path.rpartition(".")[2]
    digits = re.search(r"\d+$", own_name)
    return digits[0] if digits and not own_name.isdigit() else str(position)


def _block_box(drawing: _Drawing, number: int, block: Block) -> str:
    own_name = block.path.rpartition(".")[2]
    name, lines = block.path, [f"unit {number}" if own_name.isdigit() else own_name]
    lines += _layers(drawing, block)
    if any(stage.path == name and len(stage.blocks) > 1 for stage in drawing.trace.stages):
        # Operations of the stage itself, such as the concat after dense layers: that id is the stage's.
        name, lines = block.output, [_chip_text(drawing.trace.node(node)) for node in block.nodes]
    drawing.box(name, "\n".join(lines), block)
    return name


def _layers(drawing: _Drawing, block: Block) -> list[str]:
    """The layers with a window or weights as papers list them, without those of gates and shortcuts."""
    nodes = [drawing.trace.node(name) for name in block.nodes if name not in drawing.flow.shortcuts]
    listed = [
        f"fc {_window_text(node)}" if node.kind == "linear" else _window_text(node)
        for node in nodes
        if node.kind in STARTS_CHAIN and node.kind != "merge"
    ]
    limit = LISTED_IN_ROWS if drawing.layout is BOXES_LAYOUT else LISTED_LAYERS
    return listed if len(listed) <= limit else [f"{len(listed)} layers"]


_RowStyle = Literal["named", "stacked", "bare"]


class _Units:
    """Chains of operations as rows of touching cells, and the edges between the rows."""

    def __init__(self, drawing: _Drawing) -> None:
        self.drawing = drawing
        self.trace = drawing.trace
        self.flow = drawing.flow
        self.consumers = Counter(source for sources in self.flow.inputs.values() for source in sources)
        self.unit_of: dict[str, str] = {}  # operation -> name of its DOT node
        self.entering: dict[str, Shape] = {}  # DOT node -> shape of what enters it
        self.cells: Counter[str] = Counter()  # DOT node -> number of operations

    def enter(self, source: str, label: str) -> None:
        """Draws an operation from which the units get their input, in the colour of the input."""
        self.drawing.box(source, label, replace(self.trace.node(source), kind="input"))
        self.unit_of[source] = source
        self.entering[source] = ()

    def add(self, block: Block, graph: graphviz.Digraph) -> None:
        """Draws the operations of a block into `graph`, without edges."""
        levels = self._levels(self._chains(block))
        fits = max(sum(self._row_width(chain, block) for chain in level) for level in levels) <= ROWS_WIDTH
        style: _RowStyle = "named" if fits else "stacked" if len(levels) <= STACKED_LEVELS else "bare"
        for chains in levels:
            with graph.subgraph(graph_attr={"rank": "same"}) as rank:
                for chain in chains:
                    unit = f"unit {len(self.entering)}"
                    self.entering[unit] = chain[0].in_shapes[0]
                    self.unit_of |= {node.name: unit for node in chain}
                    self.cells[unit] = len(chain)
                    self.drawing.table(unit, self._chain_table(chain, block, style), "unit", rank)

    def connect(self) -> None:
        """Draws the edges, with the shape of what leaves a unit where it differs from what entered it."""
        labelled: set[str] = set()
        for name, source in ((n, s) for n, sources in self.flow.inputs.items() for s in sources):
            unit = self.unit_of.get(source)
            if unit is None or self.unit_of.get(name, unit) == unit:
                continue
            shape = self.trace.node(source).out_shape
            attributes = {"weight": "4"}
            if (source, name) in self.flow.skips:
                attributes = SKIP
            elif self.entering[unit] != shape and source not in labelled:
                labelled.add(source)
                attributes["label"] = f" {shape_text(shape)}"
            head = self.unit_of[name]
            if self.trace.node(name).kind == "merge" and self.cells[head] > 1:
                # Not into the cell of the activation that follows the sum.
                head += f":{name}:w" if attributes is SKIP else f":{name}:n"
            self.drawing.graph.edge(unit, head, **attributes)

    def _chains(self, block: Block) -> list[list[Node]]:
        """Operations in sequence, cut before forks, merges and whatever else starts a chain."""
        pre_activated = self.trace.node(block.nodes[0]).kind == "normalization"
        chains: list[list[Node]] = []
        ending_in: dict[str, list[Node]] = {}
        for node in map(self.trace.node, block.nodes):
            sources = self.flow.inputs[node.name]
            continues = len(sources) == 1 and self.consumers[sources[0]] == 1
            chain = ending_in.get(sources[0], []) if continues else []
            if not chain or self._starts_chain(node, chain[-1], pre_activated):
                chains.append(chain := [])
            chain.append(node)
            ending_in[node.name] = chain
        return chains

    def _starts_chain(self, node: Node, previous: Node, pre_activated: bool) -> bool:
        if pre_activated and node.kind == "normalization":
            return True
        if pre_activated and previous.kind in ("normalization", "activation") and node.kind in CONVOLUTIONS:
            return False
        if node.kind == "pointwise" and previous.kind == "depthwise":
            return False  # the two halves of a separable convolution
        if node.kind == "gate":
            return previous.kind != "gate"
        if previous.kind == "merge" and self.drawing.zoom == "operations":
            return True  # between frames skips run at the right, where the activation would be in their way
        return node.kind in STARTS_CHAIN

    def _levels(self, chains: list[list[Node]]) -> list[list[list[Node]]]:
        """The chains by their distance from the block's input: those of a level are drawn side by side."""
        levels: defaultdict[int, list[list[Node]]] = defaultdict(list)
        level_of: dict[str, int] = {}
        for chain in chains:
            sources = self.flow.inputs[chain[0].name]
            level = 1 + max((level_of.get(source, 0) for source in sources), default=0)
            level_of |= {node.name: level for node in chain}
            levels[level].append(chain)
        return list(levels.values())

    def _chain_table(self, chain: list[Node], block: Block, style: _RowStyle) -> str:
        """The cells of a chain and the name of its branch; stacked, the first has a row of its own."""
        if style == "stacked" and len(chain) > 1 and chain[0].kind != "merge":
            lines = [chain[:1], chain[1:]]
        else:
            length = len(chain) if len(chain) <= MAX_ROW else WRAPPED_ROW
            lines = [chain[start : start + length] for start in range(0, len(chain), length)]
        columns = max(map(len, lines))
        rows = ["".join(self._line(line, columns, style)) for line in lines]
        branch = _branch(chain, block) if style != "bare" else ""
        if branch and style == "stacked":
            rows.insert(0, f'<TD BORDER="0" COLSPAN="{columns}">{html.escape(branch)}</TD>')
        elif branch:
            rows[0] = f'<TD BORDER="0" ROWSPAN="{len(rows)}">{html.escape(branch)}</TD>{rows[0]}'
            if not self._is_aside(chain):
                # As wide as the name, so that edges meet the middle of the cells.
                rows[0] += f'<TD BORDER="0" WIDTH="{CHARACTER_WIDTH * len(branch)}"></TD>'
        padding = "3" if style == "bare" else "4"
        return _table(rows, border="0", cellborder="1", cellspacing="0", cellpadding=padding)

    def _is_aside(self, chain: list[Node]) -> bool:
        return chain[0].kind == "gate" or chain[0].name in self.flow.shortcuts

    def _row_width(self, chain: list[Node], block: Block) -> int:
        texts = [*map(_chip_text, chain), *[_branch(chain, block)] * (1 if self._is_aside(chain) else 2)]
        return sum(CHARACTER_WIDTH * len(text) + CELL_PADDING for text in texts if text)

    def _line(self, nodes: list[Node], columns: int, style: _RowStyle) -> Iterator[str]:
        for node in nodes:
            width = columns - len(nodes) + 1 if node is nodes[-1] else 1
            is_bare = style == "bare" and node.kind not in ("gate", "linear")  # "fc1 16" says more than "16"
            text = (_window_text(node) if is_bare else "") or _chip_text(node)
            yield self.drawing.cell(node.name, text, node, width)


def _branch(chain: list[Node], block: Block) -> str:
    """The name of the submodule of the block in which the chain lies; not shown for a single operation."""
    inside = chain[0].name.removeprefix(f"{block.path}.").split(".")
    return inside[-2] if len(inside) > 1 and len(chain) > 1 else ""


# ---- Graphviz ----------------------------------------------------------------------------------------------

SVG = "{http://www.w3.org/2000/svg}"
ElementTree.register_namespace("", SVG.strip("{}"))


def _layout(dot: str, fmt: str) -> bytes:
    with _GRAPHVIZ:
        graph = pygraphviz.AGraph(string=dot)
        try:
            return graph.draw(prog="dot", format=fmt)
        finally:
            graph.close()


def _readable_svg(svg: bytes, elements: dict[str, Element], coloured: bool) -> str:
    """Graphviz' SVG in pixels, without links, titles and comments, with the ids and classes of the elements.

    Without colours, lines and texts take the page's colour, and the elements are left to its style sheet.
    """
    root = ElementTree.fromstring(svg)
    _, _, width, height = root.attrib["viewBox"].split()
    root.attrib |= {"width": width, "height": height}
    for group in list(root.iter(f"{SVG}g")):
        for title in group.findall(f"{SVG}title"):
            group.remove(title)
        link = group.find(f"{SVG}a")
        if link is not None:
            group[:] = link[:]
            _tidy_cell(group)
            group.attrib |= {"id": group.attrib["id"].removeprefix("a_"), "class": "node cell"}
        name, classes = group.attrib.pop("id"), group.attrib["class"].split()
        if name in elements:
            group.attrib |= {"id": name, "class": " ".join([*classes, f"kind-{elements[name].kind}"])}
        elif classes[0] == "node":
            group.attrib["class"] = " ".join(classes[1:])
    if not coloured:
        _remove_colours(root)
    return ElementTree.tostring(root, encoding="unicode")


def _tidy_cell(cell: ElementTree.Element) -> None:
    """One shape instead of a fill and a border, and text that stays centred in any font."""
    background, border, text = cell
    border.attrib["fill"] = background.attrib["fill"]
    cell.remove(background)
    across = [float(point.split(",")[0]) for point in border.attrib["points"].split()]
    text.attrib |= {"text-anchor": "middle", "x": f"{(min(across) + max(across)) / 2:.2f}"}


def _remove_colours(root: ElementTree.Element) -> None:
    for group in root.findall(f"{SVG}g"):
        group[:] = [child for child in group if child.tag != f"{SVG}polygon"]  # the page's background
    for shape in root.iter():
        for name in ("font-family", "font-size"):
            shape.attrib.pop(name, None)
        for name in ("fill", "stroke"):
            if shape.get(name, "none") != "none":
                shape.attrib[name] = "currentColor"
