"""Batch normalization in training and at inference, folded into a convolution, and left out.

Ioffe, Szegedy: "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift", arXiv
1502.03167. In training, a channel is normalized by its own mean and variance over the batch and all positions; at
inference by stored ones, which makes it one scale and one shift.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.analysis.trace import Node, Trace
from explorer.runtime.activations import Activations, Answer, Operation, logits_with, relative_change
from explorer.runtime.maps import FloatArray
from explorer.runtime.weights.network import Network

Instead = Literal["own", "nothing"]  # the picture's own statistics; nothing: what comes in goes out
AXES = (0, 2, 3)  # of (N, C, H, W): batch, height, width


@dataclass(frozen=True)
class Layer:
    """One batch normalization, by its operation: what it reads, and the (C, H, W) of both.

    `convolution` is the operation that it can be folded into: the convolution that it reads, and nobody else.
    """

    name: str
    source: str
    shape: tuple[int, int, int]
    convolution: str | None

    @property
    def channels(self) -> int:
        return self.shape[0]


def layers(trace: Trace) -> tuple[Layer, ...]:
    """The batch normalizations that the answer depends on, in their order; none for some networks."""
    readers: dict[str, int] = {}
    for node in trace.nodes:
        for name in node.inputs:
            readers[name] = readers.get(name, 0) + 1
    found = []
    for node in trace.nodes:
        if node.type == "BatchNorm2d" and node.stage not in trace.auxiliary:
            (source,) = node.inputs
            channels, height, width = node.out_shape
            folds = trace.node(source).type == "Conv2d" and readers[source] == 1
            found.append(Layer(node.name, source, (channels, height, width), source if folds else None))
    return tuple(found)


def nearest(trace: Trace, found: Sequence[Layer], node: Node) -> Layer:
    """The layer that is fewest operations away from a node, in its own block if there is one; of two, the later."""
    order = {n.name: i for i, n in enumerate(trace.nodes)}

    def distance(layer: Layer) -> tuple[bool, int, bool]:
        steps = order[layer.name] - order[node.name]
        return trace.node(layer.name).block != node.block, abs(steps), steps < 0

    return min(found, key=distance)


# ---- one channel -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Channel:
    """One channel of a layer and one picture: its map (H, W) before, after, and after normalization by its own numbers.

    `gamma` and `beta` are learned; `stored_mean` and `stored_variance` are the running averages of training.
    """

    before: FloatArray
    after: FloatArray
    own: FloatArray
    gamma: float
    beta: float
    stored_mean: float
    stored_variance: float
    epsilon: float
    momentum: float

    @property
    def mean(self) -> float:
        """Of the picture: over all positions."""
        return float(self.before.mean(dtype="float64"))

    @property
    def variance(self) -> float:
        """Of the picture: what its values are normalized by in training."""
        return float(self.before.var(dtype="float64"))

    @property
    def factor(self) -> float:
        """What a value is multiplied by at inference."""
        return float(self.gamma / (self.stored_variance + self.epsilon) ** 0.5)

    @property
    def shift(self) -> float:
        """What is added then."""
        return self.beta - self.stored_mean * self.factor

    @property
    def next_mean(self) -> float:
        """The running average after one step of training with this picture alone."""
        return (1 - self.momentum) * self.stored_mean + self.momentum * self.mean


def channel(activations: Activations, layer: Layer, number: int) -> Channel:
    """One channel of a layer."""
    bn = _module(activations.network, layer)
    before = activations.maps(layer.source)
    with torch.inference_mode():
        own = by_own_statistics(bn.weight.cpu(), bn.bias.cpu(), bn.eps)(before[None])[0]
    assert bn.running_mean is not None and bn.running_var is not None and bn.momentum is not None  # see _module
    return Channel(
        before[number].numpy(),
        activations.maps(layer.name)[number].numpy(),
        own[number].numpy(),
        gamma=float(bn.weight[number]),
        beta=float(bn.bias[number]),
        stored_mean=float(bn.running_mean[number]),
        stored_variance=float(bn.running_var[number]),
        epsilon=bn.eps,
        momentum=bn.momentum,
    )


def by_own_statistics(gamma: Tensor, beta: Tensor, epsilon: float) -> Operation:
    """What a batch normalization makes in training of a batch (N, C, H, W); gamma and beta are (C,)."""

    def normalize(x: Tensor) -> Tensor:
        variance, mean = torch.var_mean(x, AXES, correction=0, keepdim=True)
        return _by_channel(gamma) * (x - mean) / (variance + epsilon).sqrt() + _by_channel(beta)

    return normalize


def _by_channel(values: Tensor) -> Tensor:
    """(C,) -> (1, C, 1, 1)"""
    return values[None, :, None, None]


def fresh(network: Network, found: Sequence[Layer]) -> bool:
    """Whether the layers have learned and stored nothing yet: scale and variance 1, shift and mean 0."""
    modules = [_module(network, layer).state_dict() for layer in found]
    ones = all(bool((m[name] == 1).all()) for m in modules for name in ("weight", "running_var"))
    return ones and not any(bool(m[name].any()) for m in modules for name in ("bias", "running_mean"))


def _module(network: Network, layer: Layer) -> nn.BatchNorm2d:
    module = network.module(network.nodes[layer.name])
    assert isinstance(module, nn.BatchNorm2d)  # as `layers` found it; all of ours learn, and keep running averages
    return module


# ---- a network without its batch normalization -------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What a network answers, how far its logits have moved, and the spread of what leaves the layers, by name.

    The move is relative to the original logits (L2 norms), a spread a standard deviation over all values. Layers before
    the first altered one are as they were, and left out.
    """

    answer: Answer
    moved: float
    spread: dict[str, float]

    @property
    def finite(self) -> bool:
        """Whether there is an answer: without normalization, numbers can outgrow float32."""
        return bool(self.answer.logits.isfinite().all())


