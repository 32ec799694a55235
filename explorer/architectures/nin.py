"""Network in Network: the 1x1 convolution and global average pooling, where both come from.

Lin, Chen, Yan: "Network In Network", arXiv 1312.4400. The layers of the CIFAR network are those of the
authors' configuration file for cuda-convnet, the ImageNet network is their later model for Caffe.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from torch import Tensor, nn

from explorer.architectures.blocks import initialize
from explorer.architectures.family import Claim, Family, Mistake, Source, Variant, require_positive_width


class Layer(NamedTuple):
    """One mlpconv layer: its first convolution's window, the channels after all three, and what follows."""

    kernel: int
    stride: int
    padding: int
    channels: tuple[int, ...]  # the last mlpconv layer has two: its third convolution gives one map a class
    pool: Literal["max", "average"] | None = None  # 3x3, stride 2
    dropout: bool = False


LAYERS: dict[str, tuple[Layer, ...]] = {
    "imagenet": (
        Layer(11, 4, 0, (96, 96, 96), "max"),
        Layer(5, 1, 2, (256, 256, 256), "max"),
        Layer(3, 1, 1, (384, 384, 384), "max", dropout=True),
        Layer(3, 1, 1, (1024, 1024)),
    ),
    "cifar": (
        Layer(5, 1, 2, (192, 160, 96), "max", dropout=True),
        Layer(5, 1, 2, (192, 192, 192), "average", dropout=True),
        Layer(3, 1, 1, (192, 192)),
    ),
}


@dataclass(frozen=True)
class NiNConfig:
    """Which of the two networks, and how wide. Raises ValueError for a width that is not positive."""

    layers: Literal["imagenet", "cifar"] = "imagenet"  # a row of LAYERS for each mlpconv layer
    width: float = 1.0  # multiplies the channels of every layer but the last, which has one map a class
    num_classes: int = 1000

    def __post_init__(self) -> None:
        require_positive_width(self.width)

    def channels(self, published: int) -> int:
        """`published` channels at this width."""
        return max(1, round(published * self.width))


class MlpConv(nn.Sequential):
    """A convolution and two 1x1 convolutions, each with a ReLU (section 3.1, figure 1b).

    The 1x1 convolutions see one position at a time, so the three are a small multilayer perceptron that
    slides over the image. Pooling and dropout, where the layer has them, are part of it.
    (N, in_channels, H, W) -> (N, channels[2], H', W')
    """

    def __init__(self, layer: Layer, in_channels: int, channels: tuple[int, int, int]) -> None:
        super().__init__()
        first, second, third = channels
        self.add_module("conv", nn.Conv2d(in_channels, first, layer.kernel, layer.stride, layer.padding))
        self.add_module("relu1", nn.ReLU())
        self.add_module("pointwise1", nn.Conv2d(first, second, 1))
        self.add_module("relu2", nn.ReLU())
        self.add_module("pointwise2", nn.Conv2d(second, third, 1))
        self.add_module("relu3", nn.ReLU())
        if layer.pool == "max":
            self.add_module("pool", nn.MaxPool2d(3, stride=2, ceil_mode=True))
        elif layer.pool == "average":
            self.add_module("pool", nn.AvgPool2d(3, stride=2, ceil_mode=True))
        if layer.dropout:
            self.add_module("dropout", nn.Dropout(0.5))


class NiN(nn.Module):
    """(N, 3, H, W) images, normalized -> (N, num_classes) scores: the mean of one map for each class.

    Section 3.2 and figure 2: there is no fully connected layer. The second pooling of the CIFAR network
    averages, as several PyTorch versions do; the authors' cuda-convnet file takes the maximum there.
    """

    def __init__(self, c: NiNConfig) -> None:
        super().__init__()
        in_channels = 3
        for i, layer in enumerate(LAYERS[c.layers], start=1):
            first, second, *third = map(c.channels, layer.channels)
            last = third[0] if third else c.num_classes
            self.add_module(f"mlpconv{i}", MlpConv(layer, in_channels, (first, second, last)))
            in_channels = last
        self.head = nn.Sequential()
        self.head.add_module("pool", nn.AdaptiveAvgPool2d(1))
        self.head.add_module("flatten", nn.Flatten())
        initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        for stage in self.children():  # mlpconv1, mlpconv2, ..., head
            x = stage(x)
        return x


