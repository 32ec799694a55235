"""The feature maps of one image in one network: every operation's output, without keeping every output.

A forward pass keeps the values that cross from one block into another (for ResNet-50 about 25 MB of 144). Any other
operation's output is recomputed from those, inside its block, when it is asked for: the same operations on the same
numbers, so the same result.

A pass can also go another way: some values altered, everything that depends on them computed again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, fx

from explorer.runtime.device import forward_slot, quick_slot, run_with_fallback, synchronize
from explorer.runtime.turns import breathe
from explorer.runtime.weights.fit import MOST, Fit, distance
from explorer.runtime.weights.network import Network

COUNTS = {10: "ten"}
Operation = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Prediction:
    """A class and its softmax probability, in [0, 1]."""

    label: str
    probability: float


@dataclass(frozen=True)
class Answer:
    """What a network says of one input: a logit and a softmax probability for each class, both (classes,).

    `classes` are their names; there are none without training. `distance` is that to the nearest class, `fit` what is
    usual; None where nobody measured that.
    """

    logits: Tensor
    probabilities: Tensor
    classes: tuple[str, ...]
    distance: float | None = None
    fit: Fit | None = None

    @property
    def unlike(self) -> bool:
        """Whether the input is unlike what the network was tested on, so that none of its classes fits."""
        return self.fit is not None and self.distance is not None and self.distance > self.fit.most

    def top(self, k: int = 5) -> tuple[Prediction, ...]:
        """The `k` most probable classes. Without training a class has no name but its number."""
        best = self.probabilities.sort(descending=True, stable=True)
        return tuple(
            Prediction(self.classes[i] if self.classes else f"class {i} (untrained)", p)
            for p, i in zip(best.values[:k].tolist(), best.indices[:k].tolist(), strict=True)
        )

    @property
    def first(self) -> str:
        """The most probable class."""
        return self.top(1)[0].label


def none_fits(answer: Answer) -> str:
    """What is said of an input that is unlike what the network was tested on."""
    return f"None of its {COUNTS.get(len(answer.classes), len(answer.classes))} classes fits"


def distance_text(answer: Answer) -> str:
    """The distance among those of the pictures that the network was tested on; empty where nobody measured that."""
    if answer.fit is None or answer.distance is None:
        return ""
    return (
        f"Distance to the nearest {answer.distance:.4f}; "
        f"of its test pictures, {MOST} % are within {answer.fit.most:.4f}."
    )


class Recomputation(fx.Interpreter):
    """Runs the operations between kept values and those that are wanted, and frees values after their last use."""

    def values(self, wanted: Collection[fx.Node], kept: Mapping[fx.Node, Tensor]) -> dict[fx.Node, Tensor]:
        needed: set[fx.Node] = set()
        stack = list(wanted)
        while stack:
            node = stack.pop()
            if node not in needed and node not in kept:
                needed.add(node)
                stack.extend(node.all_input_nodes)
        self.env = dict(kept)
        for node in self.graph.nodes:
            if node in needed:
                breathe()
                self.env[node] = self.run_node(node)
                for used in self.user_to_last_uses.get(node, ()):
                    if used not in wanted:
                        self.env.pop(used, None)
        return {node: self.env[node] for node in wanted}


@dataclass(frozen=True)
class Activations:
    """The results of a forward pass. `milliseconds` is that pass alone, synchronized; `note` says if it fell back."""

    network: Network
    kept: dict[fx.Node, Tensor]
    logits: Tensor
    milliseconds: float
    note: str | None = None

    @property
    def device(self) -> torch.device:
        return self.network.device

    @property
    def nbytes(self) -> int:
        """Bytes of the values; the network is counted where it is cached."""
        return sum(t.nbytes for t in self.kept.values()) + self.logits.nbytes

    @property
    def scores(self) -> Tensor:
        """The classes' scores, (classes,), in which the largest wins."""
        return self.network.scores(self.logits)

    def maps(self, name: str) -> Tensor:
        """The output of the operation called `name` as float32 on the CPU: (C, H, W) maps or (features,).

        Raises KeyError for an operation that the network does not have.
        """
        return self.several([name])[name]

    def several(self, names: Collection[str]) -> dict[str, Tensor]:
        """The outputs of some operations, as `maps` gives them: what they share is computed once."""
        nodes = {name: self.network.nodes[name] for name in names}
        missing = [node for node in nodes.values() if node not in self.kept]
        values = dict(self.kept)
        if missing:
            with quick_slot():
                values |= Recomputation(self.network.graph).values(missing, self.kept)
        return {name: values[node][0].float().cpu() for name, node in nodes.items()}

    @cached_property
    def answer(self) -> Answer:
        fit = self.network.fit
        found = (
            None if fit is None else float(distance(features(self.network, self.kept, self.scores[None]), fit.means))
        )
        return Answer(self.logits, self.scores.softmax(-1), self.network.classes, found, fit)

    def top(self, k: int = 5) -> tuple[Prediction, ...]:
        """The `k` most probable classes."""
        return self.answer.top(k)


