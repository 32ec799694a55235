"""GoogLeNet, the first Inception network: as published in 2014, and as torchvision builds it.

Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke, Rabinovich: "Going Deeper with Convolutions",
arXiv 1409.4842. Modules and convolutions carry the names of table 1: 3a to 5b, 3x3 reduce, pool proj.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import torch
from torch import Tensor, nn

from explorer.architectures.blocks import SqueezeExcitation, initialize
from explorer.architectures.family import Claim, Family, Mistake, Source, Variant, require_positive_width


class ModuleWidths(NamedTuple):
    """The six numbers of an inception module: the channels after each of its convolutions."""

    conv1x1: int
    conv3x3_reduce: int
    conv3x3: int
    conv5x5_reduce: int
    conv5x5: int
    pool_proj: int


# Table 1 of the paper.
MODULES = {
    "3a": ModuleWidths(64, 96, 128, 16, 32, 32),
    "3b": ModuleWidths(128, 128, 192, 32, 96, 64),
    "4a": ModuleWidths(192, 96, 208, 16, 48, 64),
    "4b": ModuleWidths(160, 112, 224, 24, 64, 64),
    "4c": ModuleWidths(128, 128, 256, 24, 64, 64),
    "4d": ModuleWidths(112, 144, 288, 32, 64, 64),
    "4e": ModuleWidths(256, 160, 320, 32, 128, 128),
    "5a": ModuleWidths(256, 160, 320, 32, 128, 128),
    "5b": ModuleWidths(384, 192, 384, 48, 128, 128),
}


@dataclass(frozen=True)
class GoogLeNetConfig:
    """What distinguishes one GoogLeNet from another.

    Raises ValueError for a width that is not positive or a reduction ratio below 1.
    """

    release: Literal["2014", "torchvision"] = "2014"  # torchvision: BN for biases and LRN, other pooling
    kernel_5x5: Literal[5, 3] = 5  # of the convolution that table 1 calls 5x5: torchvision's is a 3x3
    first_layer: Literal["convolution", "separable"] = "convolution"  # separable: what table 1 adds up to
    aux: bool = True  # the two auxiliary classifiers, which only training needs
    squeeze_excitation: int | None = None  # reduction ratio r of a gate after each module (1709.01507)
    width: float = 1.0  # multiplies the channels of every layer, and the heads' hidden units
    num_classes: int = 1000

    def __post_init__(self) -> None:
        require_positive_width(self.width)
        if self.squeeze_excitation is not None and self.squeeze_excitation < 1:
            raise ValueError(f"squeezing divides the channels by 1 or more, not by {self.squeeze_excitation}")

    @property
    def batch_norm(self) -> bool:
        """Whether a BN takes the place of each convolution's bias; the published network is older than BN."""
        return self.release == "torchvision"

    def channels(self, published: int) -> int:
        """`published` channels or units at this width."""
        return max(1, round(published * self.width))


