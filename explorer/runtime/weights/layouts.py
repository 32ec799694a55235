"""In which layouts a file of weights may come, and how it is loaded: other libraries name the same tensors differently.

torchvision's names are those of its own networks; timm's come from a copy of what it says about them, which
`python -m explorer assets` writes and a test compares with the installed timm, so that the app does without timm.

A file whose names nobody knows is matched by order, if the tensors' shapes agree one by one: a state dict lists
modules as they were registered, and within batch normalization each tensor is told by its name. That proves less than
names do, since many tensors have one shape: whoever uses it is told to check a prediction.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from explorer import ASSETS
from explorer.analysis.trace import without_data
from explorer.architectures import variant
from explorer.runtime.weights.files import Shape, WeightsError, read_shapes, read_tensors

Layout = Literal["ours", "torchvision", "timm", "order"]  # order: names that nobody knows

CHECK = "matched by order: check one prediction"
MAX_NAME_LENGTH = 100  # characters of a file's name for a tensor that a sentence repeats

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

# What a tensor is to its module, by the last part of its name, in the order in which PyTorch registers them;
# TensorFlow's names for the same beside them.
_ROLES = (
    ("weight", "kernel", "gamma", "scale"),
    ("bias", "beta", "offset", "shift"),
    ("running_mean", "moving_mean", "mean"),
    ("running_var", "moving_variance", "variance", "var"),
)
_RANKS = {name: rank for rank, names in enumerate(_ROLES) for name in names}


@cache
def timm_table() -> dict[str, dict[str, Any]]:
    """What timm says about its weights, by our variants: see `explorer.assets`."""
    table: dict[str, dict[str, Any]] = json.loads(TIMM.read_text(encoding="utf-8"))
    return table


@cache
def shapes(variant_name: str) -> dict[str, Shape]:
    """What a file for this variant has to hold: our tensors' names and shapes, in registration order."""
    return shapes_of(without_data(variant(variant_name)))


def shapes_of(model: nn.Module) -> dict[str, Shape]:
    """The names and shapes of a network's tensors, in registration order."""
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
        found["torchvision"] = dict(zip(own, shapes_of(torchvision_model(variant_name)), strict=True))
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
    return match_shapes(file.name, read_shapes(file), variant_name, own or shapes(variant_name))


def match_shapes(
    title: str, given: Mapping[str, Shape], variant_name: str, own: Mapping[str, Shape]
) -> tuple[Layout, dict[str, str]]:
    """`match` for what was read already; `title`: what sentences call the file."""
    found = pairings(given, variant_name)
    agreeing = [(_agreement(names, given, own), layout, names) for layout, names in found]
    best = max(agreeing, key=lambda each: each[0], default=None)  # the first of equals
    if best is None:
        raise WeightsError(_miscounted(title, given, variant_name, own))
    agreed, layout, names = best
    if agreed < len(own):
        first = list(own)[agreed]
        theirs = names[first]
        raise WeightsError(
            f"{title} does not fit {variant_name}: {_quoted(theirs)} is {given[theirs]}, {first} must be {own[first]}."
            + (_alphabetical(given) if layout == "order" else "")
        )
    return layout, names


def pairings(given: Mapping[str, Shape], variant_name: str) -> list[tuple[Layout, dict[str, str]]]:
    """The ways in which a file's names can be ours, whatever the shapes: for each, its name of each of our tensors.

    By the names of a layout, if it has exactly those; else in order, if there are as many.
    """
    own = shapes(variant_name)
    for modern in _renamed(given):
        for layout, known in layouts(variant_name).items():
            if modern.keys() == set(known.values()):
                return [(layout, {name: modern[theirs] for name, theirs in known.items()})]
    if len(given) != len(own):
        return []
    return [("order", dict(zip(_by_role(own), _by_role(names), strict=True))) for names in _orders(given)]


def _renamed(given: Mapping[str, Shape]) -> Iterator[dict[str, str]]:
    """A file's names by what they are called in a layout: as they are, then without what a wrapper put before them."""
    names = {_OLD_DENSENET.sub(r"\1\2.", name): name for name in given}
    while names:
        yield names
        before = {name.partition(".")[0] for name in names}
        if len(before) > 1 or not all("." in name for name in names):
            return
        names = {name.partition(".")[2]: theirs for name, theirs in names.items()}


