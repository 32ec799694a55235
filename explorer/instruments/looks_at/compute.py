"""Where a network looks: for a class's score, or for one value of one map, a heat map over the input.

Each method is a few lines on what a pass kept. All take the network as it is edited. Those that need many passes are
asked for in batches: `batches` says which, `piece` computes one, `joined` makes the map of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.transforms.functional import gaussian_blur

from explorer.analysis.trace import Node, Trace
from explorer.demonstrations.class_activation.compute import PooledHead, class_activation, pooled_head
from explorer.runtime.activations import Activations, Operation, Slope, in_batches, outputs_with, slope
from explorer.runtime.maps import FloatArray
from explorer.runtime.weights.network import Network

Method = Literal["gradient", "smooth", "times", "cam", "grad-cam", "layer-cam", "occlusion", "integrated", "guided"]
Baseline = Literal["black", "grey", "blurred"]
Place = tuple[int, ...]  # of a value: (channel, row, column) of maps, (index,) of a vector
Corner = tuple[int, int]  # of a patch: its first row and column

INPUT = "input"  # the operation that is the input, in every network
GRID = 14  # places of the patch, each way
SAMPLES = 16  # of the smoothed gradient
NOISE = 15  # % of the input's range
INTEGRAL_STEPS = 32
PATCHES = 4  # of the patch's side along the input's
BLUR = 0.04  # the standard deviation of the blur, as a share of the side
BACK_AND_FORTH = 3  # passes that a gradient costs: the way back takes about two
TOP = 0.1  # the share of the pixels that is told of
SIGNED = ("times", "occlusion", "integrated", "cam")  # what speaks against it is negative
GUIDED: Method = "guided"  # is only tested, and fails
OFFERED: tuple[Method, ...] = tuple(method for method in get_args(Method) if method != GUIDED)
AT_MAPS = ("grad-cam", "layer-cam")  # made of an operation's maps, of whichever


@dataclass(frozen=True)
class Target:
    """What is looked for: a value, by its operation and place; with `is_class`, the score of the class (index,)."""

    node: str
    place: Place
    is_class: bool

    def score(self, network: Network, output: Tensor) -> Tensor:
        """The number itself, (N,), of the operation's output: of a class before softmax."""
        if self.is_class:
            return network.scores(output)[:, self.place[0]]
        for index in self.place:
            output = output[:, index]
        return output

    def measured(self, network: Network, output: Tensor) -> Tensor:
        """What a person reads of it, (N,): of a class its probability."""
        if self.is_class:
            return network.scores(output).softmax(-1)[:, self.place[0]]
        return self.score(network, output)


@dataclass(frozen=True)
class Way:
    """How it is looked for: a method and what that depends on; the rest stays 0.

    Attributes:
        at: of Grad-CAM and LayerCAM, the operation whose maps are weighted; of CAM, `head.maps`.
        head: of CAM, what makes scores of the last maps.
        samples, noise: of the smoothed gradient; the noise's standard deviation in % of the input's range.
        steps, baseline: of integrated gradients.
        patch: of occlusion, its side in pixels.
    """

    method: Method
    at: str = ""
    head: PooledHead | None = None
    samples: int = 0
    noise: int = 0
    steps: int = 0
    baseline: Baseline = "grey"
    patch: int = 0

    @property
    def passes(self) -> int:
        """How many inputs the network sees for it."""
        return {"smooth": self.samples, "integrated": self.steps, "occlusion": GRID * GRID}.get(self.method, 1)

    @property
    def signed(self) -> bool:
        return self.method in SIGNED


@dataclass(frozen=True)
class HeatMap:
    """The relevance of each place, (H, W): of each pixel, or of each position of the weighted maps.

    `total` is the sum of the map and `difference` that of the scores with the picture and with the baseline, where the
    two should be one: of integrated gradients. `lowest` is what is left with the patch that costs most, and `at` where
    that lies, (row, column) as shares of the way: of occlusion.
    """

    values: FloatArray
    signed: bool
    total: float | None = None
    difference: float | None = None
    lowest: float | None = None
    at: tuple[float, float] | None = None

    @property
    def error(self) -> float | None:
        """How far the sum is from the difference of the scores, relative to that."""
        if self.total is None or not self.difference:
            return None
        return abs(self.total - self.difference) / abs(self.difference)


