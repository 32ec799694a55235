"""Xception: an Inception network taken to the extreme, every module but the first a stack of separable convolutions.

Chollet: "Xception: Deep Learning with Depthwise Separable Convolutions", arXiv 1610.02357.
Flows and the count of modules are those of figure 5: the 36 convolutional layers form 14 modules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from explorer.architectures.family import Claim, Family, Mistake, Source, Variant, require_positive_width


@dataclass(frozen=True)
class XceptionConfig:
    """The published network and the two ablations of its paper.

    Raises ValueError for a width that is not positive.
    """

    residual: bool = True  # False: no shortcuts (section 4.6, figure 9)
    intermediate_relu: bool = False  # True: a ReLU between depthwise and pointwise (section 4.7, figure 10)
    width: float = 1.0  # multiplies the channels of every module
    num_classes: int = 1000

    def __post_init__(self) -> None:
        require_positive_width(self.width)

    def channels(self, published: int) -> int:
        """`published` channels at this width."""
        return max(1, round(published * self.width))


class SeparableConvolution(nn.Module):
    """A 3x3 filter for each channel, then a 1x1 that mixes the channels; nothing in between (section 2).

    The paper counts the pair as one layer. (N, in_channels, H, W) -> (N, out_channels, H, W)
    """

    weight_layers: ClassVar[int] = 1

    def __init__(self, c: XceptionConfig, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(in_channels, in_channels, 3, padding=1, groups=in_channels, bias=False)
        self.intermediate_relu = nn.ReLU() if c.intermediate_relu else None
        self.pointwise = nn.Conv2d(in_channels, out_channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.depthwise(x)
        if self.intermediate_relu is not None:
            x = self.intermediate_relu(x)
        return self.pointwise(x)


class XceptionModule(nn.Module):
    """ReLU and separable convolution, two or three times, and a shortcut around them (figure 5).

    `channels` lists the channels after each separable convolution. With stride 2 a max pool ends the module
    and its shortcut is a regular 1x1 convolution of stride 2; otherwise the shortcut is the identity.
    (N, in_channels, H, W) -> (N, channels[-1], ceil(H / stride), ceil(W / stride))
    """

    def __init__(
        self,
        c: XceptionConfig,
        in_channels: int,
        channels: tuple[int, ...],
        stride: int,
        starts_with_relu: bool = True,
    ) -> None:
        super().__init__()
        self.has_shortcut = c.residual
        self.shortcut = None
        if c.residual and stride != 1:
            self.shortcut = nn.Sequential()
            self.shortcut.add_module("conv", nn.Conv2d(in_channels, channels[-1], 1, stride, bias=False))
            self.shortcut.add_module("bn", nn.BatchNorm2d(channels[-1]))

        self.residual = nn.Sequential()
        for i, out_channels in enumerate(channels, start=1):
            if i > 1 or starts_with_relu:
                self.residual.add_module(f"relu{i}", nn.ReLU())
            self.residual.add_module(f"separable{i}", SeparableConvolution(c, in_channels, out_channels))
            self.residual.add_module(f"bn{i}", nn.BatchNorm2d(out_channels))
            in_channels = out_channels
        if stride != 1:
            self.residual.add_module("pool", nn.MaxPool2d(3, stride, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        residual = self.residual(x)
        if not self.has_shortcut:
            return residual
        return residual + (x if self.shortcut is None else self.shortcut(x))


class Classifier(nn.Sequential):
    """Global average pooling and logistic regression (figure 5): (N, channels, H, W) -> (N, num_classes).

    The paper's layers are its convolutions: this one is not among them.
    """

    weight_layers: ClassVar[int] = 0

    def __init__(self, channels: int, num_classes: int) -> None:
        super().__init__()
        self.add_module("pool", nn.AdaptiveAvgPool2d(1))
        self.add_module("flatten", nn.Flatten())
        self.add_module("fc", nn.Linear(channels, num_classes))


class Xception(nn.Module):
    """(N, 3, H, W) images, normalized -> (N, num_classes) logits. Figure 5; the canonical size is 299x299.

    A BN follows every convolution and separable convolution (the figure leaves them out), and the first two
    convolutions are not padded: as in timm's network, a port of the Keras release.
    """

    def __init__(self, c: XceptionConfig) -> None:
        super().__init__()
        c32, c64, c128, c256, c728 = (c.channels(n) for n in (32, 64, 128, 256, 728))
        c1024, c1536, c2048 = (c.channels(n) for n in (1024, 1536, 2048))

        module1 = nn.Sequential()
        module1.add_module("conv1", nn.Conv2d(3, c32, 3, stride=2, bias=False))
        module1.add_module("bn1", nn.BatchNorm2d(c32))
        module1.add_module("relu1", nn.ReLU())
        module1.add_module("conv2", nn.Conv2d(c32, c64, 3, bias=False))
        module1.add_module("bn2", nn.BatchNorm2d(c64))
        module1.add_module("relu2", nn.ReLU())

        self.entry_flow = nn.Sequential()
        self.entry_flow.add_module("module1", module1)
        self.entry_flow.add_module("module2", XceptionModule(c, c64, (c128, c128), stride=2, starts_with_relu=False))
        self.entry_flow.add_module("module3", XceptionModule(c, c128, (c256, c256), stride=2))
        self.entry_flow.add_module("module4", XceptionModule(c, c256, (c728, c728), stride=2))

        self.middle_flow = nn.Sequential()
        for i in range(5, 13):
            self.middle_flow.add_module(f"module{i}", XceptionModule(c, c728, (c728, c728, c728), stride=1))

        module14 = nn.Sequential()
        module14.add_module("separable1", SeparableConvolution(c, c1024, c1536))
        module14.add_module("bn1", nn.BatchNorm2d(c1536))
        module14.add_module("relu1", nn.ReLU())
        module14.add_module("separable2", SeparableConvolution(c, c1536, c2048))
        module14.add_module("bn2", nn.BatchNorm2d(c2048))
        module14.add_module("relu2", nn.ReLU())

        self.exit_flow = nn.Sequential()
        self.exit_flow.add_module("module13", XceptionModule(c, c728, (c728, c1024), stride=2))
        self.exit_flow.add_module("module14", module14)

        self.head = Classifier(c2048, c.num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.entry_flow(x)
        x = self.middle_flow(x)
        x = self.exit_flow(x)
        return self.head(x)


CHOLLET_2016 = "Chollet 2016, arXiv 1610.02357"

FAMILY = Family(
    name="xception",
    title="Xception",
    year=2016,
    authors="François Chollet",
    idea="Filter each channel on its own, then mix the channels: two steps for one.",
    default="xception",
    variants=(Variant("xception", "Xception", 2016, Xception, XceptionConfig(), (3, 299, 299)),),
    claims=(
        Claim("parameters", "22,855,952", f"{CHOLLET_2016}, table 3", "params", "xception", 22_855_952, 0),
        Claim(
            "convolutional layers (a separable convolution is one)",
            "36",
            f"{CHOLLET_2016}, section 3",
            "depth",
            "xception",
            36,
            0,
        ),
        Claim(
            "top-1 / top-5 accuracy, one crop, one model",
            "79.0 % / 94.5 %",
            f"{CHOLLET_2016}, table 1 (ImageNet validation)",
        ),
        Claim(
            "top-1 / top-5 accuracy of Inception-v3, same protocol",
            "78.2 % / 94.1 %",
            f"{CHOLLET_2016}, table 1 (ImageNet validation)",
        ),
        Claim(
            "MAP@100 on JFT without FC layers, against Inception-v3", "6.70 against 6.36", f"{CHOLLET_2016}, table 2"
        ),
        Claim("MAP@100 on JFT with FC layers, against Inception-v3", "6.78 against 6.50", f"{CHOLLET_2016}, table 2"),
        Claim("training steps a second, against Inception-v3", "28 against 31", f"{CHOLLET_2016}, table 3"),
    ),
    mistakes=(
        Mistake(
            "Apart from its first two convolutions, Xception consists of separable convolutions only.",
            "The modules that halve the maps also have a regular 1x1 convolution of stride 2 on their "
            "shortcut. The paper leaves these out when it counts its convolutional layers, and so do many "
            "descriptions.",
            f"{CHOLLET_2016}, figure 5; the layers called shortcut.conv in the table below.",
            (77,),
        ),
        Mistake(
            "Xception is a chain of separable convolutions.",
            "A shortcut spans every module but the first and the last, as in ResNet. Without them the "
            "paper's network trains more slowly and ends less accurate.",
            f"{CHOLLET_2016}, section 4.6 and figure 9.",
            (77,),
        ),
        Mistake(
            "Xception is far better than Inception-v3.",
            "On ImageNet it is ahead by less than one point of top-1 accuracy, with slightly fewer "
            "parameters. The gain is larger on JFT, Google's collection of 350 million images in 17,000 "
            "classes.",
            f"{CHOLLET_2016}, tables 1 and 2.",
            (78,),
        ),
        Mistake(
            "Separable convolutions need less memory and less time, so use them by default.",
            "They need fewer parameters and MACs. Each pair writes two maps where a regular convolution "
            "writes one, and Xception took fewer training steps a second than Inception-v3.",
            f"{CHOLLET_2016}, table 3; the activation bytes of the table below.",
            (79,),
        ),
        Mistake(
            "A separable convolution can stand in the place of any regular one.",
            "After few channels it makes little: of three colours one filter each makes three maps, and whatever the "
            "1x1 puts out are mixtures of those. Xception and MobileNet V1 begin with regular convolutions; for "
            "GoogLeNet's first layer, which was separable, eight filters a colour fit the table.",
            f"{CHOLLET_2016}, section 2 and figure 5; entry_flow.module1.conv1 in “Full to separable”.",
        ),
        Mistake(
            "A separable convolution can learn more complex features than a regular one.",
            "It is a restricted convolution: whatever it computes, a regular 3x3 with suitable weights "
            "computes too. What it buys is cost; the weights saved can be spent on depth and width.",
            "The product of the pointwise matrix and the depthwise filters is a regular 3x3 kernel; "
            "tests/architectures/test_xception.py multiplies it out.",
            (37,),
        ),
        Mistake(
            "Between the depthwise and the pointwise convolution there is a ReLU, as everywhere else.",
            "Not in Xception: a ReLU or ELU in between slowed training and lowered the accuracy. MobileNet V1 has one.",
            f"{CHOLLET_2016}, section 4.7 and figure 10.",
        ),
    ),
    sources=(
        Source("Chollet: Xception: Deep Learning with Depthwise Separable Convolutions. CVPR 2017", "arXiv 1610.02357"),
        Source(
            "timm's legacy_xception, Apache-2.0: the oracle of the parity test",
            "github.com/huggingface/pytorch-image-models",
        ),
    ),
)