def features(network: Network, kept: Mapping[fx.Node, Tensor], scores: Tensor) -> Tensor:
    """What the classifier reads, (N, features), from the values that a pass kept; where that is maps, the scores."""
    read = network.classifier.all_input_nodes[0]
    with quick_slot():
        value = kept[read] if read in kept else Recomputation(network.graph).values([read], kept)[read]
    return value.float().cpu() if value.ndim == 2 else scores


def capture(network: Network, x: Tensor) -> Activations:
    """Run `x`, (1, C, H, W), through the network; on its device, or on the CPU where it does not fit.

    Raises ValueError when the network does not accept the size.
    """

    def run(device: torch.device) -> Activations:
        on_device = network if device == network.device else network.to(device)
        x_there = x.to(device)
        with forward_slot():
            synchronize(device)
            start = time.perf_counter()
            out, values = on_device.capturing(x_there)
            synchronize(device)
            milliseconds = 1000 * (time.perf_counter() - start)
        kept = dict(zip(on_device.boundaries, values, strict=True))
        logits = out[0] if isinstance(out, tuple) else out  # auxiliary heads come after the classifier
        return Activations(on_device, kept, logits[0].float().cpu(), milliseconds)

    result, _, note = run_with_fallback(run, network.device)
    return Activations(result.network, result.kept, result.logits, result.milliseconds, note)


# ---- some values altered -----------------------------------------------------------------------------------


class _Rerun(Recomputation):
    """Runs the network with some operations replaced, and the outputs of others altered."""

    def __init__(
        self, graph: fx.GraphModule, replaced: Mapping[fx.Node, Operation], alterations: Mapping[fx.Node, Operation]
    ) -> None:
        super().__init__(graph)
        self.replaced, self.alterations = replaced, alterations

    def run_node(self, n: fx.Node) -> Any:
        if n in self.replaced:
            return self.replaced[n](self.env[n.all_input_nodes[0]])
        value = super().run_node(n)
        return self.alterations[n](value) if n in self.alterations else value


def altered(activations: Activations, alterations: Mapping[str, Operation]) -> Activations:
    """The same picture with altered outputs, by the operations that give them, as gates are; the rest follows.

    Only what depends on them runs again. A gate after an altered one is computed from what reaches it. Raises
    KeyError for an operation that the network does not have.
    """
    network = activations.network
    values, milliseconds = _rerun(activations, [*network.boundaries, network.classifier], {}, alterations)
    logits = values[network.classifier][0].float().cpu()
    boundaries = {node: values[node] for node in network.boundaries}
    return replace(activations, kept=boundaries, logits=logits, milliseconds=milliseconds)


def logits_with(
    activations: Activations,
    replaced: Mapping[str, Operation] | None = None,
    alterations: Mapping[str, Operation] | None = None,
) -> Tensor:
    """The logits (N, classes), on the CPU, when the named operations of one input give something else.

    Each function of `replaced` is called with what the operation would read, each of `alterations` with what it gives,
    on the network's device. It may answer for several passes at once: (1, ...) in, (N, ...) out. Raises KeyError for an
    operation that the network does not have.
    """
    classifier = activations.network.classifier
    return _rerun(activations, [classifier], replaced or {}, alterations or {})[0][classifier].float().cpu()


def relative_change(before: Tensor, after: Tensor) -> float:
    """The L2 norm of the difference over that of `before`; 0 where both are zero."""
    difference, norm = float((after - before).norm()), float(before.norm())
    return difference / norm if norm else (float("inf") if difference else 0.0)


def _rerun(
    activations: Activations,
    wanted: Collection[fx.Node],
    replaced: Mapping[str, Operation],
    alterations: Mapping[str, Operation],
) -> tuple[dict[fx.Node, Tensor], float]:
    """The wanted values, and the milliseconds that they took."""
    network = activations.network
    instead = {network.nodes[name]: operation for name, operation in replaced.items()}
    after = {network.nodes[name]: operation for name, operation in alterations.items()}
    stale = {*instead, *after}
    for node in network.graph.graph.nodes:
        if stale.intersection(node.all_input_nodes):
            stale.add(node)
    kept = {node: value for node, value in activations.kept.items() if node not in stale}
    with forward_slot():
        synchronize(network.device)
        start = time.perf_counter()
        values = _Rerun(network.graph, instead, after).values(wanted, kept)
        synchronize(network.device)
    return values, 1000 * (time.perf_counter() - start)
