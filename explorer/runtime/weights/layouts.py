"""In which layouts a file of weights may come, and how it is loaded: other libraries name the same tensors differently.

torchvision's names are those of its own networks; timm's come from a copy of what it says about them, which
`python -m explorer assets` writes and a test compares with the installed timm, so that the app does without timm.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from explorer import ASSETS
from explorer.architectures import variant
from explorer.runtime.weights.files import Shape, WeightsError, read_shapes, read_tensors

Layout = Literal["ours", "torchvision", "timm"]

TIMM = ASSETS / "published" / "timm.json"

# Our variants that torchvision has, by the name of its builder. Its `alexnet` and `googlenet` are not the published
# networks of 2012 and 2014: see the docstrings of the families.
TORCHVISION = {
    "alexnet_owt": "alexnet",
    "googlenet_bn": "googlenet",
    **{
        name: name
        for name in (
            "vgg11",
            "vgg13",
            "vgg16",
            "vgg19",
            "vgg11_bn",
            "vgg13_bn",
            "vgg16_bn",
            "vgg19_bn",
            "inception_v3",
            "resnet18",
            "resnet34",
            "resnet50",
            "resnet101",
            "resnet152",
            "mobilenet_v2",
            "mobilenet_v3_large",
            "mobilenet_v3_small",
            "densenet121",
            "densenet161",
            "densenet169",
            "densenet201",
        )
    },
}

# Ported from TensorFlow, and published together with their auxiliary heads.
PORTED = ("googlenet", "inception_v3")

# torchvision's DenseNet files are older than its module names: "denselayer1.norm.1" is "denselayer1.norm1".
_OLD_DENSENET = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12])\.")


@cache
def timm_table() -> dict[str, dict[str, Any]]:
    """What timm says about its weights, by our variants: see `explorer.assets`."""
    table: dict[str, dict[str, Any]] = json.loads(TIMM.read_text(encoding="utf-8"))
    return table


@cache
def shapes(variant_name: str) -> dict[str, Shape]:
    """What a file for this variant has to hold: our tensors' names and shapes, in registration order."""
    with torch.device("meta"):
        return _shapes(variant(variant_name).build())


def _shapes(model: nn.Module) -> dict[str, Shape]:
    state = model.state_dict()
    return {name: tuple(t.shape) for name, t in state.items() if not name.endswith("num_batches_tracked")}


def torchvision_model(variant_name: str) -> Any:
    """torchvision's network of a variant, without values, with the auxiliary heads that its files hold."""
    from torchvision.models import get_model

    name = TORCHVISION[variant_name]
    with torch.device("meta"):
        # These warn of their slow initialization, unless they are given this argument.
        return get_model(name, init_weights=False) if name in PORTED else get_model(name)


@cache
def layouts(variant_name: str) -> dict[Layout, dict[str, str]]:
    """The layouts in which a file may come: for each, its name of each of our tensors.

    Other libraries register the same layers in the same order, which the parity tests prove.
    """
    own = shapes(variant_name)
    found: dict[Layout, dict[str, str]] = {"ours": {name: name for name in own}}
    if variant_name in TORCHVISION:
        found["torchvision"] = dict(zip(own, _shapes(torchvision_model(variant_name)), strict=True))
    if variant_name in timm_table():
        ours = dict.fromkeys(name.rpartition(".")[0] for name in own)
        modules = dict(zip(ours, timm_table()[variant_name]["modules"], strict=True))
        found["timm"] = {f"{path}.{end}": f"{modules[path]}.{end}" for path, _, end in (n.rpartition(".") for n in own)}
    return found


def match(file: Path, variant_name: str, own: Mapping[str, Shape] | None = None) -> tuple[Layout, dict[str, str]]:
    """The layout of a file, and its name of each of our tensors; reads names and shapes only.

    `own`: the shapes that are needed, where they aren't those of the variant as published.

    Raises WeightsError for a file that can't be read, of another network, or with another shape anywhere.
    """
    own, given = own or shapes(variant_name), read_shapes(file)
    modern = {_OLD_DENSENET.sub(r"\1\2.", name): name for name in given}
    known = layouts(variant_name)
    layout = max(known, key=lambda each: len(modern.keys() & set(known[each].values())))
    missing = [name for name in known[layout].values() if name not in modern]
    unknown = modern.keys() - set(known[layout].values())
    if missing or unknown:
        what = f"{missing[0]} is missing" if missing else f"{min(unknown)} is none of them"
        raise WeightsError(
            f"{file.name} has {len(given)} tensors, {variant_name} needs {len(own)}: it is another network's ({what})."
        )
    names = {name: modern[theirs] for name, theirs in known[layout].items()}
    for name, theirs in names.items():
        if own[name] != given[theirs]:
            raise WeightsError(
                f"{file.name} does not fit {variant_name}: {theirs} is {given[theirs]}, {name} must be {own[name]}."
            )
    return layout, names


def load_published(model: nn.Module, file: Path, variant_name: str) -> None:
    """Copy the tensors of a file in any of the variant's layouts into `model`, strictly.

    Raises WeightsError and leaves the model as it was.
    """
    _, names = match(file, variant_name, _shapes(model))
    tensors = read_tensors(file)
    # Not strict for BN's batch counters alone: `match` has found every other tensor.
    model.load_state_dict({name: tensors[theirs] for name, theirs in names.items()}, strict=False)
