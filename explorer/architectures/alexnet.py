"""AlexNet: the network of 2012, the same without its split over two GPUs, and torchvision's variant.

Krizhevsky, Sutskever, Hinton: "ImageNet Classification with Deep Convolutional Neural Networks", NIPS 2012;
Krizhevsky: "One weird trick for parallelizing convolutional neural networks", arXiv 1404.5997 (the variant).
Stages are the paper's eight layers (section 3.5), named as in Caffe: conv1 to conv5, fc6 to fc8.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from explorer.architectures.family import Claim, Family, Mistake, Source, Variant, require_positive_width

# Section 3.3: b = a / (k + alpha * sum of a^2 over n neighbouring maps)^beta
LRN_K, LRN_N, LRN_ALPHA, LRN_BETA = 2.0, 5, 1e-4, 0.75


@dataclass(frozen=True)
class AlexNetConfig:
    """What distinguishes one AlexNet from another; the defaults are the paper's.

    Raises ValueError for a width that is not positive, or a number of groups other than 1 and 2.
    """

    channels: tuple[int, int, int, int, int] = (96, 256, 384, 384, 256)  # maps of conv1 to conv5
    groups: int = 2  # of conv2, conv4, conv5: each of the paper's two GPUs reads its own maps; 1: one tower
    normalization: Literal["lrn", "none"] = "lrn"  # after the ReLU of conv1 and conv2
    padding1: int = 0  # of conv1: 0 makes 55x55 maps of 227 pixels, 2 makes them of 224
    dropout: Literal["after", "before", "none"] = "after"  # the hidden fully connected layers; before: torchvision
    adaptive_pool: bool = False  # torchvision: average to 6x6, so that images of other sizes fit fc6
    width: float = 1.0  # multiplies the maps of every stage and the hidden units
    num_classes: int = 1000

    def __post_init__(self) -> None:
        require_positive_width(self.width)
        if self.groups not in (1, 2):
            raise ValueError(f"AlexNet has 2 groups, one for each GPU, or 1 without them, not {self.groups}")

    def scaled(self, count: int) -> int:
        """`count` maps or units, times the width, divisible by the groups."""
        return self.groups * max(1, round(count * self.width / self.groups))


def local_response_norm() -> nn.LocalResponseNorm:
    """LRN with the paper's constants. PyTorch divides alpha by n, the paper does not: hence the factor.

    (N, C, H, W), kept.
    """
    return nn.LocalResponseNorm(LRN_N, alpha=LRN_N * LRN_ALPHA, beta=LRN_BETA, k=LRN_K)


class AlexNet(nn.Module):
    """(N, 3, 227, 227) images, or 224 with a padded conv1 -> (N, num_classes) logits. Section 3.5, figure 2.

    The paper prints 224x224 without padding, from which an 11x11 kernel with stride 4 cannot make the 55x55
    maps that everyone builds; 227 can.
    """

    def __init__(self, c: AlexNetConfig) -> None:
        super().__init__()
        maps1, maps2, maps3, maps4, maps5 = map(c.scaled, c.channels)
        units = c.scaled(4096)

        def conv_stage(conv: nn.Conv2d, *, norm: bool = False, pool: bool = False) -> nn.Sequential:
            layers = OrderedDict[str, nn.Module](conv=conv, relu=nn.ReLU())
            if norm and c.normalization == "lrn":
                layers["norm"] = local_response_norm()
            if pool:  # overlapping: the 3x3 windows are 2 apart (section 3.4)
                layers["pool"] = nn.MaxPool2d(3, stride=2)
            return nn.Sequential(layers)

        def hidden_layer(inputs: int) -> OrderedDict[str, nn.Module]:
            layers = OrderedDict[str, nn.Module](
                linear=nn.Linear(inputs, units), relu=nn.ReLU(), dropout=nn.Dropout(0.5)
            )
            if c.dropout == "before":
                layers.move_to_end("dropout", last=False)
            if c.dropout == "none":
                del layers["dropout"]
            return layers

        self.conv1 = conv_stage(nn.Conv2d(3, maps1, 11, stride=4, padding=c.padding1), norm=True, pool=True)
        self.conv2 = conv_stage(nn.Conv2d(maps1, maps2, 5, padding=2, groups=c.groups), norm=True, pool=True)
        self.conv3 = conv_stage(nn.Conv2d(maps2, maps3, 3, padding=1))  # reads the maps of both GPUs
        self.conv4 = conv_stage(nn.Conv2d(maps3, maps4, 3, padding=1, groups=c.groups))
        self.conv5 = conv_stage(nn.Conv2d(maps4, maps5, 3, padding=1, groups=c.groups), pool=True)
        entrance = OrderedDict[str, nn.Module](flatten=nn.Flatten())
        if c.adaptive_pool:
            entrance = OrderedDict(pool=nn.AdaptiveAvgPool2d(6)) | entrance
        self.fc6 = nn.Sequential(entrance | hidden_layer(maps5 * 6 * 6))
        self.fc7 = nn.Sequential(hidden_layer(units))
        self.fc8 = nn.Sequential(OrderedDict(linear=nn.Linear(units, c.num_classes)))

        # Section 5: in these layers a bias of 1 gives the ReLUs positive inputs from the start.
        biased = {"conv2", "conv4", "conv5", "fc6", "fc7"}
        for name, parameter in self.named_parameters():
            if name.endswith("weight"):
                nn.init.normal_(parameter, std=0.01)
            else:
                nn.init.constant_(parameter, 1.0 if name.split(".")[0] in biased else 0.0)

    def forward(self, x: Tensor) -> Tensor:
        for stage in self.children():  # conv1, ..., conv5, fc6, fc7, fc8
            x = stage(x)
        return x


NIPS_2012 = "Krizhevsky et al. 2012"
ILSVRC_2012 = "image-net.org, ILSVRC-2012 results"

FAMILY = Family(
    name="alexnet",
    title="AlexNet",
    year=2012,
    authors="Alex Krizhevsky, Ilya Sutskever, Geoffrey E. Hinton",
    idea="ReLUs, dropout, a million photographs and two graphics cards made LeNet's idea win ImageNet.",
    default="alexnet",
    variants=(
        Variant(
            "alexnet",
            "AlexNet",
            2012,
            AlexNet,
            AlexNetConfig(),
            (3, 227, 227),
            "as published: two groups, LRN",
        ),
        Variant(
            "alexnet_ungrouped",
            "AlexNet, ungrouped",
            2012,
            AlexNet,
            AlexNetConfig(groups=1),
            (3, 227, 227),
            "every kernel reads all maps",
        ),
        Variant(
            "alexnet_owt",
            "AlexNet, one tower",
            2014,
            AlexNet,
            AlexNetConfig(
                channels=(64, 192, 384, 256, 256),
                groups=1,
                normalization="none",
                padding1=2,
                dropout="before",
                adaptive_pool=True,
            ),
            note='"One weird trick", as torchvision',
        ),
    ),
    claims=(
        Claim("parameters", "60 million", f"{NIPS_2012}, abstract", "params", "alexnet", 60e6, 0.02),
        Claim("layers with weights", "8", f"{NIPS_2012}, section 3.5", "depth", "alexnet", 8),
        Claim("neurons", "650,000", f"{NIPS_2012}, abstract"),
        Claim(
            "top-5 error, seven networks, two of them pre-trained on ImageNet Fall 2011 (ILSVRC-2012 winner)",
            "15.3 %",
            f"{ILSVRC_2012} (test)",
        ),
        Claim("top-5 error, five networks, only the supplied pictures", "16.4 %", f"{ILSVRC_2012} (test)"),
        Claim("top-5 error of the second, ISI", "26.2 %", f"{ILSVRC_2012} (test)"),
        Claim("top-1 / top-5 error, one network", "40.7 % / 18.2 %", f"{NIPS_2012}, table 2 (validation)"),
        Claim("top-1 / top-5 error, one network, ILSVRC-2010", "37.5 % / 17.0 %", f"{NIPS_2012}, table 1 (test)"),
        Claim(
            "top-1 / top-5 error saved by two GPUs instead of half the kernels on one",
            "1.7 / 1.2 points",
            f"{NIPS_2012}, section 3.2",
        ),
        Claim("top-1 / top-5 error saved by LRN", "1.4 / 1.2 points", f"{NIPS_2012}, section 3.3"),
        Claim(
            "top-1 / top-5 error saved by overlapping pooling",
            "0.4 / 0.3 points",
            f"{NIPS_2012}, section 3.4",
        ),
    ),
    mistakes=(
        Mistake(
            "AlexNet won ILSVRC-2012 with a top-5 error of 17 %.",
            "It won with 15.3 %: seven networks, two of them pre-trained on more pictures. Without those it "
            "reached 16.4 %, and one network 18.2 % (validation). 17.0 % is one network on the pictures of "
            "2010.",
            f"{ILSVRC_2012}; {NIPS_2012}, tables 1 and 2.",
            (50,),
        ),
        Mistake(
            "Max pooling follows conv1 and conv2 only.",
            "It follows conv5 too. Without it fc6 would read maps of 13x13 instead of 6x6, and have almost "
            "five times as many weights: more than the whole network has.",
            f"{NIPS_2012}, section 3.5; the layer table.",
            (52,),
        ),
        Mistake(
            "The input is 224x224.",
            "So the paper prints, but (224 - 11) / 4 is no integer. 227 without padding makes the 55x55 "
            "maps that everyone builds, and so does 224 with padding 2, as in torchvision. The paper's own "
            "count of 253,440 neurons in conv1 is not 55 x 55 x 96 either.",
            f"{NIPS_2012}, figure 2; switch the variant and compare conv1.",
            (53,),
        ),
        Mistake(
            "LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2) is AlexNet's normalization.",
            "PyTorch divides alpha by the number of neighbours, the paper does not: the paper's constants "
            "are alpha=5e-4 there. PyTorch's default k is 1, the paper's is 2.",
            f"{NIPS_2012}, section 3.3; the documentation of torch.nn.LocalResponseNorm; a test of this app.",
        ),
        Mistake(
            "LRN makes the layers learn a wide variety of features and so generalize better.",
            "It lets strong responses dampen their neighbours. AlexNet's errors fell by 1.4 and 1.2 points "
            "with it; VGG measured no gain (29.6 / 10.4 without, 29.7 / 10.5 with it) and dropped it.",
            f"{NIPS_2012}, section 3.3; Simonyan, Zisserman 2014, arXiv 1409.1556, table 3.",
            (55,),
        ),
        Mistake(
            "AlexNet has kernels of 11x11 and 3x3.",
            "conv2 has 5x5.",
            f"{NIPS_2012}, section 3.5; the layer table.",
            (8,),
        ),
        Mistake(
            "The training pictures were augmented by changing the lighting conditions.",
            "Each picture's colours were shifted along the principal components of the training set's RGB "
            "values, besides random crops and mirroring.",
            f"{NIPS_2012}, section 4.1.",
            (54,),
        ),
        Mistake(
            "AlexNet was trained by SGD with momentum; weight decay came with VGG.",
            "AlexNet used a weight decay of 0.0005 and found that it lowers even the training error.",
            f"{NIPS_2012}, section 5.",
            (11,),
        ),
        Mistake(
            "AlexNet needed two graphics cards because they were slow.",
            "Because they were small: a GTX 580 has 3 GB of memory, and the network did not fit.",
            f"{NIPS_2012}, section 3.2.",
            (94,),
        ),
        Mistake(
            "Augmented pictures have to look realistic.",
            "Their labels have to stay right: an eight turned over is an eight, a two is not. CutMix pastes a part of "
            "one picture into another, looks like no photograph, and still lowered ResNet-50's top-1 error from 23.7 "
            "to 21.4 %.",
            "Yun et al. 2019, arXiv 1905.04899, and the authors' release, readme.",
            (57,),
        ),
        Mistake(
            "White noise on the training pictures does not help, since it cannot be learned.",
            "It can help: a little noise on the input acts as a penalty on functions that change abruptly, and the "
            "same pixels never come twice. Whether it does depends on the noise and the task.",
            "Bishop 1995, Training with Noise is Equivalent to Tikhonov Regularization, Neural Computation 7(1).",
            (56,),
        ),
        Mistake(
            "AlexNet was the first network to stack convolutions directly on top of each other.",
            "On these pages it is. LeCun's network of 1989 had two in a row, each with stride 2, and no pooling.",
            "LeCun et al. 1989, Neural Computation 1(4); the layer tables of LeNet-5 and AlexNet.",
            (51,),
        ),
        Mistake(
            "torchvision's alexnet is the network of 2012.",
            "It is the later variant with one tower: other widths, no groups, no LRN, 224 pixels with "
            "padding, dropout in front of the hidden fully connected layers instead of after them, and "
            "another training.",
            "torchvision.models.alexnet; the variants above.",
        ),
    ),
    sources=(
        Source(
            "Krizhevsky, Sutskever, Hinton: ImageNet Classification with Deep Convolutional Neural Networks. NIPS 2012",
            "papers.nips.cc",
        ),
        Source(
            "Krizhevsky: One weird trick for parallelizing convolutional neural networks. 2014",
            "arXiv 1404.5997",
        ),
        Source("ILSVRC-2012: all results", "image-net.org/challenges/LSVRC/2012/results"),
        Source("BVLC's replication in Caffe: the same parameters and MACs", "github.com/BVLC/caffe"),
        Source("torchvision.models.alexnet, BSD-3-Clause: the oracle of the parity test", "pytorch.org/vision"),
    ),
)
