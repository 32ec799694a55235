"""Inception-v3, Inception-v4 and Inception-ResNet-v2: what became of GoogLeNet's module.

Szegedy, Vanhoucke, Ioffe, Shlens, Wojna: "Rethinking the Inception Architecture for Computer Vision", arXiv
1512.00567 (v3), and Szegedy, Ioffe, Vanhoucke, Alemi: "Inception-v4, Inception-ResNet and the Impact of
Residual Connections on Learning", arXiv 1602.07261. All three work on maps of 35x35, 17x17 and 8x8 (for
299x299 images) with modules that the second paper calls A, B and C. v3's carry the names of the released
graph, 5b to 7c.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor, nn

from explorer.architectures.blocks import initialize
from explorer.architectures.family import Claim, Family, Mistake, Source, Variant, require_positive_width


@dataclass(frozen=True)
class InceptionConfig:
    """What all three networks can vary. Raises ValueError for a width that is not positive."""

    width: float = 1.0  # multiplies the channels of every layer
    num_classes: int = 1000

    def __post_init__(self) -> None:
        require_positive_width(self.width)

    def channels(self, published: int) -> int:
        """`published` channels at this width."""
        return max(1, round(published * self.width))


@dataclass(frozen=True)
class InceptionV3Config(InceptionConfig):
    """Inception-v3 has an auxiliary classifier, too."""

    aux: bool = True  # the auxiliary classifier on the 17x17 maps, which only training needs


@dataclass(frozen=True)
class InceptionResNetV2Config(InceptionConfig):
    """Inception-ResNet-v2 scales its residuals down before it adds them."""

    residual_scale: tuple[float, float, float] = (0.17, 0.1, 0.2)  # in the 35x35, 17x17 and 8x8 modules


# ---- the boxes of the figures ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Conv:
    """One box of a figure: a convolution without bias, its BN and its ReLU."""

    channels: int
    kernel: int | tuple[int, int]
    stride: int = 1
    valid: bool = False  # V in the figures: no padding; otherwise stride alone changes the size


class ConvUnit(nn.Sequential):
    """Convolution, BN, ReLU: (N, in_channels, H, W) -> (N, out_channels, H', W'), as `Conv` says."""

    def __init__(self, c: InceptionConfig, in_channels: int, box: Conv) -> None:
        rows, columns = (box.kernel, box.kernel) if isinstance(box.kernel, int) else box.kernel
        padding = (0, 0) if box.valid else (rows // 2, columns // 2)
        out_channels = c.channels(box.channels)
        super().__init__(
            OrderedDict(
                conv=nn.Conv2d(in_channels, out_channels, (rows, columns), box.stride, padding, bias=False),
                bn=nn.BatchNorm2d(out_channels, eps=0.001),
                relu=nn.ReLU(),
            )
        )
        self.out_channels = out_channels


Box = Conv | tuple[Conv, ...] | nn.Module  # a tuple is a fork: its convolutions all see the box before it


class Branch(nn.Sequential):
    """Boxes one after the other, called conv1, conv2, ...; poolings are given as modules, called pool1, ...

    (N, in_channels, H, W) -> (N, out_channels, H', W')
    """

    def __init__(self, c: InceptionConfig, in_channels: int, boxes: Sequence[Box]) -> None:
        super().__init__()
        self.out_channels = in_channels
        counts = {"conv": 0, "pool": 0}
        for box in boxes:
            kind = "pool" if isinstance(box, nn.Module) else "conv"
            counts[kind] += 1
            layer: nn.Module
            if isinstance(box, Conv):
                layer = ConvUnit(c, self.out_channels, box)
            elif isinstance(box, tuple):
                layer = Mixed(c, self.out_channels, **{f"fork{i}": [b] for i, b in enumerate(box, start=1)})
            else:
                layer = box
            self.add_module(f"{kind}{counts[kind]}", layer)
            self.out_channels = getattr(layer, "out_channels", self.out_channels)


class Mixed(nn.Module):
    """Branches side by side, their maps concatenated: (N, in_channels, H, W) -> (N, out_channels, H', W')."""

    def __init__(self, c: InceptionConfig, in_channels: int, **branches: Sequence[Box]) -> None:
        super().__init__()
        self.out_channels = 0
        for name, boxes in branches.items():
            branch = Branch(c, in_channels, boxes)
            self.add_module(name, branch)
            self.out_channels += branch.out_channels

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.children()], 1)


class Stage(nn.Sequential):
    """Modules one after the other, each built for the channels that the one before it gives."""

    def __init__(self, in_channels: int, modules: Mapping[str, Callable[[int], nn.Module]]) -> None:
        super().__init__()
        self.out_channels = in_channels
        for name, build in modules.items():
            module = build(self.out_channels)
            self.add_module(name, module)
            self.out_channels = int(module.out_channels)  # type: ignore[arg-type]


def average_pool(count_padding: bool = False) -> nn.AvgPool2d:
    """3x3, keeping the size. torchvision's v3 averages the zeros of the padding, too; timm's do not."""
    return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=count_padding)


def max_pool() -> nn.MaxPool2d:
    """3x3, halving the size, without padding."""
    return nn.MaxPool2d(3, stride=2)


def head(in_channels: int, num_classes: int, dropout: float) -> nn.Sequential:
    """Global average pooling and one linear layer: (N, in_channels, H, W) -> (N, num_classes)."""
    return nn.Sequential(
        OrderedDict(
            pool=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            dropout=nn.Dropout(dropout),
            fc=nn.Linear(in_channels, num_classes),
        )
    )


# ---- Inception-v3 ------------------------------------------------------------------------------------------


def v3_stem(c: InceptionConfig) -> Branch:
    """Three 3x3 convolutions instead of GoogLeNet's 7x7, then as there.

    (N, 3, 299, 299) -> (N, 192, 35, 35)
    """
    first: list[Box] = [Conv(32, 3, stride=2, valid=True), Conv(32, 3, valid=True), Conv(64, 3), max_pool()]
    second: list[Box] = [Conv(80, 1), Conv(192, 3, valid=True), max_pool()]
    return Branch(c, 3, first + second)


class V3InceptionA(Mixed):
    """35x35: two 3x3 for a larger view. Table 1 points to figure 5, where no 5x5 is left; the text of section 6 calls
    these modules traditional, and the released graph keeps one 5x5.

    (N, in_channels, 35, 35) -> (N, 224 + pool_channels, 35, 35)
    """

    def __init__(self, c: InceptionConfig, in_channels: int, pool_channels: int) -> None:
        super().__init__(
            c,
            in_channels,
            branch1x1=[Conv(64, 1)],
            branch5x5=[Conv(48, 1), Conv(64, 5)],
            branch3x3=[Conv(64, 1), Conv(96, 3), Conv(96, 3)],
            branch_pool=[average_pool(count_padding=True), Conv(pool_channels, 1)],
        )


class V3ReductionA(Mixed):
    """35x35 to 17x17 (figure 10): convolution and pooling side by side.

    (N, 288, 35, 35) -> (N, 768, 17, 17)
    """

    def __init__(self, c: InceptionConfig, in_channels: int) -> None:
        super().__init__(
            c,
            in_channels,
            branch3x3=[Conv(384, 3, stride=2, valid=True)],
            branch3x3_double=[Conv(64, 1), Conv(96, 3), Conv(96, 3, stride=2, valid=True)],
            branch_pool=[max_pool()],
        )


class V3InceptionB(Mixed):
    """17x17 (figure 6): a 7x7 as 1x7 and 7x1, once and twice. (N, 768, 17, 17) -> (N, 768, 17, 17)"""

    def __init__(self, c: InceptionConfig, in_channels: int, n: int) -> None:
        super().__init__(
            c,
            in_channels,
            branch1x1=[Conv(192, 1)],
            branch7x7=[Conv(n, 1), Conv(n, (1, 7)), Conv(192, (7, 1))],
            branch7x7_double=[
                Conv(n, 1),
                Conv(n, (7, 1)),
                Conv(n, (1, 7)),
                Conv(n, (7, 1)),
                Conv(192, (1, 7)),
            ],
            branch_pool=[average_pool(count_padding=True), Conv(192, 1)],
        )


class V3ReductionB(Mixed):
    """17x17 to 8x8: (N, 768, 17, 17) -> (N, 1280, 8, 8)"""

    def __init__(self, c: InceptionConfig, in_channels: int) -> None:
        super().__init__(
            c,
            in_channels,
            branch3x3=[Conv(192, 1), Conv(320, 3, stride=2, valid=True)],
            branch7x7=[
                Conv(192, 1),
                Conv(192, (1, 7)),
                Conv(192, (7, 1)),
                Conv(192, 3, stride=2, valid=True),
            ],
            branch_pool=[max_pool()],
        )


class V3InceptionC(Mixed):
    """8x8 (figure 7): the 3x3 becomes a fork of 1x3 and 3x1. (N, in_channels, 8, 8) -> (N, 2048, 8, 8)"""

    def __init__(self, c: InceptionConfig, in_channels: int) -> None:
        fork = (Conv(384, (1, 3)), Conv(384, (3, 1)))
        super().__init__(
            c,
            in_channels,
            branch1x1=[Conv(320, 1)],
            branch3x3=[Conv(384, 1), fork],
            branch3x3_double=[Conv(448, 1), Conv(384, 3), fork],
            branch_pool=[average_pool(count_padding=True), Conv(192, 1)],
        )


class InceptionV3(nn.Module):
    """(N, 3, H, W) images, normalized -> (N, num_classes) logits; with `aux` a pair: main, aux.

    Table 1 of 1512.00567, but the released graph, as torchvision has it: it differs in places from the paper.
    """

    def __init__(self, c: InceptionV3Config) -> None:
        super().__init__()
        self.stem = v3_stem(c)
        self.mixed5 = Stage(
            self.stem.out_channels,
            {
                "5b": partial(V3InceptionA, c, pool_channels=32),
                "5c": partial(V3InceptionA, c, pool_channels=64),
                "5d": partial(V3InceptionA, c, pool_channels=64),
            },
        )
        self.mixed6 = Stage(
            self.mixed5.out_channels,
            {
                "6a": partial(V3ReductionA, c),
                "6b": partial(V3InceptionB, c, n=128),
                "6c": partial(V3InceptionB, c, n=160),
                "6d": partial(V3InceptionB, c, n=160),
                "6e": partial(V3InceptionB, c, n=192),
            },
        )
        self.aux = self._auxiliary_classifier(c, self.mixed6.out_channels) if c.aux else None
        self.mixed7 = Stage(
            self.mixed6.out_channels,
            {"7a": partial(V3ReductionB, c), "7b": partial(V3InceptionC, c), "7c": partial(V3InceptionC, c)},
        )
        self.head = head(self.mixed7.out_channels, c.num_classes, dropout=0.5)
        initialize(self)

    @staticmethod
    def _auxiliary_classifier(c: InceptionV3Config, in_channels: int) -> nn.Sequential:
        """Figure 8; its 5x5 convolution needs 17x17 maps at least: (N, 768, 17, 17) -> (N, num_classes)."""
        boxes: list[Box] = [nn.AvgPool2d(5, stride=3), Conv(128, 1), Conv(768, 5, valid=True)]
        layers = Branch(c, in_channels, boxes)
        layers.add_module("pool2", nn.AdaptiveAvgPool2d(1))
        layers.add_module("flatten", nn.Flatten())
        layers.add_module("fc", nn.Linear(layers.out_channels, c.num_classes))
        return layers

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        maps = self.mixed6(self.mixed5(self.stem(x)))
        logits = self.head(self.mixed7(maps))
        return logits if self.aux is None else (logits, self.aux(maps))


# ---- Inception-v4 ------------------------------------------------------------------------------------------


class V4StemA(Mixed):
    """The stem's first fork (figure 3): (N, 64, 147, 147) -> (N, 160, 73, 73)"""

    def __init__(self, c: InceptionConfig, in_channels: int) -> None:
        super().__init__(
            c,
            in_channels,
            branch_pool=[max_pool()],
            branch3x3=[Conv(96, 3, stride=2, valid=True)],
        )


