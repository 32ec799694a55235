"""VGG: configurations A to E of one very regular network, with and without batch normalization.

Simonyan, Zisserman: "Very Deep Convolutional Networks for Large-Scale Image Recognition", arXiv 1409.1556.
A stage holds the convolutions of one map size and the pooling after them; its convolutions are those that the
authors' release calls conv1_1, conv1_2, conv2_1 and so on.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from explorer.architectures.family import Claim, Family, Mistake, Source, Variant, require_positive_width

# Table 1 of the paper: the kernel sizes of the convolutions in conv1 to conv5.
CONFIGURATIONS = {
    "A": ((3,), (3,), (3, 3), (3, 3), (3, 3)),
    "B": ((3, 3), (3, 3), (3, 3), (3, 3), (3, 3)),
    "C": ((3, 3), (3, 3), (3, 3, 1), (3, 3, 1), (3, 3, 1)),
    "D": ((3, 3), (3, 3), (3, 3, 3), (3, 3, 3), (3, 3, 3)),
    "E": ((3, 3), (3, 3), (3, 3, 3, 3), (3, 3, 3, 3), (3, 3, 3, 3)),
}
CHANNELS = (64, 128, 256, 512, 512)


@dataclass(frozen=True)
class VGGConfig:
    """What distinguishes one VGG from another.

    Raises ValueError for a configuration that table 1 does not have or a width that is not positive.
    """

    configuration: Literal["A", "B", "C", "D", "E"] = "D"  # table 1: 11, 13, 16, 16 and 19 weight layers
    batch_norm: bool = False  # between each convolution and its ReLU; later than the paper
    width: float = 1.0  # multiplies the channels of every stage and the hidden units
    num_classes: int = 1000

    def __post_init__(self) -> None:
        if self.configuration not in CONFIGURATIONS:
            raise ValueError(f"table 1 has configurations {', '.join(CONFIGURATIONS)}, not {self.configuration}")
        require_positive_width(self.width)

    def scaled(self, count: int) -> int:
        """`count` channels or units, times the width."""
        return max(1, round(count * self.width))


class VGG(nn.Module):
    """(N, 3, 224, 224) images, normalized -> (N, num_classes) logits. Table 1 of 1409.1556.

    Adaptive average pooling in front of fc6 does nothing at 224 pixels; as in torchvision it lets other sizes
    through. (The paper slides the fully connected layers over larger maps instead, section 3.2.)
    """

    def __init__(self, c: VGGConfig) -> None:
        super().__init__()
        in_channels, units = 3, c.scaled(4096)
        for i, kernels in enumerate(CONFIGURATIONS[c.configuration]):
            channels = c.scaled(CHANNELS[i])
            stage = nn.Sequential()
            for j, kernel in enumerate(kernels, start=1):
                stage.add_module(f"conv{j}", nn.Conv2d(in_channels, channels, kernel, padding=kernel // 2))
                if c.batch_norm:
                    stage.add_module(f"bn{j}", nn.BatchNorm2d(channels))
                stage.add_module(f"relu{j}", nn.ReLU())
                in_channels = channels
            stage.add_module("pool", nn.MaxPool2d(2))
            self.add_module(f"conv{i + 1}", stage)

        def hidden_layer(inputs: int) -> OrderedDict[str, nn.Module]:
            return OrderedDict(linear=nn.Linear(inputs, units), relu=nn.ReLU(), dropout=nn.Dropout(0.5))

        entrance = OrderedDict[str, nn.Module](pool=nn.AdaptiveAvgPool2d(7), flatten=nn.Flatten())
        self.fc6 = nn.Sequential(entrance | hidden_layer(in_channels * 7 * 7))
        self.fc7 = nn.Sequential(hidden_layer(units))
        self.fc8 = nn.Sequential(OrderedDict(linear=nn.Linear(units, c.num_classes)))

        for module in self.modules():
            # The paper trains A first and starts the deeper ones from it; with He initialization, as in
            # torchvision, they train from scratch.
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.01)
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        for stage in self.children():  # conv1, ..., conv5, fc6, fc7, fc8
            x = stage(x)
        return x


VGG_2014 = "Simonyan, Zisserman 2014, arXiv 1409.1556"

# Tables 2 and 3 of the paper: parameters in millions; top-1 / top-5 errors of one network, tested at one
# scale, trained at 256 pixels where nothing else is said.
PRINTED_MILLIONS = {
    "A": ("vgg11", 133),
    "B": ("vgg13", 133),
    "C": ("vgg16_c", 134),
    "D": ("vgg16", 138),
    "E": ("vgg19", 144),
}
PRINTED_ERRORS = {
    "A": "29.6 % / 10.4 %",
    "A with LRN": "29.7 % / 10.5 %",
    "B": "28.7 % / 9.9 %",
    "C": "28.1 % / 9.4 %",
    "C, trained at several scales": "27.3 % / 8.8 %",
    "D": "27.0 % / 8.8 %",
    "D, trained at several scales": "25.6 % / 8.1 %",
    "E": "27.3 % / 9.0 %",
    "E, trained at several scales": "25.5 % / 8.0 %",
}


def _variant(name: str, title: str, config: VGGConfig, note: str) -> Variant:
    year = None if config.batch_norm else 2014  # with batch normalization: later than the paper
    return Variant(name, title, year, VGG, config, note=note)


FAMILY = Family(
    name="vgg",
    title="VGG",
    year=2014,
    authors="Karen Simonyan, Andrew Zisserman",
    idea="Small 3x3 kernels, stacked deep: fewer weights than one large kernel and more non-linearities.",
    default="vgg16",
    variants=(
        _variant("vgg11", "VGG-11", VGGConfig("A"), "configuration A"),
        _variant("vgg13", "VGG-13", VGGConfig("B"), "configuration B"),
        _variant("vgg16", "VGG-16", VGGConfig("D"), "configuration D"),
        _variant("vgg16_c", "VGG-16 C", VGGConfig("C"), "configuration C: three of its convolutions are 1x1"),
        _variant("vgg19", "VGG-19", VGGConfig("E"), "configuration E"),
        _variant("vgg11_bn", "VGG-11-BN", VGGConfig("A", batch_norm=True), "A with batch normalization"),
        _variant("vgg13_bn", "VGG-13-BN", VGGConfig("B", batch_norm=True), "B with batch normalization"),
        _variant("vgg16_bn", "VGG-16-BN", VGGConfig("D", batch_norm=True), "D with batch normalization"),
        _variant("vgg19_bn", "VGG-19-BN", VGGConfig("E", batch_norm=True), "E with batch normalization"),
    ),
    claims=(
        *(
            Claim(
                f"parameters of {configuration}",
                f"{n} million",
                f"{VGG_2014}, table 2",
                "params",
                name,
                n * 1e6,
                0.004,
            )
            for configuration, (name, n) in PRINTED_MILLIONS.items()
        ),
        Claim("weight layers of D", "16", f"{VGG_2014}, table 1", "depth", "vgg16", 16),
        Claim("weight layers of E", "19", f"{VGG_2014}, table 1", "depth", "vgg19", 19),
        Claim("top-5 error, seven networks (second in ILSVRC-2014)", "7.3 %", f"{VGG_2014}, table 7 (test)"),
        Claim("top-5 error, D and E together, after the challenge", "6.8 %", f"{VGG_2014}, table 7 (test)"),
        Claim("top-5 error, one network", "7.0 %", f"{VGG_2014}, table 7 (test)"),
        *(
            Claim(f"top-1 / top-5 error of {network}", errors, f"{VGG_2014}, table 3 (validation)")
            for network, errors in PRINTED_ERRORS.items()
        ),
    ),
    mistakes=(
        Mistake(
            "VGG is the network with 16 layers.",
            "The paper has a family of 11, 13, 16 and 19 weight layers.",
            f"{VGG_2014}, table 1.",
            (10,),
        ),
        Mistake(
            "There is an even bigger version than VGG-19.",
            "VGG-19 is the largest of the paper.",
            f"{VGG_2014}, table 1.",
            (69,),
        ),
        Mistake(
            "VGG-16 has 16 convolutional layers and fully connected layers besides.",
            "Its 16 weight layers are 13 convolutions and three fully connected layers, the classifier included.",
            f"{VGG_2014}, table 1; the layer table.",
            (67,),
        ),
        Mistake(
            "All VGG networks use 3x3 filters only.",
            "Configuration C has three 1x1 convolutions, one in each of its last three stages.",
            f"{VGG_2014}, table 1; the variant VGG-16 C.",
            (8, 68),
        ),
        Mistake(
            "Small filters cost more computation.",
            "For the same receptive field they cost less: three 3x3 layers have 27C² weights, one 7x7 layer "
            "has 49C². VGG is expensive because it is wide and deep at a high resolution.",
            f"{VGG_2014}, section 2.3.",
            (9,),
        ),
        Mistake(
            "VGG keeps the number of channels constant, as convolutional networks do.",
            "Only within a stage. It doubles from stage to stage where the resolution halves, up to 512.",
            f"{VGG_2014}, table 1.",
            (15,),
        ),
        Mistake(
            "A max pooling follows every two or three convolutions.",
            "It follows one (VGG-11) to four (VGG-19).",
            f"{VGG_2014}, table 1.",
            (12,),
        ),
        Mistake(
            "Pooling reduces the number of parameters.",
            "The weights of a convolution do not depend on the size of its maps. Pooling saves computation, "
            "and the weights of a fully connected layer that reads the maps afterwards.",
            "The trace at another input size: the same parameters, other MACs.",
            (13,),
        ),
        Mistake(
            "Pooling makes a network invariant to translation.",
            "It tolerates small shifts of what stays inside a window. As its windows are two pixels apart, "
            "a shift of one pixel changes its output.",
            "Windows of two over the row 1, 3, 2, 2 give 3, 2; over the same row one pixel later, 0, 1, 3, 2, they "
            "give 1, 3.",
            (14,),
        ),
        Mistake(
            "VGG was trained better than AlexNet because it added weight decay.",
            "AlexNet had weight decay too. Both were trained by SGD with momentum.",
            "Krizhevsky et al. 2012, section 5.",
            (11,),
        ),
    ),
    sources=(
        Source(
            "Simonyan, Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition. ICLR 2015",
            "arXiv 1409.1556",
        ),
        Source("The authors' models", "robots.ox.ac.uk/~vgg/research/very_deep"),
        Source("torchvision.models.vgg, BSD-3-Clause: the oracle of the parity tests", "pytorch.org/vision"),
    ),
)
