"""The tours: what each step of each page shows, and what the link says meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from explorer.architectures import families
from explorer.architectures.family import Family
from explorer.runtime.weights.network import available_weights, is_untrained
from explorer.teaching.about import tour
from explorer.ui import cache
from explorer.ui.selection import node_control

FAMILIES = families()
MAX_STEPS = 11
Open = Callable[..., Any]  # -> tests.visit.Visit


# Steps about a wiring for which there are no trained weights: (page, step).
WITHOUT_WEIGHTS = {
    ("resnet", "preact_resnet50"),
    ("senet", "se_googlenet"),
    ("senet", "senet154"),
    ("densenet", "densenet40_cifar"),
    ("googlenet", "googlenet_separable"),
    ("googlenet", "googlenet_bn"),
    ("inception", "inception_v4"),
    ("inception", "inception_resnet_v2"),
    ("mobilenet", "mobilenet_v1_full"),
    ("mobilenet", "mobilenet_v3_large"),
    ("nin", "nin_cifar"),
    ("vgg", "vgg16_c"),
    ("vgg", "vgg16_bn"),
}


def test_steps_run_trained_networks_where_there_are_any() -> None:
    variants = [(f, s.variant or f.default) for f in FAMILIES for s in tour(f.name)]
    untrained = [(f.name, name) for f, name in variants if is_untrained(available_weights(f.variant(name))[0])]
    assert set(untrained) == WITHOUT_WEIGHTS
    assert len(untrained) <= len(WITHOUT_WEIGHTS) + 1  # MobileNetV3 has two steps


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_each_step_opens_what_it_names_by_its_number_alone(visit: Open, family: Family) -> None:
    page = visit(family.name)
    steps = tour(family.name)
    assert len(steps) <= MAX_STEPS
    assert any(step.look == "section" for step in steps)
    for number, step in enumerate(steps, 1):
        page.set(step=number)
        assert page.warnings == []
        assert page.link == {"step": str(number)}
        variant = family.variant(step.variant or family.default)
        trace = cache.trace(variant.name)
        assert trace.resolve(step.node).name == page.app.session_state["node"]
        if step.asks:
            assert page.app.session_state["questions.name"] == step.asks and page.app.main.header[0].value
        else:
            assert page.maps["group"] == variant.name and page.maps["node"] == step.node
        assert not step.beside or step.beside in trace
        opened = page.app.segmented_control(key="section").value
        assert opened == step.section or not step.section
        assert not (step.look == "section" and not step.section)
        assert page.app.selectbox(key="colour").value == (step.colour or "kind")
        told = page.bar["steps"][page.bar["step"] - 1]
        assert told == {"title": step.title, "text": step.text, "node": step.node, "look": step.look}
        assert step.text.count("**") % 2 == 0


def test_what_is_changed_stands_in_the_link_besides_and_goes_with_the_step(visit: Open) -> None:
    page = visit("resnet", step="4")
    assert page.maps["group"] == "plain34"
    page.click("conv4_x.0.relu2")
    assert page.link == {"step": "4", "node": "conv4_x.0.relu2"}
    copy = visit("resnet", **page.link)
    assert copy.maps == page.maps and copy.link == page.link
    page.set(step=0)  # what was changed stays as it is, what the step led goes
    assert page.link == {"node": "conv4_x.0.relu2"} and page.maps["group"] == "resnet50"


def test_another_variant_than_the_steps_keeps_what_of_the_step_it_has(visit: Open) -> None:
    page = visit("resnet", step="6")
    page.app.selectbox(key="variant").set_value("resnet18")
    page.run()
    assert page.maps["group"] == "resnet18"
    assert page.maps["node"] == node_control(cache.trace("resnet18")).default()  # its units have no relu3
    assert page.link == {"step": "6", "variant": "resnet18"}


@pytest.mark.parametrize("step", ["11", "-1", "one"])
def test_a_step_that_does_not_exist_is_said(visit: Open, step: str) -> None:
    page = visit("resnet", step=step)
    assert len(page.warnings) == 1
    assert page.link == {} and page.bar["step"] == 0


def test_presenting_stays_from_page_to_page(visit: Open) -> None:
    page = visit("resnet", present="1")
    assert page.bar["presenting"] and page.link == {"present": "1"}
    page.open("vgg")
    assert page.bar["presenting"] and page.link == {"present": "yes"}