class V4StemB(Mixed):
    """The stem's second fork (figure 3): (N, 160, 73, 73) -> (N, 192, 71, 71)"""

    def __init__(self, c: InceptionConfig, in_channels: int) -> None:
        super().__init__(
            c,
            in_channels,
            branch3x3=[Conv(64, 1), Conv(96, 3, valid=True)],
            branch7x7=[Conv(64, 1), Conv(64, (1, 7)), Conv(64, (7, 1)), Conv(96, 3, valid=True)],
        )


class V4StemC(Mixed):
    """The stem's third fork (figure 3): (N, 192, 71, 71) -> (N, 384, 35, 35)"""

    def __init__(self, c: InceptionConfig, in_channels: int) -> None:
        super().__init__(
            c,
            in_channels,
            branch3x3=[Conv(192, 3, stride=2, valid=True)],
            branch_pool=[max_pool()],
        )


class V4InceptionA(Mixed):
    """35x35 (figure 4): (N, 384, 35, 35) -> (N, 384, 35, 35)"""

    def __init__(self, c: InceptionConfig, in_channels: int) -> None:
        super().__init__(
            c,
            in_channels,
            branch1x1=[Conv(96, 1)],
            branch3x3=[Conv(64, 1), Conv(96, 3)],
            branch3x3_double=[Conv(64, 1), Conv(96, 3), Conv(96, 3)],
            branch_pool=[average_pool(), Conv(96, 1)],
        )


