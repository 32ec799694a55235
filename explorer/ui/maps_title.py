"""What stands above an operation's maps: how many there are, and what is not as in the paper."""

from __future__ import annotations

from explorer.analysis.text import pair_text, thousands
from explorer.analysis.trace import Node
from explorer.runtime.run import Run
from explorer.runtime.weights.bundled import AS_WIDE, manifest
from explorer.runtime.weights.network import BUNDLED, NARROW, NARROW_WIDTH, is_untrained
from explorer.ui import cache

UNTRAINED_BADGE = ":orange-badge[untrained]"


def maps_title(run: Run, node: Node) -> str:
    """The maps of an operation in words, as Markdown: "64 maps of 56×56", and why the paper's network has others.

    Args:
        run: whose maps they are; random weights get a badge.
        node: the operation, of the variant's own trace or of that of the network that runs.
    """
    published = cache.trace(run.variant).node(node.name).out_shape[0]
    channels, *size = cache.running_trace(run).node(node.name).out_shape
    words = f"{thousands(channels)} {_noun(channels, size)}"
    if channels != published:
        words += f" (paper: {thousands(published)}{_why(run, node.name)})"
    return f"{words} {UNTRAINED_BADGE}" if is_untrained(run.weights) else words


def _noun(channels: int, size: list[int]) -> str:
    maps = size not in ([], [1, 1])
    noun = ("map" if maps else "value") + ("" if channels == 1 else "s")
    return f"{noun} of {pair_text(size)}" if maps else noun


def _why(run: Run, node: str) -> str:
    """Why our network has fewer: it is narrow, or knows few classes."""
    if run.weights == NARROW:
        return f"; ours is {AS_WIDE[NARROW_WIDTH]}"
    if run.weights != BUNDLED:
        return ""
    bundled = manifest()[run.variant]
    if cache.class_names(run, node):
        return f"; ours knows {len(bundled.classes)} classes"
    return f"; ours is {bundled.width_in_words}"
