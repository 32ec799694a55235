"""Separable convolutions at work: taken apart, composed into one full convolution, and set between the two.

A depthwise convolution D filters each channel c with a kernel of its own; a pointwise one P then mixes the channels.
With nothing in between, the pair is one full convolution: the kernel from input c to output m is P[m, c] D[c].

In between (Chollet, 1610.02357, section 1.3) lie grouped convolutions: g groups, as many maps as go in, then a 1x1.
`nearest` finds, for any full kernel, the one of those whose composed kernel is nearest to it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explorer.analysis import cost, designs
from explorer.analysis.cost import Convolution, Design
from explorer.analysis.trace import Node, Trace
from explorer.runtime.activations import Activations
from explorer.runtime.device import forward_slot
from explorer.runtime.maps import FloatArray
from explorer.runtime.weights.network import Network

# ---- a depthwise convolution and its 1x1 -------------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    """A depthwise convolution and the 1x1 that mixes its maps.

    What stands `between` them: nothing in Xception; normalization, activation and gate in the MobileNets.
    """

    depthwise: Node
    pointwise: Node
    between: tuple[Node, ...]

    @property
    def source(self) -> str:
        """The operation whose maps the pair reads."""
        return self.depthwise.inputs[0]


def pairs(trace: Trace) -> tuple[Pair, ...]:
    """All such pairs of a network, in order."""
    found = (_pair(trace, n) for n in trace.nodes if n.kind == "pointwise" and n.groups == 1)
    return tuple(pair for pair in found if pair is not None)


def _pair(trace: Trace, pointwise: Node) -> Pair | None:
    """Walk back from the 1x1 over everything that keeps the channels apart."""
    between: list[Node] = []
    node = trace.node(pointwise.inputs[0])
    while node.kind in ("normalization", "activation") or node.type == "mul":
        between.insert(0, node)
        node = trace.node(node.inputs[0])  # of a gate's product: the maps
    return Pair(node, pointwise, tuple(between)) if node.kind == "depthwise" else None


@dataclass(frozen=True)
class Channel:
    """One channel on its way through a pair: (H, W) maps, the filter (k, k), and its weight in the mix."""

    number: int
    input: FloatArray  # of the depthwise convolution
    kernel: FloatArray
    filtered: FloatArray
    pointwise_input: FloatArray  # after what stands between
    weight: float

    @property
    def contribution(self) -> FloatArray:
        """What it adds to the output map."""
        return self.weight * self.pointwise_input


@dataclass(frozen=True)
class Mix:
    """One output map of a pair, and the channels that it is made of.

    `channels` are those that contribute most, by L2 norm, and `share` is their part of all the contributions' norms.
    `total` sums the contributions of all channels, `network` is what the network has there. `standard` is the map of
    the one standard convolution that the pair would be without activation and gate in between. All three are (H, W).
    """

    channels: tuple[Channel, ...]
    share: float
    total: FloatArray
    network: FloatArray
    standard: FloatArray

    @property
    def rounding(self) -> float:
        """The largest difference of `total` from `network`, relative to the latter's largest value."""
        return float(np.abs(self.total - self.network).max()) / (float(np.abs(self.network).max()) or 1.0)

    @property
    def difference(self) -> float:
        """Of `standard` from `network`: L2 norms, relative to the latter's."""
        return float(np.linalg.norm(self.standard - self.network) / (np.linalg.norm(self.network) or 1.0))


def mix(activations: Activations, pair: Pair, output: int, count: int) -> Mix:
    """Output map number `output` of a pair, with the `count` channels that contribute most.

    Raises IndexError for a map that the network does not have.
    """
    inputs, filtered = activations.maps(pair.source), activations.maps(pair.depthwise.name)
    pointwise_inputs = activations.maps(pair.pointwise.inputs[0])
    kernels, weights = _weight(activations.network, pair.depthwise), _weight(activations.network, pair.pointwise)
    weights = weights[output, :, 0, 0]
    contributions = weights[:, None, None] * pointwise_inputs
    norms = contributions.flatten(1).norm(dim=1)
    strongest = norms.argsort(descending=True, stable=True)[:count].tolist()
    channels = tuple(
        Channel(
            c,
            inputs[c].numpy(),
            kernels[c, 0].numpy(),
            filtered[c].numpy(),
            pointwise_inputs[c].numpy(),
            float(weights[c]),
        )
        for c in strongest
    )
    whole = float(norms.sum())
    return Mix(
        channels,
        float(norms[strongest].sum()) / whole if whole else 0.0,
        contributions.sum(dim=0).numpy(),
        activations.maps(pair.pointwise.name)[output].numpy(),
        standard(activations.network, pair, inputs, output).numpy(),
    )


