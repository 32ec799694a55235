"""Colours for what the elements of a diagram cost: one scale for all diagrams of a network, with the numbers beside."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from explorer.analysis.palette import RAMP_LIGHT
from explorer.analysis.text import bytes_text, si
from explorer.analysis.trace import Block, Node, Stage, Trace

Metric = Literal["macs", "params", "memory"]
ColourBy = Literal["kind", "macs", "params", "memory"]

STEPS = len(RAMP_LIGHT.steps)
SPAN = 1000  # of the scale: what costs less than this part of the costliest stage has the same colour
_METRICS: dict[Metric, tuple[str, str, Callable[[int], str]]] = {
    "macs": ("MACs", "macs", si),
    "params": ("Parameters", "params", si),
    "memory": ("Activation memory", "activation_bytes", bytes_text),
}


@dataclass(frozen=True)
class Scale:
    """A log scale from `low` to `high`, the cost of the costliest stage; `is_open` if there is less than `low`."""

    metric: Metric
    low: int
    high: int
    is_open: bool

    @classmethod
    def of(cls, trace: Trace, metric: Metric) -> Scale:
        """The scale of all diagrams of a network."""
        field = _METRICS[metric][1]
        high = max(getattr(stage, field) for stage in trace.stages)
        least = min((getattr(node, field) for node in trace.nodes if getattr(node, field)), default=0)
        low = max(least, math.ceil(high / SPAN))
        return cls(metric, low, high, least < low)

    @property
    def label(self) -> str:
        """What is counted."""
        return _METRICS[self.metric][0]

    def cost(self, item: Node | Stage | Block) -> int:
        """What an operation costs, or all of a group together."""
        return int(getattr(item, _METRICS[self.metric][1]))

    def text(self, cost: int) -> str:
        """116_000_000 -> "116 M"."""
        return _METRICS[self.metric][2](cost)

    def step(self, cost: int) -> int | None:
        """Which of the ramp's colours, 0 to STEPS - 1; None for what costs nothing, which has no logarithm."""
        if cost <= 0:
            return None
        if self.high <= self.low:
            return STEPS - 1
        position = math.log(max(cost, self.low) / self.low) / math.log(self.high / self.low)
        return round(position * (STEPS - 1))

    @property
    def ends(self) -> tuple[str, str]:
        """The legend's numbers at the ramp's ends."""
        return ("≤ " if self.is_open else "") + self.text(self.low), self.text(self.high)
