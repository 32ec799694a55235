"""The selected block, built up piece by piece: what of its diagram is shown, and what is selected meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import streamlit as st

from explorer.analysis.trace import Block, Trace
from explorer.diagrams.build_up import Piece, hidden_after, pieces_of
from explorer.diagrams.flow import Flow
from explorer.ui import cache
from explorer.ui.link import NODE, Control, number
from explorer.ui.selection import selected

BUILD = "build"  # in the session and in the link; 0: the block is whole
MOST_PIECES = 999  # a bound for links; a block has as many as it has


@dataclass(frozen=True)
class Built:
    """A block of which the first `count` of its `pieces` are shown."""

    block: Block
    pieces: tuple[Piece, ...]
    count: int

    @property
    def hidden(self) -> tuple[str, ...]:
        """Ids of the elements and edges that are not shown yet."""
        return hidden_after(self.pieces, self.count) if self.count else ()


def build_control(trace: Trace) -> Control:
    """How many pieces are shown. It means something while the last one is selected: whoever selects another is done."""
    return number(BUILD, "Pieces of the block", 0, MOST_PIECES, active=lambda: built(trace).count > 0)


def built(trace: Trace) -> Built:
    """The block that is built up: that of the selected operation, or one to which it is the input."""
    node, count = selected(trace), st.session_state[BUILD]
    shown = node if node.stage else trace.node(trace.stages[0].output)  # the input belongs to no stage
    own = trace.block(shown.block)
    for block in (own, *_fed_by(trace, node.name)) if count else ():
        pieces = _pieces(trace.variant, block.path)
        if count <= len(pieces) and pieces[count - 1].selects == node.name:
            return Built(block, pieces, count)
    return Built(own, _pieces(trace.variant, own.path), 0)


def build_up(trace: Trace, count: int) -> None:
    """Show so many pieces of the block, and select what belongs to the last one; 0: the block is whole."""
    now = built(trace)
    if 0 <= count <= len(now.pieces):
        st.session_state[BUILD] = count
        st.session_state[NODE] = now.pieces[count - 1].selects if count else now.block.output


def _fed_by(trace: Trace, name: str) -> Iterator[Block]:
    blocks = dict.fromkeys(node.block for node in trace.nodes if name in node.inputs)
    return (trace.block(path) for path in blocks)


@cache.kept()
def _pieces(variant: str, path: str) -> tuple[Piece, ...]:
    trace = cache.trace(variant)
    return pieces_of(trace, trace.block(path), _flow(variant))


@cache.kept()
def _flow(variant: str) -> Flow:
    return Flow.of(cache.trace(variant))
