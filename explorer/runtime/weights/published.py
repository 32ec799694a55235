"""The published ImageNet weights: which file fits which variant, and where it comes from.

Nothing of it is typed by hand. torchvision's files are described by its own enumerations; timm's by a copy of its
`pretrained_cfg` (see `explorer.runtime.weights.layouts`). Nothing here uses the network: see
`explorer.runtime.weights.download`.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import torch
from platformdirs import user_cache_path

from explorer.runtime.preprocessing import Preprocessing
from explorer.runtime.weights.layouts import PORTED, TORCHVISION, shapes, timm_table, torchvision_model

Source = Literal["torchvision", "timm"]

HUB_FILE = "model.safetensors"

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


@cache
def published_weights(variant_name: str) -> Published | None:
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
def torchvision_weights(variant_name: str) -> tuple[Published, ...]:
    """All that torchvision has published for a variant, the default first, but for files without a classifier."""
    from torchvision.models import get_model_weights

    if variant_name not in TORCHVISION:
        return ()
    weights = get_model_weights(TORCHVISION[variant_name])
    with_classifier = [w for w in weights if not math.isnan(w.meta["_metrics"]["ImageNet-1K"]["acc@1"])]
    return tuple(_of_torchvision(variant_name, w) for w in sorted(with_classifier, key=lambda w: w != weights.DEFAULT))


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
    if TORCHVISION[variant_name] in PORTED:
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


def cache_folder() -> Path:
    """Where downloads are kept: EXPLORER_CACHE, or the platform's folder for caches. It need not exist."""
    chosen = os.environ.get("EXPLORER_CACHE")
    return Path(chosen).expanduser() if chosen else user_cache_path("cnn-explorer", appauthor=False, opinion=False)


def downloaded_file(variant_name: str) -> Path | None:
    """The variant's published file in the cache folder. Only what was complete and checked gets this name there."""
    weights = published_weights(variant_name)
    if weights is None:
        return None
    file = cache_folder() / weights.file_name
    return file if file.is_file() else None