def standard(network: Network, pair: Pair, inputs: Tensor, output: int) -> Tensor:
    """The map (H, W) of the standard convolution that the pair is without activation and gate in between.

    Its kernel from input c is P[output, c] s[c] D[c], with the scale s of the normalization in between.
    """
    depthwise = _layer(network, pair.depthwise)
    weights = _weight(network, pair.pointwise)[output, :, 0, 0]
    scale, shift = torch.ones_like(weights), torch.zeros_like(weights)
    for node in pair.between:
        if node.kind == "normalization":
            s, t = _affine(network, node)
            scale, shift = s * scale, s * shift + t
    kernel = (weights * scale)[:, None, None] * _weight(network, pair.depthwise)[:, 0]
    with forward_slot():
        maps = _convolve(inputs, kernel[None], depthwise)
    return maps[0] + weights @ shift


def _affine(network: Network, node: Node) -> tuple[Tensor, Tensor]:
    """Scale and shift of each channel by a batch normalization with its stored statistics."""
    bn = network.model.get_submodule(node.path)
    assert isinstance(bn, nn.BatchNorm2d) and bn.running_var is not None and bn.running_mean is not None
    scale = (bn.weight / (bn.running_var + bn.eps).sqrt()).detach().float().cpu()
    return scale, bn.bias.detach().float().cpu() - bn.running_mean.float().cpu() * scale


def _layer(network: Network, node: Node) -> nn.Conv2d:
    layer = network.model.get_submodule(node.path)
    assert isinstance(layer, nn.Conv2d)  # a depthwise, pointwise or other convolution of the trace
    return layer


def _weight(network: Network, node: Node) -> Tensor:
    return _layer(network, node).weight.detach().float().cpu()


# ---- full kernels and what lies nearest to them ------------------------------------------------------------


@dataclass(frozen=True)
class Kernel:
    """A full kernel (M, C, k, k) in factors: K[m, c] = sum over r of `mixing`[m, c, r] * `filters`[c, r].

    `filters` (C, R, k, k) are orthonormal for each channel: one of them in a separable convolution, k * k in general.
    """

    mixing: Tensor
    filters: Tensor

    @property
    def full(self) -> Tensor:
        """(M, C, k, k)"""
        return torch.einsum("mcr,crij->mcij", self.mixing, self.filters)


def separable_kernel(depthwise: Tensor, pointwise: Tensor) -> Kernel:
    """Of weights (C, 1, k, k) and (M, C, 1, 1) of a pair with nothing in between."""
    norms = depthwise.flatten(1).norm(dim=1).clamp_min(torch.finfo(depthwise.dtype).tiny)
    return Kernel((pointwise[:, :, 0, 0] * norms)[:, :, None], depthwise / norms[:, None, None, None])


def general_kernel(weight: Tensor) -> Kernel:
    """Of the weight (M, C, k, k) of a convolution; each of its filters reads one position."""
    size = weight.shape[2] * weight.shape[3]
    one = torch.eye(size, dtype=weight.dtype).unflatten(1, weight.shape[2:])
    return Kernel(weight.flatten(2), one.expand(weight.shape[1], -1, -1, -1))


@dataclass(frozen=True)
class Grouped:
    """A convolution in `groups` groups, C maps to C, weight (C, C / groups, k, k), then a 1x1, weight (M, C).

    `distance` is that from the composed kernel to the one that was wanted: L2 norms, relative to the latter's.
    """

    groups: int
    spatial: Tensor
    pointwise: Tensor
    distance: float

    def composed(self, outputs: Sequence[int]) -> Tensor:
        """The full kernel (outputs, C, k, k) that both together are."""
        chosen = self.pointwise[list(outputs)].unflatten(1, (self.groups, -1))
        kernels = torch.einsum("mgj,gjcxy->mgcxy", chosen, self.spatial.unflatten(0, (self.groups, -1)))
        return kernels.flatten(1, 2)


