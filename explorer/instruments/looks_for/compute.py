"""A picture that excites a channel: gradient ascent on the picture, from noise (Olah, Mordvintsev, Schubert 2017).

"Feature Visualization", https://distill.pub/2017/feature-visualization, and its code, Lucid. The picture is described
by its frequencies, the low ones stepping further, and by colours that vary independently in photographs; at each step
the network sees it a little shifted, turned and scaled. What is maximized is the mean of the channel's map, which fills
the picture, and in the last steps the value in the map's middle, which makes that as large as it gets; without a map,
the value. Where noise leads to less than a sample gives, the way up begins at what the operation sees of that sample,
and the map's largest value is to grow. Only the operations that the channel depends on run, without the gradients of
weights.

A step depends on nothing but the state before it, the operation and the step's number, and each picture on its own
seed: so the same channel gives the same picture in whatever order. (What is computed together rounds together, and some
channels make much of the last digit: bit for bit the same are only the same channels together, on one machine.)
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from copy import copy, deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from explorer.analysis.graph import upstream
from explorer.analysis.trace import Node, Trace
from explorer.runtime.turns import breathe
from explorer.runtime.weights.network import Network

Pixels = npt.NDArray[np.uint8]  # (N, side, side, channels), 8-bit, as it is stored and shown
Goal = Literal["mean", "middle", "largest"]  # which value of a channel's map is to grow

STEPS = 64
MIDDLE_STEPS = 20  # the last ones, in which the map's middle alone counts
STILL_STEPS = 10  # the last ones, in which the picture is not moved
FURTHER_STEPS = 32  # for a picture that excites its channel less than some sample does
RATE = 0.05  # of Adam, as Lucid's
BETAS = 0.9, 0.999
EPSILON = 1e-8
HALF_LEVEL = 0.5 / 255  # of 8 bits
NOISE = 0.01  # standard deviation of the frequencies at the start
SMALLEST_SIDE, LARGEST_SIDE = 32, 96  # pixels
SIDE_STEP = 16  # pixels: the blocks of WebP, so that no tile of a sprite bleeds into its neighbour
JITTER = 8  # pixels to each side, at the largest picture; in proportion at smaller ones
TURN = math.radians(5)  # to each side
SCALES = 0.92, 1.08
LEAK = 0.1  # of the last activation's slope below 0: where it is 0 all over, nothing would say where to go
DIVERSITY = 0.5  # what several pictures of one channel lose by likeness, as a share of the channel's value

# How the colours of photographs vary together: the square root of their covariance, from ImageNet (Lucid's
# `color_correlation_svd_sqrt`), scaled so that its longest column is 1.
_COLOURS = torch.tensor([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
COLOURS = _COLOURS / _COLOURS.norm(dim=0).max()


# ---- the picture and what describes it ---------------------------------------------------------------------


@cache
def frequency_scale(side: int) -> Tensor:
    """How far a frequency's step goes, (side, side // 2 + 1): one over the frequency, as photographs' spectra fall."""
    rows, columns = torch.fft.fftfreq(side)[:, None], torch.fft.rfftfreq(side)[None]
    return 1 / (rows**2 + columns**2).sqrt().clamp(min=1 / side)


def values_of(spectrum: Tensor) -> Tensor:
    """The picture, (N, channels, side, side) in 0..1, of its frequencies (N, channels, side, side // 2 + 1, 2)."""
    side = spectrum.shape[2]
    scaled = torch.view_as_complex(spectrum) * frequency_scale(side)
    plain = torch.fft.irfft2(scaled, s=(side, side), norm="ortho") / 4
    if plain.shape[1] == 3:
        plain = F.conv2d(plain, COLOURS[:, :, None, None])
    return plain.sigmoid()


def spectrum_of(values: Tensor) -> Tensor:
    """The frequencies of a picture in 0..1, both ends excluded: `values_of` backwards."""
    plain = values.logit()
    if plain.shape[1] == 3:
        plain = torch.einsum("rc,nchw->nrhw", torch.linalg.inv(COLOURS), plain)
    scaled = torch.fft.rfft2(4 * plain, norm="ortho")
    return torch.view_as_real(scaled / frequency_scale(values.shape[2]))


def pixels_of(values: Tensor) -> Pixels:
    """A picture in 0..1, (N, channels, side, side), in 8 bits, (N, side, side, channels)."""
    found: Pixels = (values.detach().permute(0, 2, 3, 1) * 255).round().to(torch.uint8).contiguous().numpy()
    return found


def _seed(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256("|".join(map(str, parts)).encode()).digest()[:7], "big")


def _generator(*parts: object) -> torch.Generator:
    return torch.Generator().manual_seed(_seed(*parts))


@dataclass(frozen=True)
class State:
    """Some pictures on the way: their frequencies, Adam's two means of gradients, and how many steps were done."""

    spectrum: Tensor
    first: Tensor
    second: Tensor
    steps: int = 0

    @property
    def pixels(self) -> Pixels:
        return pixels_of(values_of(self.spectrum))


# ---- the part of a network that a channel depends on -------------------------------------------------------


class _Leaky(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(x, LEAK)


# What lets a rectifier's zero stay zero.
PASSED_ON = (
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool2d,
    nn.Dropout,
    nn.Identity,
    nn.Flatten,
    nn.LocalResponseNorm,
)


def part_of(network: Network, names: Sequence[str], eager: bool = False) -> fx.GraphModule:
    """The network up to the named operations, as a module that returns their outputs; it shares the weights if it can.

    `eager`: for going uphill. Each normalization is folded into the convolution before it, which gives the same in less
    time; and the last activation leaks, so that there is a way up from anywhere.
    """
    targets = [network.nodes[name] for name in names]
    needed = set().union(*map(upstream, targets))
    last = _last_activations(network, targets[0]) if eager else set()
    graph = fx.Graph()
    copies: dict[fx.Node, fx.Node] = {}
    modules: dict[str, Any] = {}
    for node in network.graph.graph.nodes:
        if node not in needed:
            continue
        module = network.module(node)
        before = node.all_input_nodes
        if (
            eager
            and isinstance(module, nn.BatchNorm2d)
            and _alone(network, before[0], needed)
            and before[0] not in targets
        ):
            convolution = network.module(before[0])
            assert isinstance(convolution, nn.Conv2d)
            modules[str(before[0].target)] = fuse_conv_bn_eval(convolution, module)
            copies[node] = copies[before[0]]
            continue
        if module is not None:
            own = (
                deepcopy(module) if eager and isinstance(module, nn.Conv2d) else module
            )  # its weights get laid out anew
            modules[str(node.target)] = _Leaky() if node in last else own
        elif node.op == "get_attr":
            modules[str(node.target)] = _attribute(network.model, str(node.target))
        copies[node] = graph.node_copy(node, lambda n: copies[n])
    graph.output(tuple(copies[target] for target in targets))
    part = fx.GraphModule(modules, graph)
    if eager:
        for module in part.modules():
            if isinstance(module, nn.Conv2d):
                module.to(memory_format=torch.channels_last)
    return part


def _attribute(model: nn.Module, path: str) -> Any:
    value: Any = model
    for name in path.split("."):
        value = getattr(value, name)
    return value


def _alone(network: Network, node: fx.Node, needed: set[fx.Node]) -> bool:
    """Whether the operation is a convolution whose output only one of the needed operations reads."""
    return type(network.module(node)) is nn.Conv2d and sum(user in needed for user in node.users) == 1


def _last_activations(network: Network, target: fx.Node) -> set[fx.Node]:
    """The rectifiers whose output gets to `target` without weights between."""
    found: set[fx.Node] = set()
    stack = [target]
    while stack:
        node = stack.pop()
        module = network.module(node)
        if isinstance(module, nn.ReLU | nn.ReLU6):
            found.add(node)
        elif isinstance(module, PASSED_ON) or (
            node.op == "call_function" and node.target in (torch.cat, torch.flatten)
        ):
            stack.extend(node.all_input_nodes)
    return found


# ---- the way up --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sides:
    """Pixels along a side: of the picture as it is stored, and as the network reads it."""

    stored: int
    read: int


def sides_of(network: Network, node: Node) -> Sides:
    """As large as what the operation sees of a picture, and some more to move it in; at most `LARGEST_SIDE`.

    Where a layer takes one size only, as a classifier of flattened maps, the picture is enlarged before it is read.
    """
    side = network.variant.input_size[-1]
    seen = SIDE_STEP * math.ceil(max(node.receptive_field) / SIDE_STEP)
    stored = min(side, LARGEST_SIDE, max(SMALLEST_SIDE, seen + SIDE_STEP))
    return Sides(stored, stored if _accepts(network, node, stored) else side)


def _accepts(network: Network, node: Node, side: int) -> bool:
    """Whether pictures of that side give the operation as many channels as the network's own input does."""
    part = part_of(network, [node.name])
    try:
        with torch.inference_mode():
            (found,) = part(torch.zeros(1, network.variant.input_size[0], side, side))
    except RuntimeError:
        return False
    return bool(found.shape[1] == node.out_shape[0])


class Ascent:
    """The way up for the channels of one operation, given the network's trace."""

    def __init__(self, network: Network, trace: Trace, node: Node) -> None:
        self.network, self.node = network, node
        self.sides = sides_of(network, node)
        self.sign = -1 if network.distances and node is trace.output else 1  # the least distance wins
        self._plain = part_of(network, [node.name])
        self._eager = part_of(network, [node.name, _with_map(trace, node).name], eager=True)

    @property
    def nbytes(self) -> int:
        """Bytes of the weights that are copies."""
        convolutions = (m for m in self._eager.modules() if isinstance(m, nn.Conv2d))
        return sum(p.nbytes for m in convolutions for p in m.parameters())

    def at_samples(self) -> Ascent:
        """The way up from a sample: read as large as the network's input where the operation sees more than is stored.

        A smaller picture's border, which the samples lack there, would take most of what the sample gives.
        """
        way, side = copy(self), self.network.variant.input_size[-1]
        if max(self.node.receptive_field) > self.sides.stored:
            way.sides = Sides(self.sides.stored, side)
        return way

    def start(self, channels: Sequence[int], seed: int = 0) -> State:
        """Noise for each channel, from a seed that the network, the operation, the channel and `seed` decide.

        The same channel several times gets different noise each time.
        """
        side, colours = self.sides.stored, self.network.variant.input_size[0]
        shape = colours, side, side // 2 + 1, 2
        name = self.network.variant.name
        times = [channels[:i].count(c) for i, c in enumerate(channels)]
        spectrum = NOISE * torch.stack(
            [
                torch.randn(shape, generator=_generator(name, self.node.name, channel, seed + time))
                for channel, time in zip(channels, times, strict=True)
            ]
        )
        return State(spectrum, torch.zeros_like(spectrum), torch.zeros_like(spectrum))

    def step(self, state: State, channels: Sequence[int], diverse: bool = False, on: Goal | None = None) -> State:
        """One step of Adam upwards, for each picture on its own; the network sees all of them moved in the same way.

        Args:
            diverse: whether pictures of one channel shall not be alike.
            on: goes on from finished pictures, unmoved, to that goal.
        """
        with torch.enable_grad():
            spectrum = state.spectrum.clone().requires_grad_()
            values = values_of(spectrum)
            if on is None and state.steps < STEPS - STILL_STEPS:
                values = _moved(values, state.steps)
            out, textures = self._eager(self._input(values).contiguous(memory_format=torch.channels_last))
            own = out[torch.arange(len(channels)), torch.tensor(channels)]
            grown = _grown(self.sign * own, on or ("middle" if state.steps >= STEPS - MIDDLE_STEPS else "mean"))
            loss = -grown.sum()
            if diverse:
                loss = loss + DIVERSITY * grown.detach().abs().mean() * likeness(textures)
            (gradient,) = torch.autograd.grad(loss, spectrum)
        steps = state.steps + 1
        first = torch.lerp(state.first, gradient, 1 - BETAS[0])
        second = torch.lerp(state.second, gradient.square_(), 1 - BETAS[1])
        spread = (second / (1 - BETAS[1] ** steps)).sqrt_().add_(EPSILON)
        stepped = torch.addcdiv(state.spectrum, first, spread, value=-RATE / (1 - BETAS[0] ** steps))
        return State(stepped, first, second, steps)

    def climb_on(self, pixels: Pixels, channels: Sequence[int], goal: Goal = "middle") -> Pixels:
        """`FURTHER_STEPS` from finished pictures, or from any."""
        values = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
        spectrum = spectrum_of(values.clamp(HALF_LEVEL, 1 - HALF_LEVEL))
        state = State(spectrum, torch.zeros_like(spectrum), torch.zeros_like(spectrum))
        for _ in range(FURTHER_STEPS):
            breathe()
            state = self.step(state, channels, on=goal)
        return state.pixels

    def climb(self, state: State, channels: Sequence[int], steps: int = STEPS, diverse: bool = False) -> State:
        """Some steps; at most to the end."""
        while steps and state.steps < STEPS:
            breathe()
            state, steps = self.step(state, channels, diverse), steps - 1
        return state

    def _input(self, values: Tensor) -> Tensor:
        """What the network reads of pictures in 0..1: enlarged where it must be, and normalized."""
        preprocessing = self.network.preprocessing
        mean, std = (torch.tensor(v)[:, None, None] for v in (preprocessing.mean, preprocessing.std))
        if self.sides.read != self.sides.stored:
            values = F.interpolate(values, size=(self.sides.read,) * 2, mode="bilinear", align_corners=False)
        return (values - mean) / std

    def maps(self, pixels: Pixels) -> Tensor:
        """The operation's output for stored pictures, as they are: (N, C, H, W) or (N, features)."""
        values = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
        with torch.inference_mode():
            (found,) = self._plain(self._input(values))
        return found.float()

    def activations(self, pixels: Pixels, channels: Sequence[int]) -> list[float]:
        """For each stored picture, the largest value in its channel's map; of distances, the least."""
        found = peaks(self.maps(pixels))[0]
        return [float(found[i, channel]) for i, channel in enumerate(channels)]


def _with_map(trace: Trace, node: Node) -> Node:
    """The operation, or the nearest before it, whose output is a map of several positions."""
    while node.inputs and not (len(node.out_shape) == 3 and math.prod(node.out_shape[1:]) > 1):
        node = trace.node(node.inputs[0])
    return node


def _grown(maps: Tensor, goal: Goal) -> Tensor:
    """What is to grow, (N,): see the top of this file. `maps`: (N, H, W), or (N,)."""
    if maps.ndim == 1:
        return maps
    if goal == "middle":
        return maps[:, maps.shape[1] // 2, maps.shape[2] // 2]
    return maps.mean((1, 2)) if goal == "mean" else maps.amax((1, 2))


def _moved(values: Tensor, step: int) -> Tensor:
    """The pictures shifted, turned and scaled at random, the same for all."""
    chance = torch.rand(4, generator=_generator("moved", step)).tolist()
    angle, scale = (2 * chance[0] - 1) * TURN, SCALES[0] + chance[1] * (SCALES[1] - SCALES[0])
    across, down = ((2 * c - 1) * 2 * JITTER / LARGEST_SIDE for c in chance[2:])
    cosine, sine = math.cos(angle) / scale, math.sin(angle) / scale
    turn = torch.tensor([[cosine, -sine, across], [sine, cosine, down]])
    grid = F.affine_grid(turn[None].expand(len(values), 2, 3), list(values.shape), align_corners=False)
    return F.grid_sample(values, grid, padding_mode="reflection", align_corners=False)


def likeness(maps: Tensor) -> Tensor:
    """How alike the pictures' textures are: the mean cosine between their maps' products, (N, C, H, W) to a number.

    The products of each two channels, summed over positions: Gram matrices, as "Feature Visualization" compares them.
    """
    flat = maps.flatten(2)
    grams = F.normalize((flat @ flat.transpose(1, 2)).flatten(1), dim=1)
    cosines = grams @ grams.T
    count = len(maps)
    return (cosines.sum() - cosines.trace()) / max(1, count * (count - 1))


def peaks(maps: Tensor) -> tuple[Tensor, Tensor]:
    """The largest value of each map and its place, row x width + column; (N, C) both. A vector's value is its own."""
    if maps.ndim == 2:
        return maps, torch.zeros_like(maps, dtype=torch.int64)
    found = maps.flatten(2).max(2)
    return found.values, found.indices
