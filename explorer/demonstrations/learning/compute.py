"""LeNet-5 trained from scratch, one stage of a step at a time: forward, loss, backward, update.

The whole steps that follow each other quickly are made of the same four stages. Nothing is random but the first weights
and the drawings, and both follow from the recipe's seed: the same recipe, rates and steps give the same weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.analysis.initialization import Seeded
from explorer.architectures import variant
from explorer.architectures.lenet import LeNet5, map_loss
from explorer.demonstrations.learning.drawings import Batch, Handwriting, draw
from explorer.runtime.maps import FloatArray
from explorer.runtime.weights.network import class_scores

Activation = Literal["tanh", "relu"]
Initialization = Literal["torch", "paper", "zero", "alike", "large"]
Place = tuple[int, int]
Stage = Literal["forward", "loss", "backward", "update"]
STAGES: tuple[Stage, ...] = ("forward", "loss", "backward", "update")

HELD_OUT = 500  # drawings of each handwriting that no step learns from
HELD_OUT_SEED = 1000  # larger than that of any training
MEASURED_EVERY = 20  # steps from one look at these to the next
MOST_STEPS = 1500  # of one training
LARGE = 10  # times torch's default
MAPS = ("c1", "s2", "c3")  # stages whose maps are shown
ALIKE = 1e-6  # weights that differ by less are the same but for rounding


@dataclass(frozen=True)
class Recipe:
    """What a training begins with; another one begins anew.

    Attributes:
        variant: "lenet5" or "lenet5_modern".
        writings: the handwritings that it learns from.
        activation: after every layer but the output.
        initialization: of the weights; see `build`.
        batch: drawings a step.
        seed: of the first weights and of the drawings, less than `HELD_OUT_SEED`.
    """

    variant: str
    writings: tuple[Handwriting, ...] = ("first",)
    activation: Activation = "relu"
    initialization: Initialization = "torch"
    batch: int = 32
    seed: int = 0

    @property
    def unseen(self) -> tuple[Handwriting, ...]:
        """The handwritings of which it is shown nothing."""
        every: tuple[Handwriting, ...] = ("first", "second")
        return tuple(writing for writing in every if writing not in self.writings)


@dataclass(frozen=True)
class Rates:
    """How far an update goes: these can change while the training runs."""

    rate: float
    momentum: float


@dataclass(frozen=True)
class Score:
    """Mean loss of some drawings, and how many percent of them are read right."""

    loss: float
    accuracy: float


@dataclass(frozen=True)
class Point:
    """What was measured after so many steps.

    Attributes:
        training: of the drawings of all steps since the point before, each before the step learnt from it; None where
            there was none.
        fresh: of the held-out drawings of the handwritings that it learns from.
        unseen: of those of the other handwriting; None where it learns from both.
    """

    step: int
    training: Score | None
    fresh: Score
    unseen: Score | None


@dataclass(frozen=True)
class Size:
    """What one step did to one layer's parameters, all together: L2 norms. `update` is None until the update."""

    layer: str
    weights: float
    gradient: float
    update: float | None = None

    @property
    def relative(self) -> float | None:
        """The update's norm as a part of that of the weights before it."""
        return self.update / self.weights if self.update is not None and self.weights else None


@dataclass(frozen=True)
class Weight:
    """One weight in a step: its value before, the loss's derivative by it, its value after the update."""

    before: float
    gradient: float
    after: float | None = None


@dataclass
class Step:
    """What a step has computed so far of its batch.

    Attributes:
        number: from 1 on.
        outputs: (N, 10), logits or distances.
        answers: (N,), the digits that are read.
        loss: their mean loss, ().
        sizes: by layer, from the first to the last.
        weight: the middle one of C1's first kernel.
        rates: of its update.
        again: the mean loss of the same batch after the update; None unless somebody goes stage by stage.
    """

    number: int
    batch: Batch
    outputs: Tensor
    answers: Tensor
    loss: Tensor | None = None
    sizes: tuple[Size, ...] = ()
    weight: Weight | None = None
    rates: Rates | None = None
    again: float | None = None


