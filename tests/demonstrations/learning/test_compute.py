"""The training: its four stages are one step of torch's, its sizes are autograd's, and it learns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.architectures.lenet import map_loss
from explorer.demonstrations.learning import compute
from explorer.demonstrations.learning.compute import (
    HELD_OUT_SEED,
    STAGES,
    Rates,
    Recipe,
    Training,
    build,
    held_out,
    loss_of,
    read,
)
from explorer.demonstrations.learning.drawings import draw
from explorer.demonstrations.learning.panel import SEED

MODERN, OLD = Recipe("lenet5_modern", batch=4), Recipe("lenet5", activation="tanh", batch=4)
RATES = Rates(0.05, 0.9)
SMALL = 40  # held-out drawings, where their number does not matter


@pytest.fixture(autouse=True)
def few_held_out(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(compute, "HELD_OUT", SMALL)
    held_out.cache_clear()
    yield
    held_out.cache_clear()


def weights(training: Training) -> list[Tensor]:
    return [p.detach().clone() for p in training.model.parameters()]


def same(first: Training, second: Training) -> bool:
    return all(torch.equal(a, b) for a, b in zip(weights(first), weights(second), strict=True))


def gone(recipe: Recipe, steps: int, rates: Rates = RATES) -> Training:
    training = Training(recipe, rates)
    for _ in range(steps):
        training.go()
    return training


# ---- one step ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", [MODERN, OLD], ids=lambda r: r.variant)
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_four_stages_are_one_step_of_sgd(recipe: Recipe, momentum: float) -> None:
    training = Training(recipe, Rates(0.01, momentum))
    model = build(recipe)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=momentum)
    velocity = [torch.zeros_like(p) for p in model.parameters()]
    own = [p.detach().clone() for p in model.parameters()]
    for number in range(1, 4):
        batch = draw("first", 4, recipe.seed, number)
        outputs = model(batch.inputs)
        loss = map_loss(outputs, batch.labels) if recipe is OLD else F.cross_entropy(outputs, batch.labels)
        optimizer.zero_grad()
        loss.backward()
        gradients = [p.grad.clone() for p in model.parameters() if p.grad is not None]
        optimizer.step()
        for stage in STAGES:
            assert STAGES[training.stages] == stage
            training.advance()
        step = training.last
        assert step is not None and training.number == step.number == number and training.stages == 0
        assert torch.equal(step.batch.inputs, batch.inputs)
        assert step.loss is not None and float(step.loss.detach()) == float(loss.detach())
        assert all(torch.equal(a, b) for a, b in zip(weights(training), model.parameters(), strict=True))
        # and by hand: v = m v + g, w = w - r v
        velocity = [momentum * v + g for v, g in zip(velocity, gradients, strict=True)]
        own = [w - 0.01 * v for w, v in zip(own, velocity, strict=True)]
        assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(weights(training), own, strict=True))
        again = loss_of(training.model, training.model(batch.inputs), batch.labels)
        assert step.again == pytest.approx(float(again.detach()))


@pytest.mark.parametrize("recipe", [MODERN, OLD], ids=lambda r: r.variant)
def test_the_sizes_are_autograds_and_those_of_the_update(recipe: Recipe) -> None:
    training = Training(recipe, RATES)
    training.go()
    before = {name: [p.detach().clone() for p in s.parameters()] for name, s in training.model.named_children()}
    model = build(recipe)
    model.load_state_dict(training.model.state_dict())
    batch = draw("first", 4, recipe.seed, 2)
    loss = loss_of(model, model(batch.inputs), batch.labels)
    training.go()
    step = training.last
    assert step is not None
    layers = {name: list(stage.parameters()) for name, stage in model.named_children() if list(stage.parameters())}
    assert [size.layer for size in step.sizes] == list(layers)
    for size in step.sizes:
        parts = torch.autograd.grad(loss, layers[size.layer], retain_graph=True)
        assert size.gradient == pytest.approx(sum(float(g.double().square().sum()) for g in parts) ** 0.5, rel=1e-5)
        after = training.model.get_submodule(size.layer).parameters()
        moved = [a.detach() - b for a, b in zip(after, before[size.layer], strict=True)]
        assert size.update == pytest.approx(sum(float(m.double().square().sum()) for m in moved) ** 0.5, rel=1e-5)
        whole = sum(float(b.double().square().sum()) for b in before[size.layer]) ** 0.5
        assert size.update is not None and size.relative == pytest.approx(size.update / whole, rel=1e-6)
    kernel, weight = training.model.get_parameter("c1.conv.weight"), step.weight
    assert weight is not None and weight.before == float(before["c1"][0][0, 0, 2, 2])
    assert weight.after == float(kernel[0, 0, 2, 2].detach())


def test_the_same_recipe_and_steps_give_the_same_weights_however_one_goes() -> None:
    straight = gone(MODERN, 3)
    closely = Training(MODERN, RATES)
    for _ in range(6):  # a step and a half
        closely.advance()
    closely.go()  # the rest of the second
    assert closely.number == 2 and closely.stages == 0
    closely.go()
    assert same(straight, closely)
    assert not same(straight, gone(replace(MODERN, seed=1), 3))
    assert not same(straight, gone(MODERN, 3, Rates(0.05, 0.0)))


def test_other_rates_act_from_the_next_update_on() -> None:
    training = gone(MODERN, 1)
    training.set_rates(Rates(0.1, 0.9))
    training.set_rates(Rates(0.0005, 0.9))
    training.set_rates(Rates(0.0005, 0.9))
    before = weights(training)
    training.go()
    assert training.changes == [(0, RATES), (1, Rates(0.0005, 0.9))]
    assert training.last is not None and training.last.rates == training.rates
    further = max(float((a - b).abs().max()) for a, b in zip(weights(training), before, strict=True))
    usual = gone(MODERN, 1)
    before = weights(usual)
    usual.go()
    assert 0 < 50 * further < max(float((a - b).abs().max()) for a, b in zip(weights(usual), before, strict=True))
    training.set_rates(RATES)
    training.set_rates(Rates(0.0005, 0.9))  # and back, before anything came of it
    assert training.changes == [(0, RATES), (1, Rates(0.0005, 0.9))]


# ---- first weights -----------------------------------------------------------------------------------------


def test_zeros_stay_zeros_and_equals_stay_equal() -> None:
    for recipe, last in ((MODERN, "output.linear.bias"), (OLD, "f6.linear.bias")):
        zero = gone(replace(recipe, initialization="zero"), 3)
        learnt = {name for name, p in zero.model.named_parameters() if p.any() and "coefficient" not in name}
        assert learnt == {last} and zero.view(torch.zeros(1, 1, 32, 32)).alike
    alike = gone(replace(MODERN, initialization="alike"), 3)
    for name in ("c1.conv", "c3.conv", "c5.linear", "f6.linear"):
        weight = alike.model.get_submodule(name).get_parameter("weight").detach()
        first = build(alike.recipe).get_submodule(name).get_parameter("weight").detach()
        assert torch.allclose(weight, weight[:1].expand_as(weight), atol=1e-6)
        assert not torch.allclose(weight, first, atol=1e-5)  # it does learn
    assert not gone(MODERN, 1).view(torch.zeros(1, 1, 32, 32)).alike


def test_the_papers_table_of_connections_breaks_the_symmetry_of_c3_but_not_of_c1() -> None:
    """Maps of C3 that read three, four or all maps learn differently; each map of S2 is read in the same ways."""
    training = gone(replace(OLD, initialization="alike"), 3, Rates(0.002, 0.9))
    maps = [training.model.get_parameter(f"c3.conv.maps.{i}.weight").detach() for i in (0, 6, 15)]
    assert len({round(float(w.sum()), 5) for w in maps}) == 3  # 1 at first
    assert training.view(torch.zeros(1, 1, 32, 32)).alike


@pytest.mark.parametrize(("initialization", "reach"), [("torch", 0.2), ("paper", 0.096), ("large", 2.0)])
def test_random_first_weights_fill_their_range(initialization: compute.Initialization, reach: float) -> None:
    """C1's units have 25 inputs."""
    weight = build(replace(MODERN, initialization=initialization)).get_parameter("c1.conv.weight")
    largest = float(weight.detach().abs().max())
    assert 0.9 * reach < largest <= reach


