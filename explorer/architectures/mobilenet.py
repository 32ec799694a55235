"""MobileNet V1, V2 and V3: accuracy for few multiplications, by depthwise separable convolutions.

V1: Howard et al.: "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications",
arXiv 1704.04861.
V2: Sandler et al.: "MobileNetV2: Inverted Residuals and Linear Bottlenecks", arXiv 1801.04381.
V3: Howard et al.: "Searching for MobileNetV3", arXiv 1905.02244.
The width multiplier alpha is the config's `width`; the resolution multiplier rho is the size of the image.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from explorer.architectures.blocks import SqueezeExcitation, initialize
from explorer.architectures.family import Claim, Family, Mistake, Source, Variant


def round_channels(channels: float) -> int:
    """The nearest multiple of 8, at least 8 and nine tenths of `channels`, as in the released networks."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


def check_width(width: float) -> None:
    """Raises ValueError for a width multiplier that is not positive."""
    if width <= 0:
        raise ValueError(f"the width multiplier alpha must be positive, not {width}")


def convolution(
    in_channels: int,
    out_channels: int,
    kernel: int,
    stride: int = 1,
    groups: int = 1,
    activation: type[nn.Module] | None = None,
    eps: float = 1e-5,
) -> nn.Sequential:
    """Convolution, BN and activation (None: linear); the maps keep their size at stride 1."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["conv"] = nn.Conv2d(
        in_channels, out_channels, kernel, stride, padding=kernel // 2, groups=groups, bias=False
    )
    layers["bn"] = nn.BatchNorm2d(out_channels, eps=eps)
    if activation is not None:
        layers[activation.__name__.lower()] = activation()  # relu, relu6 or hardswish
    return nn.Sequential(layers)


# ---- V1 ----------------------------------------------------------------------------------------------------

# Table 1 of 1704.04861, (output channels, stride) of each separable convolution, by the size of the maps.
V1_STAGES = (
    ((64, 1),),
    ((128, 2), (128, 1)),
    ((256, 2), (256, 1)),
    ((512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1)),
    ((1024, 2), (1024, 1)),
)


@dataclass(frozen=True)
class MobileNetV1Config:
    """MobileNet V1 and the network of full convolutions that its paper compares it with (table 4).

    Raises ValueError for a width that is not positive.
    """

    separable: bool = True  # False: a full 3x3 convolution in place of each depthwise and pointwise pair
    width: float = 1.0  # alpha: multiplies the channels of every layer
    num_classes: int = 1000

    def __post_init__(self) -> None:
        check_width(self.width)


class DepthwiseSeparable(nn.Module):
    """A 3x3 filter for each channel, then a 1x1 that mixes them; BN and ReLU6 after both (figure 3, right).

    (N, in_channels, H, W) -> (N, out_channels, H / stride, W / stride)
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.depthwise = convolution(in_channels, in_channels, 3, stride, groups=in_channels, activation=nn.ReLU6)
        self.pointwise = convolution(in_channels, out_channels, 1, activation=nn.ReLU6)

    def forward(self, x: Tensor) -> Tensor:
        return self.pointwise(self.depthwise(x))


class MobileNetV1(nn.Module):
    """(N, 3, H, W) images, normalized -> (N, num_classes) logits. Table 1 of 1704.04861.

    The paper draws plain ReLUs; here they are clipped at 6 as in timm, where the weights come from. Strides
    replace pooling but for the global average at the end. The last block does not stride, though table 1
    prints a 2 there: the sizes that it prints leave room for none.
    """

    def __init__(self, c: MobileNetV1Config) -> None:
        super().__init__()
        channels = round_channels(32 * c.width)
        self.stem = convolution(3, channels, 3, stride=2, activation=nn.ReLU6)
        for i, blocks in enumerate(V1_STAGES, start=1):
            stage = nn.Sequential()
            for published, stride in blocks:
                out_channels = round_channels(published * c.width)
                if c.separable:
                    stage.append(DepthwiseSeparable(channels, out_channels, stride))
                else:
                    stage.append(convolution(channels, out_channels, 3, stride, activation=nn.ReLU6))
                channels = out_channels
            self.add_module(f"stage{i}", stage)
        self.head = nn.Sequential()
        self.head.add_module("pool", nn.AdaptiveAvgPool2d(1))
        self.head.add_module("flatten", nn.Flatten())
        self.head.add_module("fc", nn.Linear(channels, c.num_classes))
        initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        for stage in self.children():  # stem, stage1, ..., stage5, head
            x = stage(x)
        return x


