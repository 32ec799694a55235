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

from explorer.runtime.activations import Activations
from explorer.runtime.maps import FloatArray, IntArray
from explorer.runtime.weights.network import Network


@dataclass(frozen=True)
class PooledHead:
    """`maps` is the operation whose maps are averaged, `linear` the module that scores the means.

    Without `linear` the means are the scores: there is one map for each class, as in Network in Network.
    """

    maps: str
    linear: str | None


def pooled_head(network: Network) -> PooledHead | None:
    """What a network's scores are made of; None where more than one linear layer follows the pooling, or none
    pools all positions."""
    linear, node = None, network.classifier
    if isinstance(network.module(node), nn.Linear):
        linear, node = str(node.target), node.all_input_nodes[0]
    while isinstance(network.module(node), (nn.Dropout, nn.Flatten)):
        node = node.all_input_nodes[0]
    pooling = network.module(node)
    if not isinstance(pooling, nn.AdaptiveAvgPool2d) or pooling.output_size not in (1, (1, 1)):
        return None
    return PooledHead(node.all_input_nodes[0].meta["name"], linear)


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