# ---- the network -------------------------------------------------------------------------------------------


def build(recipe: Recipe) -> LeNet5:
    """The network with its first weights.

    "torch": uniform within 1 / sqrt(n), n a unit's inputs, what a layer of torch has by default. "paper": within
    2.4 / n (LeCun et al. 1998, appendix A). "zero". "alike": each weight 1 / n, biases 0. "large": ten times torch's.
    """
    with Seeded(recipe.seed):
        model = cast(LeNet5, variant(recipe.variant).build(activation=recipe.activation))
    if recipe.initialization != "paper":
        generator = torch.Generator().manual_seed(recipe.seed)
        for module in model.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                _fill(module, recipe.initialization, generator)
    return model.train()


@torch.no_grad()
def _fill(layer: nn.Conv2d | nn.Linear, initialization: Initialization, generator: torch.Generator) -> None:
    inputs = layer.weight[0].numel()
    if initialization in ("zero", "alike"):
        layer.weight.fill_(1 / inputs if initialization == "alike" else 0.0)
        if layer.bias is not None:
            layer.bias.zero_()
        return
    reach = inputs**-0.5 * (LARGE if initialization == "large" else 1)
    for parameter in layer.parameters():
        parameter.uniform_(-reach, reach, generator=generator)


def loss_of(model: LeNet5, outputs: Tensor, labels: Tensor) -> Tensor:
    """The mean loss of some drawings: cross-entropy of logits, or the paper's criterion for distances."""
    return map_loss(outputs, labels) if model.smallest_wins else F.cross_entropy(outputs, labels)


def kernels(model: LeNet5) -> FloatArray:
    """C1's kernels, (6, 5, 5)."""
    values: FloatArray = model.get_parameter("c1.conv.weight").detach()[:, 0].numpy().copy()
    return values


# ---- the training ------------------------------------------------------------------------------------------


