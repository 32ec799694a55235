"""What only LeNet-5 has: the links from S2 to C3, in part or in full, and the distances from ten bitmaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from explorer.analysis.trace import Trace, trace_variant
from explorer.architectures.family import Variant
from explorer.architectures.lenet import LeNet5, RBFOutput, connection_table, connections
from explorer.instruments.kernels.compute import kernels
from explorer.runtime import colormaps
from explorer.runtime.activations import Activations
from explorer.runtime.maps import FloatArray, encode_all, pack

ConnectionScheme = Literal["partial", "full"]
Table = tuple[tuple[int, ...], ...]

BITMAP = (12, 7)  # rows and columns of the pictures that F6 and the codes are


# ---- which maps of S2 each map of C3 reads ------------------------------------------------------------------


@dataclass(frozen=True)
class Counts:
    """Parameters, connections (as the paper counts them, each unit's bias included) and multiply-accumulates."""

    parameters: int
    connections: int
    macs: int


def table(scheme: ConnectionScheme, s2_maps: int, c3_maps: int) -> Table:
    """For each map of C3 the maps of S2 that it reads: those of the paper's table I, or all."""
    if scheme == "partial":
        return connection_table(s2_maps, c3_maps)
    return (tuple(range(s2_maps)),) * c3_maps


def counts(variant: Variant, scheme: ConnectionScheme) -> tuple[Counts, Counts]:
    """Of C3 and of the whole network, when C3 reads in part or in full; the rest of the variant stays as it is."""
    trace = trace_variant(variant, c3=scheme)
    with torch.device("meta"):  # shapes suffice, and nothing is drawn at random
        network = variant.build(c3=scheme)
    assert isinstance(network, LeNet5)
    linked = connections(network)
    c3 = trace.node("c3.conv")
    return (
        Counts(c3.params, linked["c3"], c3.macs),
        Counts(trace.params, sum(linked.values()), trace.macs),
    )


# ---- links from S2 to C3 -----------------------------------------------------------------------------------


def links_message(activations: Activations, trace: Trace, table: Table) -> bytes:
    """The maps of S2 and C3 with the links of `table`, for the browser; bodies are uint8, limits in the header.

    Where `table` is that of the network that ran, each link's kernel comes too.
    """
    own = kernels(activations.network, "c3.conv")
    parts = [activations.maps(trace.stage(stage).blocks[-1].output).numpy() for stage in ("s2", "c3")]
    if table == tuple(map(tuple, own.sources)):
        parts.append(np.concatenate(own.filters))
    encoded = [encode_all(maps) for maps in parts]
    header = {
        "table": table,
        "parts": [maps.header for maps in encoded],
        "colormaps": colormaps.as_text(),
    }
    return pack(header, b"".join(maps.body for maps in encoded))


# ---- distances from the bitmaps ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Distances:
    """F6 as a picture (12, 7), the codes (10, 12, 7), and the network's ten outputs (10,): squared distances."""

    f6: FloatArray
    codes: FloatArray
    values: FloatArray

    @property
    def nearest(self) -> int:
        """The digit whose code is nearest: the network's answer."""
        return int(self.values.argmin())

    def squares(self, digit: int) -> npt.NDArray[np.float64]:
        """The squared difference at each pixel, (12, 7); their sum is the digit's distance."""
        difference: npt.NDArray[np.float64] = self.f6.astype(np.float64) - self.codes[digit]
        return difference**2


def distances(activations: Activations, trace: Trace) -> Distances | None:
    """What the RBF output computes for a picture; None for a network that ends with logits."""
    output = trace.output
    unit = activations.network.model.get_submodule(output.path)
    if not isinstance(unit, RBFOutput):
        return None
    f6 = activations.maps(output.inputs[0]).numpy().reshape(BITMAP)
    codes = unit.codes.numpy(force=True).reshape(-1, *BITMAP)
    return Distances(f6, codes, activations.logits.numpy())