def group_counts(channels: int) -> tuple[int, ...]:
    """The numbers of groups that divide the channels, from 1 to all of them."""
    return tuple(g for g in range(1, channels + 1) if channels % g == 0)


def nearest(kernel: Kernel, groups: int) -> Grouped:
    """Of all convolutions in `groups` groups with as many maps as go in, followed by a 1x1, the one whose composed
    kernel is nearest to a full kernel, in the sum of squares.

    In each group, the kernel is a matrix, outputs by (channels x positions). A group of n channels makes n maps, so
    it can have any matrix of rank n, and the nearest one is the truncated singular value decomposition (Eckart and
    Young, 1936). Raises ValueError for a number of groups that does not divide the channels.
    """
    outputs, channels, rank = kernel.mixing.shape
    if groups < 1 or channels % groups:
        raise ValueError(f"{groups} groups do not divide {channels} channels")
    n = channels // groups
    matrices = kernel.mixing.reshape(outputs, groups, n * rank).transpose(0, 1)
    u, s, vh = torch.linalg.svd(matrices, full_matrices=False)
    kept = min(n, s.shape[1])
    # a singular vector's sign is free: its largest weight is made positive, as a filter of a separable pair keeps it
    largest = vh.gather(2, vh.abs().argmax(dim=2, keepdim=True))
    sign = torch.where(largest < 0, -1.0, 1.0)[:, :, 0].to(s.dtype)
    spatial, pointwise = s.new_zeros(groups, n, n * rank), s.new_zeros(groups, outputs, n)
    spatial[:, :kept] = (vh * sign[:, :, None])[:, :kept]
    pointwise[:, :, :kept] = (u * (s * sign)[:, None])[:, :, :kept]
    filters = kernel.filters.unflatten(0, (groups, n))
    weights = torch.einsum("gjcr,gcrxy->gjcxy", spatial.unflatten(2, (n, rank)), filters)
    whole, left_out = float(s.norm()), float(s[:, kept:].norm())
    distance = left_out / whole if whole else 0.0
    return Grouped(groups, weights.flatten(0, 1), pointwise.transpose(0, 1).flatten(1), distance)


# ---- on a picture's maps -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class SpatialLayer:
    """What can be replaced by another number of groups: a full convolution, or a pair with nothing in between."""

    first: Node
    last: Node

    @property
    def separable(self) -> bool:
        return self.first.name != self.last.name

    @property
    def channels(self) -> int:
        """Of its input."""
        return self.first.in_shapes[0][0]

    @property
    def title(self) -> str:
        """Its path in the network."""
        return self.first.name.removesuffix(".depthwise")


def spatial_layers(trace: Trace) -> tuple[SpatialLayer, ...]:
    """All full convolutions with a kernel above 1x1, and all such pairs."""
    found = {p.depthwise.name: SpatialLayer(p.depthwise, p.pointwise) for p in pairs(trace) if not p.between}
    regular = {
        n.name: SpatialLayer(n, n)
        for n in trace.nodes
        if n.kind == "convolution" and n.type == "Conv2d" and n.groups == 1
    }
    return tuple((found | regular)[n.name] for n in trace.nodes if n.name in found or n.name in regular)


@dataclass(frozen=True)
class Version:
    """A layer in another number of groups, on the maps of a picture.

    `inputs` and `outputs` are the numbers of the chosen maps. `grouped_maps` are those with the numbers of `inputs`
    after the grouped convolution, and `reads` the first and last input that each reads; none with 1 group, where no 1x1
    follows. `output_maps` are this version's, `network_maps` the network's own. `difference` is that of all output
    maps, `kernel_difference` that of the kernels: L2 norms, relative to the network's. `kernels` are
    (outputs, inputs, k, k), composed.
    """

    inputs: tuple[int, ...]
    input_maps: FloatArray
    grouped_maps: FloatArray
    reads: tuple[tuple[int, int], ...]
    outputs: tuple[int, ...]
    output_maps: FloatArray
    network_maps: FloatArray
    difference: float
    kernel_difference: float
    kernels: FloatArray