@cache
def held_out(writings: tuple[Handwriting, ...]) -> Batch:
    """The drawings that are only read, as many of each handwriting; the same for every training."""
    parts = [draw(writing, HELD_OUT // len(writings), HELD_OUT_SEED, 0) for writing in writings]
    return Batch(torch.cat([p.inputs for p in parts]), torch.cat([p.labels for p in parts]))


class Training:
    """A network in training.

    Attributes:
        number: how many steps are complete.
        stages: how many stages of the present step are done; 0 between two steps.
        last: the present step, or the last one.
        points: what was measured, from step 0 on.
        changes: the rates, and from which step on.
        failed: whether the loss is no number any more: then nothing goes on.
    """

    def __init__(self, recipe: Recipe, rates: Rates) -> None:
        self.recipe = recipe
        self.model = build(recipe)
        self.number = 0
        self.stages = 0
        self.last: Step | None = None
        self.changes = [(0, rates)]
        self.failed = False
        self._velocities: dict[nn.Parameter, Tensor] = {}
        self._sum = np.zeros(3)  # of loss, right answers and drawings since the last point
        self.points = [self._point()]

    @property
    def done(self) -> bool:
        """Whether it goes on no more."""
        return self.failed or self.number >= MOST_STEPS

    @property
    def place(self) -> Place:
        """How many steps are complete, and how many stages of the next one."""
        return self.number, self.stages

    @property
    def rates(self) -> Rates:
        return self.changes[-1][1]

    def set_rates(self, rates: Rates) -> None:
        """Other rates, from the next update on."""
        if rates == self.rates:
            return
        if self.changes[-1][0] == self.number:
            self.changes.pop()
        if not self.changes or self.changes[-1][1] != rates:
            self.changes.append((self.number, rates))

    def advance(self, closely: bool = True) -> None:
        """The next stage; `closely`: the batch is read again after the update."""
        if self.done:
            return
        with torch.enable_grad():
            match STAGES[self.stages]:
                case "forward":
                    self._forward()
                case "loss":
                    self._loss()
                case "backward":
                    self._backward()
                case "update":
                    self._update(closely)
        if not self.failed:
            self.stages = (self.stages + 1) % len(STAGES)
            if self.stages == 0:
                self._count()

    def go(self) -> None:
        """The rest of the present step, or a whole one."""
        while not self.done:
            self.advance(closely=False)
            if self.stages == 0:
                return

    def _forward(self) -> None:
        batch = self._batch()
        outputs = self.model(batch.inputs)
        answers = class_scores(self.model, outputs.detach()).argmax(1)
        self.last = Step(self.number + 1, batch, outputs, answers)

    def _batch(self) -> Batch:
        """The batch of this step: an equal share of each handwriting, the odd drawing of the first one."""
        recipe = self.recipe
        shares = [len(range(i, recipe.batch, len(recipe.writings))) for i in range(len(recipe.writings))]
        parts = [
            draw(writing, share, recipe.seed, self.number + 1)
            for writing, share in zip(recipe.writings, shares, strict=True)
            if share
        ]
        return Batch(torch.cat([p.inputs for p in parts]), torch.cat([p.labels for p in parts]))

    def _loss(self) -> None:
        step = self._present
        step.loss = loss_of(self.model, step.outputs, step.batch.labels)
        self.failed = not bool(step.loss.isfinite())

    def _backward(self) -> None:
        step = self._present
        assert step.loss is not None
        self.model.zero_grad()
        step.loss.backward()
        step.sizes = tuple(Size(name, _norm(ps), _norm([_gradient(p) for p in ps])) for name, ps in self._layers())
        step.weight = Weight(_middle(self._watched), _middle(_gradient(self._watched)))

    def _update(self, closely: bool) -> None:
        step = self._present
        before = [[p.detach().clone() for p in ps] for _, ps in self._layers()]
        self._descend()
        changes = [
            _norm([p.detach() - b for p, b in zip(ps, bs, strict=True)])
            for (_, ps), bs in zip(self._layers(), before, strict=True)
        ]
        step.sizes = tuple(
            Size(s.layer, s.weights, s.gradient, change) for s, change in zip(step.sizes, changes, strict=True)
        )
        assert step.weight is not None
        step.rates = self.rates
        step.weight = replace(step.weight, after=_middle(self._watched))
        if closely:
            with torch.no_grad():
                outputs = self.model(step.batch.inputs)
                step.again = float(loss_of(self.model, outputs, step.batch.labels))

    @torch.no_grad()
    def _descend(self) -> None:
        """Stochastic gradient descent, as `torch.optim.SGD` does it, whose import takes seconds.

        A weight's velocity is its gradient plus `momentum` times its velocity before; it moves by -`rate` times that.
        """
        for parameter in self.model.parameters():
            gradient = _gradient(parameter)
            velocity = self._velocities.get(parameter)
            velocity = gradient.clone() if velocity is None else velocity.mul_(self.rates.momentum).add_(gradient)
            self._velocities[parameter] = velocity
            parameter.add_(velocity, alpha=-self.rates.rate)

    def _count(self) -> None:
        """The step is complete."""
        step = self._present
        self.last = step = _detached(step)  # else it holds the whole pass
        self.number += 1
        count = len(step.batch.labels)
        assert step.loss is not None
        self._sum += float(step.loss) * count, int((step.answers == step.batch.labels).sum()), count
        if self.number % MEASURED_EVERY == 0 or self.number == MOST_STEPS:
            self.points.append(self._point())

    @property
    def _watched(self) -> nn.Parameter:
        """C1's kernels, one of whose weights is followed."""
        return self.model.get_parameter("c1.conv.weight")

    @property
    def _present(self) -> Step:
        assert self.last is not None
        return self.last

    def _layers(self) -> Iterator[tuple[str, list[nn.Parameter]]]:
        """Each stage that has parameters, from the first to the last."""
        for name, stage in self.model.named_children():
            if parameters := list(stage.parameters()):
                yield name, parameters

    def _point(self) -> Point:
        loss, right, count = self._sum.tolist()
        training = Score(loss / count, 100 * right / count) if count else None
        self._sum = np.zeros(3)
        unseen = self.score(held_out(self.recipe.unseen)) if self.recipe.unseen else None
        return Point(self.number, training, self.score(held_out(self.recipe.writings)), unseen)

    def view(self, x: Tensor) -> View:
        """What there is to see of it now, with one picture, (1, 1, 32, 32)."""
        return View(
            self.recipe,
            self.number,
            self.stages,
            self.done,
            self.failed,
            tuple(self.points),
            tuple(self.changes),
            self.last and _detached(self.last),
            kernels(self.model),
            read(self.model, x),
        )

    @torch.no_grad()
    def score(self, drawings: Batch) -> Score:
        """How it reads these now."""
        outputs = self.model(drawings.inputs)
        loss = loss_of(self.model, outputs, drawings.labels)
        right = class_scores(self.model, outputs).argmax(1) == drawings.labels
        return Score(float(loss), 100 * float(right.float().mean()))


def _detached(step: Step) -> Step:
    """The same numbers without what the backward pass needs."""
    return replace(step, outputs=step.outputs.detach(), loss=None if step.loss is None else step.loss.detach())


def _middle(kernels: Tensor) -> float:
    """The middle weight of the first kernel."""
    return float(kernels.detach()[0, 0, 2, 2])


def _gradient(parameter: nn.Parameter) -> Tensor:
    """Its gradient; zeros where nothing depends on it."""
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


def _norm(parts: list[Tensor] | list[nn.Parameter]) -> float:
    """The root of the sum of all squares."""
    with torch.no_grad():
        return float(torch.cat([part.flatten() for part in parts]).double().norm())


# ---- what the network makes of one picture -----------------------------------------------------------------


@dataclass(frozen=True)
class Reading:
    """One picture, (1, 1, 32, 32), in the network as it stands.

    Attributes:
        scores: (10,); the largest is the answer.
        outputs: (10,), logits or distances.
        maps: (C, H, W) of each of `MAPS`, by name.
    """

    outputs: FloatArray
    scores: FloatArray
    maps: dict[str, FloatArray]

    @property
    def answer(self) -> int:
        return int(self.scores.argmax())

    @property
    def probability(self) -> float:
        """Of the answer, among the ten: the softmax of the scores."""
        shifted = np.exp(self.scores.astype(np.float64) - self.scores.max())
        return float(shifted.max() / shifted.sum())

    @property
    def finite(self) -> bool:
        return bool(np.isfinite(self.scores).all()) and all(bool(np.isfinite(m).all()) for m in self.maps.values())


@torch.no_grad()
def read(model: LeNet5, x: Tensor) -> Reading:
    """The picture in all layers."""
    maps: dict[str, FloatArray] = {}
    for name, stage in model.named_children():
        x = stage(x)
        if name in MAPS:
            maps[name] = x[0].numpy().copy()
    return Reading(x[0].numpy().copy(), class_scores(model, x)[0].numpy().copy(), maps)


@dataclass(frozen=True)
class View:
    """A training as it stands: a copy, which the next step does not alter. As in `Training`, and:

    Attributes:
        kernels: C1's, (6, 5, 5).
        reading: of the picture that is tried.
    """

    recipe: Recipe
    number: int
    stages: int
    done: bool
    failed: bool
    points: tuple[Point, ...]
    changes: tuple[tuple[int, Rates], ...]
    step: Step | None
    kernels: FloatArray
    reading: Reading

    @property
    def alike(self) -> bool:
        """Whether C1's kernels are all the same."""
        return bool(np.ptp(self.kernels, axis=0).max() < ALIKE)

    @property
    def finite(self) -> bool:
        """Whether all that is shown are numbers."""
        return bool(np.isfinite(self.kernels).all()) and self.reading.finite
