"""Where a network's parameters and multiplications sit: stages, and the layers in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from explorer.analysis.trace import Trace
from explorer.analysis.types import Kind

Quantity = Literal["params", "macs"]


@dataclass(frozen=True)
class Part:
    """The network (`parent` ""), a stage of it, or a layer of a stage (with a `kind`)."""

    path: str
    parent: str
    amount: int
    kind: Kind | None = None


def parts(trace: Trace, quantity: Quantity) -> tuple[Part, ...]:
    """All parts that have any of a quantity, the network first; amounts of layers add up to those of their parents."""
    layers = [Part(n.name, n.stage, getattr(n, quantity), n.kind) for n in trace.nodes if getattr(n, quantity)]
    sums = {s.path: sum(layer.amount for layer in layers if layer.parent == s.path) for s in trace.stages}
    stages = [Part(path, trace.variant, amount) for path, amount in sums.items() if amount]
    return Part(trace.variant, "", sum(sums.values())), *stages, *layers


def pooled_head_params(trace: Trace) -> int:
    """The parameters of one fully connected layer with biases after a global average pooling, instead of the head."""
    channels = [n.out_shape[0] for n in trace.nodes if len(n.out_shape) == 3][-1]
    return (channels + 1) * trace.output.out_shape[0]
