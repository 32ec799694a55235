"""DenseNet: each layer sees the maps of all layers before it in its block, and adds a few of its own.

Huang, Liu, van der Maaten, Weinberger: "Densely Connected Convolutional Networks", arXiv 1608.06993.
Stages carry the names of its table 1: dense block, transition layer. The letters of a DenseNet-BC: B for
bottleneck layers, C for compression in the transitions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from explorer.architectures.blocks import initialize
from explorer.architectures.family import Claim, Family, Mistake, Source, Variant, require_positive_width


@dataclass(frozen=True)
class DenseNetConfig:
    """What distinguishes one DenseNet from another.

    Raises ValueError for a block without layers, a compression outside (0, 1] or a width that isn't positive.
    """

    layers: tuple[int, ...] = (6, 12, 24, 16)  # dense layers in each dense block (table 1)
    growth_rate: int = 32  # k: the maps that each layer adds
    stem_channels: int = 64  # 2k in a DenseNet-BC
    bottleneck: bool = True  # B: a 1x1 convolution to 4k channels before each 3x3
    compression: float = 0.5  # C, theta: the share of its maps that a transition passes on; 1: all of them
    stem: Literal["imagenet", "cifar"] = "imagenet"  # cifar: one 3x3 convolution and no max pooling
    width: float = 1.0  # multiplies the growth rate and the channels of the stem
    num_classes: int = 1000

    def __post_init__(self) -> None:
        if not self.layers or min(self.layers) < 1:
            raise ValueError(f"every dense block has at least one layer, not {self.layers}")
        if not 0 < self.compression <= 1:
            raise ValueError(f"compression keeps a share of the maps, above 0 up to 1, not {self.compression}")
        require_positive_width(self.width)

    @property
    def growth(self) -> int:
        """k at this width."""
        return max(1, round(self.growth_rate * self.width))


class DenseLayer(nn.Module):
    """BN-ReLU-conv 3x3, in a DenseNet-B after BN-ReLU-conv 1x1; its k maps join those that entered.

    Section 3 writes each layer's input as the concatenation of all earlier outputs. Passing the growing
    concatenation on is the same: (N, in_channels, H, W) -> (N, in_channels + k, H, W)
    """

    def __init__(self, c: DenseNetConfig, in_channels: int) -> None:
        super().__init__()
        channels = in_channels
        self.bottleneck = None
        if c.bottleneck:
            channels = 4 * c.growth
            self.bottleneck = nn.Sequential()
            self.bottleneck.add_module("bn", nn.BatchNorm2d(in_channels))
            self.bottleneck.add_module("relu", nn.ReLU())
            self.bottleneck.add_module("conv", nn.Conv2d(in_channels, channels, 1, bias=False))
        self.bn = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        self.conv = nn.Conv2d(channels, c.growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        features = x if self.bottleneck is None else self.bottleneck(x)
        new_maps = self.conv(self.relu(self.bn(features)))
        return torch.cat([x, new_maps], 1)


def dense_block(c: DenseNetConfig, layers: int, in_channels: int) -> nn.Sequential:
    """`layers` dense layers: (N, in_channels, H, W) -> (N, in_channels + layers * k, H, W)."""
    block = nn.Sequential()
    for i in range(layers):
        block.add_module(f"layer{i + 1}", DenseLayer(c, in_channels + i * c.growth))
    return block


def transition(in_channels: int, out_channels: int) -> nn.Sequential:
    """Between two dense blocks (section 3): (N, in_channels, H, W) -> (N, out_channels, H // 2, W // 2).

    The paper lists BN, 1x1 convolution and average pooling; the ReLU after the BN is in the authors' code.
    """
    layer = nn.Sequential()
    layer.add_module("bn", nn.BatchNorm2d(in_channels))
    layer.add_module("relu", nn.ReLU())
    layer.add_module("conv", nn.Conv2d(in_channels, out_channels, 1, bias=False))
    layer.add_module("pool", nn.AvgPool2d(2, stride=2))
    return layer


class DenseNet(nn.Module):
    """(N, 3, H, W) images, normalized -> (N, num_classes) logits. Table 1 of 1608.06993, CIFAR: section 3."""

    def __init__(self, c: DenseNetConfig) -> None:
        super().__init__()
        channels = max(1, round(c.stem_channels * c.width))
        self.stem = nn.Sequential()
        if c.stem == "imagenet":
            self.stem.add_module("conv", nn.Conv2d(3, channels, 7, stride=2, padding=3, bias=False))
            self.stem.add_module("bn", nn.BatchNorm2d(channels))
            self.stem.add_module("relu", nn.ReLU())
            self.stem.add_module("pool", nn.MaxPool2d(3, stride=2, padding=1))
        else:  # the first dense layer brings the BN and the ReLU
            self.stem.add_module("conv", nn.Conv2d(3, channels, 3, padding=1, bias=False))

        for i, layers in enumerate(c.layers, start=1):
            self.add_module(f"dense_block{i}", dense_block(c, layers, channels))
            channels += layers * c.growth
            if i < len(c.layers):
                compressed = max(1, int(channels * c.compression))
                self.add_module(f"transition{i}", transition(channels, compressed))
                channels = compressed

        self.head = nn.Sequential()
        self.head.add_module("bn", nn.BatchNorm2d(channels))
        self.head.add_module("relu", nn.ReLU())
        self.head.add_module("pool", nn.AdaptiveAvgPool2d(1))
        self.head.add_module("flatten", nn.Flatten())
        self.head.add_module("fc", nn.Linear(channels, c.num_classes))
        initialize(self)  # as in the paper, section 4.2

    def forward(self, x: Tensor) -> Tensor:
        for stage in self.children():  # stem, dense_block1, transition1, ..., dense_block4, head
            x = stage(x)
        return x


def _imagenet(name: str, title: str, layers: tuple[int, ...], k: int = 32) -> Variant:
    config = DenseNetConfig(layers, growth_rate=k, stem_channels=2 * k)
    return Variant(name, title, 2016, DenseNet, config, note="bottleneck and compression")


HUANG_2016 = "Huang et al. 2016, arXiv 1608.06993"
AUTHORS_README = "the authors' release, its table for CIFAR"

FAMILY = Family(
    name="densenet",
    title="DenseNet",
    year=2016,
    authors="Gao Huang, Zhuang Liu, Laurens van der Maaten, Kilian Q. Weinberger",
    idea="Keep every map and hand it to all later layers of the block; each layer then adds only a few.",
    default="densenet121",
    variants=(
        _imagenet("densenet121", "DenseNet-121", (6, 12, 24, 16)),
        _imagenet("densenet169", "DenseNet-169", (6, 12, 32, 32)),
        _imagenet("densenet201", "DenseNet-201", (6, 12, 48, 32)),
        _imagenet("densenet264", "DenseNet-264", (6, 12, 64, 48)),
        _imagenet("densenet161", "DenseNet-161", (6, 12, 36, 24), k=48),
        Variant(
            "densenet40_cifar",
            "DenseNet-40 (CIFAR)",
            2016,
            DenseNet,
            DenseNetConfig((12, 12, 12), 12, 16, bottleneck=False, compression=1.0, stem="cifar", num_classes=10),
            (3, 32, 32),
            "plain: neither bottleneck nor compression",
        ),
        Variant(
            "densenet_bc100_cifar",
            "DenseNet-BC-100 (CIFAR)",
            2016,
            DenseNet,
            DenseNetConfig((16, 16, 16), 12, 24, stem="cifar", num_classes=10),
            (3, 32, 32),
            "bottleneck and compression",
        ),
    ),
    claims=(
        Claim("layers of DenseNet-121", "121", f"{HUANG_2016}, table 1", "depth", "densenet121", 121, 0),
        Claim(
            "layers of DenseNet-161 (k = 48)",
            "161",
            "torchvision, after the authors' release",
            "depth",
            "densenet161",
            161,
            0,
        ),
        Claim("parameters, L = 40, k = 12, CIFAR", "1.0 M", AUTHORS_README, "params", "densenet40_cifar", 1.0e6, 0.05),
        Claim(
            "parameters, DenseNet-BC, L = 100, k = 12, CIFAR",
            "0.8 M",
            AUTHORS_README,
            "params",
            "densenet_bc100_cifar",
            0.8e6,
            0.0625,
        ),
        Claim(
            "top-1 / top-5 error of DenseNet-121, one crop",
            "25.02 % / 7.71 %",
            f"{HUANG_2016}, table 3 (ImageNet validation)",
        ),
        Claim(
            "top-1 / top-5 error of DenseNet-169, one crop",
            "23.80 % / 6.85 %",
            f"{HUANG_2016}, table 3 (ImageNet validation)",
        ),
        Claim(
            "top-1 / top-5 error of DenseNet-201, one crop",
            "22.58 % / 6.34 %",
            f"{HUANG_2016}, table 3 (ImageNet validation)",
        ),
        Claim(
            "top-1 / top-5 error of DenseNet-264, one crop",
            "22.15 % / 6.12 %",
            f"{HUANG_2016}, table 3 (ImageNet validation)",
        ),
        Claim(
            "test error on CIFAR-10 with augmentation, DenseNet-BC, L = 190, k = 40", "3.46 %", f"{HUANG_2016}, table 2"
        ),
        Claim(
            "test error on CIFAR-100 with augmentation, DenseNet-BC, L = 190, k = 40",
            "17.18 %",
            f"{HUANG_2016}, table 2",
        ),
    ),
    mistakes=(
        Mistake(
            "Each layer of a DenseNet is connected to all later layers of the network.",
            "To all later layers of its dense block. A transition mixes and halves the maps, and the next "
            "block starts from what the transition gives it.",
            f"{HUANG_2016}, section 3 and figure 2; no dashed edge of the whole graph passes a transition.",
            (26,),
        ),
        Mistake(
            "DenseNet is smaller than ResNet because a residual block has to learn the function and the residual.",
            "A residual block learns the residual alone. DenseNet is smaller because its layers are narrow: "
            "each adds only as many maps as the growth rate says.",
            f"{HUANG_2016}, section 3 (growth rate); the traces of densenet201 and resnet101.",
            (27,),
        ),
        Mistake(
            "DenseNet uses memory efficiently.",
            "It uses parameters and MACs efficiently. Activations are its weak point: each concatenation is "
            "written anew, so what a straightforward implementation keeps grows with the square of a "
            "block's layers. The authors wrote a second version that recomputes the concatenations for that "
            "reason.",
            "Pleiss et al. 2017, arXiv 1707.06990; activation bytes of densenet201 and resnet101.",
            (87,),
        ),
        Mistake(
            "DenseNet trains faster than ResNet and needs fewer examples.",
            "It reaches the same accuracy with fewer parameters and MACs. A training step moves more memory "
            "and is usually not faster. An advantage with little data was shown for CIFAR without "
            "augmentation only.",
            f"{HUANG_2016}, table 2 (C10 beside C10+); the authors' release.",
            (28,),
        ),
        Mistake(
            "DenseNet is the next step towards ever deeper networks.",
            "Its point is the reuse of maps by narrow layers. ResNet had been trained at more than a "
            "thousand layers before.",
            f"{HUANG_2016}, sections 1 and 5; He et al. 2015, arXiv 1512.03385, section 4.2.",
            (88,),
        ),
        Mistake(
            "A dense layer is BN, ReLU and a 3x3 convolution.",
            "That is the plain DenseNet. All ImageNet models put a BN, a ReLU and a 1x1 convolution in "
            "front of it, so that a layer has two convolutions; that is why twice the dense layers enter "
            "the depth.",
            f"{HUANG_2016}, section 3 and table 1; compare densenet40_cifar with densenet_bc100_cifar.",
            (89,),
        ),
        Mistake(
            "The bottleneck reduces the number of maps that enter a layer.",
            "It makes 4k of them, however many enter. In the first layers of the first block fewer than 4k "
            "enter: there it widens. It pays off later in a block.",
            "The table below: shapes at layer1.bottleneck.conv and layer2.bottleneck.conv of dense_block1.",
            (90,),
        ),
        Mistake(
            "Compression leaves theta times m maps.",
            "The integer part of that: with the theta of one half that the paper uses, half of an odd number "
            "is rounded down. A network with bottlenecks and compression is called DenseNet-BC.",
            f"{HUANG_2016}, section 3.",
            (91,),
        ),
        Mistake(
            "DenseNet-264 has 264 layers.",
            "The others bear their number of layers. Counted in the same way, its column of the paper's "
            "table adds up to one more than its name says.",
            f"{HUANG_2016}, table 1; the depth in the trace of densenet264.",
        ),
        Mistake(
            "DenseNet was developed at Cornell University.",
            "There and elsewhere: of its four authors two were at Cornell, one at Tsinghua University and one at "
            "Facebook AI Research.",
            f"{HUANG_2016}, title page.",
            (25,),
        ),
        Mistake(
            "timm's densenet264d is the paper's DenseNet-264.",
            "It has a growth rate of 48, a deeper stem and more than twice the parameters.",
            "Its configuration in timm; the trace of densenet264.",
        ),
    ),
    sources=(
        Source(
            "Huang, Liu, van der Maaten, Weinberger: Densely Connected Convolutional Networks. CVPR 2017",
            "arXiv 1608.06993",
        ),
        Source("The authors' Lua Torch models", "github.com/liuzhuang13/DenseNet"),
        Source("Pleiss et al.: Memory-Efficient Implementation of DenseNets. 2017", "arXiv 1707.06990"),
        Source("torchvision.models.densenet, BSD-3-Clause: the oracle of the parity tests", "pytorch.org/vision"),
    ),
)