def kernel_of(network: Network, layer: SpatialLayer) -> Kernel:
    """The layer's full kernel."""
    first = _weight(network, layer.first)
    return separable_kernel(first, _weight(network, layer.last)) if layer.separable else general_kernel(first)


def version(activations: Activations, layer: SpatialLayer, groups: int, shown: int) -> Version:
    """Run a layer's input through its version in `groups` groups; the `shown` strongest maps in and out are kept.

    1 group is the full convolution itself, composed where the layer is separable. More are the `nearest` ones.
    """
    network = activations.network
    kernel, first = kernel_of(network, layer), _layer(network, layer.first)
    all_inputs, own = activations.maps(layer.first.inputs[0]), activations.maps(layer.last.name)
    inputs, outputs = _strongest(all_inputs, shown), _strongest(own, shown)
    chosen = kernel.mixing[list(outputs)]
    wanted = Kernel(chosen, kernel.filters).full
    if groups == 1:
        with forward_slot():
            grouped_maps, output = all_inputs[:0], _convolve(all_inputs, kernel.full, first)
        composed, off = wanted, 0.0
        reads: tuple[tuple[int, int], ...] = ()
    else:
        with forward_slot():
            found = nearest(kernel, groups)
            all_grouped = _convolve(all_inputs, found.spatial, first, groups)
            output = torch.einsum("mc,chw->mhw", found.pointwise, all_grouped)
        grouped_maps, composed, off = all_grouped[list(inputs)], found.composed(outputs), found.distance
        size = len(all_inputs) // groups
        reads = tuple((c // size * size, c // size * size + size - 1) for c in inputs)
    return Version(
        inputs=inputs,
        input_maps=all_inputs[list(inputs)].numpy(),
        grouped_maps=grouped_maps.numpy(),
        reads=reads,
        outputs=outputs,
        output_maps=output[list(outputs)].numpy(),
        network_maps=own[list(outputs)].numpy(),
        difference=float((output - own).norm() / own.norm()) if own.any() else math.nan,
        kernel_difference=off,
        kernels=composed[:, list(inputs)].numpy(),
    )


def _convolve(maps: Tensor, weight: Tensor, like: nn.Conv2d, groups: int = 1) -> Tensor:
    """With the window of another convolution."""
    return F.conv2d(maps[None], weight, None, like.stride, like.padding, like.dilation, groups)[0]


def _strongest(maps: Tensor, shown: int) -> tuple[int, ...]:
    """The numbers, in order, of at most `shown` maps with the largest mean absolute value."""
    strength = maps.abs().flatten(1).mean(dim=1)
    return tuple(sorted(strength.argsort(descending=True, stable=True)[:shown].tolist()))


# ---- what it costs -----------------------------------------------------------------------------------------


def pair_designs(trace: Trace, pair: Pair) -> tuple[Design, Design]:
    """A standard convolution, and the pair in its place, with the numbers of channels that `trace` has."""
    c = replace(cost.convolution_of(trace.node(pair.depthwise.name)), groups=1, bias=False)
    c = replace(c, out_channels=trace.node(pair.pointwise.name).out_shape[0])
    return designs.standard(c), designs.depthwise_separable(c)


def grouped_design(c: Convolution, groups: int) -> Design:
    """The convolution `c` in this many groups.

    More than one need a 1x1 after them: without it, no group would ever learn about another.
    """
    if groups == 1:
        return designs.standard(c)
    if groups == c.in_shape[0]:
        return designs.depthwise_separable(c)
    spatial = replace(c, out_channels=c.in_shape[0], groups=groups)
    mixing = Convolution(spatial.out_shape, c.out_channels, (1, 1), bias=c.bias)
    return Design(f"{groups} groups, then 1×1", (spatial, mixing))


def layer_designs(trace: Trace, layer: SpatialLayer, groups: int) -> tuple[Design, Design, Design]:
    """The layer with one group, with `groups`, and with one for each channel.

    `trace` may be of a wider network than the layer's: one group for each channel there is one for each channel here.
    """
    first, last = trace.node(layer.first.name), trace.node(layer.last.name)
    c = replace(cost.convolution_of(first), out_channels=last.out_shape[0], groups=1)
    channels = c.in_shape[0]
    if groups == layer.channels or channels % groups:
        groups = channels
    return grouped_design(c, 1), grouped_design(c, groups), grouped_design(c, channels)
