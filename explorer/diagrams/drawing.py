"""DOT under construction: boxes and tables of cells that can be selected."""

from __future__ import annotations

import html
from collections.abc import Iterable

import graphviz

from explorer.analysis.element import Element
from explorer.analysis.palette import INK, KINDS, RAMP_LIGHT
from explorer.analysis.trace import Block, Node, Stage, Trace
from explorer.diagrams.flow import Flow
from explorer.diagrams.labels import element_for
from explorer.diagrams.scale import ColourBy, Scale

FONT_SIZE = 16  # px
# Of nearly equal width, so that boxes measured with one of them fit text that is set in another.
FONTS = "Source Sans 3,Source Sans Pro,Helvetica,Arial,Liberation Sans,DejaVu Sans Condensed,sans-serif"
STRIP_LAYOUT = {"rankdir": "LR", "ranksep": "0.09", "nodesep": "0.05"}
BOXES_LAYOUT = {"rankdir": "TB", "ranksep": "0.05", "nodesep": "0.06"}
ROWS_LAYOUT = {"rankdir": "TB", "ranksep": "0.16", "nodesep": "0.1"}
LINE = "#5f646d"
FRAME = "#c4c8ce"
FRAME_FILL = "#f6f7f9"
SELECTION = "#b00020"
SKIP_LINE = KINDS["merge"].light_stroke
SKIP = {"class": "skip", "style": "dashed", "penwidth": "1.5", "color": SKIP_LINE, "weight": "0"}


class Drawing:
    """DOT under construction: the source, and the elements that can be selected in it."""

    def __init__(self, trace: Trace, layout: dict[str, str], colour_by: ColourBy = "kind") -> None:
        font = {"fontname": FONTS, "fontsize": str(FONT_SIZE), "fontcolor": INK}
        margin = "0.04,0.05" if layout is BOXES_LAYOUT else "0.08,0.05"
        box = {"shape": "box", "style": "rounded,filled", "margin": margin, "height": "0.32"}
        self.layout = layout
        self.trace = trace
        self.flow = Flow.of(trace)
        self.scale = None if colour_by == "kind" else Scale.of(trace, colour_by)
        self.elements: dict[str, Element] = {}
        self.steps: dict[str, int | None] = {}  # of the scale, by element; an input has no cost of its own
        self.graph = graphviz.Digraph(
            graph_attr={"bgcolor": "white", "pad": "0.03"} | layout | font,
            node_attr=box | font,
            edge_attr={"arrowsize": "0.6", "color": LINE} | font,
        )

    def box(self, name: str, label: str, item: Node | Stage | Block, **attributes: str) -> None:
        """A node that can be selected."""
        fill, stroke = self._adopt(name, item)
        colours = {"fillcolor": fill, "color": stroke}
        self.graph.node(name, graphviz.escape(label), **{"id": name} | colours | attributes)

    def cell(self, name: str, text: str, item: Node | Block, columns: int = 1) -> str:
        """A table cell that can be selected. TITLE makes Graphviz write its ID."""
        fill, stroke = self._adopt(name, item)
        identifier = html.escape(name)
        return (
            f'<TD ID="{identifier}" TITLE="{identifier}" PORT="{identifier}" COLSPAN="{columns}" WIDTH="24"'
            f' BGCOLOR="{fill}" COLOR="{stroke}" BORDER="1">{html.escape(text)}</TD>'
        )

    def _adopt(self, name: str, item: Node | Stage | Block) -> tuple[str, str]:
        """Makes `name` an element; returns the colours of its fill and stroke in a file."""
        self.elements[name] = element = element_for(self.trace, item)
        style = KINDS[element.kind]
        if self.scale is None or element.kind == "input":
            return style.light_fill, style.light_stroke
        self.steps[name] = step = self.scale.step(self.scale.cost(item))
        return RAMP_LIGHT.none if step is None else RAMP_LIGHT.steps[step], LINE

    def cost(self, item: Node | Stage | Block) -> str:
        """What is written of an item's cost: nothing in a diagram of kinds, and of what costs nothing."""
        cost = 0 if self.scale is None else self.scale.cost(item)
        return self.scale.text(cost) if self.scale is not None and cost else ""

    def table(
        self, name: str, label: str, css_class: str, graph: graphviz.Digraph | None = None, **attributes: str
    ) -> None:
        """A node that consists of the cells in `label`."""
        look = {"shape": "plain", "style": "", "class": css_class}
        (graph or self.graph).node(name, f"<{label}>", **look | attributes)


NEW_LINE = '<BR ALIGN="LEFT"/>'


def table(rows: Iterable[str], **attributes: str) -> str:
    """Graphviz' HTML-like table of `rows`, each a row of `<TD>` cells."""
    written = "".join(f' {name.upper()}="{value}"' for name, value in attributes.items())
    return f"<TABLE{written}>{''.join(f'<TR>{row}</TR>' for row in rows)}</TABLE>"
