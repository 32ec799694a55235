"""The published ImageNet weights: which file fits which variant, where it comes from, and how it is loaded.

Nothing of it is typed by hand. torchvision's files are described by its own enumerations; timm's by a copy of its
`pretrained_cfg`, which a test writes (`make golden`) and compares with the installed timm, so that the app does without
timm. Nothing here uses the network: see `explorer.runtime.weights.download`.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import torch
from torch import nn

from explorer import ASSETS
from explorer.architectures import variant
from explorer.runtime.images import Preprocessing
from explorer.runtime.weights.files import Shape, WeightsError, read_shapes, read_tensors

Source = Literal["torchvision", "timm"]
Layout = Literal["ours", "torchvision", "timm"]

TIMM = ASSETS / "published" / "timm.json"
HUB_FILE = "model.safetensors"

# Our variants that torchvision has, by the name of its builder. Its `alexnet` and `googlenet` are not the published
# networks of 2012 and 2014: see the docstrings of the families.
TORCHVISION = {
    "alexnet_owt": "alexnet",
    "googlenet_bn": "googlenet",
    **{
        name: name
        for name in (
            "vgg11", "vgg13", "vgg16", "vgg19", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn", "inception_v3",
            "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "mobilenet_v2", "mobilenet_v3_large",
            "mobilenet_v3_small", "densenet121", "densenet161", "densenet169", "densenet201",
        )
    },
}  # fmt: skip

# Ported from TensorFlow, and published together with their auxiliary heads.
_PORTED = ("googlenet", "inception_v3")

# torchvision's DenseNet files are older than its module names: "denselayer1.norm.1" is "denselayer1.norm1".
_OLD_DENSENET = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12])\.")
_IMAGENET = "trained on ImageNet, whose terms are non-commercial research and education."
_HASH = re.compile(r"-([0-9a-f]{8,})\.")


@dataclass(frozen=True)
class Published:
    """One file of weights that its authors publish.

    Attributes:
        title: what its authors call the weights.
        url: where it lies.
        repository: its name on the Hugging Face hub; empty for a file that lies elsewhere.
        bytes: its size, to a percent; the server states it exactly.
        sha256: the first digits of its hash, which its name carries; empty where only the hub states it.
        licence: one sentence.
        file_name: its name in the cache folder.
    """

    variant: str
    source: Source
    title: str
    url: str
    repository: str
    bytes: int
    sha256: str
    licence: str
    file_name: str
    preprocessing: Preprocessing

    def classes(self) -> tuple[str, ...]:
        """The 1,000 names in the order of the outputs, the same in all of these files."""
        from torchvision.models import ResNet50_Weights  # takes a second: only when needed

        return tuple(ResNet50_Weights.DEFAULT.meta["categories"])


@cache
def published(variant_name: str) -> Published | None:
    """The weights published for a variant; None where neither torchvision nor timm has any in its layout.

    So it is for LeNet-5, AlexNet of 2012, NiN, GoogLeNet of 2014, plain networks, ResNets of version 1 and 2, and all
    networks for CIFAR.
    """
    if variant_name in TORCHVISION:
        from torchvision.models import get_model_weights

        return _of_torchvision(variant_name, get_model_weights(TORCHVISION[variant_name]).DEFAULT)
    if variant_name in timm_table():
        return _of_timm(variant_name)
    return None


@cache
def releases(variant_name: str) -> tuple[Published, ...]:
    """All that torchvision has published for a variant, the default first, but for files without a classifier."""
    from torchvision.models import get_model_weights

    if variant_name not in TORCHVISION:
        return ()
    weights = get_model_weights(TORCHVISION[variant_name])
    whole = [w for w in weights if not math.isnan(w.meta["_metrics"]["ImageNet-1K"]["acc@1"])]
    return tuple(_of_torchvision(variant_name, w) for w in sorted(whole, key=lambda w: w != weights.DEFAULT))


@cache
def timm_table() -> dict[str, dict[str, Any]]:
    """What timm says of its weights, by our variants: see `tests/runtime/test_published.py`."""
    table: dict[str, dict[str, Any]] = json.loads(TIMM.read_text(encoding="utf-8"))
    return table


def _of_torchvision(variant_name: str, weights: Any) -> Published:
    name = urlsplit(weights.url).path.rpartition("/")[2]
    return Published(
        variant_name,
        "torchvision",
        weights.name,
        weights.url,
        "",
        round(weights.meta["_file_size"] * 2**20),
        _hash_in(name),
        f"torchvision's weights (its code: BSD-3-Clause), {_IMAGENET}",
        name,
        _torchvision_preprocessing(variant_name, weights.transforms()),
    )


def _of_timm(variant_name: str) -> Published:
    from huggingface_hub import hf_hub_url

    entry = timm_table()[variant_name]
    url = hf_hub_url(entry["repository"], HUB_FILE) if entry["repository"] else entry["url"]
    name = f"{entry['title']}.safetensors" if entry["repository"] else urlsplit(url).path.rpartition("/")[2]
    side = entry["input_size"][-1]
    return Published(
        variant_name,
        "timm",
        entry["title"],
        url,
        entry["repository"],
        4 * sum(math.prod(shape) for shape in shapes(variant_name).values()),
        _hash_in(name),
        f"timm's weights ({entry['license'].title()}), {_IMAGENET}",
        name,
        Preprocessing(
            # timm rounds down
            math.floor(side / entry["crop_pct"]),
            side,
            tuple(entry["mean"]),
            tuple(entry["std"]),
            entry["interpolation"],
        ),
    )


def _hash_in(name: str) -> str:
    found = _HASH.search(name)
    return found[1] if found else ""


def _torchvision_preprocessing(variant_name: str, preset: Any) -> Preprocessing:
    """That of torchvision's preset, and of `transform_input`.

    GoogLeNet and Inception-v3 came from TensorFlow. With published weights torchvision switches `transform_input` on:
    the model undoes ImageNet's normalization and applies TensorFlow's. Ours has no such step, so its input gets the
    two as one normalization, found by passing black and white through torchvision's own.
    """
    mean, std = (torch.tensor(v).reshape(1, -1, 1, 1) for v in (preset.mean, preset.std))
    if TORCHVISION[variant_name] in _PORTED:
        model = torchvision_model(variant_name)
        model.transform_input = True
        black, white = (model._transform_input((level - mean) / std) for level in (0.0, 1.0))
        mean, std = -black / (white - black), 1 / (white - black)
    return Preprocessing(
        preset.resize_size[0],
        preset.crop_size[0],
        _channels(mean),
        _channels(std),
        preset.interpolation.value,
    )


def _channels(values: torch.Tensor) -> tuple[float, ...]:
    """The three numbers, without the last digits, which are single precision's."""
    return tuple(round(v, 6) for v in values.flatten().tolist())


# ---- the cache folder ------------------------------------------------------------------------------------------


def cache_folder() -> Path:
    """Where downloads are kept: EXPLORER_CACHE, or the platform's folder for caches. It need not exist."""
    chosen = os.environ.get("EXPLORER_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "cnn-explorer"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "cnn-explorer"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cnn-explorer"


def stored(variant_name: str) -> Path | None:
    """The variant's published file in the cache folder. Only what was complete and checked gets this name there."""
    weights = published(variant_name)
    if weights is None:
        return None
    file = cache_folder() / weights.file_name
    return file if file.is_file() else None


# ---- names of tensors ------------------------------------------------------------------------------------------


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
        # These warn of their slow initialization, unless told whether to do it.
        return get_model(name, init_weights=False) if name in _PORTED else get_model(name)


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
