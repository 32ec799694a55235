"""The feature maps of one image in one network: every operation's output, without keeping every output.

A forward pass keeps the values that cross from one block into another (for ResNet-50 about 25 MB of 144). Any other
operation's output is recomputed from those, inside its block, when it is asked for: the same operations on the same
numbers, so the same result.

A pass can also go another way: some values altered, everything that depends on them computed again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

import torch
from torch import Tensor, fx, nn

from explorer.runtime.device import forward_slot, quick_slot, run_with_fallback, synchronize, training_slot
from explorer.runtime.turns import breathe
from explorer.runtime.weights.fit import MOST, Fit, distance
from explorer.runtime.weights.network import Network

COUNTS = {10: "ten"}
MACS_AT_ONCE = 2_000_000_000  # of a pass of several rows: others wait for its slot
MOST_ROWS = 16
Operation = Callable[[Tensor], Tensor]
T = TypeVar("T")


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

    def reads(self, node: fx.Node) -> Collection[fx.Node]:
        """What the operation's output is made of."""
        return node.all_input_nodes

    def taken(self, value: Tensor) -> Tensor:
        """A kept value as the operations get it."""
        return value

    def run_node(self, n: fx.Node) -> Any:
        """As it is elsewhere, without what helps to debug: that takes a fifth of a small network's time."""
        args, kwargs = self.fetch_args_kwargs_from_env(n)
        if n.op == "call_module":
            return self.submodules[str(n.target)](*args, **kwargs)
        return getattr(self, n.op)(n.target, args, kwargs)

    def values(self, wanted: Collection[fx.Node], kept: Mapping[fx.Node, Tensor]) -> dict[fx.Node, Tensor]:
        needed: set[fx.Node] = set()
        read: set[fx.Node] = set()
        stack = list(wanted)
        while stack:
            node = stack.pop()
            if node in kept:
                read.add(node)
            elif node not in needed:
                needed.add(node)
                stack.extend(self.reads(node))
        self.env = {node: self.taken(kept[node]) for node in read}
        for node in self.graph.nodes:
            if node in needed:
                breathe()
                self.env[node] = self.run_node(node)
                for used in self.user_to_last_uses.get(node, ()):
                    if used not in wanted:
                        self.env.pop(used, None)
        return {node: self.env[node] for node in wanted}


@dataclass(frozen=True)
class Changes:
    """What is altered in a pass.

    Attributes:
        instead: by an operation's name, the one whose output it passes on.
        alterations: what is made of operations' outputs after that.
        before: outputs as they would be unaltered, where they are known.
    """

    instead: Mapping[str, str] = field(default_factory=dict)
    alterations: Mapping[str, Operation] = field(default_factory=dict)
    before: Mapping[fx.Node, Tensor] = field(default_factory=dict)

    def __contains__(self, name: object) -> bool:
        return name in self.instead or name in self.alterations

    def then(self, instead: Mapping[str, str], alterations: Mapping[str, Operation]) -> Changes:
        """These, and others after them."""
        both = {n: _in_turn(self.alterations[n], a) for n, a in alterations.items() if n in self.alterations}
        return Changes({**self.instead, **instead}, {**self.alterations, **alterations, **both}, self.before)


def _in_turn(first: Operation, second: Operation) -> Operation:
    return lambda x: second(first(x))


