"""The operation that a page is about: clicked in a diagram, named by the link, or chosen by the tour."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

import streamlit as st

from explorer.analysis.trace import Node, Trace, UnknownNode
from explorer.ui.link import NODE, Control

SHOWN_IN = "selection-shown-in"  # in the session: the keys of all fragments that show it at present


def node_control(trace: Trace) -> Control:
    """The selected operation of a variant.

    The default lies in its second stage: the sum of a unit with an identity shortcut, or else the first block's output.
    """
    stage = trace.stages[min(1, len(trace.stages) - 1)]
    default = trace.identity_sum(stage) or trace.node(stage.blocks[0].output)
    return Control(NODE, "Operation", partial(node_called, trace), lambda: default.name)


def node_called(trace: Trace, text: str) -> str:
    """The operation that a link means, which may name a block or a stage. Raises ValueError with a sentence."""
    try:
        return trace.resolve(text).name
    except UnknownNode as error:
        raise ValueError(str(error)) from None


def selected(trace: Trace) -> Node:
    """The operation that this page shows; `trace` is the variant's own, or that of the network that runs."""
    return trace.node(st.session_state[NODE])


def select(name: str) -> None:
    """Select another operation and draw anew what shows it, and nothing else; for a widget's callback."""
    st.session_state[NODE] = name
    st.rerun(st.session_state[SHOWN_IN])


def enclosing(paths: Collection[str], node: Node) -> str | None:
    """Of paths of stages or blocks, the one that the node lies in."""
    return next((path for path in (node.block, node.stage) if path in paths), None)