class ReductionA(Mixed):
    """35x35 to 17x17 (figure 7), of both networks; k, l, m, n as in table 1.

    (N, in_channels, 35, 35) -> (N, in_channels + m + n, 17, 17)
    """

    def __init__(self, c: InceptionConfig, in_channels: int, k: int, l: int, m: int, n: int) -> None:  # noqa: E741
        super().__init__(
            c,
            in_channels,
            branch3x3=[Conv(n, 3, stride=2, valid=True)],
            branch3x3_double=[Conv(k, 1), Conv(l, 3), Conv(m, 3, stride=2, valid=True)],
            branch_pool=[max_pool()],
        )


class V4InceptionB(Mixed):
    """17x17 (figure 5): (N, 1024, 17, 17) -> (N, 1024, 17, 17)"""

    def __init__(self, c: InceptionConfig, in_channels: int) -> None:
        super().__init__(
            c,
            in_channels,
            branch1x1=[Conv(384, 1)],
            branch7x7=[Conv(192, 1), Conv(224, (1, 7)), Conv(256, (7, 1))],
            branch7x7_double=[
                Conv(192, 1),
                Conv(192, (7, 1)),
                Conv(224, (1, 7)),
                Conv(224, (7, 1)),
                Conv(256, (1, 7)),
            ],
            branch_pool=[average_pool(), Conv(128, 1)],
        )


