"""Squeeze-and-excitation seen at work: what a picture's gates are, and what becomes of it when they are altered.

Hu et al., arXiv 1709.01507. The gates of a pass are among what `Activations` keep, so looking at them costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from explorer.analysis.trace import Trace, trace_variant
from explorer.architectures.family import Variant
from explorer.runtime import colormaps
from explorer.runtime.activations import Activations, Answer, relative_change
from explorer.runtime.maps import FloatArray, IntArray, Message, QuantizedMaps, pack, show, statistics

# ---- blocks and their numbers ------------------------------------------------------------------------------


@dataclass(frozen=True)
class GateBlock:
    """One squeeze-and-excitation of a network.

    `path` is its module, `block` the block of the network around it, `maps` the operation that it gates;
    `hidden_channels` is the width between its two fully connected layers, `kind` the type of its gate.
    """

    path: str
    block: str
    maps: str
    shape: tuple[int, int, int]  # of the maps
    hidden_channels: int
    kind: str

    @property
    def channels(self) -> int:
        return self.shape[0]

    @property
    def reduction(self) -> float:
        """The ratio r."""
        return self.channels / self.hidden_channels

    @property
    def gate(self) -> str:
        """The operation that gives the gates."""
        return f"{self.path}.gate"

    @property
    def output(self) -> str:
        """The operation that multiplies the maps by them."""
        return f"{self.path}.mul"


def gate_blocks(trace: Trace) -> tuple[GateBlock, ...]:
    """The gates of a network, in order; none for most."""
    found = []
    for n in trace.nodes:
        if n.kind == "gate" and n.type == "mul":
            channels, height, width = n.out_shape
            hidden = trace.node(f"{n.path}.fc1").out_shape[0]
            kind = trace.node(f"{n.path}.gate").type
            found.append(GateBlock(n.path, n.block, n.inputs[0], (channels, height, width), hidden, kind))
    return tuple(found)


@dataclass(frozen=True)
class GateActivity:
    """One block's numbers for one picture: `squeeze`, `excitation` (before the gate) and `gate` are (C,)."""

    block: GateBlock
    squeeze: FloatArray
    hidden: FloatArray  # (C / r,), after the ReLU
    excitation: FloatArray
    gate: FloatArray

    def rank(self, channel: int) -> int:
        """The place of a channel's gate among all, 1 for the most open; equal ones share the best place."""
        return 1 + int((self.gate > self.gate[channel]).sum())


def _vector(activations: Activations, name: str) -> FloatArray:
    return activations.maps(name).numpy().reshape(-1)


def gate_activity(activations: Activations, block: GateBlock) -> GateActivity:
    """The numbers of one block."""
    parts = (f"{block.path}.{part}" for part in ("squeeze", "relu", "fc2", "gate"))
    return GateActivity(block, *(_vector(activations, part) for part in parts))


def gates_of(activations: Activations, blocks: Sequence[GateBlock]) -> list[FloatArray]:
    """The gates of all blocks, each (C,)."""
    return [_vector(activations, block.gate) for block in blocks]


def record(activations: Activations, block: GateBlock) -> dict[str, Any]:
    """One block for a machine to read."""
    r = block.reduction
    return {
        "node": block.gate,
        "channels": block.channels,
        "reduction": int(r) if r.is_integer() else r,
        "squeeze": _vector(activations, f"{block.path}.squeeze").tolist(),
        "gate": _vector(activations, block.gate).tolist(),
    }


# ---- many blocks in one picture ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Resampled:
    """Vectors of different lengths as rows of one picture; all arrays are (rows, columns).

    Where a row has more numbers than columns, a cell is the mean of `count` neighbours from number `first` on;
    each number belongs to one cell. Where it has fewer, neighbouring cells repeat one number.
    """

    values: FloatArray
    first: IntArray
    count: IntArray


def resample(vectors: Sequence[FloatArray], most_columns: int = 256) -> Resampled:
    """All vectors with as many columns as the longest has numbers, or `most_columns`."""
    columns = min(most_columns, max(map(len, vectors)))
    rows = [_resampled(vector, columns) for vector in vectors]
    values, first, count = (np.stack(part) for part in zip(*rows, strict=True))
    return Resampled(values, first, count)


def _resampled(vector: FloatArray, columns: int) -> tuple[FloatArray, IntArray, IntArray]:
    first = np.arange(columns) * len(vector) // columns
    if len(vector) <= columns:
        return vector[first], first, np.ones_like(first)
    count = np.diff(first, append=len(vector))
    sums = np.add.reduceat(vector.astype(np.float64), first)
    return (sums / count).astype(np.float32), first, count