def conv_unit(c: GoogLeNetConfig, in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Convolution and ReLU, in torchvision's release with a BN between them.

    (N, in_channels, H, W) -> (N, out_channels, ceil(H / stride), ceil(W / stride))
    """
    unit = nn.Sequential()
    padding = kernel // 2
    unit.add_module("conv", nn.Conv2d(in_channels, out_channels, kernel, stride, padding, bias=not c.batch_norm))
    if c.batch_norm:
        unit.add_module("bn", nn.BatchNorm2d(out_channels, eps=0.001))
    unit.add_module("relu", nn.ReLU())
    return unit


class SeparableFirstLayer(nn.Sequential):
    """The first layer that explains table 1: eight 7x7 filters for each colour, mixed by a 1x1 convolution.

    The table prints 2.7K parameters and 34M operations, far too few for a 7x7 convolution of three channels
    into 64; with these two convolutions both figures fit. It counts as one layer.
    (N, 3, H, W) -> (N, out_channels, H / 2, W / 2)
    """

    weight_layers: ClassVar[int] = 1

    def __init__(self, out_channels: int) -> None:
        super().__init__()
        self.add_module("depthwise", nn.Conv2d(3, 24, 7, stride=2, padding=3, groups=3, bias=False))
        self.add_module("pointwise", nn.Conv2d(24, out_channels, 1))
        self.add_module("relu", nn.ReLU())


class InceptionModule(nn.Module):
    """Four branches look at the same maps at different scales; their maps are stacked (figure 2b).

    The 1x1 "reduce" convolutions make the 3x3 and 5x5 affordable. With squeeze-and-excitation a gate follows
    the stacked maps (1709.01507, figure 2).
    (N, in_channels, H, W) -> (N, out_channels, H, W)
    """

    def __init__(self, c: GoogLeNetConfig, in_channels: int, widths: ModuleWidths) -> None:
        super().__init__()
        n = ModuleWidths(*map(c.channels, widths))
        self.out_channels = n.conv1x1 + n.conv3x3 + n.conv5x5 + n.pool_proj
        self.conv1x1 = conv_unit(c, in_channels, n.conv1x1, 1)
        self.conv3x3_reduce = conv_unit(c, in_channels, n.conv3x3_reduce, 1)
        self.conv3x3 = conv_unit(c, n.conv3x3_reduce, n.conv3x3, 3)
        self.conv5x5_reduce = conv_unit(c, in_channels, n.conv5x5_reduce, 1)
        self.conv5x5 = conv_unit(c, n.conv5x5_reduce, n.conv5x5, c.kernel_5x5)
        self.pool = nn.MaxPool2d(3, stride=1, padding=1)
        self.pool_proj = conv_unit(c, in_channels, n.pool_proj, 1)
        self.se: SqueezeExcitation | None = None
        if c.squeeze_excitation is not None:
            self.se = SqueezeExcitation(self.out_channels, max(1, self.out_channels // c.squeeze_excitation))

    def forward(self, x: Tensor) -> Tensor:
        branches = (
            self.conv1x1(x),
            self.conv3x3(self.conv3x3_reduce(x)),
            self.conv5x5(self.conv5x5_reduce(x)),
            self.pool_proj(self.pool(x)),
        )
        maps = torch.cat(branches, 1)
        return maps if self.se is None else self.se(maps)


class AuxiliaryClassifier(nn.Sequential):
    """A small classifier on the maps of 4a or 4d (section 5), for training only: 0.3 times its loss is added.

    Its first linear layer expects 4x4 maps. The published pooling gives them for 224x224 images (and little
    larger ones), torchvision's for images of any size. (N, in_channels, 14, 14) -> (N, num_classes)
    """

    def __init__(self, c: GoogLeNetConfig, in_channels: int) -> None:
        super().__init__()
        channels, hidden = c.channels(128), c.channels(1024)
        any_size = c.release == "torchvision"
        self.add_module("pool", nn.AdaptiveAvgPool2d(4) if any_size else nn.AvgPool2d(5, stride=3))
        self.add_module("conv", nn.Conv2d(in_channels, channels, 1, bias=not c.batch_norm))
        if c.batch_norm:
            self.add_module("bn", nn.BatchNorm2d(channels, eps=0.001))
        self.add_module("relu1", nn.ReLU())
        self.add_module("flatten", nn.Flatten())
        self.add_module("fc1", nn.Linear(4 * 4 * channels, hidden))
        self.add_module("relu2", nn.ReLU())
        self.add_module("dropout", nn.Dropout(0.7))
        self.add_module("fc2", nn.Linear(hidden, c.num_classes))


class GoogLeNet(nn.Module):
    """(N, 3, H, W) images, normalized -> (N, num_classes) logits; with `aux` three: main, aux1, aux2.

    Table 1 and figure 3. The paper does not print the constants of its LRN: they are those of BVLC's
    replication, made with the first author's help. torchvision's release, a port of a TensorFlow model,
    differs: a BN after each convolution instead of bias and LRN, a 2x2 instead of a 3x3 pooling before 5a,
    less dropout, auxiliary classifiers for any image size - and a 3x3 convolution where the paper has a 5x5
    (`kernel_5x5`).
    """

    def __init__(self, c: GoogLeNetConfig) -> None:
        super().__init__()
        self.stem = self._stem(c)
        self.inception3 = nn.Sequential()
        self.inception4 = nn.Sequential(OrderedDict(pool=nn.MaxPool2d(3, stride=2, ceil_mode=True)))
        window = 2 if c.release == "torchvision" else 3
        self.inception5 = nn.Sequential(OrderedDict(pool=nn.MaxPool2d(window, stride=2, ceil_mode=True)))

        channels = {"conv2": c.channels(192)}
        in_channels = channels["conv2"]
        for name, widths in MODULES.items():
            module = InceptionModule(c, in_channels, widths)
            self.get_submodule(f"inception{name[0]}").add_module(name, module)
            in_channels = channels[name] = module.out_channels

        self.aux = c.aux
        if c.aux:
            self.aux1 = AuxiliaryClassifier(c, channels["4a"])
            self.aux2 = AuxiliaryClassifier(c, channels["4d"])

        self.head = nn.Sequential()
        self.head.add_module("pool", nn.AdaptiveAvgPool2d(1))
        self.head.add_module("flatten", nn.Flatten())
        self.head.add_module("dropout", nn.Dropout(0.2 if c.release == "torchvision" else 0.4))
        self.head.add_module("fc", nn.Linear(in_channels, c.num_classes))

        initialize(self)

    @staticmethod
    def _stem(c: GoogLeNetConfig) -> nn.Sequential:
        """The rows of table 1 above the first module: (N, 3, H, W) -> (N, 192, H / 8, W / 8)."""
        c64, c192 = c.channels(64), c.channels(192)
        separable = c.first_layer == "separable"
        stem = nn.Sequential()
        stem.add_module("conv1", SeparableFirstLayer(c64) if separable else conv_unit(c, 3, c64, 7, stride=2))
        stem.add_module("pool1", nn.MaxPool2d(3, stride=2, ceil_mode=True))
        if not c.batch_norm:
            stem.add_module("lrn1", nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75))
        stem.add_module("conv2_reduce", conv_unit(c, c64, c64, 1))
        stem.add_module("conv2", conv_unit(c, c64, c192, 3))
        if not c.batch_norm:
            stem.add_module("lrn2", nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75))
        stem.add_module("pool2", nn.MaxPool2d(3, stride=2, ceil_mode=True))
        return stem

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor, Tensor]:
        x = self.inception3(self.stem(x))
        maps = {}
        for name, module in self.inception4.named_children():
            x = maps[name] = module(x)
        logits = self.head(self.inception5(x))
        if not self.aux:
            return logits
        return logits, self.aux1(maps["4a"]), self.aux2(maps["4d"])


SZEGEDY_2014 = "Szegedy et al. 2014, arXiv 1409.4842"

FAMILY = Family(
    name="googlenet",
    title="GoogLeNet",
    year=2014,
    authors="Christian Szegedy, Wei Liu, Yangqing Jia, Pierre Sermanet, Scott Reed, Dragomir Anguelov, "
    "Dumitru Erhan, Vincent Vanhoucke, Andrew Rabinovich",
    idea="Filters of several sizes on the same maps, at once; 1x1 filters pay for it.",
    default="googlenet",
    variants=(
        Variant(
            "googlenet",
            "GoogLeNet",
            2014,
            GoogLeNet,
            GoogLeNetConfig(),
            note="as published, with both auxiliary heads",
        ),
        Variant(
            "googlenet_separable",
            "GoogLeNet, separable first layer",
            2014,
            GoogLeNet,
            GoogLeNetConfig(first_layer="separable", aux=False),
            note="as table 1 counts it",
        ),
        Variant(
            "googlenet_bn",
            "GoogLeNet with BN",
            None,
            GoogLeNet,
            GoogLeNetConfig(release="torchvision", kernel_5x5=3),
            note="torchvision's; its 5x5 is a 3x3",
        ),
    ),
    claims=(
        Claim("layers with parameters", "22", f"{SZEGEDY_2014}, section 5", "depth", "googlenet", 22),
        Claim(
            "parameters (sum of the table's column)",
            "6.8 M",
            f"{SZEGEDY_2014}, table 1",
            "params",
            "googlenet_separable",
            6.8e6,
            0.03,
        ),
        Claim(
            "multiply-adds of one inference",
            "1.5 × 10⁹",
            f"{SZEGEDY_2014}, section 1 and table 1",
            "macs",
            "googlenet_separable",
            1.5e9,
            0.01,
        ),
        Claim(
            "top-5 error, seven networks, 144 crops (ILSVRC-2014 winner)",
            "6.67 %",
            f"{SZEGEDY_2014}, table 2 (test)",
        ),
        Claim("top-5 error, one network, one crop", "10.07 %", f"{SZEGEDY_2014}, table 3 (validation)"),
        Claim("top-5 error, one network, 144 crops", "7.89 %", f"{SZEGEDY_2014}, table 3 (validation)"),
        Claim("top-5 error, seven networks, one crop", "8.09 %", f"{SZEGEDY_2014}, table 3 (validation)"),
        Claim(
            "top-1 accuracy gained by average pooling in place of dense layers",
            "0.6 points",
            f"{SZEGEDY_2014}, section 5",
        ),
        Claim(
            "top-1 / top-5 accuracy of BVLC's replication, centre crop",
            "68.7 % / 88.9 %",
            "bvlc_googlenet, readme",
        ),
    ),
    mistakes=(
        Mistake(
            "GoogLeNet is named after the Google Brain team.",
            "It was the team's name at ILSVRC-2014, a homage to LeCun's LeNet-5.",
            f"{SZEGEDY_2014}, section 5.",
            (29,),
        ),
        Mistake(
            "GoogLeNet is the work of Christian Szegedy.",
            "The paper has nine authors.",
            f"{SZEGEDY_2014}, title page.",
            (59,),
        ),
        Mistake(
            "GoogLeNet is a relatively shallow network.",
            "It was the deeper of the two deep networks of 2014: more layers with weights than VGG-19.",
            f"{SZEGEDY_2014}, section 5; the depth in the traces of both.",
            (34,),
        ),
        Mistake(
            "An inception module is a series of convolutions.",
            "Its branches are parallel: three end in a convolution of their own size, the fourth begins "
            "with max pooling.",
            f"{SZEGEDY_2014}, figure 2b.",
            (30,),
        ),
        Mistake(
            "A module has nine filter sizes, and 1x1 convolutions before and after the 3x3.",
            "Nine is the number of modules. Filters are 1x1, 3x3 or 5x5, the pooling window is 3x3. A 1x1 "
            "precedes the 3x3 and the 5x5 and follows the pooling; nothing follows the 3x3 and the 5x5.",
            f"{SZEGEDY_2014}, table 1 and figure 2b.",
            (32,),
        ),
        Mistake(
            "A branch of a module is a 1x2 and a 5x5 convolution.",
            "A 1x1 and a 5x5: no kernel of the network is 1x2. The pair is more than one convolution, too: with the "
            "ReLU in between, it is a network of two layers that slides over the image.",
            f"{SZEGEDY_2014}, section 4 and figure 2b; the layer table.",
            (62,),
        ),
        Mistake(
            "A large first kernel preserves the information of the picture.",
            "The paper gives no such reason. What is preserved is a matter of how many numbers leave: conv1 makes "
            "more than it reads, 64 maps of half the side from three colours. The authors' next network does the "
            "same with 3x3 kernels.",
            f"{SZEGEDY_2014}, table 1; Szegedy et al. 2015, arXiv 1512.00567, section 6.",
            (97,),
        ),
        Mistake(
            "The auxiliary heads make deep networks trainable.",
            "That was the hope: more gradient for the lower layers, and some regularization. A year later the authors "
            "saw no faster start, and lost nothing without the lower head; they call the heads regularizers.",
            f"{SZEGEDY_2014}, section 5; Szegedy et al. 2015, arXiv 1512.00567, section 4.",
        ),
        Mistake(
            "The 1x1 convolution before the 3x3 of conv2 is a bottleneck.",
            "It has as many output as input channels, so it saves nothing. It adds a layer that mixes channels.",
            f"{SZEGEDY_2014}, table 1; stem.conv2_reduce in the table of layers.",
            (64,),
        ),
        Mistake(
            "Five max poolings halve the maps.",
            "Four do, and the first convolution strides. Average pooling over the last 7x7 maps ends the network.",
            f"{SZEGEDY_2014}, table 1.",
            (66,),
        ),
        Mistake(
            "Global average pooling replaces all fully connected layers.",
            "One linear layer stays, to make fine-tuning easy as the authors write.",
            f"{SZEGEDY_2014}, section 5; head.fc in the table of layers.",
            (31,),
        ),
        Mistake(
            "GoogLeNet has five million parameters.",
            "The authors' paper of 2015 says so, but their table of 2014 adds up to 6.8 million, and the "
            "layers that it lists have nearly seven.",
            f"{SZEGEDY_2014}, table 1; arXiv 1512.00567, section 1; the trace.",
            (33,),
        ),
        Mistake(
            "GoogLeNet has ten or twelve times fewer parameters than AlexNet.",
            "The paper says twelve. Counted layer by layer the ratio is nearly nine.",
            f"{SZEGEDY_2014}, section 1; the traces of both.",
            (58,),
        ),
        Mistake(
            "GoogLeNet reached 6.67 %.",
            "Seven networks and 144 crops of each image did. One network and one crop: 10.07 %.",
            f"{SZEGEDY_2014}, tables 2 and 3.",
        ),
        Mistake(
            "Local response normalization makes the layers before it learn a wide variety of features.",
            "Nothing enforces that. The VGG paper, of the same month, measured no gain from it and dropped it.",
            "Simonyan, Zisserman 2014, arXiv 1409.1556, table 3 (A against A-LRN).",
            (65,),
        ),
        Mistake(
            "The first layer of table 1 is a 7x7 convolution.",
            "2.7K parameters and 34M operations cannot be one; a separable convolution fits both. Chollet "
            "reports that the original did begin with one. Implementations use the plain convolution.",
            f"{SZEGEDY_2014}, table 1; arXiv 1610.02357, section 2; the trace of googlenet_separable.",
        ),
        Mistake(
            "torchvision's googlenet is the network of 2014.",
            "It has batch normalization, no LRN, no biases, and 3x3 convolutions where the paper has 5x5: "
            "a known bug that the published weights depend on. The auxiliary heads in its weights file are "
            "not trained.",
            "torchvision/models/googlenet.py; pytorch/vision issue 906.",
        ),
        Mistake(
            "ResNet starts and ends exactly like GoogLeNet.",
            "Both start with a 7x7 convolution of stride 2 and a max pooling, and end with average pooling "
            "and one linear layer. GoogLeNet goes on with two more convolutions, LRN and a second max "
            "pooling, and has dropout at the end.",
            "Table 1 of both papers.",
            (75,),
        ),
    ),
    sources=(
        Source("Szegedy et al.: Going Deeper with Convolutions. CVPR 2015", "arXiv 1409.4842"),
        Source(
            "BVLC's replication in Caffe: the reference of the counts",
            "github.com/BVLC/caffe, models/bvlc_googlenet",
        ),
        Source(
            "torchvision.models.googlenet, BSD-3-Clause: the oracle of the parity tests",
            "pytorch.org/vision",
        ),
    ),
)