# ---- V2 ----------------------------------------------------------------------------------------------------

# Table 2 of 1801.04381: expansion t, output channels c, repetitions n, stride s of the first.
V2_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


@dataclass(frozen=True)
class MobileNetV2Config:
    """MobileNet V2 and the two ablations of its paper (figure 6).

    Raises ValueError for a width that is not positive.
    """

    linear_bottleneck: bool = True  # False: a ReLU6 after the projection to few channels too
    shortcut: bool = True  # False: no addition around the inverted residuals
    width: float = 1.0  # alpha: multiplies the channels; below 1 the last convolution keeps its 1280
    num_classes: int = 1000

    def __post_init__(self) -> None:
        check_width(self.width)


@dataclass(frozen=True)
class Bottleneck:
    """The shape of one inverted residual, for V2 and V3."""

    in_channels: int
    expanded_channels: int
    out_channels: int
    stride: int
    shortcut: bool  # the input is added: same shape, same row of the paper's table
    kernel: int = 3
    squeezed_channels: int | None = None  # of the squeeze-and-excitation between depthwise and projection (V3)
    activation: type[nn.Module] = nn.ReLU6
    projection_activation: type[nn.Module] | None = None  # None: the bottleneck is linear
    bn_eps: float = 1e-5


class InvertedResidual(nn.Module):
    """1x1 expands, depthwise filters, 1x1 projects to few channels; the shortcut joins the narrow ends.

    The other way round than ResNet's bottleneck, and without a non-linearity in the narrow layer, where it
    would destroy what the few channels hold (1801.04381, figures 3 and 4; with a gate: 1905.02244, figure 4).
    (N, in_channels, H, W) -> (N, out_channels, H / stride, W / stride)
    """

    def __init__(self, b: Bottleneck, expands: bool = True) -> None:
        super().__init__()
        wide, act, eps = b.expanded_channels, b.activation, b.bn_eps
        self.has_shortcut = b.shortcut
        self.is_linear = b.projection_activation is None
        self.expand = convolution(b.in_channels, wide, 1, activation=act, eps=eps) if expands else None
        self.depthwise = convolution(wide, wide, b.kernel, b.stride, groups=wide, activation=act, eps=eps)
        self.se = None
        if b.squeezed_channels is not None:
            self.se = SqueezeExcitation(wide, b.squeezed_channels, gate=nn.Hardsigmoid)
        self.project = convolution(wide, b.out_channels, 1, activation=b.projection_activation, eps=eps)

    def forward(self, x: Tensor) -> Tensor:
        wide = x if self.expand is None else self.expand(x)
        wide = self.depthwise(wide)
        if self.se is not None:
            wide = self.se(wide)
        narrow = self.project(wide)
        return x + narrow if self.has_shortcut else narrow


def initialize_bottlenecks(network: nn.Module) -> None:
    """He initialization but for the linear projections: it would double the signal that no ReLU halves."""
    initialize(network)
    for block in network.modules():
        if isinstance(block, InvertedResidual) and block.is_linear:
            nn.init.kaiming_normal_(block.project.get_parameter("conv.weight"), nonlinearity="linear")


class MobileNetV2(nn.Module):
    """(N, 3, H, W) images, normalized -> (N, num_classes) logits. Table 2 of 1801.04381.

    The dropout before the classifier is torchvision's.
    """

    def __init__(self, c: MobileNetV2Config) -> None:
        super().__init__()
        channels = round_channels(32 * c.width)
        self.stem = convolution(3, channels, 3, stride=2, activation=nn.ReLU6)
        for i, (expansion, published, repeats, first_stride) in enumerate(V2_STAGES, start=1):
            stage = nn.Sequential()
            for unit in range(repeats):
                bottleneck = Bottleneck(
                    in_channels=channels,
                    expanded_channels=channels * expansion,
                    out_channels=round_channels(published * c.width),
                    stride=first_stride if unit == 0 else 1,
                    shortcut=c.shortcut and unit > 0,
                    projection_activation=None if c.linear_bottleneck else nn.ReLU6,
                )
                stage.append(InvertedResidual(bottleneck, expands=expansion > 1))
                channels = bottleneck.out_channels
            self.add_module(f"stage{i}", stage)
        features = round_channels(1280 * max(1.0, c.width))
        self.head = convolution(channels, features, 1, activation=nn.ReLU6)
        self.head.add_module("pool", nn.AdaptiveAvgPool2d(1))
        self.head.add_module("flatten", nn.Flatten())
        self.head.add_module("dropout", nn.Dropout(0.2))
        self.head.add_module("fc", nn.Linear(features, c.num_classes))
        initialize_bottlenecks(self)

    def forward(self, x: Tensor) -> Tensor:
        for stage in self.children():  # stem, stage1, ..., stage7, head
            x = stage(x)
        return x