def spread(pictures: Sequence[Sequence[FloatArray]]) -> list[float]:
    """How much each block's gates differ between pictures: the standard deviation, averaged over the channels.

    Hu et al. compare classes so (section 6.4): early gates are alike for all, late ones are not.
    """
    return [float(np.std(np.stack(gates), axis=0).mean()) for gates in zip(*pictures, strict=True)]


def mean_difference(one: Sequence[FloatArray], other: Sequence[FloatArray]) -> list[float]:
    """How much each block's gates differ between two pictures: without the sign, averaged over the channels."""
    return [float(np.abs(a - b).mean()) for a, b in zip(one, other, strict=True)]


def average(pictures: Sequence[Sequence[FloatArray]]) -> list[FloatArray]:
    """Each block's gates, averaged over the pictures."""
    return [np.mean(np.stack(gates), axis=0) for gates in zip(*pictures, strict=True)]


# ---- altered gates -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Effect:
    """What an alteration does to the maps after a gate and to the network's answer."""

    pairs: Pairs
    before: Answer
    after: Answer
    change: float  # of the logits: L2 norm of the difference, relative to the original's


def effect(before: Activations, after: Activations, block: GateBlock, channel: int) -> Effect:
    """What altered gates change; shown are the maps of one `block`, those of `channel` first."""
    return Effect(
        pairs(before, after, block, channel),
        before.answer,
        after.answer,
        relative_change(before.logits, after.logits),
    )


# ---- cost --------------------------------------------------------------------------------------------------


def has_reduction(variant: Variant) -> bool:
    """Whether the ratio r of the variant's gates can be chosen, and not only whether it has gates."""
    reduction = getattr(variant.config, "squeeze_excitation", None)
    return reduction is not None and not isinstance(reduction, bool)


def trace_without_gates(variant: Variant) -> Trace:
    """The same network without its gates, and without what exists for them alone."""
    config = variant.config
    ablations: dict[str, Any] = {"squeeze_excitation": None if has_reduction(variant) else False}
    if getattr(config, "relu_before_gate", False):
        ablations["relu_before_gate"] = False
    return trace_variant(variant, **ablations)


def trace_with_reduction(variant: Variant, reduction: int) -> Trace:
    """The same network with another ratio r. Raises ValueError for a ratio below 1."""
    return trace_variant(variant, squeeze_excitation=reduction)


# ---- messages for the browser ------------------------------------------------------------------------------


def block_message(activations: Activations, r: GateActivity) -> Message:
    """One block's bars and maps: float32 squeeze, hidden, gate, low and high; uint8 maps (C, H, W).

    The maps after the gate are not sent: they are those before it, times the gate.
    """
    shown, colours = _quantized(activations.maps(r.block.maps).numpy())
    header = {"path": r.block.path, "shape": r.block.shape, "hidden": len(r.hidden), **colours}
    vectors = (r.squeeze, r.hidden, r.gate, shown.low, shown.high)
    return Message(header, b"".join(v.astype("<f4").tobytes() for v in vectors) + shown.values.tobytes())


def _quantized(values: FloatArray) -> tuple[QuantizedMaps, dict[str, Any]]:
    """Maps (C, H, W) as bytes, and how the browser colours them."""
    stats = statistics(values)
    shown = show(values, stats, stats.order())
    assert isinstance(shown, QuantizedMaps)  # what is gated are maps
    colours = colormaps.as_text()["diverging" if stats.signed else "sequential"]
    return shown, {"signed": stats.signed, "colormap": colours}


@dataclass(frozen=True)
class Pairs:
    """The maps that changed most, or those of one channel first, and how much all of them changed together."""

    message: bytes
    change: float


def pairs(before: Activations, after: Activations, block: GateBlock, first: int, count: int = 6) -> Pairs:
    """The maps after a block's gates, original and altered: `first`'s, then those that change most (L2)."""
    old, new = before.maps(block.output), after.maps(block.output)
    changes = (new - old).flatten(1).norm(dim=1).numpy()
    order = [c for c in np.argsort(-changes, kind="stable") if c != first and changes[c]]
    channels = np.array([first, *order[: count - 1]])
    # One scale for both of a pair.
    shown, colours = _quantized(torch.cat([old[channels], new[channels]], dim=1).numpy())
    header = {
        "shape": (len(channels), *block.shape[1:]),
        "channels": channels.tolist(),
        "gates": [_vector(a, block.gate)[channels].tolist() for a in (before, after)],
        "low": shown.low.tolist(),
        "high": shown.high.tolist(),
        **colours,
    }
    return Pairs(pack(header, shown.values.tobytes()), relative_change(old, new))