class V4ReductionB(Mixed):
    """17x17 to 8x8 (figure 8): (N, 1024, 17, 17) -> (N, 1536, 8, 8)"""

    def __init__(self, c: InceptionConfig, in_channels: int) -> None:
        super().__init__(
            c,
            in_channels,
            branch3x3=[Conv(192, 1), Conv(192, 3, stride=2, valid=True)],
            branch7x7=[
                Conv(256, 1),
                Conv(256, (1, 7)),
                Conv(320, (7, 1)),
                Conv(320, 3, stride=2, valid=True),
            ],
            branch_pool=[max_pool()],
        )


class V4InceptionC(Mixed):
    """8x8 (figure 6): (N, 1536, 8, 8) -> (N, 1536, 8, 8)"""

    def __init__(self, c: InceptionConfig, in_channels: int) -> None:
        fork = (Conv(256, (1, 3)), Conv(256, (3, 1)))
        super().__init__(
            c,
            in_channels,
            branch1x1=[Conv(256, 1)],
            branch3x3=[Conv(384, 1), fork],
            branch3x3_double=[Conv(384, 1), Conv(448, (3, 1)), Conv(512, (1, 3)), fork],
            branch_pool=[average_pool(), Conv(256, 1)],
        )


class InceptionV4(nn.Module):
    """(N, 3, H, W) images, normalized -> (N, num_classes) logits.

    Figure 9 of 1602.07261. It has no residual connections.
    """

    def __init__(self, c: InceptionConfig) -> None:
        super().__init__()
        self.stem = Stage(
            3,
            {
                "convs": partial(
                    Branch, c, boxes=[Conv(32, 3, stride=2, valid=True), Conv(32, 3, valid=True), Conv(64, 3)]
                ),
                "fork_a": partial(V4StemA, c),
                "fork_b": partial(V4StemB, c),
                "fork_c": partial(V4StemC, c),
            },
        )
        self.inception_a = Stage(self.stem.out_channels, {f"a{i}": partial(V4InceptionA, c) for i in range(1, 5)})
        self.inception_b = Stage(
            self.inception_a.out_channels,
            {"reduction_a": partial(ReductionA, c, k=192, l=224, m=256, n=384)}
            | {f"b{i}": partial(V4InceptionB, c) for i in range(1, 8)},
        )
        self.inception_c = Stage(
            self.inception_b.out_channels,
            {"reduction_b": partial(V4ReductionB, c)} | {f"c{i}": partial(V4InceptionC, c) for i in range(1, 4)},
        )
        self.head = head(self.inception_c.out_channels, c.num_classes, dropout=0.2)
        initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        for stage in self.children():  # stem, inception_a, inception_b, inception_c, head
            x = stage(x)
        return x