# ---- how it goes -------------------------------------------------------------------------------------------


def test_it_reads_95_percent_of_drawings_that_it_was_never_shown() -> None:
    training = Training(Recipe("lenet5_modern", activation="tanh"), Rates(0.03, 0.9))
    while training.points[-1].fresh.accuracy < 95:
        training.go()
        assert training.number <= 200
    assert training.points[0].fresh.accuracy < 30 and training.points[-1].fresh.loss < training.points[0].fresh.loss / 3
    score, drawings = training.points[-1].fresh, held_out(("first",))
    answers = [read(training.model, x[None]).answer for x in drawings.inputs]
    right = sum(a == label for a, label in zip(answers, drawings.labels.tolist(), strict=True))
    assert score.accuracy == pytest.approx(100 * right / SMALL) and len(answers) == SMALL


def test_no_training_draws_what_is_held_out() -> None:
    assert SEED.limits()[1] < HELD_OUT_SEED
    both = replace(MODERN, writings=("first", "second"))
    assert MODERN.unseen == ("second",) and both.unseen == ()
    assert Training(both, RATES).points[0].unseen is None
    assert len(held_out(both.writings).labels) == SMALL
    training = gone(both, 1)
    assert training.last is not None
    expected = torch.cat([draw(w, 2, 0, 1).inputs for w in both.writings])
    assert torch.equal(training.last.batch.inputs, expected)


