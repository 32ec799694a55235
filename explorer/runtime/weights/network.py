"""Which parameters a network runs with, and how they are loaded without trusting the file.

`untrained` is the seeded initialization, `narrow` that of a network a quarter as wide, which shows the same wiring for
a sixteenth of the work; `bundled` what comes with the app, `imagenet` a published file that was
downloaded, `folder` one of the lecture hall's own. Any other name is a file: safetensors, or a PyTorch state dict
read with `weights_only=True`, in our own layout or its authors'. "own:" and a digest
stand for what a session uploaded. Each shape is checked before anything is copied.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, fx, nn

from explorer.analysis.graph import graph_of
from explorer.analysis.initialization import Seeded, Unfilled
from explorer.architectures.blocks import SqueezeExcitation
from explorer.architectures.family import Variant
from explorer.runtime.preprocessing import Preprocessing, preprocessing_for
from explorer.runtime.turns import stride
from explorer.runtime.weights import folder, uploads
from explorer.runtime.weights.bundled import AS_WIDE, WIDTHS, Bundled, manifest
from explorer.runtime.weights.files import WeightsError
from explorer.runtime.weights.fit import Fit
from explorer.runtime.weights.layouts import CHECK, load_published
from explorer.runtime.weights.published import Published, downloaded_file, published_weights
from explorer.runtime.weights.uploads import is_upload

UNTRAINED, NARROW, BUNDLED, IMAGENET, FOLDER = "untrained", "narrow", "bundled", "imagenet", "folder"
SEED = 0
NARROW_WIDTH = 0.25  # of the paper's channels
SMALL_INPUT = 32  # pixels: networks for such pictures are small, and are never narrowed
IMAGENET_CLASSES = 1000


@dataclass(frozen=True)
class Network:
    """A variant with its parameters on a device, ready to run. `classes` is empty where no training named them."""

    variant: Variant
    weights: str
    model: nn.Module
    device: torch.device
    classes: tuple[str, ...] = ()
    by_order: bool = False  # nobody knows the names in the file: its tensors were matched by order

    @property
    def description(self) -> str:
        """What the parameters are, for a caption: width, data, classes, accuracy."""
        check = f", {CHECK}" if self.by_order else ""
        if is_upload(self.weights):
            return f"Your weights{check}"  # not the file's name: captions are Markdown
        if self.weights == BUNDLED:
            return f"Trained: {_bundled(self.variant)}"
        if not self.trained:
            return f"Untrained network, {AS_WIDE[NARROW_WIDTH]}" if self.weights == NARROW else "Untrained network"
        what = "Trained on ImageNet" if len(self.classes) == IMAGENET_CLASSES else "Weights from a file"
        return f"{what}: {_release(self.variant, self.weights)}{check}"

    @property
    def caption(self) -> str:
        """The same as a sentence, for charts and maps."""
        return f"{self.description}." if self.trained else f"{self.description}: random weights, seeded."

    @property
    def preprocessing(self) -> Preprocessing:
        """How a picture becomes this network's input."""
        return preprocessing_of(self.variant, self.weights)

    @property
    def trained(self) -> bool:
        return bool(self.classes)

    @cached_property
    def fit(self) -> Fit | None:
        """How well the pictures fit that it was tested on; None where that was not measured."""
        stored = _bundled(self.variant).record().get("fit") if self.weights == BUNDLED else None
        return Fit.of(stored) if stored else None

    @cached_property
    def graph(self) -> fx.GraphModule:
        return graph_of(self.model)

    @cached_property
    def nodes(self) -> dict[str, fx.Node]:
        """The operations by their id, in order of execution."""
        return {n.meta["name"]: n for n in self.graph.graph.nodes if n.op != "output"}

    @cached_property
    def classifier(self) -> fx.Node:
        """The operation that gives the logits, or LeNet-5's distances; auxiliary heads come after it."""
        return self.graph.graph.output_node().all_input_nodes[0]

    @property
    def distances(self) -> bool:
        """Whether the outputs are distances, of which the smallest wins, as LeNet-5's are."""
        return _outputs_distances(self.model)

    def scores(self, outputs: Tensor | tuple[Tensor, ...]) -> Tensor:
        """The classes' scores, (N, classes) or (classes,), in which the largest wins, from what the model returns."""
        return class_scores(self.model, outputs)

    def module(self, node: fx.Node) -> nn.Module | None:
        """What an operation calls; None for a function, as an addition or a flattening."""
        return self.model.get_submodule(str(node.target)) if node.op == "call_module" else None

    @cached_property
    def boundaries(self) -> tuple[fx.Node, ...]:
        """The input and the operations whose output another block reads: enough to recompute every other.

        And the squeeze and the gate of each squeeze-and-excitation: a few numbers, and gates stay what they were
        where they were altered (`explorer.demonstrations.gates.compute`).
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
        for node in self.boundaries:
            with graph.inserting_after(copies[node]):
                graph.call_function(stride)
        graph.output((out, tuple(copies[n] for n in self.boundaries)))
        return fx.GraphModule(self.model, graph)

    def to(self, device: torch.device) -> Network:
        """The same parameters on another device; this network stays where it is."""
        model = self.variant.build()
        model.load_state_dict(self.model.state_dict())
        return replace(self, model=model.to(device), device=device)


def class_scores(model: nn.Module, outputs: Tensor | tuple[Tensor, ...]) -> Tensor:
    """The scores in which the largest wins: the logits without those of auxiliary heads, or minus the distances."""
    classifier = outputs[0] if isinstance(outputs, tuple) else outputs
    return -classifier if _outputs_distances(model) else classifier


def _outputs_distances(model: nn.Module) -> bool:
    return bool(getattr(model, "smallest_wins", False))


def available_weights(variant: Variant) -> tuple[str, ...]:
    """The names of the weights that are here for a variant, best first; untrained ones always are."""
    in_folder = folder.local_file(variant.name)
    present = {
        BUNDLED: variant.name in manifest(),
        IMAGENET: downloaded_file(variant.name) is not None,
        FOLDER: in_folder is not None and in_folder.problem is None,
        NARROW: can_be_narrow(variant),
        UNTRAINED: True,
    }
    return tuple(name for name, is_present in present.items() if is_present)


def is_untrained(weights: str) -> bool:
    """Whether the weights of that name are random ones."""
    return weights in (UNTRAINED, NARROW)


def can_be_narrow(variant: Variant) -> bool:
    """Whether there is an untrained network of fewer channels, since the paper's is large."""
    return variant.input_size[-1] > SMALL_INPUT