# ---- Inception-ResNet-v2 -----------------------------------------------------------------------------------


class Scale(nn.Module):
    """Multiplies by a constant, so that the sum of many residuals does not run away (section 3.3)."""

    operation_kind: ClassVar[str] = "normalization"

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor


class ResidualModule(nn.Module):
    """Branches whose maps a linear 1x1 widens to the input's channels; scaled, they are added to the input.

    (N, in_channels, H, W) -> (N, in_channels, H, W)
    """

    def __init__(
        self, c: InceptionConfig, in_channels: int, scale: float, relu: bool = True, **branches: Sequence[Box]
    ) -> None:
        super().__init__()
        self.out_channels = in_channels
        self.branches = Mixed(c, in_channels, **branches)
        self.expand = nn.Conv2d(self.branches.out_channels, in_channels, 1)
        self.scale = Scale(scale)
        self.relu = nn.ReLU() if relu else None

    def forward(self, x: Tensor) -> Tensor:
        out = self.scale(self.expand(self.branches(x))) + x
        return out if self.relu is None else self.relu(out)


class InceptionResNetA(ResidualModule):
    """35x35 (figure 16): (N, 320, 35, 35) -> (N, 320, 35, 35)"""

    def __init__(self, c: InceptionConfig, in_channels: int, scale: float) -> None:
        super().__init__(
            c,
            in_channels,
            scale,
            branch1x1=[Conv(32, 1)],
            branch3x3=[Conv(32, 1), Conv(32, 3)],
            branch3x3_double=[Conv(32, 1), Conv(48, 3), Conv(64, 3)],
        )


class InceptionResNetB(ResidualModule):
    """17x17 (figure 17): (N, 1088, 17, 17) -> (N, 1088, 17, 17)"""

    def __init__(self, c: InceptionConfig, in_channels: int, scale: float) -> None:
        super().__init__(
            c,
            in_channels,
            scale,
            branch1x1=[Conv(192, 1)],
            branch7x7=[Conv(128, 1), Conv(160, (1, 7)), Conv(192, (7, 1))],
        )


class InceptionResNetC(ResidualModule):
    """8x8 (figure 19): (N, 2080, 8, 8) -> (N, 2080, 8, 8). The last of them has no ReLU."""

    def __init__(self, c: InceptionConfig, in_channels: int, scale: float, relu: bool = True) -> None:
        super().__init__(
            c,
            in_channels,
            scale,
            relu,
            branch1x1=[Conv(192, 1)],
            branch3x3=[Conv(192, 1), Conv(224, (1, 3)), Conv(256, (3, 1))],
        )


class InceptionResNetStart(Mixed):
    """The one module without a shortcut, before the residual ones: (N, 192, 35, 35) -> (N, 320, 35, 35)"""

    def __init__(self, c: InceptionConfig, in_channels: int) -> None:
        super().__init__(
            c,
            in_channels,
            branch1x1=[Conv(96, 1)],
            branch5x5=[Conv(48, 1), Conv(64, 5)],
            branch3x3=[Conv(64, 1), Conv(96, 3), Conv(96, 3)],
            branch_pool=[average_pool(), Conv(64, 1)],
        )


