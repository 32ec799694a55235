"""Blocks of several families as small networks."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from explorer.analysis.trace import Trace, trace


def conv_bn_relu(in_channels: int, channels: int, kernel: int, groups: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(in_channels, channels, kernel, padding=kernel // 2, groups=groups, bias=False)
    return nn.Sequential(OrderedDict(conv=conv, bn=nn.BatchNorm2d(channels), relu=nn.ReLU()))


class Inception(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.branch1 = conv_bn_relu(64, 16, 1)
        self.branch2 = nn.Sequential(conv_bn_relu(64, 24, 1), conv_bn_relu(24, 32, 3))
        self.branch3 = nn.Sequential(conv_bn_relu(64, 8, 1), conv_bn_relu(8, 16, 5))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, 1), conv_bn_relu(64, 16, 1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class SqueezeExcitation(nn.Module):
    is_gate = True

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, channels // 4, 1)
        self.relu = nn.ReLU()
        self.fc2 = nn.Conv2d(channels // 4, channels, 1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        return x * self.sigmoid(self.fc2(self.relu(self.fc1(self.pool(x)))))


class InvertedResidual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.expand = conv_bn_relu(64, 96, 1)
        self.depthwise = conv_bn_relu(96, 96, 3, groups=96)
        self.se = SqueezeExcitation(96)
        self.project = nn.Conv2d(96, 64, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.project(self.se(self.depthwise(self.expand(x))))


class DenseLayer(nn.Module):
    def __init__(self, in_channels: int, growth_rate: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(in_channels)
        self.relu = nn.ReLU()
        self.conv = nn.Conv2d(in_channels, growth_rate, 3, padding=1)

    def forward(self, features: list[Tensor]) -> Tensor:
        return self.conv(self.relu(self.norm(torch.cat(features, 1))))


class DenseBlock(nn.ModuleList):
    def __init__(self, in_channels: int, layers: int, growth_rate: int = 4) -> None:
        super().__init__(DenseLayer(in_channels + i * growth_rate, growth_rate) for i in range(layers))

    def forward(self, x: Tensor) -> Tensor:
        features = [x]
        for layer in self:
            features.append(layer(features))
        return torch.cat(features, 1)


def toy(stage: nn.Module) -> Trace:
    """The trace of a stem that gives 64 channels, and `stage`."""
    stem = nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 64, 3, padding=1), relu=nn.ReLU()))
    return trace(nn.Sequential(OrderedDict(stem=stem, stage=stage)).to("meta"), (3, 32, 32), "toy")
