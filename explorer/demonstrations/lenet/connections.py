"""LeNet-5's C3, read in part or in full: which maps of S2 each of its maps reads, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from explorer.analysis.trace import trace_variant
from explorer.architectures.family import Variant
from explorer.architectures.lenet import LeNet5, connection_table, connections

Reading = Literal["partial", "full"]
Table = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Counts:
    """Parameters, connections (as the paper counts them, each unit's bias included) and multiply-accumulates."""

    parameters: int
    connections: int
    macs: int


def table(reading: Reading, s2_maps: int, c3_maps: int) -> Table:
    """For each map of C3 the maps of S2 that it reads: those of the paper's table I, or all."""
    if reading == "partial":
        return connection_table(s2_maps, c3_maps)
    return (tuple(range(s2_maps)),) * c3_maps


def counts(variant: Variant, reading: Reading) -> tuple[Counts, Counts]:
    """Of C3 and of the whole network, when C3 reads in part or in full; the rest of the variant stays as it is."""
    trace = trace_variant(variant, c3=reading)
    with torch.device("meta"):  # shapes suffice, and nothing is drawn at random
        network = variant.build(c3=reading)
    assert isinstance(network, LeNet5)
    linked = connections(network)
    c3 = trace.node("c3.conv")
    return (
        Counts(c3.params, linked["c3"], c3.macs),
        Counts(trace.params, sum(linked.values()), trace.macs),
    )