class InceptionResNetReductionB(Mixed):
    """17x17 to 8x8 (figure 18): (N, 1088, 17, 17) -> (N, 2080, 8, 8)"""

    def __init__(self, c: InceptionConfig, in_channels: int) -> None:
        super().__init__(
            c,
            in_channels,
            branch3x3_a=[Conv(256, 1), Conv(384, 3, stride=2, valid=True)],
            branch3x3_b=[Conv(256, 1), Conv(288, 3, stride=2, valid=True)],
            branch3x3_double=[Conv(256, 1), Conv(288, 3), Conv(320, 3, stride=2, valid=True)],
            branch_pool=[max_pool()],
        )


class InceptionResNetV2(nn.Module):
    """(N, 3, H, W) images, normalized -> (N, num_classes) logits. After figure 15 of 1602.07261.

    This is the network that the authors released, which every library ships. It has v3's stem, not v4's as in
    the paper, a first module without a shortcut, twice as many modules of each kind, other numbers of
    channels between them, and a 1x1 convolution at the end.
    """

    def __init__(self, c: InceptionResNetV2Config) -> None:
        super().__init__()
        scale_a, scale_b, scale_c = c.residual_scale
        self.stem = v3_stem(c)
        self.inception_a = Stage(
            self.stem.out_channels,
            {"start": partial(InceptionResNetStart, c)}
            | {f"a{i}": partial(InceptionResNetA, c, scale=scale_a) for i in range(1, 11)},
        )
        self.inception_b = Stage(
            self.inception_a.out_channels,
            {"reduction_a": partial(ReductionA, c, k=256, l=256, m=384, n=384)}
            | {f"b{i}": partial(InceptionResNetB, c, scale=scale_b) for i in range(1, 21)},
        )
        self.inception_c = Stage(
            self.inception_b.out_channels,
            {"reduction_b": partial(InceptionResNetReductionB, c)}
            | {f"c{i}": partial(InceptionResNetC, c, scale=scale_c) for i in range(1, 10)}
            | {"c10": partial(InceptionResNetC, c, scale=1.0, relu=False)}
            | {"conv": partial(ConvUnit, c, box=Conv(1536, 1))},
        )
        self.head = head(self.inception_c.out_channels, c.num_classes, dropout=0.2)
        initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        for stage in self.children():  # stem, inception_a, inception_b, inception_c, head
            x = stage(x)
        return x


SZEGEDY_2015 = "Szegedy et al. 2015, arXiv 1512.00567"
SZEGEDY_2016 = "Szegedy et al. 2016, arXiv 1602.07261"
SIZE = (3, 299, 299)