def as_it_is(activations: Activations, found: Sequence[Layer]) -> Outcome:
    """The network with all layers as they are."""
    return _outcome(activations, found, {})


def outcome(activations: Activations, found: Sequence[Layer], altered: Collection[str], instead: Instead) -> Outcome:
    """The network with something else in the place of the layers called `altered`."""
    first = next(i for i, layer in enumerate(found) if layer.name in altered)
    own = {layer.name: _own(activations.network, layer) for layer in found if layer.name in altered}
    return _outcome(activations, found[first:], own if instead == "own" else dict.fromkeys(own, _unchanged))


def _own(network: Network, layer: Layer) -> Operation:
    bn = _module(network, layer)
    return by_own_statistics(bn.weight, bn.bias, bn.eps)


def _unchanged(x: Tensor) -> Tensor:
    return x


def _outcome(activations: Activations, watched: Sequence[Layer], instead: Mapping[str, Operation]) -> Outcome:
    spread: dict[str, float] = {}

    def noted(name: str, operation: Operation) -> Operation:
        def run(x: Tensor) -> Tensor:
            out = operation(x)
            spread[name] = standard_deviation(out)
            return out

        return run

    (logits,) = logits_with(
        activations,
        replaced={name: noted(name, operation) for name, operation in instead.items()},
        alterations={layer.name: noted(layer.name, _unchanged) for layer in watched if layer.name not in instead},
    )
    network = activations.network
    answer = Answer(logits, network.scores(logits).softmax(-1), network.classes)
    in_order = {layer.name: spread[layer.name] for layer in watched}
    return Outcome(answer, relative_change(activations.logits, logits), in_order)


def standard_deviation(x: Tensor) -> float:
    """Over all values. Large ones are divided first: their squares would outgrow float32 before they do."""
    largest = x.abs().max()
    return float(largest * (x / largest).std(correction=0)) if largest > 0 else 0.0


# ---- folded into the convolution ---------------------------------------------------------------------------


def folded(convolution: nn.Conv2d, bn: nn.BatchNorm2d) -> Operation:
    """One convolution that gives what both give at inference: its weights times the factor, the shift as its bias."""

    def convolve(x: Tensor) -> Tensor:
        assert bn.running_mean is not None and bn.running_var is not None
        factor = bn.weight / (bn.running_var + bn.eps).sqrt()
        bias = 0 if convolution.bias is None else convolution.bias
        return F.conv2d(
            x,
            convolution.weight * factor[:, None, None, None],
            bn.bias + (bias - bn.running_mean) * factor,
            convolution.stride,
            convolution.padding,
            convolution.dilation,
            convolution.groups,
        )

    return convolve


def has_bias(network: Network, layer: Layer) -> bool:
    """Whether the convolution before a layer adds a number to each channel, which normalization takes away again."""
    return layer.convolution is not None and _convolution(network, layer.convolution).bias is not None


def fold(activations: Activations, found: Sequence[Layer]) -> float:
    """How far the logits move when layers are folded into the convolutions before them: rounding, and nothing else."""
    network, replaced = activations.network, dict[str, Operation]()
    for layer in found:
        if layer.convolution is not None:
            replaced[layer.convolution] = folded(_convolution(network, layer.convolution), _module(network, layer))
            replaced[layer.name] = _unchanged
    return relative_change(activations.logits, logits_with(activations, replaced)[0])


def _convolution(network: Network, name: str) -> nn.Conv2d:
    module = network.module(network.nodes[name])
    assert isinstance(module, nn.Conv2d)  # as `layers` found it
    return module
