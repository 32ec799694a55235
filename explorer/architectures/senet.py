"""SENet: networks of other papers, each with a gate on its channels, and SENet-154, built for ILSVRC-2017.

Hu, Shen, Albanie, Sun, Wu: "Squeeze-and-Excitation Networks", arXiv 1709.01507.
The gate is `explorer.architectures.blocks.SqueezeExcitation`. SE-ResNet and SE-GoogLeNet are options of the
ResNet and the GoogLeNet; only SENet-154 has a body of its own, with the stages of a ResNet-152.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from explorer.architectures.blocks import SqueezeExcitation
from explorer.architectures.family import Claim, Family, Mistake, Source, Variant, require_positive_width
from explorer.architectures.googlenet import GoogLeNet, GoogLeNetConfig
from explorer.architectures.resnet import UNITS, ResNet, ResNetConfig

REDUCTION = 16  # r, by default; table 10 of the paper tries 2 to 32


@dataclass(frozen=True)
class SENet154Config:
    """SENet-154, with or without its gates.

    Raises ValueError for a width that is not positive or a reduction below 1.
    """

    squeeze_excitation: int | None = REDUCTION  # the reduction ratio r of the gates; None: no gates
    width: float = 1.0  # multiplies the channels and the groups of every stage; a group keeps its size
    num_classes: int = 1000

    def __post_init__(self) -> None:
        require_positive_width(self.width)
        if self.squeeze_excitation is not None and self.squeeze_excitation < 1:
            raise ValueError(f"squeezing divides the channels by 1 or more, not by {self.squeeze_excitation}")

    @property
    def groups(self) -> int:
        """Of each 3x3 convolution; all channels are multiples of it."""
        return max(1, round(64 * self.width))


class SENetBottleneck(nn.Module):
    """1x1, grouped 3x3, 1x1 and a gate on what they add to the input: ResNeXt's unit, modified (appendix).

    The first 1x1 has half the channels of the 3x3. Where the maps shrink, the shortcut is a 3x3 convolution.
    (N, in_channels, H, W) -> (N, channels, H / stride, W / stride)
    """

    def __init__(self, c: SENet154Config, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels // 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels // 2)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels // 2, channels, 3, stride, padding=1, groups=c.groups, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu2 = nn.ReLU()
        self.conv3 = nn.Conv2d(channels, channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(channels)
        self.se = None
        if c.squeeze_excitation is not None:
            self.se = SqueezeExcitation(channels, max(1, channels // c.squeeze_excitation))
        self.relu3 = nn.ReLU()
        self.shortcut = None
        if in_channels != channels:
            kernel = 1 if stride == 1 else 3
            self.shortcut = nn.Sequential()
            self.shortcut.add_module(
                "conv", nn.Conv2d(in_channels, channels, kernel, stride, padding=kernel // 2, bias=False)
            )
            self.shortcut.add_module("bn", nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        residual = self.relu1(self.bn1(self.conv1(x)))
        residual = self.relu2(self.bn2(self.conv2(residual)))
        residual = self.bn3(self.conv3(residual))
        if self.se is not None:
            residual = self.se(residual)
        identity = x if self.shortcut is None else self.shortcut(x)
        return self.relu3(residual + identity)


class SENet154(nn.Module):
    """(N, 3, H, W) images, normalized -> (N, num_classes) logits. Appendix of 1709.01507.

    Three 3x3 convolutions replace the 7x7 of the stem; a dropout precedes the classifier. The pooling of the
    stem is Caffe's, without padding, as in the authors' release.
    """

    def __init__(self, c: SENet154Config) -> None:
        super().__init__()
        self.stem = nn.Sequential()
        channels = 3
        for i, (out_channels, stride) in enumerate(((c.groups, 2), (c.groups, 1), (2 * c.groups, 1)), start=1):
            conv = nn.Conv2d(channels, out_channels, 3, stride, padding=1, bias=False)
            self.stem.add_module(f"conv{i}", conv)
            self.stem.add_module(f"bn{i}", nn.BatchNorm2d(out_channels))
            self.stem.add_module(f"relu{i}", nn.ReLU())
            channels = out_channels
        self.stem.add_module("pool", nn.MaxPool2d(3, stride=2, ceil_mode=True))

        for i, units in enumerate(UNITS[152]):
            stage = nn.Sequential()
            out_channels = 4 * c.groups * 2**i
            for unit in range(units):
                stride = 2 if i > 0 and unit == 0 else 1
                stage.append(SENetBottleneck(c, channels, out_channels, stride))
                channels = out_channels
            self.add_module(f"conv{i + 2}_x", stage)

        self.head = nn.Sequential()
        self.head.add_module("pool", nn.AdaptiveAvgPool2d(1))
        self.head.add_module("flatten", nn.Flatten())
        self.head.add_module("dropout", nn.Dropout(0.2))
        self.head.add_module("fc", nn.Linear(channels, c.num_classes))

    def forward(self, x: Tensor) -> Tensor:
        for stage in self.children():  # stem, conv2_x, ..., conv5_x, head
            x = stage(x)
        return x


def _se_resnet(depth: int) -> Variant:
    """As the authors released 50, 101 and 152, and as timm adds 18 and 34 (a ReLU before the gate)."""
    config = ResNetConfig(
        depth, stride_in="1x1", stem_pool="ceil", squeeze_excitation=REDUCTION, relu_before_gate=depth < 50
    )
    note = "timm's: not in the paper" if depth < 50 else "strides in the 1×1, as released"
    return Variant(f"se_resnet{depth}", f"SE-ResNet-{depth}", 2017, ResNet, config, note=note)


HU_2017 = "Hu et al. 2017, arXiv 1709.01507"
RELEASE = "the authors' release, readme"

FAMILY = Family(
    name="senet",
    title="SENet",
    year=2017,
    authors="Jie Hu, Li Shen, Samuel Albanie, Gang Sun, Enhua Wu",
    idea="Look at the whole image once, then turn each channel down by a factor of its own.",
    default="se_resnet50",
    variants=(
        *map(_se_resnet, UNITS),
        Variant(
            "se_googlenet",
            "SE-GoogLeNet",
            2017,
            GoogLeNet,
            GoogLeNetConfig(aux=False, squeeze_excitation=REDUCTION),
            note="2014 body; the paper gates BN-Inception",
        ),
        Variant(
            "senet154",
            "SENet-154",
            2017,
            SENet154,
            SENet154Config(),
            note="the authors' own body, with ResNeXt's groups",
        ),
    ),
    claims=(
        Claim(
            "FLOPs of SE-ResNet-50 (pooling and scaling counted too)",
            "3.87 × 10⁹",
            f"{HU_2017}, table 2",
            "macs",
            "se_resnet50",
            3.87e9,
            0.004,
        ),
        Claim("FLOPs of ResNet-50 (v1)", "3.86 × 10⁹", f"{HU_2017}, table 2", "macs", "resnet50_v1", 3.86e9, 0.002),
        Claim(
            "layers of SENet-154, without those of the gates", "154", f"{HU_2017}, the name", "depth", "senet154", 154
        ),
        Claim(
            "top-5 error, small ensemble, multi-scale and multi-crop (ILSVRC-2017 winner)",
            "2.251 %",
            f"{HU_2017}, section 5.4 (test)",
        ),
        Claim("top-5 error of the ILSVRC-2016 winner", "2.991 %", "image-net.org, results of LSVRC 2016 (test)"),
        Claim("top-1 / top-5 error of SENet-154, one 224 crop", "18.68 % / 4.47 %", f"{HU_2017}, table 8 (validation)"),
        Claim(
            "top-1 error of ResNet-50 against SE-ResNet-50, one crop",
            "24.80 % → 23.29 %",
            f"{HU_2017}, table 2 (validation)",
        ),
        Claim(
            "top-5 error of ResNet-50 against SE-ResNet-50, one crop",
            "7.48 % → 6.62 %",
            f"{HU_2017}, table 2 (validation)",
        ),
        Claim(
            "top-1 error of ResNet-101 against SE-ResNet-101, one crop",
            "23.17 % → 22.38 %",
            f"{HU_2017}, table 2 (validation)",
        ),
        Claim(
            "top-1 error of ResNet-152 against SE-ResNet-152, one crop",
            "22.42 % → 21.57 %",
            f"{HU_2017}, table 2 (validation)",
        ),
        Claim(
            "top-1 / top-5 error of the released SE-ResNet-50", "22.37 % / 6.36 %", f"{RELEASE} (validation, one crop)"
        ),
        Claim(
            "top-1 / top-5 error of the released SE-ResNet-101", "21.75 % / 5.72 %", f"{RELEASE} (validation, one crop)"
        ),
        Claim(
            "top-1 / top-5 error of the released SE-ResNet-152", "21.34 % / 5.54 %", f"{RELEASE} (validation, one crop)"
        ),
        Claim("training step of ResNet-50 against SE-ResNet-50, 8 Titan X", "190 ms → 209 ms", f"{HU_2017}, section 4"),
        Claim("inference of ResNet-50 against SE-ResNet-50, CPU", "164 ms → 167 ms", f"{HU_2017}, section 4"),
    ),
    mistakes=(
        Mistake(
            "The squeeze is the first, narrow fully connected layer.",
            "The squeeze is the global average pooling: it squeezes space. The two fully connected layers "
            "after it are the excitation.",
            f"{HU_2017}, sections 3.1 and 3.2.",
            (83,),
        ),
        Mistake(
            "The excitation is one fully connected layer and a sigmoid.",
            "Two: the first reduces the channels r times and has a ReLU, the second restores them and has the sigmoid.",
            f"{HU_2017}, section 3.2; se.fc1 and se.fc2 in the table below.",
            (41,),
        ),
        Mistake(
            "Global average pooling pools patches by their average or maximum, and averages the results.",
            "It is one step: the mean of all positions of a channel. No maximum is involved.",
            "Lin et al. 2013, arXiv 1312.4400; the window of se.squeeze in the table below is the whole map.",
            (42,),
        ),
        Mistake(
            "A gate is a probability, because it comes out of a sigmoid.",
            "It is a factor between 0 and 1. The gates of an image do not add up to 1: many channels can be "
            "open at once.",
            f"{HU_2017}, section 3.2.",
            (43,),
        ),
        Mistake(
            "Squeeze-and-excitation boosts the channels that matter.",
            "A sigmoid stays below 1, so a gate only attenuates. What matters is attenuated less; later "
            "layers can restore the scale. Stories about an eye, a nose and a face illustrate that and are "
            "not measurements.",
            f"{HU_2017}, section 3.2.",
            (82,),
        ),
        Mistake(
            "An ordinary convolutional network treats all its channels alike.",
            "Its weights differ from channel to channel but are the same for every image. A gate depends on the image.",
            f"{HU_2017}, section 1.",
            (84,),
        ),
        Mistake(
            "In SE-ResNet the gate acts on the output of the unit.",
            "On the residual branch, before the addition: the shortcut passes ungated. In SE-GoogLeNet "
            "there is no shortcut, and the gate acts on the module's output.",
            f"{HU_2017}, figures 2 and 3; the dashed edges in the block diagrams above.",
            (81,),
        ),
        Mistake(
            "A filter adds up the information of all output channels.",
            "Of all input channels: one filter reads them all and makes one output channel.",
            f"{HU_2017}, equation 1; a weight's shape is out x in x height x width.",
            (95,),
        ),
        Mistake(
            "Squeeze-and-excitation is almost free.",
            "In operations it is. It adds a noticeable share of parameters, most of them in the last stage, "
            "where the channels are many, and training took a tenth longer on the authors' GPUs.",
            f"{HU_2017}, section 4; the traces of se_resnet50 and resnet50_v1.",
            (86,),
        ),
        Mistake(
            "timm's legacy_seresnet50 needs fewer MACs than torchvision's resnet50, so gates make a network cheaper.",
            "The first strides in the 1x1 convolution (v1), the second in the 3x3 (v1.5). Compare like with like.",
            "The traces of se_resnet50, resnet50_v1 and resnet50.",
        ),
        Mistake(
            "SENet is of 2018.",
            "It won in July 2017 and was on arXiv in September 2017; 2018 is the year of the conference.",
            "image-net.org, LSVRC 2017; arXiv 1709.01507.",
            (40,),
        ),
        Mistake(
            "Its predecessor, the winner of ILSVRC-2016, was CUImage with GBD-Net.",
            "That team won object detection. Trimps-Soushen won classification.",
            "image-net.org, results of LSVRC 2016.",
            (80,),
        ),
        Mistake(
            "In Keras the gate is applied by multiply()([maps, gates]).",
            "That call fails, since the function multiply expects the list itself. multiply([maps, gates]) "
            "works, and so does the layer Multiply()([maps, gates]).",
            "Run with Keras 3.15.1: TypeError, missing argument 'inputs'.",
            (85,),
        ),
    ),
    sources=(
        Source(
            "Hu, Shen, Albanie, Sun, Wu: Squeeze-and-Excitation Networks. CVPR 2018 (by Hu, Shen, Sun); the longer "
            "version that is cited here: TPAMI",
            "arXiv 1709.01507",
        ),
        Source("The authors' Caffe models", "github.com/hujie-frank/SENet"),
        Source(
            "timm's legacy_seresnet and legacy_senet154, Apache-2.0: the oracles of the parity tests",
            "github.com/huggingface/pytorch-image-models",
        ),
    ),
)
