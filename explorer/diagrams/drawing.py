"""DOT under construction: boxes and tables of cells that can be selected."""

from __future__ import annotations

import html
from collections.abc import Iterable

import graphviz

from explorer.analysis.element import Element
from explorer.analysis.palette import INK, KINDS
from explorer.analysis.trace import Block, Node, Stage, Trace
from explorer.diagrams.flow import Flow
from explorer.diagrams.labels import element_for

FONT_SIZE = 16  # px
# Of nearly equal width, so that boxes measured with one of them fit text that is set in another.
FONTS = "Source Sans 3,Source Sans Pro,Helvetica,Arial,Liberation Sans,DejaVu Sans Condensed,sans-serif"
STRIP_LAYOUT = {"rankdir": "LR", "ranksep": "0.09", "nodesep": "0.05"}
BOXES_LAYOUT = {"rankdir": "TB", "ranksep": "0.05", "nodesep": "0.06"}
ROWS_LAYOUT = {"rankdir": "TB", "ranksep": "0.24", "nodesep": "0.16"}
LINE = "#5f646d"
FRAME = "#c4c8ce"
FRAME_FILL = "#f6f7f9"
SELECTION = "#b00020"
SKIP_LINE = KINDS["merge"].light_stroke
SKIP = {"class": "skip", "style": "dashed", "penwidth": "1.5", "color": SKIP_LINE, "weight": "0"}


class Drawing:
    """DOT under construction: the source, and the elements that can be selected in it."""

    def __init__(self, trace: Trace, layout: dict[str, str]) -> None:
        font = {"fontname": FONTS, "fontsize": str(FONT_SIZE), "fontcolor": INK}
        margin = "0.04,0.05" if layout is BOXES_LAYOUT else "0.08,0.05"
        box = {"shape": "box", "style": "rounded,filled", "margin": margin, "height": "0.32"}
        self.layout = layout
        self.trace = trace
        self.flow = Flow.of(trace)
        self.elements: dict[str, Element] = {}
        self.graph = graphviz.Digraph(
            graph_attr={"bgcolor": "white", "pad": "0.03"} | layout | font,
            node_attr=box | font,
            edge_attr={"arrowsize": "0.6", "color": LINE} | font,
        )

    def box(self, name: str, label: str, item: Node | Stage | Block, **attributes: str) -> None:
        """A node that can be selected."""
        self.elements[name] = element = element_for(self.trace, item)
        style = KINDS[element.kind]
        colours = {"fillcolor": style.light_fill, "color": style.light_stroke}
        self.graph.node(name, graphviz.escape(label), **{"id": name} | colours | attributes)

    def cell(self, name: str, text: str, item: Node | Block, columns: int = 1) -> str:
        """A table cell that can be selected. TITLE makes Graphviz write its ID."""
        self.elements[name] = element = element_for(self.trace, item)
        style, identifier = KINDS[element.kind], html.escape(name)
        return (
            f'<TD ID="{identifier}" TITLE="{identifier}" PORT="{identifier}" COLSPAN="{columns}" WIDTH="24"'
            f' BGCOLOR="{style.light_fill}" COLOR="{style.light_stroke}" BORDER="1">{html.escape(text)}</TD>'
        )

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