# ---- V3 ----------------------------------------------------------------------------------------------------

# Tables 1 and 2 of 1905.02244, by the size of the maps:
# kernel, expanded channels, output channels, squeeze-and-excitation, non-linearity, stride.
V3_STAGES = {
    "large": (
        ((3, 16, 16, False, "relu", 1),),
        ((3, 64, 24, False, "relu", 2), (3, 72, 24, False, "relu", 1)),
        ((5, 72, 40, True, "relu", 2), (5, 120, 40, True, "relu", 1), (5, 120, 40, True, "relu", 1)),
        (
            (3, 240, 80, False, "hardswish", 2),
            (3, 200, 80, False, "hardswish", 1),
            (3, 184, 80, False, "hardswish", 1),
            (3, 184, 80, False, "hardswish", 1),
            (3, 480, 112, True, "hardswish", 1),
            (3, 672, 112, True, "hardswish", 1),
        ),
        (
            (5, 672, 160, True, "hardswish", 2),
            (5, 960, 160, True, "hardswish", 1),
            (5, 960, 160, True, "hardswish", 1),
        ),
    ),
    "small": (
        ((3, 16, 16, True, "relu", 2),),
        ((3, 72, 24, False, "relu", 2), (3, 88, 24, False, "relu", 1)),
        (
            (5, 96, 40, True, "hardswish", 2),
            (5, 240, 40, True, "hardswish", 1),
            (5, 240, 40, True, "hardswish", 1),
            (5, 120, 48, True, "hardswish", 1),
            (5, 144, 48, True, "hardswish", 1),
        ),
        (
            (5, 288, 96, True, "hardswish", 2),
            (5, 576, 96, True, "hardswish", 1),
            (5, 576, 96, True, "hardswish", 1),
        ),
    ),
}
V3_FEATURES = {"large": (960, 1280), "small": (576, 1024)}  # of the last convolution, of the hidden layer
V3_ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "hardswish": nn.Hardswish}
V3_BN_EPS = 0.001


@dataclass(frozen=True)
class MobileNetV3Config:
    """MobileNet V3, large or small, with or without its gates.

    Raises ValueError for a width that is not positive.
    """

    size: Literal["large", "small"] = "large"  # which of the two networks that the search found
    squeeze_excitation: bool = True  # False: no gates
    width: float = 1.0  # multiplies the channels of every layer, those of the head too
    num_classes: int = 1000

    def __post_init__(self) -> None:
        check_width(self.width)


