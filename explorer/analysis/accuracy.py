"""Published errors on ILSVRC-2012's classes, each with its protocol and its source.

Errors of different protocols must not be compared: ten crops gain about a point on one, several networks more. So the
`group` of a figure says which it is: a paper's, of one network and one crop; that of weights which a library serves,
also of one crop; or one of more crops, scales or networks, as competitions count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from explorer import ASSETS
from explorer.architectures.family import Mistake

FILE = ASSETS / "accuracy.json"
Group = Literal["paper", "library", "more"]
VALIDATION = "ILSVRC-2012 validation"
NON_BLACKLISTED = "ILSVRC-2012 validation, without blacklisted pictures"
ONE_CROP = "one network, one crop"
TEN_CROPS = "one network, ten crops"


@dataclass(frozen=True)
class Accuracy:
    """Errors in percent of the network that `variant` is; None where the source prints none.

    Of an ensemble, `variant` is a member, and `protocol` says what else there was.
    """

    variant: str
    top1: float | None
    top5: float | None
    source: str
    group: Group = "paper"
    protocol: str = ONE_CROP
    data: str = VALIDATION

    def accuracy(self, top: Literal[1, 5]) -> float | None:
        """Percent of the pictures whose class is the first, or among the first five."""
        error = self.top1 if top == 1 else self.top5
        return None if error is None else round(100 - error, 3)

    @property
    def series(self) -> tuple[str, str, str]:
        """What it shares with the networks that a line may join it with: name without numbers, protocol, pictures."""
        return re.sub(r"\d+", "", self.variant), self.protocol, self.data


def _weights(variant: str, top1: float, top5: float, source: str) -> Accuracy:
    """The figure of a library, which prints accuracies."""
    return Accuracy(variant, round(100 - top1, 3), round(100 - top5, 3), source, "library")


def _more(
    variant: str, top1: float | None, top5: float | None, protocol: str, source: str, data: str = VALIDATION
) -> Accuracy:
    return Accuracy(variant, top1, top5, source, "more", protocol, data)


NIPS_2012 = "Krizhevsky, Sutskever, Hinton 2012"
ILSVRC_2012 = "image-net.org, results of ILSVRC 2012"
VGG = "Simonyan, Zisserman 2014, arXiv 1409.1556"
SZEGEDY_2014 = "Szegedy et al. 2014, arXiv 1409.4842"
SZEGEDY_2015 = "Szegedy et al. 2015, arXiv 1512.00567"
SZEGEDY_2016 = "Szegedy et al. 2016, arXiv 1602.07261"
HE_2015 = "He et al. 2015, arXiv 1512.03385"
HE_RELEASE = "release of He et al., github.com/KaimingHe/deep-residual-networks"
HUANG_2016 = "Huang et al. 2016, arXiv 1608.06993"
CHOLLET_2016 = "Chollet 2016, arXiv 1610.02357, table 1"
HOWARD_2017 = "Howard et al. 2017, arXiv 1704.04861"
SANDLER_2018 = "Sandler et al. 2018, arXiv 1801.04381"
HU_2017 = "Hu et al. 2017, arXiv 1709.01507"
TORCHVISION = "torchvision 0.29.2, {}_Weights.IMAGENET1K_V1"
TIMM = "timm, results-imagenet.csv, {}"

RECORDS = (
    Accuracy("googlenet", None, 10.07, f"{SZEGEDY_2014}, table 3", data="ILSVRC-2014 validation"),
    Accuracy("vgg16", 28.5, 9.9, CHOLLET_2016),
    Accuracy("inception_v3", 21.2, 5.6, f"{SZEGEDY_2015}, abstract", data=NON_BLACKLISTED),
    Accuracy("inception_v4", 20.0, 5.0, f"{SZEGEDY_2016}, table 2", data=NON_BLACKLISTED),
    Accuracy("inception_resnet_v2", 19.9, 4.9, f"{SZEGEDY_2016}, table 2", data=NON_BLACKLISTED),
    Accuracy("resnet50_v1", 24.7, 7.8, HE_RELEASE),
    Accuracy("resnet101_v1", 23.6, 7.1, HE_RELEASE),
    Accuracy("resnet152_v1", 23.0, 6.7, HE_RELEASE),
    Accuracy("densenet121", 25.02, 7.71, f"{HUANG_2016}, table 3"),
    Accuracy("densenet169", 23.80, 6.85, f"{HUANG_2016}, table 3"),
    Accuracy("densenet201", 22.58, 6.34, f"{HUANG_2016}, table 3"),
    Accuracy("densenet264", 22.15, 6.12, f"{HUANG_2016}, table 3"),
    Accuracy("xception", 21.0, 5.5, CHOLLET_2016),
    Accuracy("mobilenet_v1", 29.4, None, f"{HOWARD_2017}, table 4"),
    Accuracy("mobilenet_v1_full", 28.3, None, f"{HOWARD_2017}, table 4"),
    Accuracy("mobilenet_v2", 28.0, None, f"{SANDLER_2018}, table 4"),
    Accuracy("se_resnet50", 23.29, 6.62, f"{HU_2017}, table 2"),
    Accuracy("se_resnet101", 22.38, 6.07, f"{HU_2017}, table 2"),
    Accuracy("se_resnet152", 21.57, 5.73, f"{HU_2017}, table 2"),
    Accuracy("senet154", 18.68, 4.47, f"{HU_2017}, table 8"),
    _weights("alexnet_owt", 56.522, 79.066, TORCHVISION.format("AlexNet")),
    _weights("vgg11", 69.02, 88.628, TORCHVISION.format("VGG11")),
    _weights("vgg13", 69.928, 89.246, TORCHVISION.format("VGG13")),
    _weights("vgg16", 71.592, 90.382, TORCHVISION.format("VGG16")),
    _weights("vgg19", 72.376, 90.876, TORCHVISION.format("VGG19")),
    _weights("vgg11_bn", 70.37, 89.81, TORCHVISION.format("VGG11_BN")),
    _weights("vgg13_bn", 71.586, 90.374, TORCHVISION.format("VGG13_BN")),
    _weights("vgg16_bn", 73.36, 91.516, TORCHVISION.format("VGG16_BN")),
    _weights("vgg19_bn", 74.218, 91.842, TORCHVISION.format("VGG19_BN")),
    _weights("googlenet_bn", 69.778, 89.53, TORCHVISION.format("GoogLeNet")),
    _weights("googlenet", 68.7, 88.9, "bvlc_googlenet, readme"),
    _weights("inception_v3", 77.294, 93.45, TORCHVISION.format("Inception_V3")),
    _weights("inception_v4", 80.144, 94.982, TIMM.format("inception_v4.tf_in1k")),
    _weights("inception_resnet_v2", 80.434, 95.312, TIMM.format("inception_resnet_v2.tf_in1k")),
    _weights("resnet18", 69.758, 89.078, TORCHVISION.format("ResNet18")),
    _weights("resnet34", 73.314, 91.42, TORCHVISION.format("ResNet34")),
    _weights("resnet50", 76.13, 92.862, TORCHVISION.format("ResNet50")),
    _weights("resnet101", 77.374, 93.546, TORCHVISION.format("ResNet101")),
    _weights("resnet152", 78.312, 94.046, TORCHVISION.format("ResNet152")),
    _weights("densenet121", 74.434, 91.972, TORCHVISION.format("DenseNet121")),
    _weights("densenet161", 77.138, 93.56, TORCHVISION.format("DenseNet161")),
    _weights("densenet169", 75.6, 92.806, TORCHVISION.format("DenseNet169")),
    _weights("densenet201", 76.896, 93.37, TORCHVISION.format("DenseNet201")),
    _weights("xception", 79.058, 94.396, TIMM.format("legacy_xception.tf_in1k")),
    _weights("mobilenet_v2", 71.878, 90.286, TORCHVISION.format("MobileNet_V2")),
    _weights("mobilenet_v3_large", 74.042, 91.34, TORCHVISION.format("MobileNet_V3_Large")),
    _weights("mobilenet_v3_small", 67.668, 87.402, TORCHVISION.format("MobileNet_V3_Small")),
    _weights("se_resnet18", 71.742, 90.34, TIMM.format("legacy_seresnet18.in1k")),
    _weights("se_resnet34", 74.788, 92.134, TIMM.format("legacy_seresnet34.in1k")),
    _weights("se_resnet50", 77.65, 93.732, TIMM.format("legacy_seresnet50.in1k")),
    _weights("se_resnet101", 78.37, 94.264, TIMM.format("legacy_seresnet101.in1k")),
    _weights("se_resnet152", 78.662, 94.37, TIMM.format("legacy_seresnet152.in1k")),
    _weights("senet154", 81.32, 95.502, TIMM.format("legacy_senet154.in1k")),
    _more("alexnet", 40.7, 18.2, TEN_CROPS, f"{NIPS_2012}, table 2"),
    _more("alexnet", None, 16.4, "5 networks, ten crops", ILSVRC_2012, "ILSVRC-2012 test"),
    _more("alexnet", None, 15.3, "7 networks, 2 of them with extra data", ILSVRC_2012, "ILSVRC-2012 test; winner"),
    _more("vgg16", 24.4, 7.2, "one network, several scales, many crops and dense", f"{VGG}, table 5"),
    _more("vgg19", 24.4, 7.1, "one network, several scales, many crops and dense", f"{VGG}, table 5"),
    _more("vgg16", None, 7.3, "7 networks", f"{VGG}, table 7", "ILSVRC-2014 test; second"),
    _more("googlenet", None, 9.15, TEN_CROPS, f"{SZEGEDY_2014}, table 3", "ILSVRC-2014 validation"),
    _more("googlenet", None, 7.89, "one network, 144 crops", f"{SZEGEDY_2014}, table 3", "ILSVRC-2014 validation"),
    _more("googlenet", None, 6.67, "7 networks, 144 crops", f"{SZEGEDY_2014}, table 2", "ILSVRC-2014 test; winner"),
    _more("inception_v3", 17.3, 3.6, "4 networks, 144 crops", f"{SZEGEDY_2016}, table 5"),
    _more("inception_resnet_v2", None, 3.08, "3 of it and an Inception-v4, 144 crops", SZEGEDY_2016, "ILSVRC test"),
    _more("plain18", 27.94, None, TEN_CROPS, f"{HE_2015}, table 2"),
    _more("plain34", 28.54, 10.02, TEN_CROPS, f"{HE_2015}, table 3"),
    _more("resnet34_a", 25.03, 7.76, TEN_CROPS, f"{HE_2015}, table 3"),
    _more("resnet34", 24.52, 7.46, TEN_CROPS, f"{HE_2015}, table 3"),
    _more("resnet34_c", 24.19, 7.40, TEN_CROPS, f"{HE_2015}, table 3"),
    _more("resnet50_v1", 22.85, 6.71, TEN_CROPS, f"{HE_2015}, table 3"),
    _more("resnet101_v1", 21.75, 6.05, TEN_CROPS, f"{HE_2015}, table 3"),
    _more("resnet152_v1", 21.43, 5.71, TEN_CROPS, f"{HE_2015}, table 3"),
    _more("resnet152_v1", 19.38, 4.49, "one network, several scales", f"{HE_2015}, table 4"),
    _more("resnet152_v1", None, 3.57, "6 networks, 2 of them this", f"{HE_2015}, table 5", "ILSVRC-2015 test; winner"),
    _more("densenet121", 23.61, 6.66, TEN_CROPS, f"{HUANG_2016}, table 3"),
    _more("densenet169", 22.08, 5.92, TEN_CROPS, f"{HUANG_2016}, table 3"),
    _more("densenet201", 21.46, 5.54, TEN_CROPS, f"{HUANG_2016}, table 3"),
    _more("densenet264", 20.80, 5.29, TEN_CROPS, f"{HUANG_2016}, table 3"),
    _more(
        "senet154",
        None,
        2.251,
        "a few networks, several scales and crops",
        f"{HU_2017}, section 5.4",
        "ILSVRC-2017 test; winner",
    ),
)

MISTAKES = (
    Mistake(
        "A chart of accuracy against operations speaks for itself.",
        "It has to say what an operation is and how accuracy was measured. In a well-known one of 2016 accuracy is "
        "top-1 of one crop, and the operations are about twice the MACs that are counted here.",
        "Canziani, Paszke, Culurciello 2016, arXiv 1605.07678, figure 2; the unit is inferred from its bubbles.",
        (93,),
    ),
)


@dataclass(frozen=True)
class Counts:
    """Of the variant as it is traced here, without auxiliary heads, and the page that shows it."""

    title: str
    page: str
    params: int
    macs: int


@cache
def counts() -> dict[str, Counts]:
    """What `python -m explorer assets` has written, by variant."""
    return {name: Counts(**found) for name, found in json.loads(FILE.read_text(encoding="utf-8")).items()}


WITHOUT_FIGURES = {
    "lenet": "it reads handwritten digits, which are no pictures of ImageNet",
    "nin": "its paper has no figure on ImageNet; a later network's model card has one, see its page",
}
"""Families that have no record, by page, and why."""


def absent(
    pages: Iterable[str], groups: Mapping[Group, str], top: Literal[1, 5], shown: Iterable[Group]
) -> dict[str, str]:
    """Why families are not in the chart that shows these groups, by page; `groups` are the words for all groups."""
    shown, reasons = set(shown), {}
    for page in pages:
        own = [r for r in RECORDS if counts()[r.variant].page == page]
        visible = [r for r in own if r.group in shown]
        if any(r.accuracy(top) is not None for r in visible):
            continue
        elsewhere = [groups[g] for g in groups if any(r.group == g and r.accuracy(top) is not None for r in own)]
        parts = [f"only top-{6 - top} is printed"] if visible else []
        parts += [f"see “{'”, “'.join(elsewhere)}”"] if elsewhere else []
        reasons[page] = "; ".join(parts) or WITHOUT_FIGURES[page]
    return reasons
