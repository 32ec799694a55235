"""Dropout as in training, on one picture: masks drawn from a seed, and what the logits become with them.

Krizhevsky et al. 2012, section 4.2. The network itself stays in eval mode, where dropout does nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from explorer.runtime.activations import Activations, logits_with
from explorer.runtime.maps import FloatArray


@dataclass(frozen=True)
class Layer:
    """A dropout: its operation, the values that reach it, (units,), and the probability that one is dropped."""

    name: str
    values: FloatArray
    p: float


def layers(activations: Activations) -> tuple[Layer, ...]:
    """The network's dropout operations, in order."""
    network = activations.network
    found = []
    for name, node in network.nodes.items():
        module = network.module(node)
        if isinstance(module, nn.Dropout):
            source = node.all_input_nodes[0].meta["name"]
            found.append(Layer(name, activations.maps(source).numpy().reshape(-1), module.p))
    return tuple(found)


def masks(layer: Layer, index: int, seed: int, passes: int) -> Tensor:
    """(passes, units): True for what is kept. `index` is the layer's number in its network."""
    generator = torch.Generator().manual_seed(1000 * seed + index)
    return torch.rand(passes, len(layer.values), generator=generator) >= layer.p


@dataclass(frozen=True)
class Dropped:
    """Masks of all layers, each (passes, units), and the logits of the passes, (passes, classes)."""

    layers: tuple[Layer, ...]
    masks: tuple[Tensor, ...]
    logits: Tensor


def drop(activations: Activations, seed: int, passes: int) -> Dropped:
    """Run several training passes of one picture at once, with PyTorch's scaling: kept values times 1 / (1 - p)."""
    found = layers(activations)
    drawn = tuple(masks(layer, index, seed, passes) for index, layer in enumerate(found))
    masked = {layer.name: _masking(mask, layer.p) for layer, mask in zip(found, drawn, strict=True)}
    return Dropped(found, drawn, logits_with(activations, masked))


def _masking(mask: Tensor, p: float) -> Callable[[Tensor], Tensor]:
    def masked(x: Tensor) -> Tensor:
        return x * mask.to(x.device) / (1 - p)

    return masked
