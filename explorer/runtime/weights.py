"""Which parameters a network runs with, and how they are loaded without trusting the file.

`untrained` is the seeded initialization. Any other name is a file: safetensors, or a PyTorch state dict read with
`weights_only=True`, in our own layout or in torchvision's (matched in registration order). Each shape is checked
before anything is copied.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, fx, nn

from explorer.analysis.trace import graph_of
from explorer.architectures.blocks import SqueezeExcitation
from explorer.architectures.family import Variant

UNTRAINED = "untrained"
SEED = 0


class WeightsError(ValueError):
    """The weights cannot be used for this network; `str()` is a sentence for a person."""


@dataclass(frozen=True)
class Network:
    """A variant with its parameters on a device, ready to run. `classes` is empty where no training named them."""

    variant: Variant
    weights: str
    model: nn.Module
    device: torch.device
    classes: tuple[str, ...] = ()

    @property
    def trained(self) -> bool:
        return bool(self.classes)

    @property
    def nbytes(self) -> int:
        """Bytes of the parameters and statistics, for bounded caches."""
        return sum(t.nbytes for t in self.model.state_dict().values())

    @cached_property
    def graph(self) -> fx.GraphModule:
        return graph_of(self.model)

    @cached_property
    def nodes(self) -> dict[str, fx.Node]:
        """The operations by their id, in order of execution."""
        return {n.meta["name"]: n for n in self.graph.graph.nodes if n.op != "output"}

    @cached_property
    def boundaries(self) -> tuple[fx.Node, ...]:
        """The input and the operations whose output another block reads: enough to recompute every other.

        And the squeeze and the gate of each squeeze-and-excitation: a few numbers, and gates stay what they were
        where they were altered (`explorer.runtime.gates`).
        """
        gated = [path for path, m in self.model.named_modules() if isinstance(m, SqueezeExcitation)]
        small = {f"{path}.{part}" for path in gated for part in ("squeeze", "gate")}
        return tuple(
            n
            for n in self.nodes.values()
            if n.op == "placeholder"
            or n.meta["name"] in small
            or any(user.meta["block"] != n.meta["block"] for user in n.users)
        )

    @cached_property
    def capturing(self) -> fx.GraphModule:
        """The network as a module that returns its output and the values of `boundaries`.

        As generated code it costs what the bare forward pass costs; hooks or an interpreter would not.
        """
        graph = fx.Graph()
        copies: dict[fx.Node, fx.Node] = {}
        out = graph.graph_copy(self.graph.graph, copies)
        graph.output((out, tuple(copies[n] for n in self.boundaries)))
        return fx.GraphModule(self.model, graph)

    def to(self, device: torch.device) -> Network:
        """The same parameters on another device; this network stays where it is."""
        model = self.variant.build()
        model.load_state_dict(self.model.state_dict())
        return Network(self.variant, self.weights, model.to(device), device, self.classes)


def load_network(variant: Variant, weights: str = UNTRAINED, device: torch.device | None = None) -> Network:
    """The variant with the named weights, in eval mode and without gradients.

    Raises WeightsError for a name that is no file, a file that is damaged, or one of another network.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        model = variant.build().requires_grad_(False)
    classes: tuple[str, ...] = ()
    if weights != UNTRAINED:
        load_weights(model, Path(weights), variant.name)
        classes = imagenet_classes()
    device = device or torch.device("cpu")
    return Network(variant, weights, model.to(device), device, classes)


def imagenet_classes() -> tuple[str, ...]:
    """The 1,000 ILSVRC-2012 class names in torchvision's order."""
    from torchvision.models import ResNet50_Weights  # importing torchvision.models takes a second: only when needed

    return tuple(ResNet50_Weights.IMAGENET1K_V1.meta["categories"])


def load_weights(model: nn.Module, file: Path, variant: str) -> None:
    """Copy the tensors of `file` into `model`, strictly. Raises WeightsError and leaves the model as it was."""
    given = {k: v for k, v in _read(file).items() if not k.endswith("num_batches_tracked")}
    wanted = {k: v for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")}
    if len(given) != len(wanted):
        raise WeightsError(
            f"{file.name} has {len(given)} tensors, {variant} needs {len(wanted)}: it is another network's."
        )
    same_names = given.keys() == wanted.keys()
    matched: dict[str, Tensor] = {}
    for (name, own), (their_name, tensor) in zip(wanted.items(), given.items(), strict=True):
        if same_names:
            their_name, tensor = name, given[name]
        if own.shape != tensor.shape:
            raise WeightsError(
                f"{file.name} does not fit {variant}: {their_name} is {tuple(tensor.shape)}, "
                f"{name} must be {tuple(own.shape)}."
            )
        matched[name] = tensor
    model.load_state_dict(matched, strict=False)


def _read(file: Path) -> dict[str, Tensor]:
    if not file.is_file():
        raise WeightsError(f"There are no weights called {str(file)!r}; use {UNTRAINED!r} or the path of a file.")
    try:
        if file.suffix == ".safetensors":
            tensors = load_file(file)
        else:
            tensors = torch.load(file, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise WeightsError(
            f"{file.name} is not a readable weights file (safetensors or a PyTorch state dict)."
        ) from error
    if not isinstance(tensors, dict) or not all(isinstance(v, Tensor) for v in tensors.values()):
        raise WeightsError(f"{file.name} holds something other than a dictionary of tensors.")
    return tensors