# ---- what is looked for ------------------------------------------------------------------------------------


def class_target(network: Network, number: int) -> Target:
    """The score of a class."""
    return Target(network.classifier.meta["name"], (number,), True)


def largest(activations: Activations, node: str, channel: int | None) -> Target:
    """The largest value of an operation's map, or of all its maps; of a vector, too."""
    values = activations.maps(node)
    kept = values if channel is None else values[channel : channel + 1]
    index, *where = (int(i) for i in np.unravel_index(int(kept.argmax()), kept.shape))
    return Target(node, (index if channel is None else channel, *where), False)


def number_of(activations: Activations, target: Target) -> float:
    """What a person reads of the target: a probability, or the value."""
    if target.is_class:
        return float(activations.answer.probabilities[target.place[0]])
    return float(activations.maps(target.node)[target.place])


def last_maps(trace: Trace, node: str) -> str:
    """The last operation with maps of several positions that this one depends on; the paper's choice for Grad-CAM.

    Of a value inside of a block, what its block reads: at the value's own operation nothing could be weighted.
    """
    upstream, own = trace.upstream(node), trace.node(node)
    outside = own.block if _is_map(own) else None
    names = [n for n in trace.nodes if n.name in upstream and _is_map(n) and (n.block != outside or not n.inputs)]
    return names[-1].name


def can_be_weighted(trace: Trace, node: str, target: Target) -> bool:
    """Whether Grad-CAM can be made at this operation: it has maps, and the target depends on them."""
    return node != target.node and _is_map(trace.node(node)) and node in trace.upstream(target.node)


def _is_map(node: Node) -> bool:
    return len(node.out_shape) == 3 and node.out_shape[1] * node.out_shape[2] > 1


