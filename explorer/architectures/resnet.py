"""ResNet and the plain networks it is compared with, as one configurable network.

He, Zhang, Ren, Sun: "Deep Residual Learning for Image Recognition", arXiv 1512.03385 (v1), and
"Identity Mappings in Deep Residual Networks", arXiv 1603.05027 (v2, pre-activation).
Stages carry the names of table 1 of the first paper: conv2_x to conv5_x.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional as F

from explorer.architectures.blocks import SqueezeExcitation
from explorer.architectures.family import Claim, Family, Mistake, Source, Variant, require_positive_width

Shortcut = Literal["none", "padding", "projection", "projection_all"]

# Table 1 of the paper: residual units in conv2_x, conv3_x, conv4_x, conv5_x.
UNITS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
BOTTLENECK_DEPTHS = (50, 101, 152)


@dataclass(frozen=True)
class ResNetConfig:
    """What distinguishes one ResNet from another.

    Raises ValueError for a depth that the papers do not define, a width that is not positive, a reduction below
    1, and a ReLU before a gate that is not there.
    """

    depth: int = 50  # 18, 34, 50, 101, 152; with the CIFAR stem 6n+2: 20, 32, 44, 56, 110, ...
    shortcut: Shortcut = "projection"  # none: plain net; padding: option A; projection: B; projection_all: C
    stride_in: Literal["3x3", "1x1"] = "3x3"  # where a bottleneck strides: 1x1 as published (v1), 3x3 (v1.5)
    preactivation: bool = False  # v2: BN and ReLU before each convolution, nothing after the addition
    stem: Literal["imagenet", "cifar"] = "imagenet"  # cifar: one 3x3 convolution and no max pooling
    stem_pool: Literal["padded", "ceil"] = "padded"  # ceil: Caffe's, where the last window hangs over the edge
    squeeze_excitation: int | None = None  # SE-ResNet: reduction ratio r of a gate on each residual
    relu_before_gate: bool = False  # timm's SE-ResNet-18 and 34: a ReLU between the last BN and the gate
    batch_norm: bool = True  # False: nothing in the place of each BN; the convolutions still have no bias
    width: float = 1.0  # multiplies the channels of every stage
    num_classes: int = 1000

    def __post_init__(self) -> None:
        if self.stem == "imagenet" and self.depth not in UNITS:
            raise ValueError(f"an ImageNet ResNet has {', '.join(map(str, UNITS))} layers, not {self.depth}")
        if self.stem == "cifar" and (self.depth < 8 or self.depth % 6 != 2):
            raise ValueError(f"a CIFAR ResNet has 6n+2 layers (20, 32, 44, 56, 110, ...), not {self.depth}")
        require_positive_width(self.width)
        if self.squeeze_excitation is not None and self.squeeze_excitation < 1:
            raise ValueError(f"squeezing divides the channels by 1 or more, not by {self.squeeze_excitation}")
        gated_basic = self.squeeze_excitation is not None and not self.bottleneck and not self.preactivation
        if self.relu_before_gate and not gated_basic:
            raise ValueError("a ReLU before the gate needs two-layer units with squeeze-and-excitation")

    @property
    def bottleneck(self) -> bool:
        """Three convolutions a unit (1x1, 3x3, 1x1) instead of two 3x3 (figure 5)."""
        return self.stem == "imagenet" and self.depth in BOTTLENECK_DEPTHS

    @property
    def stages(self) -> tuple[tuple[int, int], ...]:
        """(units, channels of the 3x3 convolutions) of each stage, before widening by the bottleneck."""
        if self.stem == "cifar":
            units: tuple[int, ...] = (self.depth // 6,) * 3
            base = 16
        else:
            units = UNITS[self.depth]
            base = 64
        return tuple((n, max(1, round(base * 2**i * self.width))) for i, n in enumerate(units))


class PaddingShortcut(nn.Module):
    """Option A (section 3.3): take every stride-th pixel, append zero channels; no parameters.

    (N, C, H, W) -> (N, C + extra_channels, ceil(H / stride), ceil(W / stride))
    """

    def __init__(self, extra_channels: int, stride: int) -> None:
        super().__init__()
        self.extra_channels = extra_channels
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        subsampled = x[:, :, :: self.stride, :: self.stride]
        return F.pad(subsampled, (0, 0, 0, 0, 0, self.extra_channels))


def make_norm(c: ResNetConfig, channels: int) -> nn.Module:
    """Batch normalization (arXiv 1502.03167), or nothing for the ablation."""
    return nn.BatchNorm2d(channels) if c.batch_norm else nn.Identity()


def make_shortcut(c: ResNetConfig, in_channels: int, out_channels: int, stride: int) -> nn.Module | None:
    """The shortcut of one unit, or None where it is the identity (or where a plain net has none)."""
    changes_shape = stride != 1 or in_channels != out_channels
    if c.shortcut == "none" or (not changes_shape and c.shortcut != "projection_all"):
        return None
    if c.shortcut == "padding":
        return PaddingShortcut(out_channels - in_channels, stride)
    projection = nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)
    if c.preactivation:
        return projection
    return nn.Sequential(OrderedDict(conv=projection, bn=make_norm(c, out_channels)))


def make_gate(c: ResNetConfig, channels: int) -> SqueezeExcitation | None:
    """The gate on one unit's residual (1709.01507, figure 3), or None for a ResNet without."""
    if c.squeeze_excitation is None:
        return None
    return SqueezeExcitation(channels, max(1, channels // c.squeeze_excitation))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and the shortcut (figure 5, left): y = relu(F(x) + x).

    (N, in_channels, H, W) -> (N, channels, H / stride, W / stride)
    """

    expansion = 1

    def __init__(self, c: ResNetConfig, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        self.has_shortcut = c.shortcut != "none"
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, padding=1, bias=False)
        self.bn1 = make_norm(c, channels)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = make_norm(c, channels)
        self.relu_before_gate = nn.ReLU() if c.relu_before_gate else None
        self.se = make_gate(c, channels)
        self.relu2 = nn.ReLU()
        self.shortcut = make_shortcut(c, in_channels, channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        residual = self.relu1(self.bn1(self.conv1(x)))
        residual = self.bn2(self.conv2(residual))
        if self.relu_before_gate is not None:
            residual = self.relu_before_gate(residual)
        if self.se is not None:
            residual = self.se(residual)
        if not self.has_shortcut:
            return self.relu2(residual)
        identity = x if self.shortcut is None else self.shortcut(x)
        return self.relu2(residual + identity)


class Bottleneck(nn.Module):
    """1x1 reduces, 3x3 works on few channels, 1x1 restores four times as many (figure 5, right).

    (N, in_channels, H, W) -> (N, 4 * channels, H / stride, W / stride)
    """

    expansion = 4

    def __init__(self, c: ResNetConfig, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        # The paper strides in the first 1x1 (v1); torchvision and NVIDIA in the 3x3 (v1.5): the same parameters,
        # and in ResNet-50 6 % more MACs.
        stride1, stride2 = (stride, 1) if c.stride_in == "1x1" else (1, stride)
        self.has_shortcut = c.shortcut != "none"
        self.conv1 = nn.Conv2d(in_channels, channels, 1, stride1, bias=False)
        self.bn1 = make_norm(c, channels)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, stride2, padding=1, bias=False)
        self.bn2 = make_norm(c, channels)
        self.relu2 = nn.ReLU()
        self.conv3 = nn.Conv2d(channels, 4 * channels, 1, bias=False)
        self.bn3 = make_norm(c, 4 * channels)
        self.se = make_gate(c, 4 * channels)
        self.relu3 = nn.ReLU()
        self.shortcut = make_shortcut(c, in_channels, 4 * channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        residual = self.relu1(self.bn1(self.conv1(x)))
        residual = self.relu2(self.bn2(self.conv2(residual)))
        residual = self.bn3(self.conv3(residual))
        if self.se is not None:
            residual = self.se(residual)
        if not self.has_shortcut:
            return self.relu3(residual)
        identity = x if self.shortcut is None else self.shortcut(x)
        return self.relu3(residual + identity)


class PreActivationBasicBlock(nn.Module):
    """v2 of the basic block (1603.05027, figure 1b): the sum is passed on untouched.

    (N, in_channels, H, W) -> (N, channels, H / stride, W / stride)
    """

    expansion = 1

    def __init__(self, c: ResNetConfig, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        self.has_shortcut = c.shortcut != "none"
        self.bn1 = make_norm(c, in_channels)
        self.relu1 = nn.ReLU()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, padding=1, bias=False)
        self.bn2 = make_norm(c, channels)
        self.relu2 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.se = make_gate(c, channels)
        self.shortcut = make_shortcut(c, in_channels, channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        preactivated = self.relu1(self.bn1(x))
        residual = self.conv1(preactivated)
        residual = self.conv2(self.relu2(self.bn2(residual)))
        if self.se is not None:
            residual = self.se(residual)
        if not self.has_shortcut:
            return residual
        # A shortcut that changes the shape starts after the shared BN-ReLU, as in the authors' release.
        identity = x if self.shortcut is None else self.shortcut(preactivated)
        return residual + identity


class PreActivationBottleneck(nn.Module):
    """v2 of the bottleneck (1603.05027, figure 1b): BN-ReLU first, nothing after the addition.

    (N, in_channels, H, W) -> (N, 4 * channels, H / stride, W / stride)
    """

    expansion = 4

    def __init__(self, c: ResNetConfig, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        stride1, stride2 = (stride, 1) if c.stride_in == "1x1" else (1, stride)
        self.has_shortcut = c.shortcut != "none"
        self.bn1 = make_norm(c, in_channels)
        self.relu1 = nn.ReLU()
        self.conv1 = nn.Conv2d(in_channels, channels, 1, stride1, bias=False)
        self.bn2 = make_norm(c, channels)
        self.relu2 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, stride2, padding=1, bias=False)
        self.bn3 = make_norm(c, channels)
        self.relu3 = nn.ReLU()
        self.conv3 = nn.Conv2d(channels, 4 * channels, 1, bias=False)
        self.se = make_gate(c, 4 * channels)
        self.shortcut = make_shortcut(c, in_channels, 4 * channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        preactivated = self.relu1(self.bn1(x))
        residual = self.conv1(preactivated)
        residual = self.conv2(self.relu2(self.bn2(residual)))
        residual = self.conv3(self.relu3(self.bn3(residual)))
        if self.se is not None:
            residual = self.se(residual)
        if not self.has_shortcut:
            return residual
        identity = x if self.shortcut is None else self.shortcut(preactivated)
        return residual + identity


Unit = BasicBlock | Bottleneck | PreActivationBasicBlock | PreActivationBottleneck
# (bottleneck, preactivation) -> unit
BLOCKS: dict[tuple[bool, bool], type[Unit]] = {
    (False, False): BasicBlock,
    (True, False): Bottleneck,
    (False, True): PreActivationBasicBlock,
    (True, True): PreActivationBottleneck,
}


class ResNet(nn.Module):
    """(N, 3, H, W) images, normalized -> (N, num_classes) logits. Table 1 of 1512.03385; section 4.2 for CIFAR."""

    def __init__(self, c: ResNetConfig) -> None:
        super().__init__()
        block = BLOCKS[c.bottleneck, c.preactivation]
        channels = c.stages[0][1]

        self.stem = nn.Sequential()
        if c.stem == "imagenet":
            self.stem.add_module("conv", nn.Conv2d(3, channels, 7, stride=2, padding=3, bias=False))
        else:
            self.stem.add_module("conv", nn.Conv2d(3, channels, 3, padding=1, bias=False))
        self.stem.add_module("bn", make_norm(c, channels))
        self.stem.add_module("relu", nn.ReLU())
        if c.stem == "imagenet":
            padded = c.stem_pool == "padded"
            self.stem.add_module("pool", nn.MaxPool2d(3, 2, padding=1 if padded else 0, ceil_mode=not padded))

        for i, (units, width) in enumerate(c.stages):
            stage = nn.Sequential()
            for unit in range(units):
                stride = 2 if i > 0 and unit == 0 else 1  # conv3_1, conv4_1 and conv5_1 halve the maps
                stage.append(block(c, channels, width, stride))
                channels = width * block.expansion
            self.add_module(f"conv{i + 2}_x", stage)

        self.head = nn.Sequential()
        if c.preactivation:  # the last sum has not been activated yet
            self.head.add_module("bn", make_norm(c, channels))
            self.head.add_module("relu", nn.ReLU())
        self.head.add_module("pool", nn.AdaptiveAvgPool2d(1))
        self.head.add_module("flatten", nn.Flatten())
        self.head.add_module("fc", nn.Linear(channels, c.num_classes))

        for module in self.modules():
            if isinstance(module, nn.Conv2d):  # He initialization, as in the paper (section 3.4)
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        for stage in self.children():  # stem, conv2_x, ..., conv5_x, head
            x = stage(x)
        return x


def _variant(name: str, title: str, year: int = 2015, note: str = "", **config: object) -> Variant:
    input_size = (3, 32, 32) if config.get("stem") == "cifar" else (3, 224, 224)
    return Variant(name, title, year, ResNet, ResNetConfig(**config), input_size, note)  # type: ignore[arg-type]


HE_2015 = "He et al. 2015, arXiv 1512.03385"

FAMILY = Family(
    name="resnet",
    title="ResNet",
    year=2015,
    authors="Kaiming He, Xiangyu Zhang, Shaoqing Ren, Jian Sun",
    idea="Let each block learn what to add to its input; a hundred layers then train, too.",
    default="resnet50",
    variants=(
        _variant("resnet18", "ResNet-18", depth=18),
        _variant("resnet34", "ResNet-34", depth=34),
        _variant(
            "resnet34_a", "ResNet-34, option A", depth=34, shortcut="padding", note="shortcuts without parameters"
        ),
        _variant(
            "resnet34_c", "ResNet-34, option C", depth=34, shortcut="projection_all", note="every shortcut projects"
        ),
        _variant("plain18", "plain-18", depth=18, shortcut="none", note="no shortcuts"),
        _variant("plain34", "plain-34", depth=34, shortcut="none", note="no shortcuts"),
        _variant("resnet50", "ResNet-50", depth=50, note="v1.5: strides in the 3x3, as torchvision"),
        _variant("resnet101", "ResNet-101", depth=101, note="v1.5: strides in the 3x3, as torchvision"),
        _variant("resnet152", "ResNet-152", depth=152, note="v1.5: strides in the 3x3, as torchvision"),
        _variant("resnet50_v1", "ResNet-50 v1", depth=50, stride_in="1x1", note="strides in the 1x1, as published"),
        _variant("resnet101_v1", "ResNet-101 v1", depth=101, stride_in="1x1", note="strides in the 1x1, as published"),
        _variant("resnet152_v1", "ResNet-152 v1", depth=152, stride_in="1x1", note="strides in the 1x1, as published"),
        _variant("preact_resnet50", "ResNet-50 v2", 2016, depth=50, preactivation=True, note="pre-activation"),
        *(
            _variant(
                f"resnet{n}_cifar", f"ResNet-{n} (CIFAR)", depth=n, shortcut="padding", stem="cifar", num_classes=10
            )
            for n in (20, 32, 44, 56, 110)
        ),
    ),
    claims=(
        Claim(
            "FLOPs of ResNet-18",
            "1.8 × 10⁹",
            f"{HE_2015}, table 1 (one multiply-add counts once)",
            "macs",
            "resnet18",
            1.8e9,
            0.03,
        ),
        Claim("FLOPs of plain-34", "3.6 × 10⁹", f"{HE_2015}, table 1 and figure 3", "macs", "plain34", 3.6e9, 0.03),
        Claim("FLOPs of ResNet-34", "3.6 × 10⁹", f"{HE_2015}, table 1 and figure 3", "macs", "resnet34_a", 3.6e9, 0.03),
        Claim("FLOPs of ResNet-50", "3.8 × 10⁹", f"{HE_2015}, table 1", "macs", "resnet50_v1", 3.8e9, 0.03),
        Claim("FLOPs of ResNet-101", "7.6 × 10⁹", f"{HE_2015}, table 1", "macs", "resnet101_v1", 7.6e9, 0.03),
        Claim("FLOPs of ResNet-152", "11.3 × 10⁹", f"{HE_2015}, table 1", "macs", "resnet152_v1", 11.3e9, 0.03),
        Claim(
            "top-5 error, ensemble of six, two of them 152 layers deep (ILSVRC-2015 winner)",
            "3.57 %",
            f"{HE_2015}, table 5 (test)",
        ),
        Claim("top-5 error, one ResNet-152, multi-scale", "4.49 %", f"{HE_2015}, table 4 (validation)"),
        Claim(
            "top-1 error, plain-34 against ResNet-34 A, 10 crops",
            "28.54 % → 25.03 %",
            f"{HE_2015}, table 3 (validation)",
        ),
        Claim(
            "top-1 error, plain-18 against ResNet-18 A, 10 crops",
            "27.94 % → 27.88 %",
            f"{HE_2015}, table 2 (validation)",
        ),
        Claim("top-1 / top-5 error of ResNet-34 B, 10 crops", "24.52 % / 7.46 %", f"{HE_2015}, table 3 (validation)"),
        Claim("top-1 / top-5 error of ResNet-34 C, 10 crops", "24.19 % / 7.40 %", f"{HE_2015}, table 3 (validation)"),
    ),
    mistakes=(
        Mistake(
            "Skip connections cure vanishing gradients.",
            "The paper's problem is degradation: a 34-layer plain net has a higher training error than an 18-layer "
            "one. Its plain nets use batch normalization, and the authors find it unlikely that vanishing gradients "
            "are the cause. At initialization, with BN, the gradients of a plain net grow towards the input; they do "
            "not vanish.",
            f"{HE_2015}, section 4.1; measured at initialization for 20, 56 and 110 layers.",
            (16, 72),
        ),
        Mistake(
            "A ResNet has more parameters because it learns the function and the residual.",
            "A block learns the residual alone. An identity or padding shortcut has no parameters: "
            "plain-34 and ResNet-34 (option A) count the same.",
            f"{HE_2015}, section 3.3; the trace of both.",
            (27,),
        ),
        Mistake(
            "The input of a layer is added to the output of the same layer.",
            "The shortcut spans a block of two layers (18, 34) or three (50, 101, 152).",
            f"{HE_2015}, figure 5.",
            (17,),
        ),
        Mistake(
            "The bottleneck shrinks the input before it enters a series of residual blocks.",
            "1x1, 3x3, 1x1 lie inside each residual block, and only in the 50, 101 and 152 layer networks. "
            "The paper's reason is training time, not regularization.",
            f"{HE_2015}, table 1 and section 4.1.",
            (18, 19),
        ),
        Mistake(
            "ResNet's bottleneck uses depthwise separable convolutions.",
            "Its 3x3 is a full convolution.",
            "The table of layers below: groups is 1 throughout.",
            (20,),
        ),
        Mistake(
            "Pooling follows conv1 and some of the residual blocks.",
            "One max pool follows conv1. After that, the first unit of conv3_x, conv4_x and conv5_x strides; "
            "a global average pool ends the network.",
            f"{HE_2015}, table 1.",
            (22,),
        ),
        Mistake(
            "ResNet v2 replaces pooling by a convolution with stride 2.",
            "v2 moves BN and ReLU in front of each convolution and leaves the sum untouched. The stem is the same.",
            "He et al. 2016, arXiv 1603.05027.",
            (23,),
        ),
        Mistake(
            "ResNet-50 is the original ResNet, and libraries ship the original.",
            "The paper has 18, 34, 50, 101 and 152 layers (and 20 to 1202 on CIFAR-10). torchvision's bottleneck "
            "strides in the 3x3 (v1.5), the published one in the first 1x1 (v1): the same parameters, and in ResNet-50 "
            "6 % fewer MACs.",
            "Trace of resnet50 against resnet50_v1.",
            (24,),
        ),
        Mistake(
            "A ResNet with 152 layers reached 3.57 %.",
            "That is an ensemble of six networks, two of them with 152 layers. A single ResNet-152 reached 4.49 %.",
            f"{HE_2015}, tables 4 and 5.",
            (70,),
        ),
        Mistake(
            "A residual block starts as the identity because its weights start near zero.",
            "He initialization with BN does not start near zero. A block starts as the identity only if its last BN "
            "starts with a scale of 0, and only where its shortcut is the identity. The ReLU after the sum does no "
            "harm: what enters a block has passed one already, and is never negative.",
            f"{HE_2015}, section 3.4; He et al. 2016, arXiv 1603.05027; zero_init_residual in torchvision.",
            (73,),
        ),
        Mistake(
            "Networks get deeper with fewer and fewer parameters.",
            "ResNet-152 has about as many parameters as AlexNet.",
            "The traces of resnet152 and alexnet.",
            (71,),
        ),
        Mistake(
            "The bottleneck makes a ResNet reuse its features.",
            "Reuse is DenseNet's argument: it keeps the maps of all layers of a block, and later ones read them. A "
            "ResNet adds, and a sum no longer tells its terms apart. The paper's reason for the bottleneck is "
            "training time.",
            f"{HE_2015}, section 4.1; Huang et al. 2016, arXiv 1608.06993, abstract.",
            (21,),
        ),
        Mistake(
            "A shortcut passes on the activation function.",
            "It passes on the activation: the values that a block put out.",
            f"{HE_2015}, figure 2; the dashed edge in the block diagrams above carries maps.",
            (72,),
        ),
        Mistake(
            "Thanks to its shortcuts a network makes progress although several layers have not started to learn.",
            "An illustration that the paper does not measure: it compares the errors of whole networks. What a trained "
            "one does without a unit is measured here, under “Remove a unit”.",
            f"{HE_2015}, section 4.1 and figure 4.",
            (74,),
        ),
        Mistake(
            "ResNet is the work of Kaiming He.",
            "The paper has four authors.",
            f"{HE_2015}, title page.",
            (46,),
        ),
    ),
    sources=(
        Source("He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition. 2015", "arXiv 1512.03385"),
        Source("He, Zhang, Ren, Sun: Identity Mappings in Deep Residual Networks. ECCV 2016", "arXiv 1603.05027"),
        Source("The authors' Caffe models (v1)", "github.com/KaimingHe/deep-residual-networks"),
        Source("torchvision.models.resnet (v1.5), BSD-3-Clause: the oracle of the parity tests", "pytorch.org/vision"),
    ),
)