def test_a_loss_that_is_no_number_ends_it_before_the_weights_are_touched() -> None:
    training = Training(replace(MODERN, initialization="large"), Rates(1.0, 0.9))
    for _ in range(30):
        training.go()
    assert training.failed and training.done
    assert training.last is not None and training.last.loss is not None and not training.last.loss.isfinite()
    place, before = training.place, weights(training)
    training.go()
    training.advance()
    assert training.place == place
    assert all(
        torch.equal(
            a,
            b,
        )
        or bool(a.isnan().any())
        for a, b in zip(weights(training), before, strict=True)
    )


def test_points_are_means_of_what_was_drawn_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "MEASURED_EVERY", 2)
    monkeypatch.setattr(compute, "MOST_STEPS", 3)
    training, losses, right = Training(MODERN, RATES), [], 0
    for _ in range(2):
        training.go()
        step = training.last
        assert step is not None and step.loss is not None
        losses.append(float(step.loss))
        right += int((step.answers == step.batch.labels).sum())
    point = training.points[-1]
    assert point.step == 2 and point.training is not None
    assert point.training.loss == pytest.approx(np.mean(losses)) and point.training.accuracy == 100 * right / 8
    training.go()
    assert training.done and not training.failed and training.points[-1].step == 3
    training.go()
    assert training.number == 3


@pytest.mark.parametrize("recipe", [MODERN, OLD], ids=lambda r: r.variant)
def test_a_view_is_what_the_network_was_then(recipe: Recipe) -> None:
    training = gone(recipe, 1, Rates(0.002, 0.9))
    x = draw("second", 1, 0, 0).inputs
    with torch.no_grad():
        outputs = training.model(x)[0].clone()
    view = training.view(x)
    kernels = view.kernels.copy()
    training.go()
    assert np.array_equal(view.kernels, kernels) and not np.array_equal(kernels, training.view(x).kernels)
    assert view.number == 1 and view.step is not None and view.step.number == 1
    reading = view.reading
    assert np.array_equal(reading.outputs, outputs.numpy())
    smallest = recipe is OLD
    assert reading.answer == int(outputs.argmin() if smallest else outputs.argmax())
    sign = -1 if smallest else 1
    assert reading.probability == pytest.approx(float((sign * outputs).softmax(0).max()), rel=1e-5)
    assert {name: maps.shape for name, maps in reading.maps.items()} == {
        "c1": (6, 28, 28),
        "s2": (6, 14, 14),
        "c3": (16, 10, 10),
    }
    assert view.finite