LIN_2013 = "Lin, Chen, Yan 2013, arXiv 1312.4400"
MODEL_CARD = "Lin, model card of nin_imagenet (gist d802a5849de39225bcc6)"

# The textbook example: 28x28 maps, a 5x5 from 192 channels to 32, directly or after a 1x1 down to 16.
DIRECT = 28 * 28 * 32 * 5 * 5 * 192
REDUCED = 28 * 28 * 16 * 192 + 28 * 28 * 32 * 5 * 5 * 16

FAMILY = Family(
    name="nin",
    title="Network in Network",
    year=2013,
    authors="Min Lin, Qiang Chen, Shuicheng Yan",
    idea="Slide a small network over the image, not a linear filter; the mean of a map scores a class.",
    default="nin_imagenet",
    variants=(
        Variant(
            "nin_imagenet",
            "NiN for ImageNet",
            2014,
            NiN,
            NiNConfig(),
            note="the authors', later than the paper",
        ),
        Variant("nin_cifar", "NiN for CIFAR-10", 2013, NiN, NiNConfig("cifar", num_classes=10), (3, 32, 32)),
    ),
    claims=(
        Claim(
            "CIFAR-10 error with augmentation",
            "8.81 %",
            "He et al. 2015, arXiv 1512.03385, table 6 (quoting the paper)",
        ),
        Claim(
            "CIFAR-10 error without augmentation",
            "10.4 %",
            "the authors' readme, github.com/mavenlin/cuda-convnet",
        ),
        Claim(
            "size of the ImageNet model, an eighth of AlexNet's",
            "29 MB",
            f"{MODEL_CARD}; MB are MiB of float32",
            "params",
            "nin_imagenet",
            29 * 2**20 / 4,
            0.02,
        ),
        Claim("top-1 accuracy on ImageNet", "59.36 %", f"{MODEL_CARD} (validation)"),
    ),
    mistakes=(
        Mistake(
            "The filters of a 1x1 convolution are shared across the channels.",
            "Each filter has a weight of its own for each input channel. It is shared across the positions: "
            "the same linear layer at every pixel.",
            f"{LIN_2013}, section 3.1; in channels x out channels weights in the table of layers.",
            (36,),
        ),
        Mistake(
            "A 1x1 convolution only changes the number of channels.",
            "With the ReLU after it, it is one more layer of a network. Only without the ReLU would it "
            "merge with its neighbour into a single matrix. In the ImageNet model all but the last keep the "
            "number of channels.",
            f"{LIN_2013}, section 3.1; the table of layers.",
        ),
        Mistake(
            "A 1x1 convolution in front of a 5x5 makes it ten times cheaper.",
            "There is no fixed factor; it depends on the channels. For the textbook case, 28x28 maps from "
            f"192 channels to 32 by way of 16, it is {DIRECT / REDUCED:.1f}.",
            "Arithmetic: 28·28·32·5·5·192 against 28·28·16·192 + 28·28·32·5·5·16 multiplications.",
            (63,),
        ),
        Mistake(
            "Global average pooling first pools patches by mean or maximum and then averages them.",
            "It is one mean over all positions of each map. It has no parameters and takes maps of any size.",
            f"{LIN_2013}, section 3.2.",
            (42,),
        ),
        Mistake(
            "The networks of this paper are widely used.",
            "Its two ideas are, in most networks from GoogLeNet on; its own layers are not.",
            "The table of layers of GoogLeNet and ResNet on their pages.",
            (60,),
        ),
        Mistake(
            "Network in Network was a contender at ImageNet.",
            "The paper reports CIFAR, SVHN and MNIST. The ImageNet model came afterwards, in the authors' "
            "release for Caffe.",
            f"{LIN_2013}, section 4; {MODEL_CARD}.",
        ),
    ),
    sources=(
        Source("Lin, Chen, Yan: Network In Network. ICLR 2014", "arXiv 1312.4400"),
        Source(
            "The authors' configuration of the CIFAR network",
            "github.com/mavenlin/cuda-convnet, NIN/cifar-10_def",
        ),
        Source("The authors' ImageNet model for Caffe", "gist.github.com/mavenlin/d802a5849de39225bcc6"),
    ),
)
