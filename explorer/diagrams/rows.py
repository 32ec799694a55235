"""Chains of operations as rows of touching cells: the inside of a block."""

from __future__ import annotations

import html
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import graphviz

from explorer.analysis.text import pair_text, shape_text
from explorer.analysis.trace import Block, Node
from explorer.analysis.types import Kind
from explorer.diagrams.build_up import edge_id
from explorer.diagrams.drawing import SKIP, Drawing, table
from explorer.diagrams.labels import CONVOLUTIONS, LAYERS, cell_text, window_text
from explorer.diagrams.svg import SHAPE_OF

CHARACTER_WIDTH = 8  # px, of a lower-case letter, on average
CELL_PADDING = 2  # px
CELL_MARGIN = 7  # px, what a cell is wider than its text
STARTS_CHAIN: tuple[Kind, ...] = (*LAYERS, "merge")
WITHOUT_NUMBERS: tuple[Kind, ...] = ("normalization", "activation")  # their colours say enough of their cost
MAX_ROW_CELLS = 4  # a longer chain (a gate) is wrapped
WRAPPED_ROW_CELLS = 3
MAX_ROWS_WIDTH = 630  # px, of rows side by side; where they are wider, each is broken into two
MAX_STACKED_LEVELS = 3  # rows one below the other; more would be too high, and are drawn without names
RowStyle = Literal["named", "stacked", "bare"]