def describe_weights(variant: Variant, weights: str) -> str:
    """One of `available_weights` in words."""
    if weights == NARROW:
        return f"Untrained, {WIDTHS[NARROW_WIDTH]}: random, seeded"
    if weights == UNTRAINED:
        return f"Untrained{f', {WIDTHS[1.0]}' if can_be_narrow(variant) else ''}: random, seeded"
    if weights == BUNDLED:
        entry = _bundled(variant)
        return f"{entry.data_title}, {entry.width_title}"
    if is_upload(weights):
        return f"Yours: {uploads.find(weights).title}"
    return f"ImageNet: {_release(variant, weights)}"


def narrowed_variant(variant: Variant, weights: str) -> Variant:
    """The variant as these weights run it: with another width and number of classes where they were trained so."""
    if is_upload(weights):
        return uploads.find(weights).variant
    if weights == NARROW and can_be_narrow(variant):
        return replace(variant, config=_narrow(variant.config))
    return _bundled(variant).narrowed(variant) if weights == BUNDLED else variant


def _narrow(config: Any) -> Any:
    """A quarter of the channels. A gate's hidden layer stays as wide: of one value, which ReLU may hold at 0, no gate
    would depend on the picture.
    """
    ratio = getattr(config, "squeeze_excitation", None)
    gates = {"squeeze_excitation": max(1, ratio // 4)} if type(ratio) is int else {}
    return replace(config, width=NARROW_WIDTH, **gates)


def preprocessing_of(variant: Variant, weights: str) -> Preprocessing:
    """How a picture becomes the input of the variant with these weights."""
    if weights == BUNDLED:
        return _bundled(variant).preprocessing
    if weights == FOLDER:
        return _in_folder(variant).preprocessing
    if is_upload(weights) and (twin := uploads.find(weights).twin) is not None:
        return twin.preprocessing
    release = None if is_untrained(weights) else published_weights(variant.name)
    return preprocessing_for(variant.input_size) if release is None else release.preprocessing


def load_network(variant: Variant, weights: str = UNTRAINED, device: torch.device | None = None) -> Network:
    """The variant with the named weights, in eval mode and without gradients.

    Raises WeightsError for a name that is no file, a file that is damaged, or one of another network.
    """
    narrowed = narrowed_variant(variant, weights)
    with Seeded(SEED) if is_untrained(weights) else Unfilled():
        model = narrowed.build().requires_grad_(False)
    classes: tuple[str, ...] = ()
    layout = ""
    if is_upload(weights):
        found = uploads.find(weights)
        # The network's parameters are the tensors that the session holds; not strict for BN's counters alone.
        model.load_state_dict(found.tensors, strict=False, assign=True)
        classes, layout = found.classes, "order" if found.by_order else ""
        if not classes:
            classes = found.twin.classes if found.twin else class_names(found.outputs)
    elif not is_untrained(weights):
        layout = load_published(model, _file(variant, weights), variant.name)
        classes = _bundled(variant).classes if weights == BUNDLED else class_names(narrowed.config.num_classes)
    device = device or torch.device("cpu")
    return Network(narrowed, weights, model.to(device), device, classes, layout == "order")


def _file(variant: Variant, weights: str) -> Path:
    """The file that the name stands for. Raises WeightsError where there is none."""
    if weights == BUNDLED:
        entry = _bundled(variant)
        if not entry.intact():
            raise WeightsError(f"{entry.file} is missing, or not the file that came with the app.")
        return entry.path
    if weights == IMAGENET:
        return _downloaded(variant)
    if weights == FOLDER:
        return _in_folder(variant).file
    if not Path(weights).is_file():
        names = ", ".join(repr(name) for name in (UNTRAINED, NARROW, BUNDLED, IMAGENET, FOLDER))
        raise WeightsError(f"There are no weights called {weights!r}; use {names} or the path of a file.")
    return Path(weights)


def _bundled(variant: Variant) -> Bundled:
    found = manifest().get(variant.name)
    if found is None:
        raise WeightsError(f"No trained {variant.name} comes with the app; there are {', '.join(manifest())}.")
    return found


def _downloaded(variant: Variant) -> Path:
    if published_weights(variant.name) is None:
        raise WeightsError(f"No published ImageNet weights are known for {variant.name}.")
    file = downloaded_file(variant.name)
    if file is None:
        raise WeightsError(f"The ImageNet weights of {variant.name} have not been downloaded: its page has a button.")
    return file


def _in_folder(variant: Variant) -> folder.LocalFile:
    found = folder.local_file(variant.name)
    if found is None:
        raise WeightsError(f"There is no file for {variant.name} in the folder that {folder.VARIABLE} names.")
    if found.problem is not None:
        raise WeightsError(found.problem)
    return found


def _release(variant: Variant, weights: str) -> str:
    """Where the published weights come from: who made them, or the file."""
    release: Published | None = published_weights(variant.name)
    if weights == IMAGENET and release is not None:
        return f"{release.source}'s {release.title}"
    return _in_folder(variant).file.name if weights == FOLDER else Path(weights).name


def class_names(count: int) -> tuple[str, ...]:
    """What outputs are called where nothing names them: ImageNet's classes where they are as many, else numbers."""
    return imagenet_classes() if count == IMAGENET_CLASSES else tuple(f"class {i}" for i in range(count))


def imagenet_classes() -> tuple[str, ...]:
    """The 1,000 ILSVRC-2012 class names in torchvision's order."""
    from torchvision.models import ResNet50_Weights  # importing torchvision.models takes a second: only when needed

    return tuple(ResNet50_Weights.IMAGENET1K_V1.meta["categories"])
