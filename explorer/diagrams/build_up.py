"""A block built up piece by piece: its input, its layers one after the other, then the shortcut, then the sum."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.analysis.trace import Block, Node, Trace
from explorer.diagrams.flow import Flow

FEWEST_PIECES = 3  # of a block that is worth building up

Edge = tuple[str, str]  # the operations at its tail and at its head


@dataclass(frozen=True)
class Piece:
    """Operations and edges that appear together; `selects` is the operation whose maps belong to the piece.

    A shortcut that is the identity has no operation of its own: it selects what it carries.
    """

    nodes: tuple[str, ...]
    edges: tuple[Edge, ...]
    selects: str


def pieces_of(trace: Trace, block: Block, flow: Flow) -> tuple[Piece, ...]:
    """The pieces in the order in which they appear; none where the block has too few."""
    sources = [source for name in block.nodes for source in flow.inputs[name] if source not in block.nodes]
    pieces = [Piece(tuple(dict.fromkeys(sources)), (), sources[-1])] if sources else []
    main: list[str] = []  # of the piece that is being made
    shortcut: list[str] = []  # waits for its sum
    previous: Node | None = None

    def add(names: list[str], skips: tuple[Edge, ...] = ()) -> None:
        edges = (*((source, name) for name in names for source in flow.inputs[name]), *skips)
        if edges:
            pieces.append(Piece(tuple(names), edges, names[-1] if names else skips[-1][0]))
        names.clear()

    for node in map(trace.node, block.nodes):
        if node.name in flow.shortcuts:
            shortcut.append(node.name)
            continue
        skips = tuple((source, node.name) for source in flow.inputs[node.name] if (source, node.name) in flow.skips)
        if skips or (previous is not None and _starts(node, previous)):
            add(main)
        if skips:
            add(shortcut, skips)
        main.append(node.name)
        previous = node
    add(main)
    return tuple(pieces) if len(pieces) >= FEWEST_PIECES else ()


def _starts(node: Node, previous: Node) -> bool:
    """Whether an operation begins a piece: a layer does, and what follows it (a ReLU) belongs to it."""
    if node.kind == "gate":
        return previous.kind != "gate" or node.params > 0 or len(node.inputs) > 1
    is_layer = node.params > 0 and node.kind != "normalization"
    return is_layer or node.kind in ("merge", "pooling") or previous.kind == "merge"


def hidden_after(pieces: tuple[Piece, ...], count: int) -> tuple[str, ...]:
    """Ids of the elements and edges of a diagram that the first `count` pieces do not have."""
    shown = {n for p in pieces[:count] for n in p.nodes} | {e for p in pieces[:count] for e in p.edges}
    later = [item for p in pieces[count:] for item in (*p.nodes, *p.edges) if item not in shown]
    return tuple(dict.fromkeys(item if isinstance(item, str) else edge_id(*item) for item in later))


def edge_id(tail: str, head: str) -> str:
    """An edge's id in a diagram, by the operations that it joins."""
    return f"{tail}->{head}"
