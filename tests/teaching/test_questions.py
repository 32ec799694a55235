"""The questions: on every variant of their page there is exactly one right answer, and the page can show it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from explorer.analysis.trace import Trace, trace_variant
from explorer.architectures import families
from explorer.architectures.family import Variant
from explorer.demonstrations.pointwise.budget_panel import BUDGET
from explorer.demonstrations.pointwise.calculator_panel import BOTTLENECKS, CALCULATOR, FAMILY, FORMULAS
from explorer.demonstrations.pointwise.measured_panel import MEASURED
from explorer.demonstrations.pointwise.position_panel import POSITION
from explorer.runtime.activations import Activations, capture
from explorer.runtime.device import resolve
from explorer.runtime.edits import edited
from explorer.runtime.pictures import load_image
from explorer.runtime.preprocessing import model_input
from explorer.runtime.run import Run
from explorer.runtime.samples import Sample, samples
from explorer.runtime.weights.network import (
    Network,
    available_weights,
    load_network,
    narrowed_variant,
    preprocessing_of,
)
from explorer.teaching.about import questions
from explorer.teaching.question import MOST_OPTIONS, Posed, Subject
from explorer.teaching.step import View
from tests.traces import traced

FEWEST = 5  # questions of a page, whatever its variant
PICTURES = 5
VARIANTS = [(f.name, v) for f in families() for v in f.variants]


@cache
def network_of(name: str, weights: str) -> Network:
    return load_network(traced_variant(name), weights, resolve("cpu"))


def traced_variant(name: str) -> Variant:
    return next(v for _, v in VARIANTS if v.name == name)


@cache
def running_trace(name: str, weights: str) -> Trace:
    return trace_variant(narrowed_variant(traced_variant(name), weights))


@cache
def activations(run: Run) -> Activations:
    if run.edits:
        return edited(activations(run.unedited), run.edits, running_trace(run.variant, run.weights))
    variant = traced_variant(run.variant)
    seen = model_input(run.picture.image, preprocessing_of(variant, run.weights))
    return capture(network_of(run.variant, run.weights), seen.tensor)


class Watched:
    """The forward passes, and whether any was asked for."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, run: Run) -> Activations:
        self.asked = True
        return activations(run)


def subject_of(variant: Variant, sample: Sample, passes: Callable[[Run], Activations]) -> Subject:
    weights = available_weights(variant)[0]
    return Subject(Run(variant.name, weights, "cpu", load_image(sample.path)), traced, passes)


def check(posed: Posed | None, trace: Trace) -> None:
    if posed is None:
        return
    texts = [option.text for option in posed.options]
    assert 2 <= len(texts) <= MOST_OPTIONS and len(set(texts)) == len(texts) and all(texts)
    pictures = [option.picture for option in posed.options if option.picture]
    assert len(set(pictures)) == len(pictures) and len(pictures) in (0, len(texts))
    assert 0 <= posed.right < len(texts)
    assert posed.text and posed.why
    view = posed.shows
    for node in filter(None, (view.node, view.beside)):
        assert trace.resolve(node)
    assert view.colour in ("", "kind", "params", "macs", "memory")


@pytest.mark.parametrize(("page", "variant"), VARIANTS, ids=[v.name for _, v in VARIANTS])
def test_every_question_has_one_right_answer_and_is_shown(page: str, variant: Variant) -> None:
    trace = traced(variant.name)
    activations.cache_clear()
    network_of.cache_clear()
    asked = questions(page)
    assert len({question.name for question in asked}) == len(asked)
    first, *others = samples()[:PICTURES]
    count = 0
    for question in asked:
        passes = Watched()
        subject = subject_of(variant, first, passes)
        put = question.pose(subject)
        assert question.pose(subject) == put  # the same each time
        count += put is not None
        for other in others if passes.asked else ():
            check(question.pose(subject_of(variant, other, activations)), trace)
        check(put, trace)
    assert count >= FEWEST


@pytest.mark.parametrize("name", ["lenet5", "vgg16", "googlenet", "resnet50", "mobilenet_v2"])
def test_the_convolution_page_asks_about_any_network(name: str) -> None:
    subject = subject_of(traced_variant(name), samples()[0], activations)
    asked = [put for question in questions("convolution") if (put := question.pose(subject)) is not None]
    assert len(asked) >= FEWEST
    sections = {s.name for s in (POSITION, CALCULATOR, FORMULAS, BOTTLENECKS, FAMILY, BUDGET, MEASURED)}
    for put in asked:
        check(put, subject.trace)
        assert put.shows.section in sections
        assert put.shows == View(section=put.shows.section)