class MobileNetV3(nn.Module):
    """(N, 3, H, W) images, normalized -> (N, num_classes) logits. Tables 1 and 2 of 1905.02244.

    As in torchvision: a gate squeezes to a quarter of the expanded channels, rounded; the layers after the
    pooling are linear ones with biases; dropout before the last.
    """

    def __init__(self, c: MobileNetV3Config) -> None:
        super().__init__()
        published_in = 16
        self.stem = convolution(3, round_channels(16 * c.width), 3, 2, activation=nn.Hardswish, eps=V3_BN_EPS)
        for i, rows in enumerate(V3_STAGES[c.size], start=1):
            stage = nn.Sequential()
            for kernel, published_wide, published_out, has_gate, activation, stride in rows:
                wide = round_channels(published_wide * c.width)
                bottleneck = Bottleneck(
                    in_channels=round_channels(published_in * c.width),
                    expanded_channels=wide,
                    out_channels=round_channels(published_out * c.width),
                    stride=stride,
                    shortcut=stride == 1 and published_in == published_out,
                    kernel=kernel,
                    squeezed_channels=round_channels(wide // 4) if has_gate and c.squeeze_excitation else None,
                    activation=V3_ACTIVATIONS[activation],
                    bn_eps=V3_BN_EPS,
                )
                stage.append(InvertedResidual(bottleneck, expands=published_wide != published_in))
                published_in = published_out
            self.add_module(f"stage{i}", stage)
        narrow = round_channels(published_in * c.width)
        features, hidden = V3_FEATURES[c.size]
        features, hidden = round_channels(features * c.width), round_channels(hidden * c.width)
        self.head = convolution(narrow, features, 1, activation=nn.Hardswish, eps=V3_BN_EPS)
        self.head.add_module("pool", nn.AdaptiveAvgPool2d(1))
        self.head.add_module("flatten", nn.Flatten())
        self.head.add_module("hidden", nn.Linear(features, hidden))
        self.head.add_module("hidden_hardswish", nn.Hardswish())
        self.head.add_module("dropout", nn.Dropout(0.2))
        self.head.add_module("fc", nn.Linear(hidden, c.num_classes))
        initialize_bottlenecks(self)

    def forward(self, x: Tensor) -> Tensor:
        for stage in self.children():  # stem, stage1, ..., head
            x = stage(x)
        return x


HOWARD_2017 = "Howard et al. 2017, arXiv 1704.04861"
SANDLER_2018 = "Sandler et al. 2018, arXiv 1801.04381"
TORCHVISION = "torchvision, the metadata of its weights"

FAMILY = Family(
    name="mobilenet",
    title="MobileNet",
    year=2017,
    authors="Andrew Howard, Menglong Zhu, Bo Chen, Dmitry Kalenichenko, Weijun Wang, Tobias Weyand, "
    "Marco Andreetto, Hartwig Adam (V1)",
    idea="Filter each channel on its own, then mix the channels with a 1×1: a network for a telephone.",
    default="mobilenet_v1",
    variants=(
        Variant(
            "mobilenet_v1",
            "MobileNet V1",
            2017,
            MobileNetV1,
            MobileNetV1Config(),
            note="depthwise separable convolutions",
        ),
        Variant(
            "mobilenet_v1_full",
            "MobileNet V1, full convolutions",
            2017,
            MobileNetV1,
            MobileNetV1Config(separable=False),
            note="what V1 is compared with",
        ),
        Variant("mobilenet_v2", "MobileNet V2", 2018, MobileNetV2, MobileNetV2Config(), note="inverted residuals"),
        Variant(
            "mobilenet_v3_large",
            "MobileNet V3 large",
            2019,
            MobileNetV3,
            MobileNetV3Config("large"),
            note="with gates, found by search",
        ),
        Variant(
            "mobilenet_v3_small",
            "MobileNet V3 small",
            2019,
            MobileNetV3,
            MobileNetV3Config("small"),
            note="with gates, found by search",
        ),
    ),
    claims=(
        Claim("parameters of V1", "4.2 M", f"{HOWARD_2017}, table 4", "params", "mobilenet_v1", 4.2e6, 0.01),
        Claim("multiply-adds of V1", "569 M", f"{HOWARD_2017}, table 4", "macs", "mobilenet_v1", 569e6, 0.001),
        Claim(
            "layers of V1, depthwise and pointwise counted separately",
            "28",
            f"{HOWARD_2017}, section 3.2",
            "depth",
            "mobilenet_v1",
            28,
            0,
        ),
        Claim("top-1 accuracy of V1", "70.6 %", f"{HOWARD_2017}, table 4 (ImageNet)"),
        Claim(
            "parameters with full convolutions",
            "29.3 M",
            f"{HOWARD_2017}, table 4",
            "params",
            "mobilenet_v1_full",
            29.3e6,
            0.002,
        ),
        Claim(
            "multiply-adds with full convolutions",
            "4866 M",
            f"{HOWARD_2017}, table 4",
            "macs",
            "mobilenet_v1_full",
            4866e6,
            0.001,
        ),
        Claim("top-1 accuracy with full convolutions", "71.7 %", f"{HOWARD_2017}, table 4 (ImageNet)"),
        Claim("top-1 accuracy of V1 at alpha = 0.75", "68.4 %", f"{HOWARD_2017}, table 6 (ImageNet)"),
        Claim(
            "parameters of V2",
            "3.4 M",
            f"{SANDLER_2018}, table 4",
            "params",
            "mobilenet_v2",
            3.4e6,
            0.035,
        ),
        Claim(
            "multiply-adds of V2",
            "300 M",
            f"{SANDLER_2018}, table 4",
            "macs",
            "mobilenet_v2",
            300e6,
            0.005,
        ),
        Claim("top-1 accuracy of V2", "72.0 %", f"{SANDLER_2018}, table 4 (ImageNet)"),
        Claim("operations of V3 large", "0.217 G", TORCHVISION, "macs", "mobilenet_v3_large", 0.217e9, 0.003),
        Claim("operations of V3 small", "0.057 G", TORCHVISION, "macs", "mobilenet_v3_small", 0.057e9, 0.01),
        Claim("top-1 / top-5 accuracy of V3 large, torchvision's default weights", "75.274 % / 92.566 %", TORCHVISION),
        Claim("top-1 / top-5 accuracy of V3 small, torchvision's default weights", "67.668 % / 87.402 %", TORCHVISION),
    ),
    mistakes=(
        Mistake(
            "A depthwise separable convolution lets the network learn more complex features.",
            "It is a restricted convolution: every pair could be written as one full convolution, not the "
            "reverse. In the paper's comparison, the network of full convolutions is the more accurate one "
            "by about a point, at many times the cost.",
            f"{HOWARD_2017}, table 4; the traces of mobilenet_v1 and mobilenet_v1_full.",
            (37,),
        ),
        Mistake(
            "The filters of the pointwise convolution are shared across the channels.",
            "They are shared across the positions, as in every convolution. Each 1x1 filter has a weight of "
            "its own for every input channel.",
            "The parameters of pointwise.conv in the table below: input times output channels.",
            (36,),
        ),
        Mistake(
            "Eight times fewer multiplications make a network eight times faster.",
            "Less than that. A depthwise convolution does so little arithmetic for each number that it reads and "
            "writes that memory sets its pace; only the 1x1 convolutions, where most MACs are, run as fast as any "
            "matrix product. Measure it.",
            "MACs by kind of layer in the table below; time mobilenet_v1 and mobilenet_v1_full here.",
        ),
        Mistake(
            "Separable convolutions perform better in general and should be used by default.",
            "At the same number of blocks and channels they are less accurate, and write two maps where a full "
            "convolution writes one. What they save can be spent: with about as many parameters Xception is the "
            "more accurate one than Inception-v3.",
            f"{HOWARD_2017}, table 4; Chollet 2016, arXiv 1610.02357, tables 1 and 3; activation bytes of mobilenet_v1 "
            "and mobilenet_v1_full.",
            (79,),
        ),
        Mistake(
            "MobileNet V2 puts a 1x1 with few filters before and after the depthwise convolution to reduce "
            "the channels.",
            "The first 1x1 expands the channels (six times, but for the first block) and has a ReLU6. Only "
            "the last one reduces them.",
            f"{SANDLER_2018}, table 2; the shapes in the table below.",
            (38,),
        ),
        Mistake(
            "The linear bottlenecks of V2 give the network more non-linearity.",
            "Linear means that the non-linearity is left out where the channels are few, since a ReLU would "
            "destroy information there.",
            f"{SANDLER_2018}, abstract.",
            (39,),
        ),
        Mistake(
            "The shortcuts of V2 connect wide layers, as in ResNet.",
            "They connect the narrow ends: ResNet's block is wide-narrow-wide, the inverted residual "
            "narrow-wide-narrow.",
            f"{SANDLER_2018}, figure 3; the dashed edges in the block diagrams above.",
        ),
        Mistake(
            "timm's 75 % for mobilenetv1_100 is what MobileNet V1 reached.",
            "Those weights were trained with a modern recipe. The network of 2017 reached the accuracy claimed above.",
            f"timm's list of results for mobilenetv1_100.ra4_e3600_r224_in1k; {HOWARD_2017}, table 4.",
        ),
    ),
    sources=(
        Source(
            "Howard et al.: MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications. 2017",
            "arXiv 1704.04861",
        ),
        Source("Sandler et al.: MobileNetV2: Inverted Residuals and Linear Bottlenecks. CVPR 2018", "arXiv 1801.04381"),
        Source("Howard et al.: Searching for MobileNetV3. ICCV 2019", "arXiv 1905.02244"),
        Source(
            "timm's mobilenetv1, Apache-2.0: the oracle of V1's parity test",
            "github.com/huggingface/pytorch-image-models",
        ),
        Source("torchvision.models, BSD-3-Clause: the oracle of V2's and V3's parity tests", "pytorch.org/vision"),
    ),
)
