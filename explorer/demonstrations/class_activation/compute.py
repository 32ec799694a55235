"""Class activation maps: where in the picture the score of a class comes from.

Zhou, Khosla, Lapedriza, Oliva, Torralba: "Learning Deep Features for Discriminative Localization", CVPR 2016. Where one
linear layer reads the means of the last maps, the mean and the weighted sum can change places: the weighted sum of the
maps is a map of the class, and its mean is the class's logit without the bias.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from explorer.analysis.trace import Trace
from explorer.runtime.activations import Activations
from explorer.runtime.maps import FloatArray, IntArray


@dataclass(frozen=True)
class PooledHead:
    """`maps` is the operation whose maps are averaged, `linear` the module that scores the means.

    Without `linear` the means are the scores: there is one map for each class, as in Network in Network.
    """

    maps: str
    linear: str | None


def pooled_head(trace: Trace) -> PooledHead | None:
    """What a network's scores are made of; None unless that is global average pooling and at most one linear layer."""
    linear, node = None, trace.output
    if node.type == "Linear":
        linear, node = node.path, trace.node(node.inputs[0])
    while node.type in ("Dropout", "Flatten"):
        node = trace.node(node.inputs[0])
    if node.type != "AdaptiveAvgPool2d" or node.out_shape[1:] != (1, 1):
        return None
    return PooledHead(node.inputs[0], linear)


@dataclass(frozen=True)
class ClassActivation:
    """One class's map (H, W), and of what it is made: K maps (K, H, W), their means and their weights (K,)."""

    maps: FloatArray
    weights: FloatArray
    bias: float
    logit: float  # the network's own

    @property
    def means(self) -> FloatArray:
        return self.maps.mean((1, 2))

    @property
    def contributions(self) -> FloatArray:
        """What each map adds to the logit, (K,)."""
        return self.means * self.weights

    @property
    def map(self) -> FloatArray:
        """The weighted sum of the maps; its mean is the logit without the bias."""
        return np.tensordot(self.weights, self.maps, 1).astype(np.float32)

    def strongest(self, count: int) -> IntArray:
        """The maps that contribute most, of either sign, largest first; those that add nothing are left out."""
        sizes = np.abs(self.contributions)
        order = np.argsort(-sizes, kind="stable")[:count]
        return order[sizes[order] > 0]


def class_activation(activations: Activations, head: PooledHead, class_number: int) -> ClassActivation:
    """The class activation map of one class. Raises IndexError for a class that the network does not have."""
    logit = float(activations.logits[class_number])
    maps = activations.maps(head.maps).numpy()
    if head.linear is None:
        weights, bias = torch.zeros(len(maps)), 0.0
        weights[class_number] = 1
    else:
        layer = activations.network.model.get_submodule(head.linear)
        assert isinstance(layer, nn.Linear)  # as pooled_head found it
        weights = layer.weight[class_number].float().cpu()
        bias = 0.0 if layer.bias is None else float(layer.bias[class_number])
    return ClassActivation(maps, weights.numpy(), bias, logit)
