"""The augmentation's sections: every control moves the logits as the network does, and the mean of ten crops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from explorer.architectures import variant as variant_called
from explorer.demonstrations.augmentation import compute
from explorer.demonstrations.augmentation import panel as studio
from explorer.demonstrations.augmentation.compute import Setting
from explorer.runtime.activations import relative_change
from explorer.runtime.augmentation import augmented, components_of
from explorer.runtime.run import Run
from explorer.runtime.weights.network import preprocessing_of
from explorer.ui import cache
from explorer.ui.sidebar import sample_picture

Open = Callable[..., Any]  # -> tests.visit.Visit
P = preprocessing_of(variant_called("alexnet"), "bundled")
MIDDLE = compute.centred(P)


@pytest.fixture(scope="module")
def run() -> Run:
    return Run("alexnet", "bundled", "cpu", sample_picture())


def logits(run: Run, a: Setting) -> Tensor:
    """Of the augmented picture, by the model itself."""
    frame = compute.frame_of(run.picture.image, P)
    with torch.inference_mode():
        found: Tensor = cache.network(run).model(augmented(frame, a.augmentation(P), P).tensor)[0]
    return found


def chosen(page: Any) -> Setting:
    """What the sliders and the switch say, with the published components."""
    first, second, third = (page.app.select_slider(key=control.name).value for control in studio.ALPHAS)
    names = ("left", "top", "area", "aspect", "degrees", "brightness", "contrast")
    numbers = {name: page.app.slider(key=f"augmentation.{name}").value for name in names}
    mirrored = page.app.toggle(key="augmentation.mirrored").value
    return Setting(**numbers, mirrored=mirrored, alphas=(first, second, third))


def moved(page: Any, run: Run, a: Setting) -> bool:
    """Whether the page says how far the logits move."""
    return f"**{relative_change(logits(run, MIDDLE), logits(run, a)):.1%}**" in page.text


def test_every_control_moves_the_logits_and_stands_in_the_link(visit: Open, run: Run) -> None:
    page = visit("alexnet", section="augmentation")
    link = dict(page.link)
    assert chosen(page) == MIDDLE and moved(page, run, MIDDLE)
    pictures = len(page.app.get("image"))
    page.set(augmentation__left=0, augmentation__top=32, augmentation__mirrored=True, augmentation__alpha2=0.8)
    a = replace(MIDDLE, left=0, top=32, mirrored=True, alphas=(0.0, 0.8, 0.0))
    assert chosen(page) == a and moved(page, run, a)
    assert len(page.app.get("image")) == pictures + 10  # digits in a mirror
    values = {"area": 30, "aspect": 120, "degrees": -20, "brightness": 140, "contrast": 60}
    page.set(**{f"augmentation__{name}": value for name, value in values.items()})
    a = replace(a, **values)
    assert chosen(page) == a and moved(page, run, a)
    page.set(augmentation__components="own", augmentation__alpha1=-0.5, augmentation__alpha3=0.25)
    own = components_of(compute.frame_of(run.picture.image, P))
    a = replace(a, alphas=(-0.5, 0.8, 0.25), components=own)
    assert moved(page, run, a)
    assert page.link == link | {
        "augmentation.left": "0",
        "augmentation.top": "32",
        "augmentation.mirrored": "yes",
        "augmentation.components": "own",
        "augmentation.alpha1": "-0.5",
        "augmentation.alpha2": "0.8",
        "augmentation.alpha3": "0.25",
        **{f"augmentation.{name}": str(value) for name, value in values.items()},
    }
    again = visit("alexnet", **page.link)
    assert again.warnings == [] and moved(again, run, a) and again.link == page.link
    expected = (studio.augmented_answer(run, MIDDLE), studio.augmented_answer(run, a))
    for shown, one in zip(again.classes("augmentation-classes").values(), expected, strict=True):
        assert all(shown[p.label] == pytest.approx(p.probability) for p in one.top() if p.label in shown)
    assert [f"{one.first}" in again.answers[0] for one in expected] == [True, True]


def test_drawing_as_in_training_and_back(visit: Open, run: Run) -> None:
    page = visit("alexnet", section="augmentation")
    for draws, manner in enumerate(("alexnet", "vgg", "googlenet"), 1):
        page.set(augmentation__manner=manner)
        page.app.button(key="augmentation-draw").click()
        page.run()
        expected, shown = compute.drawn(draws, P, manner), chosen(page)  # type: ignore[arg-type]
        assert shown.alphas == pytest.approx(expected.alphas, abs=0.0051)
        assert replace(shown, alphas=expected.alphas) == expected
        assert moved(page, run, shown)
    page.app.button(key="augmentation-reset").click()
    page.run()
    assert chosen(page) == MIDDLE
    assert page.link == {"section": "augmentation", "augmentation.manner": "googlenet"}


def test_the_mean_of_ten_crops_is_that_of_their_probabilities(run: Run) -> None:
    crops, ten = compute.ten_crops(P), studio.ten_crops(run)
    assert ten.crops.keys() == crops.keys()
    for name, a in crops.items():
        assert torch.allclose(ten.crops[name].logits, logits(run, a), atol=1e-5)
    mean = torch.stack([logits(run, a).softmax(0) for a in crops.values()]).mean(0)
    assert torch.allclose(ten.mean.probabilities, mean, atol=1e-5)
    assert ten.mean.first == cache.network(run).classes[int(mean.argmax())]


@pytest.mark.parametrize("weights", ["bundled", "untrained"])
def test_ten_crops_with_and_without_classes(visit: Open, weights: str) -> None:
    page = visit("alexnet", section="crops", weights=weights)
    trained = weights == "bundled"
    assert len(page.app.get("image")) == 11  # with the sidebar's picture
    assert len(page.answers) == trained
    assert len(page.app.get("plotly_chart")) == 1
    assert [e.proto.id.endswith("-ten-classes") for e in page.app.get("plotly_chart")] == [trained]
