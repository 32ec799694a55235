"""Small pictures of networks at work, which home shows first; kept in a file so that home needs no torch.

`python -m explorer assets` draws them from runs of bundled networks on the first sample; a test compares the two.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from explorer import ASSETS

FILE = ASSETS / "previews.json"


@dataclass(frozen=True)
class Preview:
    """A picture and the place that it is from.

    `title` says what it shows, in a few words; `network` is the one that is seen at work, a variant of the page and
    its default; `node` is the operation, `place` what else the link to it says.
    """

    page: str
    network: str
    node: str
    title: str
    alt: str
    place: dict[str, str]

    @property
    def link(self) -> dict[str, str]:
        return {"node": self.node, **self.place}


PREVIEWS = (
    Preview(
        "alexnet",
        "alexnet",
        "conv1.conv",
        "What its first layer looks for",
        "Small coloured squares: the first kernels of AlexNet",
        {"instrument": "kernels"},
    ),
    Preview(
        "vgg",
        "vgg16",
        "conv3.relu3",
        "What the picture becomes",
        "Three feature maps of VGG-16, in false colours",
        {},
    ),
    Preview(
        "senet",
        "se_resnet50",
        "conv3_x.0.se.gate",
        "Which maps it lets through",
        "A square for each gate of a block of SE-ResNet-50",
        {"section": "gates"},
    ),
    Preview(
        "densenet",
        "densenet121",
        "head.fc",
        "Where it sees the class",
        "The picture, and the class activation map of DenseNet-121 over it",
        {"section": "class-activation"},
    ),
)


@cache
def drawn() -> dict[str, Any]:
    """The file: `sample`, the picture's title, and `pictures`, a PNG in base64 by the page."""
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found
