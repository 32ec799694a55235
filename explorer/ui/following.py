"""The select box of a demonstration: it follows the selection in the diagrams, and the link says where it does not."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import streamlit as st

from explorer.analysis.trace import Node, Trace
from explorer.ui.link import asked, fresh, seed


@dataclass(frozen=True)
class Follower:
    """`key` is its name in the session and in the link, `what` names its options to people.

    A page calls `begin` before its screen, and `follow` for it.
    """

    key: str
    what: str

    @property
    def _last(self) -> str:
        return f"{self.key}-followed"

    def begin(self, options: Collection[str]) -> None:
        """Give it its value: the link's, or as before, or the first one."""
        state = st.session_state
        if fresh():
            state.pop(self.key, None)
            state.pop(self._last, None)
        if asked(self.key):
            state[self._last] = None  # the link's own wish wins over that of the link's node
        seed(self.key, options, next(iter(options)), self.what)

    def follow(self, trace: Trace, node: Node, path: str | None) -> bool:
        """Turn to `path`, the option that the selected node belongs to, if any; whether that is another than before."""
        state, now = st.session_state, (trace.variant, node.name)
        before = state.get(self._last, ())
        state[self._last] = now
        moved = path is not None and path != state[self.key] and before not in (None, now)
        if moved:
            state[self.key] = path
        return moved

    def in_link(self, usual: str | None) -> dict[str, str]:
        """What the link has to say: nothing where the box shows `usual`, which follows from the node."""
        chosen: str = st.session_state[self.key]
        return {} if chosen == usual else {self.key: chosen}


def enclosing(options: Collection[str], node: Node) -> str | None:
    """Of paths of stages or blocks, the one that the node lies in."""
    return next((path for path in (node.block, node.stage) if path in options), None)
