"""The questions: on every variant of their page there is exactly one right answer, and the page can show it."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from explorer.analysis.compare import differences
from explorer.analysis.trace import Trace, trace_variant
from explorer.architectures import families
from explorer.architectures.family import Variant
from explorer.demonstrations.pointwise.budget_panel import BUDGET
from explorer.demonstrations.pointwise.calculator_panel import BOTTLENECKS, CALCULATOR, FAMILY, FORMULAS
from explorer.demonstrations.pointwise.measured_panel import MEASURED
from explorer.demonstrations.pointwise.position_panel import POSITION
from explorer.runtime.activations import Activations
from explorer.runtime.edits import parse_all, text_of
from explorer.runtime.pictures import load_image
from explorer.runtime.run import Run
from explorer.runtime.samples import Sample, samples
from explorer.runtime.weights.network import available_weights, narrowed_variant
from explorer.teaching.about import questions
from explorer.teaching.passes import activations
from explorer.teaching.question import MOST_OPTIONS, NOTHING, Posed, Subject
from explorer.teaching.step import View
from explorer.ui.below import SECTIONS
from explorer.ui.compare import DIFFERENCES, STAGES
from explorer.ui.section import Section
from tests.traces import traced

FEWEST = 5  # questions of a page, whatever its variant
FEWEST_OF_TWO = 3  # of the compare page, whichever two networks
PICTURES = 5
PAGES = Path(__file__).parents[2] / "pages"
VARIANTS = [(f.name, v) for f in families() for v in f.variants]


def traced_variant(name: str) -> Variant:
    return next(v for _, v in VARIANTS if v.name == name)


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


@cache
def sections_of(page: str) -> dict[str, Section]:
    """What stands below a page, by name."""
    drawn = runpy.run_path(str(PAGES / f"{page}.py")).values()
    return {s.name: s for s in (*drawn, *SECTIONS) if isinstance(s, Section)}


def check_shown(posed: Posed | None, page: str, run: Run) -> None:
    """That the page has what the answer is shown by."""
    view = NOTHING if posed is None else posed.shows
    assert not view.section or sections_of(page)[view.section].available(run)
    if view.edits:
        trace = trace_variant(narrowed_variant(traced_variant(run.variant), run.weights))
        assert parse_all(text_of(view.edits), trace) == view.edits  # as from a link


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
        check_shown(put, page, subject.run)
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


PAIRS = [
    ("resnet34", "plain34"),
    ("plain34", "resnet34_a"),  # as many parameters and MACs
    ("resnet50", "resnet50_v1"),  # as many parameters
    ("se_resnet50", "mobilenet_v3_small"),  # with gates
    ("googlenet", "inception_v3"),  # with heads for training
    ("lenet5", "xception"),  # ratios of thousands
    ("vgg16", "mobilenet_v1"),
]


@pytest.mark.parametrize(("a", "b"), PAIRS, ids=map("-".join, PAIRS))
def test_two_networks_are_compared(a: str, b: str) -> None:
    subject = subject_of(traced_variant(a), samples()[0], activations)
    subject = replace(subject, beside=replace(subject.run, variant=b))
    put = {question.name: question.pose(subject) for question in questions("compare")}
    for question in put.values():
        check(question, traced(a))
        assert question is None or question.shows.section in (DIFFERENCES.name, STAGES.name)
    assert sum(question is not None for question in put.values()) >= FEWEST_OF_TWO
    rows = {d.label: d for d in differences(traced(a), traced(b))}
    titles = traced_variant(a).title, traced_variant(b).title
    for name, label in (("more-parameters", "Parameters"), ("more-macs", "MACs"), ("deeper", "Weight layers")):
        question, d = put[name], rows[label]
        assert question is not None
        right = question.options[question.right].text
        assert (right == titles[0], right == titles[1]) == (d.first > d.second, d.first < d.second)


def test_one_network_is_not_compared_with_itself() -> None:
    subject = subject_of(traced_variant("resnet18"), samples()[0], activations)
    alone = [subject, replace(subject, beside=subject.run)]
    assert not any(question.pose(s) for s in alone for question in questions("compare"))