def default_way(method: Method, trace: Trace, target: Target, node: str | None = None) -> Way:
    """A method with what is usual; Grad-CAM and LayerCAM at `node`. Raises ValueError where they can't be made."""
    if method in AT_MAPS:
        if node is not None and not can_be_weighted(trace, node, target):
            raise ValueError(f"{node} has no maps on which {target.node} depends.")
        return Way(method, at=node or last_maps(trace, target.node))
    if method == "cam":
        found = cam_way(trace, target)
        if found is None:
            raise ValueError("A class activation map needs a class, and scores that are made of the maps' means.")
        return found
    if method == "smooth":
        return Way(method, samples=SAMPLES, noise=NOISE)
    if method == "integrated":
        return Way(method, steps=INTEGRAL_STEPS)
    return Way(method, patch=trace.input_size[-1] // PATCHES if method == "occlusion" else 0)


def cam_way(trace: Trace, target: Target) -> Way | None:
    """CAM, where it can be made: of a class whose score is a weighted sum of the last maps' means."""
    head = pooled_head(trace)
    return Way("cam", at=head.maps, head=head) if head and target.is_class else None


# ---- the methods -------------------------------------------------------------------------------------------


def batches(way: Way, macs: int) -> list[Sequence[int]]:
    """The numbers of the method's inputs, as many together as one pass may take; `macs` is what a single one costs."""
    return in_batches(range(way.passes), macs if way.method == "occlusion" else BACK_AND_FORTH * macs)


def piece(activations: Activations, target: Target, way: Way, numbers: Sequence[int]) -> FloatArray:
    """What these of the method's inputs give."""
    if way.method == "occlusion":
        return _occluded(activations, target, way.patch, numbers)
    if way.head is not None:
        return class_activation(activations, way.head, target.place[0]).map
    if way.method in AT_MAPS:
        return _weighted(_slope(activations, target, way.at), way.method)
    found = _slope(activations, target, INPUT, _inputs(activations, way, numbers), guided=way.method == GUIDED)
    return np.asarray(found.gradient.sum(0).numpy(), np.float32)


def joined(activations: Activations, target: Target, way: Way, found: Sequence[FloatArray]) -> HeatMap:
    """The method's map of all that its batches gave."""
    x = activations.maps(INPUT)
    if way.method == "occlusion":
        losses = np.concatenate(found)
        row, column = divmod(int(losses.argmax()), GRID)
        left = number_of(activations, target) - float(losses.max())
        at = row / (GRID - 1), column / (GRID - 1)
        return HeatMap(spread(losses, x.shape[-1], way.patch), True, lowest=left, at=at)
    if way.method == "cam":
        return HeatMap(found[0], True)
    if way.method in AT_MAPS:
        return HeatMap(found[0], False)
    gradient = torch.from_numpy(np.sum(found, 0)) / way.passes
    if way.method == "times":
        return HeatMap(_array((gradient * x).sum(0)), True)
    if way.method == "integrated":
        start = without(activations, x[None], way.baseline)[0]
        values = (gradient * (x - start)).sum(0)
        ends = _scores(activations, target, lambda own: torch.stack([own[0], start.to(own.device)]))
        return HeatMap(_array(values), True, float(values.sum()), float(ends[0] - ends[1]))
    return HeatMap(_array(gradient.abs().amax(0)), False)


def heat_map(activations: Activations, target: Target, way: Way, macs: int) -> HeatMap:
    """The method's map, all batches at once."""
    return joined(activations, target, way, [piece(activations, target, way, b) for b in batches(way, macs)])


def _inputs(activations: Activations, way: Way, numbers: Sequence[int]) -> Operation:
    """What the network sees in these passes: x, or noise over it, or what lies between the baseline and x."""
    if way.method == "smooth":
        return lambda x: torch.cat([x + _noise(x, way.noise, number) for number in numbers])
    if way.method == "integrated":  # in the middle of each step
        shares = (torch.tensor(list(numbers)) + 0.5) / way.steps

        def between(x: Tensor) -> Tensor:
            start = without(activations, x, way.baseline)
            return start + shares.to(x.device).reshape(-1, 1, 1, 1) * (x - start)

        return between
    return lambda x: x


def _noise(x: Tensor, percent: int, number: int) -> Tensor:
    """Seeded, so that the same sample is the same everywhere. Smilkov et al., arXiv 1706.03825."""
    size = percent / 100 * (x.amax() - x.amin())
    drawn = torch.randn(x.shape, generator=torch.Generator().manual_seed(number))
    return size * drawn.to(x.device)


def without(activations: Activations, x: Tensor, baseline: Baseline) -> Tensor:
    """An input (N, C, H, W) that says nothing: black, grey, which is 0 after normalization, or x without detail."""
    if baseline == "grey":
        return torch.zeros_like(x)
    if baseline == "black":
        how = activations.network.preprocessing
        mean, std = (torch.tensor(v, device=x.device).reshape(1, -1, 1, 1) for v in (how.mean, how.std))
        return (-mean / std).expand_as(x)
    deviation = BLUR * x.shape[-1]
    return gaussian_blur(x, [2 * round(3 * deviation) + 1] * 2, [deviation] * 2)


def _slope(
    activations: Activations, target: Target, name: str, rows: Operation = lambda x: x, guided: bool = False
) -> Slope:
    return slope(activations, name, target.node, target.score, rows, _guides(activations) if guided else {})


def _guides(activations: Activations) -> dict[str, Operation]:
    """Makes each ReLU let only what is positive back. Springenberg et al., arXiv 1412.6806, section 3.4."""
    network = activations.network
    relus = [name for name, node in network.nodes.items() if isinstance(network.module(node), nn.ReLU | nn.ReLU6)]
    return dict.fromkeys(relus, _guided)


def _guided(x: Tensor) -> Tensor:
    if x.requires_grad:
        x.register_hook(lambda back: back.clamp(min=0))
    return x


def _weighted(found: Slope, method: Method) -> FloatArray:
    """The maps' weighted sum, (H, W), as far as it is positive.

    Grad-CAM weights each map by the mean of its gradient (Selvaraju et al., arXiv 1610.02391, equations 1 and 2),
    LayerCAM each value by its own gradient where that is positive (Jiang et al., IEEE TIP 2021, equations 8 and 9).
    """
    maps, gradient = found.value[0], found.gradient[0]
    weights = gradient.mean((1, 2), keepdim=True) if method == "grad-cam" else gradient.clamp(min=0)
    return _array((weights * maps).sum(0).clamp(min=0))


# ---- a patch slid over the input ---------------------------------------------------------------------------


def corners(side: int, patch: int, grid: int) -> tuple[Corner, ...]:
    """Where a patch is put on an input of `side` x `side`, evenly: `grid` rows of `grid` places, the first on top."""
    along = [round(i * (side - patch) / max(grid - 1, 1)) for i in range(grid)]
    return tuple((row, column) for row in along for column in along)


def occluded(activations: Activations, target: Target, places: Sequence[Corner], patch: int) -> FloatArray:
    """What a person reads of the target with a grey patch at each of the places, (places,), all in one pass.

    Occlusion sensitivity: Zeiler and Fergus, arXiv 1311.2901, section 4.2 and figure 7. The patch, `patch` x `patch`
    pixels of the input, is 0 after normalization: the colour that the normalization subtracts.
    """

    def patched(x: Tensor) -> Tensor:
        rows = x.repeat(len(places), 1, 1, 1)
        for one, (row, column) in zip(rows, places, strict=True):
            one[:, row : row + patch, column : column + patch] = 0
        return rows

    return _array(_measured(activations, target, patched))


def _occluded(activations: Activations, target: Target, patch: int, numbers: Sequence[int]) -> FloatArray:
    """What is lost with the patch at these of its places."""
    places = corners(activations.maps(INPUT).shape[-1], patch, GRID)
    lost = number_of(activations, target) - occluded(activations, target, [places[i] for i in numbers], patch)
    return np.asarray(lost, np.float32)


def spread(losses: FloatArray, side: int, patch: int) -> FloatArray:
    """For each pixel, (side, side), the mean of what was lost with the patches over it."""
    total, count = np.zeros((side, side)), np.zeros((side, side))
    for (row, column), loss in zip(corners(side, patch, round(len(losses) ** 0.5)), losses, strict=True):
        here = np.s_[row : row + patch, column : column + patch]
        total[here] += loss
        count[here] += 1
    return np.asarray(total / np.maximum(count, 1), np.float32)


# ---- what is made of it ------------------------------------------------------------------------------------


def measured(activations: Activations, target: Target, rows: Operation) -> FloatArray:
    """What a person reads of the target for some inputs that `rows` makes of the network's own, (N,)."""
    return _array(_measured(activations, target, rows))


def _measured(activations: Activations, target: Target, rows: Operation) -> Tensor:
    return target.measured(activations.network, outputs_with(activations, target.node, alterations={INPUT: rows}))


def _scores(activations: Activations, target: Target, rows: Operation) -> Tensor:
    return target.score(activations.network, outputs_with(activations, target.node, alterations={INPUT: rows}))


def stretched(values: FloatArray, side: int) -> FloatArray:
    """(H, W) over the input, (side, side): between the positions of a small map linearly."""
    if values.shape == (side, side):
        return values
    small = torch.from_numpy(np.ascontiguousarray(values))[None, None]
    return _array(F.interpolate(small, (side, side), mode="bilinear", align_corners=False)[0, 0])


def concentration(values: FloatArray, share: float = TOP) -> float | None:
    """Which part of what is positive lies on that share of the pixels, those with the most; None where nothing is."""
    positive = np.sort(values.clip(min=0), axis=None)[::-1].astype(np.float64)
    total = positive.sum()
    return float(positive[: max(1, round(share * positive.size))].sum() / total) if total > 0 else None


def _array(values: Tensor) -> FloatArray:
    return np.asarray(values.detach().float().cpu().numpy(), np.float32)
