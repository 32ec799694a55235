"""Blocks that two families or more are built from."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn


class SqueezeExcitation(nn.Module):
    """Weighs each channel by a number that depends on the image (Hu et al., arXiv 1709.01507, section 3).

    Squeeze: the mean of each whole map. Excitation: two fully connected layers - reduce, ReLU, expand - and a
    gate between 0 and 1. Scale: each map times its gate. The fully connected layers are 1x1 convolutions on
    1x1 maps, which is the same and needs no reshaping.

    (N, channels, H, W) -> (N, channels, H, W), by way of (N, squeezed_channels, 1, 1). The paper squeezes to
    channels / 16; MobileNetV3 gates with a hard sigmoid instead of the sigmoid.
    """

    is_gate: ClassVar[bool] = True

    def __init__(self, channels: int, squeezed_channels: int, gate: type[nn.Module] = nn.Sigmoid) -> None:
        super().__init__()
        self.squeeze = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeezed_channels, 1)
        self.relu = nn.ReLU()
        self.fc2 = nn.Conv2d(squeezed_channels, channels, 1)
        self.gate = gate()

    def forward(self, x: Tensor) -> Tensor:
        excitation = self.fc2(self.relu(self.fc1(self.squeeze(x))))
        return x * self.gate(excitation)


def initialize(network: nn.Module) -> None:
    """He initialization (arXiv 1502.01852) of all convolutions: a signal keeps its scale through ReLUs."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