def _orders(given: Mapping[str, Shape]) -> list[list[str]]:
    """The orders in which the file's modules may have been registered.

    Its own; and where that is the alphabet's, as in each file of safetensors, that in which 2 comes before 10.
    """
    names = list(given)
    return [names, sorted(names, key=_natural)] if names == sorted(names) else [names]


def _natural(name: str) -> list[tuple[int, str]]:
    parts = re.findall(r"[0-9]+|[^0-9]+", name.rpartition(".")[0])
    return [(int(part), "") if part[0] in "0123456789" else (-1, part) for part in parts]


def _by_role(names: Iterable[str]) -> list[str]:
    """The names with those of each module in PyTorch's order, where they say what they are: a file may sort them."""
    found: list[str] = []
    for _, group in groupby(names, key=lambda name: name.rpartition(".")[0]):
        members = {name: _RANKS.get(name.rpartition(".")[2]) for name in group}
        known = None not in members.values()
        found += sorted(members, key=lambda name: members[name] or 0) if known else list(members)
    return found


def _agreement(names: Mapping[str, str], given: Mapping[str, Shape], own: Mapping[str, Shape]) -> int:
    """How many tensors agree in shape before the first that does not."""
    return next((i for i, name in enumerate(own) if own[name] != given[names[name]]), len(own))


def _miscounted(title: str, given: Mapping[str, Shape], variant_name: str, own: Mapping[str, Shape]) -> str:
    """The sentence for a file with more or fewer tensors: what is missing or too many, else where it first differs."""
    counts = f"{title} has {len(given)} tensors, {variant_name} needs {len(own)}: it is another network's"
    known = layouts(variant_name)
    modern = max(_renamed(given), key=lambda names: len(names.keys() & _all_names(known)), default={})
    layout = max(known, key=lambda each: len(modern.keys() & set(known[each].values())))
    shared = modern.keys() & set(known[layout].values())
    if len(shared) > len(own) / 2:
        missing = [name for name in known[layout].values() if name not in modern]
        unknown = sorted(modern.keys() - shared)
        return f"{counts} ({f'{missing[0]} is missing' if missing else f'{_quoted(unknown[0])} is none of them'})."
    pairs = zip(_by_role(own), _by_role(given), strict=False)
    differing = next(((name, theirs) for name, theirs in pairs if own[name] != given[theirs]), None)
    if differing is None:
        return f"{counts}."
    name, theirs = differing
    return f"{counts}. The first that differs is {_quoted(theirs)}, {given[theirs]}, where {name} must be {own[name]}."


def _all_names(known: Mapping[Layout, Mapping[str, str]]) -> set[str]:
    return {theirs for names in known.values() for theirs in names.values()}


def _alphabetical(given: Mapping[str, Shape]) -> str:
    if list(given) != sorted(given):
        return ""
    return (
        " Its names are unknown and in the alphabet's order, as in each file of safetensors: "
        "a state dict saved by torch.save keeps that of the modules."
    )


def _quoted(name: str) -> str:
    """A name from a file, no longer than a name is."""
    return name if len(name) <= MAX_NAME_LENGTH else f"{name[:MAX_NAME_LENGTH]}…"


def load_published(model: nn.Module, file: Path, variant_name: str) -> Layout:
    """Copy the tensors of a file in any of the variant's layouts into `model`, strictly. Returns the layout.

    Raises WeightsError and leaves the model as it was.
    """
    layout, names = match(file, variant_name, shapes_of(model))
    tensors = read_tensors(file)
    paired = {name: tensors[theirs] for name, theirs in names.items()}
    check_values(file.name, paired, names)
    # Not strict for BN's batch counters alone: `match` has found every other tensor.
    model.load_state_dict(paired, strict=False)
    return layout


def check_values(title: str, tensors: Mapping[str, Tensor], names: Mapping[str, str]) -> None:
    """Raise WeightsError for numbers with which no network can compute; `names`: the file's, by ours."""
    for name, tensor in tensors.items():
        theirs = _quoted(names[name])
        if not tensor.is_floating_point():
            kind = str(tensor.dtype).removeprefix("torch.")
            raise WeightsError(f"{title} holds {kind} in {theirs}; weights have to be floating-point numbers.")
        if not bool(tensor.isfinite().all()):
            raise WeightsError(f"{title} holds numbers in {theirs} that are none (NaN) or infinite.")
        if name.endswith("running_var") and bool((tensor < 0).any()):
            raise WeightsError(f"{title} holds negative numbers in {theirs}, which would be the variance {name}.")
