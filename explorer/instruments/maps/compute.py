"""What can stand beside an operation's maps."""

from __future__ import annotations

from explorer.analysis.trace import Node, Trace


def comparable(trace: Trace, node: Node) -> dict[str, str]:
    """The operations of the node's block and those that it reads, by name, with their words: what can stand beside."""
    inside = [n for n in trace.nodes if n.block == node.block and n.stage == node.stage]
    names = {n.name for n in inside}
    read = dict.fromkeys(name for n in inside for name in n.inputs if name not in names)
    words = {name: f"input: {name}" for name in read}
    words |= {n.name: n.name.removeprefix(f"{node.block}.") for n in inside}
    words.pop(node.name)
    return words
