"""LeNet-5 as published in 1998, and the version with ReLU, max pooling and a linear output of the tutorials.

LeCun, Bottou, Bengio, Haffner: "Gradient-Based Learning Applied to Document Recognition",
Proceedings of the IEEE 86(11):2278-2324, November 1998. Stages carry the names of its figure 2: C1 to OUTPUT.

The input is a digit of 28x28 pixels, padded with background to 32x32 so that the ends of strokes can lie in
the middle of the highest detectors' receptive fields, and scaled so that its mean is about 0: background
(paper) is -0.1, foreground (ink) is 1.175. (The paper expects a variance of about 1 from that; over MNIST's
padded training digits it is 0.12.)
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.architectures.family import Claim, Family, Mistake, Source, Variant, require_positive_width

BACKGROUND = -0.1
FOREGROUND = 1.175

# Table I: the maps of S2 that each map of C3 reads: three neighbours, four neighbours, two and two, all.
C3_TABLE = (
    (0, 1, 2),
    (1, 2, 3),
    (2, 3, 4),
    (3, 4, 5),
    (0, 4, 5),
    (0, 1, 5),
    (0, 1, 2, 3),
    (1, 2, 3, 4),
    (2, 3, 4, 5),
    (0, 3, 4, 5),
    (0, 1, 4, 5),
    (0, 1, 2, 5),
    (0, 1, 3, 4),
    (1, 2, 4, 5),
    (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)
S2_MAPS = 6
MAP_J = 1.0  # "j" of the criterion

# What F6 should show for each digit: 7x12 pixels, # is +1 and . is -1. Drawn for this app, not those of the
# paper's figure 3.
DIGIT_BITMAPS = """
..###.. ...##.. .#####. .#####. ....##. ####### ..####. ####### .#####. ..###..
.##.##. ..###.. ##...## ##...## ...###. ####### .##.... ####### ##...## .##.##.
##...## .####.. ##...## .....## ...###. ##..... ##..... .....## ##...## ##...##
##...## ...##.. .....## .....## ..####. ##..... ##..... .....## ##...## ##...##
##...## ...##.. .....## .....## .##.##. ######. ##..... ....##. .##.##. ##...##
##...## ...##.. ....##. ..####. .#..##. .....## ##.###. ....##. ..###.. .##.###
##...## ...##.. ...##.. ..####. ##..##. .....## ###..## ...##.. .##.##. ..##.##
##...## ...##.. ..##... .....## ####### .....## ##...## ...##.. ##...## .....##
##...## ...##.. .##.... .....## ####### .....## ##...## ..##... ##...## .....##
##...## ...##.. ##..... .....## ....##. .....## ##...## ..##... ##...## .....##
.##.##. .###### ####### ##...## ....##. ##...## .##.##. ..##... ##...## ....##.
..###.. .###### ####### .#####. ....##. .#####. ..###.. ..##... .#####. .####..
"""


@dataclass(frozen=True)
class LeNetConfig:
    """What distinguishes one LeNet-5 from another; the defaults are the paper's.

    Raises ValueError for a width that is not positive, or for RBF outputs of other than ten classes.
    """

    pooling: Literal["subsampling", "max"] = "subsampling"  # subsampling: a sum, scaled and shifted as trained
    c3: Literal["partial", "full"] = "partial"  # partial: each map reads the maps of S2 that table I names
    c5: Literal["convolution", "linear"] = "convolution"  # the same numbers: its kernel covers S4's maps
    activation: Literal["tanh", "relu"] = "tanh"  # tanh: the paper's, scaled
    output: Literal["rbf", "linear"] = "rbf"  # rbf: distance to a fixed bitmap, smallest wins; linear: logits
    width: float = 1.0  # multiplies maps and units; F6 keeps its 84 where they are the pixels of a bitmap
    num_classes: int = 10

    def __post_init__(self) -> None:
        require_positive_width(self.width)
        if self.output == "rbf" and self.num_classes != 10:
            raise ValueError(
                f"the RBF output has a bitmap for each of the ten digits, not for {self.num_classes} classes"
            )

    def scaled(self, count: int) -> int:
        """`count` maps or units, times the width."""
        return max(1, round(count * self.width))


class ScaledTanh(nn.Module):
    """f(a) = 1.7159 tanh(2a/3), which gives f(1) = 1 and f(-1) = -1 (section II-B). Any shape, kept."""

    operation_kind: ClassVar[str] = "activation"

    def forward(self, x: Tensor) -> Tensor:
        return 1.7159 * torch.tanh(x * 2 / 3)


class Subsampling(nn.Module):
    """S2 and S4: the sum of each 2x2 window, times a trainable coefficient, plus a trainable bias.

    One coefficient and one bias a map (section II-B). (N, C, H, W) -> (N, C, H / 2, W / 2)
    """

    operation_kind: ClassVar[str] = "pooling"
    counts_as_layer: ClassVar[bool] = True
    kernel_size, stride, padding = 2, 2, 0

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.coefficient = nn.Parameter(torch.empty(maps, 1, 1))
        self.bias = nn.Parameter(torch.zeros(maps, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        total = F.avg_pool2d(x, self.kernel_size, self.stride, divisor_override=1)
        return self.coefficient * total + self.bias


class PartialConvolution(nn.Module):
    """C3: each output map is a convolution of its own over only some of the input maps (table I).

    `table` names the input maps of each output map. (N, C, H, W) -> (N, len(table), H - 4, W - 4)
    """

    operation_kind: ClassVar[str] = "convolution"
    counts_as_layer: ClassVar[bool] = True
    kernel_size, stride, padding = 5, 1, 0

    def __init__(self, table: tuple[tuple[int, ...], ...]) -> None:
        super().__init__()
        self.table = table
        self.maps = nn.ModuleList(nn.Conv2d(len(sources), 1, self.kernel_size) for sources in table)

    def forward(self, x: Tensor) -> Tensor:
        maps = [conv(x[:, list(sources)]) for conv, sources in zip(self.maps, self.table, strict=True)]
        return torch.cat(maps, dim=1)

    def macs(self, out_shape: tuple[int, ...]) -> int:
        """Multiply-accumulates for an output of (C, H, W): one a link, kernel weight and position."""
        links = sum(len(sources) for sources in self.table)
        return links * self.kernel_size**2 * out_shape[1] * out_shape[2]


class RBFOutput(nn.Module):
    """OUTPUT: the squared Euclidean distance of F6 from each digit's bitmap, which is fixed (section II-B).

    (N, 84) -> (N, 10), where the smallest wins: it is a penalty, not a score.
    """

    operation_kind: ClassVar[str] = "linear"
    counts_as_layer: ClassVar[bool] = True
    codes: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("codes", torch.tensor(digit_codes()), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return (x[:, None, :] - self.codes).square().sum(dim=2)


def map_loss(distances: Tensor, labels: Tensor) -> Tensor:
    """LeNet-5's criterion (section II-C): the right class's distance, and a term that pushes the others away.

    (N, classes) -> (). As it is commonly given, y_D + log(e^-j + sum of e^-y); without the second term all
    F6 vectors could collapse.
    """
    right = distances.gather(1, labels[:, None])[:, 0]
    others = torch.cat([distances.new_full((len(distances), 1), MAP_J), distances], 1)
    return (right + (-others).logsumexp(1)).mean()


def digit_codes() -> list[list[float]]:
    """The ten bitmaps of `DIGIT_BITMAPS` as 84 values of +1 (ink) and -1 (paper), row by row."""
    bitmaps = zip(*(line.split() for line in DIGIT_BITMAPS.split("\n") if line), strict=True)
    return [[1.0 if pixel == "#" else -1.0 for pixel in "".join(rows)] for rows in bitmaps]


def connection_table(s2_maps: int, c3_maps: int) -> tuple[tuple[int, ...], ...]:
    """Table I for any width: with fewer or more maps its rows and columns are merged or repeated."""

    def paper_maps(i: int) -> range:
        """The maps of the paper's S2 for which our map `i` stands."""
        first = i * S2_MAPS // s2_maps
        return range(first, max(first + 1, (i + 1) * S2_MAPS // s2_maps))

    rows = [C3_TABLE[i * len(C3_TABLE) // c3_maps] for i in range(c3_maps)]
    return tuple(tuple(i for i in range(s2_maps) if not set(row).isdisjoint(paper_maps(i))) for row in rows)


ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": ScaledTanh, "relu": nn.ReLU}


class LeNet5(nn.Module):
    """(N, 1, 32, 32) digits from -0.1 to 1.175 -> (N, 10): distances, or logits of a linear output. Figure 2.

    `smallest_wins` tells which: the class is that of the smallest distance, or of the largest logit.
    """

    def __init__(self, c: LeNetConfig) -> None:
        super().__init__()
        self.smallest_wins = c.output == "rbf"
        maps1, maps3, units5 = c.scaled(S2_MAPS), c.scaled(len(C3_TABLE)), c.scaled(120)
        units6 = 84 if c.output == "rbf" else c.scaled(84)

        def stage(**layers: nn.Module) -> nn.Sequential:
            return nn.Sequential(OrderedDict(layers))

        def activated(**layers: nn.Module) -> nn.Sequential:
            return stage(**layers, **{c.activation: ACTIVATIONS[c.activation]()})

        def pooling(maps: int) -> nn.Sequential:
            if c.pooling == "max":
                return stage(pool=nn.MaxPool2d(2))
            return activated(pool=Subsampling(maps))

        self.c1 = activated(conv=nn.Conv2d(1, maps1, 5))
        self.s2 = pooling(maps1)
        if c.c3 == "partial":
            self.c3 = activated(conv=PartialConvolution(connection_table(maps1, maps3)))
        else:
            self.c3 = activated(conv=nn.Conv2d(maps1, maps3, 5))
        self.s4 = pooling(maps3)
        if c.c5 == "convolution":
            self.c5 = activated(conv=nn.Conv2d(maps3, units5, 5))
            self.f6 = activated(flatten=nn.Flatten(), linear=nn.Linear(units5, units6))
        else:
            self.c5 = activated(flatten=nn.Flatten(), linear=nn.Linear(maps3 * 5 * 5, units5))
            self.f6 = activated(linear=nn.Linear(units5, units6))
        if c.output == "rbf":
            self.output = stage(rbf=RBFOutput())
        else:
            self.output = stage(linear=nn.Linear(units6, c.num_classes))

        for module in self.modules():  # uniform within 2.4 / fan-in, as in the paper's appendix A
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                bound = 2.4 / module.weight[0].numel()
                for parameter in module.parameters():
                    nn.init.uniform_(parameter, -bound, bound)
            elif isinstance(module, Subsampling):
                nn.init.constant_(module.coefficient, 1 / 4)  # starts as plain averaging

    def forward(self, x: Tensor) -> Tensor:
        for stage in self.children():  # c1, s2, c3, s4, c5, f6, output
            x = stage(x)
        return x


@torch.no_grad()
def connections(network: LeNet5) -> dict[str, int]:
    """Connections of each stage, as the paper counts them: each unit's inputs, and its bias as one more.

    A shared weight counts once for each unit that uses it. Stages without weights (max pooling) are left out.
    """
    counts: dict[str, int] = {}
    x = torch.zeros(1, 1, 32, 32, device=next(network.parameters()).device)
    for name, stage in network.named_children():
        for layer in stage.children():
            x = layer(x)
            positions = x[0, 0].numel()  # of a map's units; 1 for the units of F6 and OUTPUT
            if isinstance(layer, (nn.Conv2d, PartialConvolution, nn.Linear)):
                counts[name] = positions * sum(p.numel() for p in layer.parameters())
            elif isinstance(layer, Subsampling):
                counts[name] = positions * len(layer.bias) * (layer.kernel_size**2 + 1)
            elif isinstance(layer, RBFOutput):
                counts[name] = layer.codes.numel()
    return counts


LECUN_1998 = "LeCun et al. 1998"
MNIST = "yann.lecun.com/exdb/mnist, quoting LeCun et al. 1998"

FAMILY = Family(
    name="lenet",
    title="LeNet-5",
    year=1998,
    authors="Yann LeCun, Léon Bottou, Yoshua Bengio, Patrick Haffner",
    idea="Learn the features together with the classifier: shared kernels, coarser maps, more of them.",
    default="lenet5",
    variants=(
        Variant("lenet5", "LeNet-5", 1998, LeNet5, LeNetConfig(), (1, 32, 32), "as published"),
        Variant(
            "lenet5_modern",
            "LeNet-5, modern",
            None,
            LeNet5,
            LeNetConfig(pooling="max", c3="full", c5="linear", activation="relu", output="linear"),
            (1, 32, 32),
            "as in most tutorials: ReLU, max pooling",
        ),
    ),
    claims=(
        Claim("trainable parameters", "60,000", f"{LECUN_1998}, section II-B", "params", "lenet5", 60_000),
        Claim("connections", "340,908", f"{LECUN_1998}, section II-B"),
        Claim("layers, not counting the input", "7", f"{LECUN_1998}, section II-B", "depth", "lenet5", 7),
        Claim("test error on MNIST", "0.95 %", MNIST),
        Claim("test error on MNIST, trained with distorted digits too", "0.8 %", MNIST),
    ),
    mistakes=(
        Mistake(
            "LeNet-5 has max pooling layers.",
            "S2 and S4 take no maximum. They add the four inputs of a window, multiply the sum by a "
            "coefficient and add a bias, both trained and one of each a map, and squash the result.",
            f"{LECUN_1998}, section II-B; choose LeNet-5, modern, above and compare the layer tables.",
            (1,),
        ),
        Mistake(
            "A sub-sampling unit computes the mean of its inputs.",
            "The paper says sum. As the coefficient is trained, a mean could compute the same function, "
            "with a coefficient four times as large.",
            f"{LECUN_1998}, section II-B.",
            (48,),
        ),
        Mistake(
            "The seven layers are the input, two convolutions, two poolings, one fully connected layer and the output.",
            "The paper does not count the input. Its seven are C1, S2, C3, S4, C5, F6 and OUTPUT.",
            f"{LECUN_1998}, figure 2.",
            (2,),
        ),
        Mistake(
            "A softmax ends LeNet-5.",
            "Each output is the squared distance of F6 from a fixed 7x12 bitmap of a digit, and the "
            "smallest wins. Softmax belongs to modern versions.",
            f"{LECUN_1998}, section II-B.",
            (3,),
        ),
        Mistake(
            "C3 is only partly connected because computers were slow.",
            "The table does bound the number of connections, but the authors find another reason more "
            "important: maps that read different inputs cannot all learn the same feature.",
            f"{LECUN_1998}, section II-B and table I.",
            (49,),
        ),
        Mistake(
            "The filters look for patterns of different scales.",
            "All kernels are 5x5. What grows from stage to stage is the receptive field.",
            "The layer table: columns kernel and field.",
            (4,),
        ),
        Mistake(
            "The outputs of one filter are stacked to make a feature map.",
            "One filter makes one map. The maps of all filters, stacked, make the volume that the next layer reads.",
            "The shapes in the diagram.",
            (5,),
        ),
        Mistake(
            "The first fully connected layer flattens the maps into a vector.",
            "C5 is a convolution. Its kernel happens to be as large as the maps of S4, so that one position "
            "is left; on a larger input it would make larger maps.",
            f"{LECUN_1998}, section II-B.",
            (6,),
        ),
        Mistake(
            "The input has a tanh activation.",
            "The input is scaled, not activated. Squashing starts with the maps of C1.",
            f"{LECUN_1998}, section II-B.",
            (47,),
        ),
        Mistake(
            "LeNet-5 was the first convolutional network.",
            "Fukushima's Neocognitron (1980) and LeCun's own network for zip codes (1989) came before.",
            "Fukushima 1980, Biological Cybernetics 36(4); LeCun et al. 1989, Neural Computation 1(4).",
            (7,),
        ),
        Mistake(
            "LeNet-5 is the work of Yann LeCun.",
            "The paper has four authors.",
            f"{LECUN_1998}, title page.",
            (46,),
        ),
        Mistake(
            "The digits are padded with zeros.",
            "With paper, the background, whose value after scaling is -0.1 (ink: 1.175), so that the mean is about 0. "
            "A frame of zeros would be grey.",
            f"{LECUN_1998}, section II-B; the values of the input on this page.",
            (96,),
        ),
    ),
    sources=(
        Source(
            "LeCun, Bottou, Bengio, Haffner: Gradient-Based Learning Applied to Document Recognition. "
            "Proceedings of the IEEE 86(11), 1998",
            "doi 10.1109/5.726791",
        ),
        Source("LeCun, Cortes, Burges: The MNIST Database of Handwritten Digits", "yann.lecun.com/exdb/mnist"),
    ),
)