@dataclass(frozen=True)
class Activations:
    """The results of a forward pass.

    `milliseconds` is that pass alone, synchronized; `note` says if it fell back; `changes` is what was altered in it.
    """

    network: Network
    kept: dict[fx.Node, Tensor]
    logits: Tensor
    milliseconds: float
    note: str | None = None
    changes: Changes = field(default_factory=lambda: Changes())

    @property
    def device(self) -> torch.device:
        return self.network.device

    @property
    def nbytes(self) -> int:
        """Bytes of the values; the network is counted where it is cached."""
        return sum(t.nbytes for t in (*self.kept.values(), *self.changes.before.values(), self.logits))

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
    """Runs the network with some outputs replaced or altered.

    Of `instead`, another operation's output is passed on; of `replaced`, a function's of what the operation would read;
    then `alterations` make another output of it. `unaltered` are outputs that are known before they are altered.
    """

    def __init__(
        self,
        graph: fx.GraphModule,
        instead: Mapping[fx.Node, fx.Node],
        replaced: Mapping[fx.Node, Operation],
        alterations: Mapping[fx.Node, Operation],
        unaltered: Mapping[fx.Node, Tensor],
    ) -> None:
        super().__init__(graph)
        self.instead, self.replaced, self.alterations, self.unaltered = instead, replaced, alterations, unaltered

    def taken(self, value: Tensor) -> Tensor:
        """What was made without gradients can't be part of a way back: a copy can."""
        return value.clone() if torch.is_grad_enabled() else value

    def reads(self, node: fx.Node) -> Collection[fx.Node]:
        if node in self.unaltered:
            return ()
        if node in self.instead:
            return (self.instead[node],)
        return super().reads(node.prev if node in self.folded else node)

    @cached_property
    def folded(self) -> Collection[fx.Node]:
        """Where a way back is made, what normalizes that which a convolution gives nobody else: they are one then.

        That is exact, and of MobileNet V2's way there and back it takes a third.
        """
        changed = {*self.instead, *self.replaced, *self.alterations, *self.unaltered}
        return {
            node
            for node in self.graph.nodes
            if torch.is_grad_enabled()
            and node.op == node.prev.op == "call_module"
            and type(self.submodules[str(node.target)]) is nn.BatchNorm2d
            and type(self.submodules[str(node.prev.target)]) is nn.Conv2d
            and list(node.prev.users) == [node]
            and node.prev not in changed
            and node not in self.replaced
        }

    def run_node(self, n: fx.Node) -> Any:
        value = self._unaltered(n)
        return self.alterations[n](value) if n in self.alterations else value

    def _unaltered(self, n: fx.Node) -> Any:
        if n in self.unaltered:
            return self.unaltered[n]
        if n in self.instead:
            return self.env[self.instead[n]]
        if n in self.replaced:
            return self.replaced[n](self.env[n.all_input_nodes[0]])
        if n in self.folded:
            convolution, normalization = (self.submodules[str(node.target)] for node in (n.prev, n))
            return _folded(convolution, normalization, self.env[n.prev.all_input_nodes[0]])
        return super().run_node(n)

    def call_function(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if target is torch.cat:  # several passes at once may meet maps that are the same in all of them
            rows = max(len(part) for part in args[0])
            args = ([part.expand(rows, *part.shape[1:]) for part in args[0]], *args[1:])
        return super().call_function(target, args, kwargs)


def _folded(convolution: Any, normalization: Any, x: Tensor) -> Tensor:
    """A convolution and the normalization of its output as one convolution, whose weights get no gradient."""
    bn = normalization
    with torch.no_grad():
        scale = bn.weight * torch.rsqrt(bn.running_var + bn.eps)
        shift = torch.addcmul(bn.bias, bn.running_mean, scale, value=-1)
        if convolution.bias is not None:
            shift = torch.addcmul(shift, convolution.bias, scale)
        weight = convolution.weight * scale[:, None, None, None]
    found: Tensor = convolution._conv_forward(x, weight, shift)
    return found


def alter(activations: Activations, instead: Mapping[str, str], alterations: Mapping[str, Operation]) -> Activations:
    """The same pass with more changes; only what depends on them runs again.

    By the names of operations: of `instead`, the output of the one named second is passed on in place of the first's;
    then `alterations` are called with outputs. Raises KeyError for an operation that the network does not have.
    """
    network = activations.network
    changes = activations.changes.then(instead, alterations)
    altered = {network.nodes[name] for name in (*changes.instead, *changes.alterations)}
    wanted = {*network.boundaries, network.classifier, *altered}
    values, before, milliseconds = _rerun(activations, wanted, {}, instead, alterations)
    return replace(
        activations,
        kept={node: values[node] for node in {*network.boundaries, *altered}},  # nobody can compute these again
        logits=values[network.classifier][0].float().cpu(),
        milliseconds=milliseconds,
        changes=replace(changes, before=before),
    )


def logits_with(
    activations: Activations,
    replaced: Mapping[str, Operation] | None = None,
    alterations: Mapping[str, Operation] | None = None,
) -> Tensor:
    """The logits (N, classes), on the CPU, when the named operations of one input give something else.

    Each function of `replaced` is called with what the operation would read, each of `alterations` with what it gives,
    on the network's device. It may answer for several passes at once: (1, ...) in, (N, ...) out. What was altered in
    the pass stays so. Raises KeyError for an operation that the network does not have.
    """
    return outputs_with(activations, activations.network.classifier.meta["name"], replaced, alterations)


def outputs_with(
    activations: Activations,
    name: str,
    replaced: Mapping[str, Operation] | None = None,
    alterations: Mapping[str, Operation] | None = None,
) -> Tensor:
    """The same of any operation: its output for all passes, (N, ...)."""
    node = activations.network.nodes[name]
    values, _, _ = _rerun(activations, {node}, replaced or {}, {}, alterations or {})
    return values[node].float().cpu()


@dataclass(frozen=True)
class Slope:
    """An operation's output, (N, ...), and how much a number grows with each of its values; both on the CPU."""

    value: Tensor
    gradient: Tensor


def slope(
    activations: Activations,
    name: str,
    of: str,
    number: Callable[[Network, Tensor], Tensor],
    rows: Operation = lambda x: x,
    alterations: Mapping[str, Operation] | None = None,
) -> Slope:
    """How a number that is made of the output of the operation `of` changes with the output of the one called `name`.

    Forwards and backwards only what lies between the two runs; on the CPU, where the device has too little memory.
    Raises KeyError for an operation that the network does not have, ValueError where `of` does not depend on it.

    Args:
        number: makes a number of each row of that output: (N,).
        rows: makes several passes of the one's output, (1, ...) to (N, ...): they are independent.
        alterations: of other operations in between.
    """

    def run(device: torch.device) -> Slope:
        there = _on(activations, device)
        begun: list[Tensor] = []

        def begin(x: Tensor) -> Tensor:
            begun.append(rows(x).detach().clone().requires_grad_())
            return begun[0]

        target = there.network.nodes[of]
        made, _, _ = _rerun(there, {target}, {}, {}, {name: begin, **(alterations or {})}, training_slot)
        if not begun:
            raise ValueError(f"{of} does not depend on {name}.")
        with training_slot():
            total = number(there.network, made[target]).sum()
            (found,) = torch.autograd.grad(total, begun, allow_unused=True) if total.requires_grad else (None,)
        found = torch.zeros_like(begun[0]) if found is None else found
        return Slope(begun[0].detach().float().cpu(), found.float().cpu())

    return run_with_fallback(run, activations.device)[0]


def _on(activations: Activations, device: torch.device) -> Activations:
    """The same pass on another device; what it ran on stays where it is."""
    if device == activations.device:
        return activations
    network = activations.network.to(device)

    def moved(values: Mapping[fx.Node, Tensor]) -> dict[fx.Node, Tensor]:
        return {network.nodes[node.meta["name"]]: value.to(device) for node, value in values.items()}

    changes = replace(activations.changes, before=moved(activations.changes.before))
    return replace(activations, network=network, kept=moved(activations.kept), changes=changes)


def in_batches(items: Sequence[T], macs: int) -> list[Sequence[T]]:
    """What `logits_with` answers for, as much together as one pass may take; `macs` is what a single pass costs."""
    rows = max(1, min(MOST_ROWS, MACS_AT_ONCE // max(1, macs)))
    return [items[first : first + rows] for first in range(0, len(items), rows)]


def relative_change(before: Tensor, after: Tensor) -> float:
    """The L2 norm of the difference over that of `before`; 0 where both are zero."""
    difference, norm = float((after - before).norm()), float(before.norm())
    return difference / norm if norm else (float("inf") if difference else 0.0)


def _rerun(
    activations: Activations,
    wanted: Collection[fx.Node],
    replaced: Mapping[str, Operation],
    instead: Mapping[str, str],
    alterations: Mapping[str, Operation],
    slot: Callable[[], AbstractContextManager[None]] = forward_slot,
) -> tuple[dict[fx.Node, Tensor], dict[fx.Node, Tensor], float]:
    """The wanted values, what altered ones would be unaltered, where that is known, and the milliseconds it took."""
    network, changes = activations.network, activations.changes.then(instead, alterations)
    nodes = network.nodes
    stale = {nodes[name] for name in (*replaced, *instead, *alterations)}
    reached = {nodes[name] for name in (*replaced, *instead)}
    for node in network.graph.graph.nodes:
        if stale.intersection(node.all_input_nodes):
            stale.add(node)
            reached.add(node)
    unaltered = {n: value for n, value in activations.kept.items() if n.meta["name"] not in activations.changes}
    known = {**unaltered, **activations.changes.before}
    before = {n: known[n] for n in map(nodes.__getitem__, changes.alterations) if n in known and n not in reached}
    rerun = _Rerun(
        network.graph,
        {nodes[name]: nodes[source] for name, source in changes.instead.items()},
        {nodes[name]: operation for name, operation in replaced.items()},
        {nodes[name]: operation for name, operation in changes.alterations.items()},
        before,
    )
    kept = {node: value for node, value in activations.kept.items() if node not in stale}
    with slot():
        synchronize(network.device)
        start = time.perf_counter()
        values = rerun.values({*wanted, *rerun.instead.values()}, kept)
        synchronize(network.device)
    return values, before, 1000 * (time.perf_counter() - start)
