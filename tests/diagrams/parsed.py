"""What stands in a diagram, read from its DOT and SVG."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

import pygraphviz

from explorer.analysis.trace import Block, Stage, Trace
from explorer.diagrams import Diagram, block_diagram, network_diagram, stage_diagram

SVG = "{http://www.w3.org/2000/svg}"
# Units, which are pixels at 1280x720, where a text of 16 units is as large as the page's:
STRIP_WIDTH = 968  # of the page beside the sidebar
STRIP_HEIGHT = 125
COLUMN_WIDTH = 610  # of half the page without the sidebar
COLUMN_HEIGHT = 430  # of a stage's diagram and a block's together
GAP = 8  # between both


def kind_of(block: Block) -> tuple[str, ...]:
    """What dense layers of one stage have in common, though each is wider than the one before."""
    return (block.type, *(name.removeprefix(block.path) for name in block.nodes))


def distinct_blocks(stage: Stage) -> list[Block]:
    """The last block of each kind: the widest."""
    return list({kind_of(block): block for block in stage.blocks}.values())


def linked_diagrams(t: Trace) -> Iterator[Diagram]:
    """The strip, all stages, and a block of each kind in each stage."""
    yield network_diagram(t)
    for stage in t.stages:
        yield stage_diagram(t, stage.path)
        for block in distinct_blocks(stage):
            yield block_diagram(t, block.path)


def groups(svg: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter(f"{SVG}g"))


def size(diagram: Diagram) -> tuple[float, float]:
    root = ElementTree.fromstring(diagram.svg())
    assert root.attrib["viewBox"].split()[2:] == [root.attrib["width"], root.attrib["height"]]
    return float(root.attrib["width"]), float(root.attrib["height"])


def cells(diagram: Diagram) -> dict[str, list[str]]:
    """The elements in each DOT node, in order: itself, or its table cells; without shapes."""
    graph = pygraphviz.AGraph(string=diagram.dot)
    nodes = [node for node in graph.nodes() if node.attr["class"] != "label"]
    return {node: re.findall(r'<TD ID="([^"]+)"', node.attr["label"] or "") or [str(node)] for node in nodes}


def edges(diagram: Diagram) -> dict[tuple[str, str], bool]:
    """Edges from the last element of a DOT node to the first of another: whether they are drawn as skips."""
    inside, graph = cells(diagram), pygraphviz.AGraph(string=diagram.dot)
    found = {}
    for edge in graph.edges():
        if edge.attr["style"] != "invis":
            tail, head = reversed(edge) if edge.attr["dir"] == "back" else edge
            found[inside[tail][-1], inside[head][0]] = edge.attr["class"] == "skip"
    return found


def skips(diagram: Diagram) -> set[tuple[str, str]]:
    return {edge for edge, is_skip in edges(diagram).items() if is_skip}


def arcs(diagram: Diagram) -> set[str]:
    """The boxes of a strip with an arc over them: what lies between both ends of a skip edge."""
    graph = pygraphviz.AGraph(string=diagram.dot)
    found = set()
    for start, end in (e for e in graph.edges() if e.attr["class"] == "skip"):
        box = (set(graph.successors(start)) & set(graph.predecessors(end))) - {start, end}
        assert len(box) == 1
        found |= box
    return found


def texts(diagram: Diagram) -> list[str]:
    return [(text.text or "").strip() for text in ElementTree.fromstring(diagram.svg()).iter(f"{SVG}text")]