class Units:
    """Chains of operations as rows of touching cells, and the edges between the rows."""

    def __init__(self, drawing: Drawing, framed: bool = False) -> None:
        """`framed`: blocks have frames, between which skips run at the right."""
        self.drawing = drawing
        self.framed = framed
        self.trace = drawing.trace
        self.flow = drawing.flow
        self.consumers = Counter(source for sources in self.flow.inputs.values() for source in sources)
        self.unit_of: dict[str, str] = {}  # operation -> name of its DOT node
        self.cells: Counter[str] = Counter()  # DOT node -> number of operations

    def enter(self, source: str, label: str) -> None:
        """Draws an operation from which the units get their input, in the colour of the input."""
        node = replace(self.trace.node(source), kind="input")
        with self.drawing.graph.subgraph(graph_attr={"rank": "same"}) as rank:
            cells = [self.drawing.cell(source, label, node)]
            self._draw([node], cells, shape_text(node.out_shape), rank, ordering="out")

    def add(self, block: Block, graph: graphviz.Digraph) -> None:
        """Draws the operations of a block into `graph`, without edges."""
        levels = self._levels(self._chains(block))
        fits = max(sum(self._row_width(chain, block) for chain in level) for level in levels) <= MAX_ROWS_WIDTH
        style: RowStyle = "named" if fits else "stacked" if len(levels) <= MAX_STACKED_LEVELS else "bare"
        for chains in levels:
            with graph.subgraph(graph_attr={"rank": "same"}) as rank:
                for chain in chains:
                    self._add_chain(chain, block, style, rank)

    def connect(self) -> None:
        """Draws the edges, skips first: of what leaves one operation, Graphviz puts them to the left."""
        edges = [(source, name) for name, sources in self.flow.inputs.items() for source in sources]
        for source, name in sorted(edges, key=lambda edge: edge not in self.flow.skips):
            tail, head = self.unit_of.get(source), self.unit_of.get(name)
            if tail is None or head is None or tail == head:
                continue
            is_skip = (source, name) in self.flow.skips
            if self._is_gated(name) and self.trace.node(source).kind == "gate":
                # Beside it, to the right: inside a rank Graphviz draws from left to right.
                self.drawing.graph.edge(head, tail, id=edge_id(source, name), dir="back", minlen="2")
                continue
            if self.trace.node(name).kind == "merge" and self.cells[head] > 1:
                # Not into the cell of the activation that follows the sum.
                into = f"{head}:{name}:{'w' if is_skip else 'n'}"
            else:
                into = head
            self.drawing.graph.edge(tail, into, id=edge_id(source, name), **(SKIP if is_skip else {"weight": "4"}))

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
        if previous.kind == "merge" and self.framed:
            return True  # the activation would be in the way of the skips
        return node.kind in STARTS_CHAIN

    def _levels(self, chains: list[list[Node]]) -> list[list[list[Node]]]:
        """The chains by their distance from the block's input: those of a level are drawn side by side."""
        levels: defaultdict[int, list[list[Node]]] = defaultdict(list)
        level_of: dict[str, int] = {}
        for chain in chains:
            sources = self.flow.inputs[chain[0].name]
            level = max((level_of.get(source, 0) for source in sources), default=0)
            level += not self._is_gated(chain[0].name)  # the product stands beside the gate
            level_of |= {node.name: level for node in chain}
            levels[level].append(chain)
        return list(levels.values())

    def _is_gated(self, name: str) -> bool:
        """Whether an operation multiplies maps by what a gate gives."""
        kinds = {self.trace.node(source).kind for source in self.flow.inputs[name]}
        return self.trace.node(name).type == "mul" and "gate" in kinds

    def _shape(self, chain: list[Node]) -> str:
        """What leaves a chain, where it differs from what entered it and does not only meet something of its shape."""
        shape = chain[-1].out_shape
        return "" if shape == chain[0].in_shapes[0] or self._is_aside(chain) else shape_text(shape)

    def _add_chain(self, chain: list[Node], block: Block, style: RowStyle, graph: graphviz.Digraph) -> None:
        """Draws the cells of a chain, the name of its branch and its shape; stacked, the first has a row of its own."""
        if style == "stacked" and len(chain) > 1 and chain[0].kind != "merge":
            lines = [chain[:1], chain[1:]]
        else:
            length = len(chain) if len(chain) <= MAX_ROW_CELLS else WRAPPED_ROW_CELLS
            lines = [chain[start : start + length] for start in range(0, len(chain), length)]
        columns = max(map(len, lines))
        rows = ["".join(self._line(line, columns, style)) for line in lines]
        branch = _branch(chain, block) if style != "bare" else ""
        shape = self._shape(chain) if style == "named" or chain[0].kind == "merge" else ""
        # Clear of the cells: letters can be wider than Graphviz takes them for.
        named = f'<TD BORDER="0" ROWSPAN="{len(rows)}">\u00a0{html.escape(branch)}\u00a0</TD>'
        if branch and style == "stacked":
            rows.insert(0, f'<TD BORDER="0" COLSPAN="{columns}">{html.escape(branch)}</TD>')
        elif branch and chain[0].kind == "gate":
            rows[0] += named  # what it multiplies stands on the left
        elif branch and self._is_aside(chain):
            rows[0] = named + rows[0]
        elif branch:
            self._draw(chain, rows, shape, graph, named=branch)
            return
        self._draw(chain, rows, shape, graph)

    def _draw(
        self,
        chain: list[Node],
        rows: list[str],
        shape: str,
        graph: graphviz.Digraph,
        named: str = "",
        **attributes: str,
    ) -> None:
        """A table of cells, to its left the name of its branch and to its right the shape of what leaves it.

        Both are nodes of their own: with them inside the table, edges would end beside the cells.
        """
        unit = f"unit {len(self.unit_of)}"
        self.unit_of |= {node.name: unit for node in chain}
        self.cells[unit] = len(chain)
        if named:
            before = f"name of {unit}"
            graph.node(before, named, shape="plain", style="", id=before, **{"class": "label"})
            graph.edge(before, unit, style="invis", weight="9")
        cells = table(rows, border="0", cellborder="1", cellspacing="0", cellpadding=str(CELL_PADDING))
        self.drawing.table(unit, cells, "unit", graph, **attributes)
        if shape:
            beside = f"{SHAPE_OF}{chain[-1].name}"
            graph.node(beside, shape, shape="plain", style="", id=beside, **{"class": "label"})
            graph.edge(unit, beside, style="invis", weight="9")

    def _text(self, node: Node, style: RowStyle) -> str:
        cost = "" if node.kind in WITHOUT_NUMBERS else self.drawing.cost(node)
        is_bare = style == "bare" and node.kind not in ("gate", "linear")  # "fc1 16" says more than "16"
        bare = (
            ""
            if not is_bare
            else window_text(node)
            if not cost
            else f"{pair_text(node.kernel)} {cost}"
            if node.kernel
            else ""
        )
        return bare or cell_text(node, cost)

    def _is_aside(self, chain: list[Node]) -> bool:
        return chain[0].kind == "gate" or chain[0].name in self.flow.shortcuts

    def _row_width(self, chain: list[Node], block: Block) -> int:
        texts = [*(self._text(node, "named") for node in chain), _branch(chain, block), self._shape(chain)]
        return sum(CHARACTER_WIDTH * len(text) + CELL_MARGIN for text in texts if text)

    def _line(self, nodes: list[Node], columns: int, style: RowStyle) -> Iterator[str]:
        for node in nodes:
            width = columns - len(nodes) + 1 if node is nodes[-1] else 1
            yield self.drawing.cell(node.name, self._text(node, style), node, width)


def _branch(chain: list[Node], block: Block) -> str:
    """The name of the submodule of the block in which the chain lies; not shown for a single operation."""
    inside = chain[0].name.removeprefix(f"{block.path}.").split(".")
    return inside[-2] if len(inside) > 1 and len(chain) > 1 else ""
