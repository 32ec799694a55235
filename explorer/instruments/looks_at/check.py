"""Can a heat map be believed? It has to change with the weights, and the network's answer with its pixels.

Adebayo et al., "Sanity Checks for Saliency Maps", arXiv 1810.03292: the layers' weights are drawn at random, one layer
after the other from the top; a map that stays the same shows the picture, not what was learned. Petsiuk et al., RISE,
arXiv 1806.07421: the answer as the most important pixels go, or come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.analysis.initialization import Seeded, Unfilled
from explorer.analysis.trace import Trace
from explorer.instruments.looks_at.compute import INPUT, Baseline, Target, measured, stretched, without
from explorer.runtime.activations import Activations
from explorer.runtime.maps import DoubleArray, FloatArray, IntArray
from explorer.runtime.weights.network import Network

SEED = 1  # not that of the untrained networks, which would be the same as their random twin
MOST_DEPTHS = 8  # of randomisation, beside none
LIMIT = 0.7  # of the rank correlation: a map that stays as alike without half of what was learned fails
STEPS = 20  # of the way from no pixel to all
SQUARES = 14  # of the random order, along the side

Layer = tuple[str, ...]  # paths of modules: a convolution or linear layer, and what scales and shifts after it


# ---- random weights ----------------------------------------------------------------------------------------


def layers(trace: Trace, node: str) -> tuple[Layer, ...]:
    """What has weights of all that an operation depends on, from the top: the last that runs comes first."""
    upstream = trace.upstream(node)
    found: list[Layer] = []
    for n in trace.nodes:
        if n.name not in upstream or not n.params or any(n.path in layer for layer in found):
            continue
        if n.macs or not found:
            found.append((n.path,))
        else:
            found[-1] = (*found[-1], n.path)
    return tuple(reversed(found))


def depths(count: int) -> tuple[int, ...]:
    """How many of `count` layers are random at each step: none, then about evenly up to all."""
    return tuple(sorted({round(i * count / MOST_DEPTHS) for i in range(MOST_DEPTHS + 1)} | {min(1, count)}))


def random_twin(network: Network) -> Network:
    """The same network, as wide, as it was before any training: seeded."""
    with Seeded(SEED):
        model = network.variant.build().requires_grad_(False)
    return replace(network, model=model.to(network.device))


def randomised(network: Network, twin: Network, random: Sequence[Layer]) -> Network:
    """A copy in which these layers have the twin's weights and statistics; the others are shared. None is altered."""
    paths = {path for layer in random for path in layer}
    own, drawn = network.model.state_dict(), twin.model.state_dict()
    mixed = {name: (drawn if name.rpartition(".")[0] in paths else own)[name] for name in own}
    with Unfilled():
        model = network.variant.build()
    model.load_state_dict(mixed, assign=True)
    return replace(network, model=model.requires_grad_(False).to(network.device))


# ---- what is compared --------------------------------------------------------------------------------------


def rank_correlation(a: FloatArray, b: FloatArray) -> float:
    """Spearman's: 1 where both have the same order, 0 where one says nothing of the other; NaN where one has none."""
    first, second = (_ranks(v.ravel()) - (v.size - 1) / 2 for v in (a, b))
    norm = float(np.sqrt((first @ first) * (second @ second)))
    return float(first @ second) / norm if norm else float("nan")


def _ranks(values: FloatArray) -> DoubleArray:
    """From 0; equal values share the mean of theirs."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    return ((np.cumsum(counts) - (counts + 1) / 2)[which]).astype(np.float64)


def edges(x: Tensor) -> FloatArray:
    """How strong the edges of an input (C, H, W) are, (H, W): the length of Sobel's two differences. It knows no
    network.
    """
    grey = F.pad(x.mean(0, keepdim=True)[None], (1, 1, 1, 1), mode="replicate")
    across = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    found = F.conv2d(grey, torch.stack([across, across.T])[:, None])[0]
    return np.asarray(found.square().sum(0).sqrt().numpy(), np.float32)


@dataclass(frozen=True)
class Check:
    """How alike a method's maps are to the trained network's, by how many layers are random.

    Attributes:
        random: how many layers, from the top, at each step; the first is none, the last all.
        sizes: the rank correlations of the maps' absolute values.
        signed: those of the values themselves, where there are negative ones.
        edges: that of the trained network's map with an edge detector's picture.
    """

    random: tuple[int, ...]
    sizes: tuple[float, ...]
    signed: tuple[float, ...] | None
    edges: float

    @property
    def half(self) -> tuple[int, ...]:
        """The steps at which some layers are random, and at most the upper half."""
        return tuple(i for i, count in enumerate(self.random) if 0 < count <= max(1, self.random[-1] // 2))

    @property
    def alike(self) -> float:
        """How alike the maps are then, on average; a map of zeros has no order, and is left out. NaN where all are."""
        known = [self.sizes[step] for step in self.half if not np.isnan(self.sizes[step])]
        return float(np.mean(known)) if known else float("nan")

    @property
    def passes(self) -> bool | None:
        """Whether the map changes with what was learned; None where no map has an order.

        `LIMIT` is ours: the paper shows curves and maps.
        """
        return None if np.isnan(self.alike) else self.alike < LIMIT


def check(maps: Sequence[FloatArray], random: Sequence[int], signed: bool, edge_picture: FloatArray) -> Check:
    """Compare the maps with the first of them."""
    first, side = maps[0], edge_picture.shape[-1]
    return Check(
        tuple(random),
        tuple(rank_correlation(np.abs(first), np.abs(m)) for m in maps),
        tuple(rank_correlation(first, m) for m in maps) if signed else None,
        rank_correlation(np.abs(stretched(first, side)), edge_picture),
    )


# ---- pixels that go and come -------------------------------------------------------------------------------


def order_of(values: FloatArray) -> IntArray:
    """The pixels' numbers, the most important first; what speaks against it comes last."""
    return np.argsort(-values, axis=None, kind="stable")


def random_order(side: int) -> IntArray:
    """Squares in a random order, seeded: single pixels would make a noise that no picture has."""
    drawn = np.random.default_rng(SEED).permutation(SQUARES * SQUARES).reshape(SQUARES, SQUARES)
    places = np.arange(side) * SQUARES // side
    return np.argsort(drawn[np.ix_(places, places)], axis=None, kind="stable")


def shares(steps: int = STEPS) -> DoubleArray:
    """Of the pixels, from none to all."""
    return np.linspace(0, 1, steps + 1)


def faded(
    activations: Activations,
    target: Target,
    order: IntArray,
    steps: Sequence[int],
    gone: Baseline,
    coming: bool,
) -> FloatArray:
    """What a person reads of the target at these steps, as pixels go in their order, or, with `coming`, come."""
    side = activations.maps(INPUT).shape[-1]
    place = torch.empty(side * side, dtype=torch.long)
    place[torch.from_numpy(order)] = torch.arange(side * side)
    counts = torch.tensor([round(float(shares()[step]) * side * side) for step in steps])
    first = (place[None] < counts[:, None]).reshape(-1, 1, side, side)

    def rows(x: Tensor) -> Tensor:
        nothing, seen = without(activations, x, gone), first.to(x.device)
        return torch.where(seen, x, nothing) if coming else torch.where(seen, nothing, x)

    return measured(activations, target, rows)


def area(values: FloatArray) -> float:
    """Under the curve over `shares`: the mean height."""
    return float(np.trapezoid(values, shares(len(values) - 1)))