FAMILY = Family(
    name="inception",
    title="Inception-v3 and v4",
    year=2015,
    authors="Christian Szegedy, Vincent Vanhoucke, Sergey Ioffe, Jonathon Shlens, Zbigniew Wojna, Alexander Alemi",
    idea="A few small filters in a row see what a large one sees, for less.",
    default="inception_v3",
    variants=(
        Variant(
            "inception_v3",
            "Inception-v3",
            2015,
            InceptionV3,
            InceptionV3Config(),
            SIZE,
            "with its auxiliary head",
        ),
        Variant(
            "inception_v4",
            "Inception-v4",
            2016,
            InceptionV4,
            InceptionConfig(),
            SIZE,
            "no residual connections",
        ),
        Variant(
            "inception_resnet_v2",
            "Inception-ResNet-v2",
            2016,
            InceptionResNetV2,
            InceptionResNetV2Config(),
            SIZE,
            "as released, not as in the paper's figures",
        ),
    ),
    claims=(
        Claim(
            "parameters of Inception-v3",
            "less than 25 million",
            f"{SZEGEDY_2015}, abstract",
            "inference_params",
            "inception_v3",
            25e6,
            0.05,
        ),
        Claim(
            "multiply-adds of Inception-v3",
            "5 billion",
            f"{SZEGEDY_2015}, abstract",
            "inference_macs",
            "inception_v3",
            5e9,
            0.15,
        ),
        Claim(
            "top-1 / top-5 error of Inception-v3, one crop",
            "21.2 % / 5.6 %",
            f"{SZEGEDY_2015}, abstract (validation)",
        ),
        Claim(
            "top-1 / top-5 error of Inception-v4, one crop",
            "20.0 % / 5.0 %",
            f"{SZEGEDY_2016}, table 2 (validation)",
        ),
        Claim(
            "top-1 / top-5 error of Inception-ResNet-v2, one crop",
            "19.9 % / 4.9 %",
            f"{SZEGEDY_2016}, table 2 (validation)",
        ),
        Claim(
            "top-5 error, three Inception-ResNet-v2 and one Inception-v4",
            "3.08 %",
            f"{SZEGEDY_2016}, abstract (test)",
        ),
        Claim("top-5 error, four Inception-v3", "3.6 %", f"{SZEGEDY_2015}, abstract (test)"),
        Claim("top-1 / top-5 error saved by label smoothing", "about 0.2 / 0.2 points", f"{SZEGEDY_2015}, section 7"),
    ),
    mistakes=(
        Mistake(
            "Inception-v4 merges GoogLeNet and ResNet.",
            "Inception-v4 has no residual connections at all. The networks that have them are called "
            "Inception-ResNet; the same paper presents both.",
            f"{SZEGEDY_2016}, abstract and section 3; no addition in the trace of inception_v4.",
            (76,),
        ),
        Mistake(
            "Inception-v4 reached 3.08 %.",
            "Four networks did together: one Inception-v4 and three Inception-ResNet-v2.",
            f"{SZEGEDY_2016}, abstract.",
            (76,),
        ),
        Mistake(
            "Residual connections make Inception much more accurate.",
            "They make it train faster. In the end v4 and Inception-ResNet-v2, about equally expensive, "
            "are about equally good.",
            f"{SZEGEDY_2016}, abstract and table 2.",
        ),
        Mistake(
            "The later versions use filters of 1x1, 3x3, 5x5, 7x7, 1x7 and 7x1.",
            "Their idea is to replace the large ones: 5x5 by two 3x3, 7x7 by 1x7 and 7x1. A 7x7 occurs "
            "nowhere. A 5x5 stays in v3's modules 5b to 5d, which table 1 of the paper shows without and its text "
            "calls traditional, in v3's auxiliary head, and in the first module of Inception-ResNet-v2.",
            f"{SZEGEDY_2015}, sections 3 and 6; branch5x5 in the table of layers.",
            (35,),
        ),
        Mistake(
            "Inception-v3 is 42 layers deep.",
            "The paper says so, of what it calls Inception-v2. The longest path through the released v3 has more "
            "layers with weights.",
            f"{SZEGEDY_2015}, section 6; the depth in the trace.",
        ),
        Mistake(
            "Inception-v2 is one network.",
            "The name has two meanings: GoogLeNet with batch normalization, also called BN-Inception; and the "
            "network of the v3 paper before label smoothing, a stem of 3x3 convolutions and BN in the auxiliary head "
            "made it v3.",
            f"Ioffe, Szegedy 2015, arXiv 1502.03167; {SZEGEDY_2015}, section 6 and table 3; {SZEGEDY_2016}, section 1.",
        ),
        Mistake(
            "The Inception-ResNet-v2 of the libraries is the one of the paper.",
            "The released network has another stem, twice the number of modules, other channels between "
            "them and one more 1x1 convolution. Its maintainer says that this is what the authors intended.",
            f"{SZEGEDY_2016}, figures 3 and 15 to 19; tensorflow/models issue 1553; "
            "timm/models/inception_resnet_v2.py.",
        ),
    ),
    sources=(
        Source(
            "Szegedy et al.: Rethinking the Inception Architecture for Computer Vision. CVPR 2016",
            "arXiv 1512.00567",
        ),
        Source(
            "Ioffe, Szegedy: Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate "
            "Shift. ICML 2015 (BN-Inception)",
            "arXiv 1502.03167",
        ),
        Source(
            "Szegedy et al.: Inception-v4, Inception-ResNet and the Impact of Residual Connections on "
            "Learning. AAAI 2017",
            "arXiv 1602.07261",
        ),
        Source(
            "torchvision.models.inception, BSD-3-Clause: the oracle of v3's parity test",
            "pytorch.org/vision",
        ),
        Source(
            "timm.models.inception_v4 and inception_resnet_v2, Apache-2.0: the oracles of the other two",
            "github.com/huggingface/pytorch-image-models",
        ),
    ),
)
