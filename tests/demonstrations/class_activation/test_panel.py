"""The section of the class activation map: the class, the map over the picture, and the maps that it is made of."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from explorer.demonstrations.class_activation.compute import ClassActivation, class_activation
from explorer.demonstrations.class_activation.panel import CLASS_ACTIVATION, _head
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.sidebar import FIRST, sample_picture

Open = Callable[..., Any]  # a page and its link -> Visit
SMALL = "resnet20_cifar"


@pytest.fixture
def page(visit: Open) -> Any:
    return visit("resnet", weights="untrained", variant=SMALL, section="class-activation")


def run_of(name: str = SMALL, weights: str = "untrained", sample: str = FIRST) -> Run:
    return Run(name, weights, "cpu", sample_picture(sample))


def cam(class_number: int, run: Run) -> ClassActivation:
    head = _head(run)
    assert head is not None
    return class_activation(cache.activations(run), head, class_number)


def overlay(page: Any) -> Any:
    heat = page.chart("cam-overlay")["data"][0]["z"]
    return np.frombuffer(b64decode(heat["bdata"]), np.float32)


@pytest.mark.parametrize(("name", "available"), [(SMALL, True), ("nin_cifar", True), ("lenet5", False)])
def test_it_is_there_where_at_most_one_linear_layer_reads_the_means(name: str, available: bool) -> None:
    assert CLASS_ACTIVATION.available(run_of(name)) == available


def test_the_class_is_chosen_by_its_place_or_by_its_number(page: Any) -> None:
    best = cache.activations(run_of()).logits.topk(5).indices.tolist()
    assert np.array_equal(overlay(page), cam(best[0], run_of()).map.ravel())
    page.app.selectbox(key="cam.rank").set_value("3")
    page.run()
    assert np.array_equal(overlay(page), cam(best[2], run_of()).map.ravel())
    page.app.selectbox(key="sample").set_value("coffee")
    page.run()
    coffee = run_of(sample="coffee")
    third = cache.activations(coffee).logits.topk(5).indices.tolist()[2]
    assert np.array_equal(overlay(page), cam(third, coffee).map.ravel())
    page.app.selectbox(key="cam.rank").set_value("number")
    page.run()
    page.app.number_input(key="cam.class").set_value(9)
    page.run()
    shown = cam(9, coffee)
    assert np.array_equal(overlay(page), shown.map.ravel())
    assert f"**{shown.map.mean():.4g}** + bias **{shown.bias:.4g}** = **{shown.logit:.4g}**" in page.text
    assert {name: value for name, value in page.link.items() if "cam" in name} == {
        "cam.rank": "number",
        "cam.class": "9",
    }
    page.app.selectbox(key="cam.rank").set_value("1")
    page.run()
    assert not any(name.startswith("cam.") for name in page.link)  # a number that is not used is no part of it


def test_the_map_lies_over_the_picture_with_or_without_interpolation(page: Any) -> None:
    figure = page.chart("cam-overlay")
    assert figure["layout"]["images"][0]["source"].startswith("data:image/png;base64,")
    assert figure["data"][0]["zsmooth"] is False
    page.app.toggle(key="cam.smooth").set_value(True)
    page.run()
    assert page.chart("cam-overlay")["data"][0]["zsmooth"] == "best"


def test_the_products_are_those_of_all_maps(page: Any) -> None:
    best = int(cache.activations(run_of()).logits.argmax())
    shown, expected = page.chart("cam-products")["data"], cam(best, run_of())
    for bars, values in zip(shown, (expected.means, expected.weights, expected.contributions), strict=True):
        assert np.array_equal(np.frombuffer(b64decode(bars["y"]["bdata"]), np.float32), values)


def test_a_network_with_a_map_for_each_class_names_them(visit: Open) -> None:
    page = visit("nin", section="class-activation")
    run = run_of("nin_imagenet", "bundled")
    a = cache.activations(run)
    best = a.logits.topk(6).indices.tolist()
    titles = [annotation["text"] for annotation in page.chart("cam-maps")["layout"]["annotations"]]
    assert titles == [f"<b>#{k}</b> mean {float(a.logits[k]):.3g}<br>{a.network.classes[k]}" for k in best]
    assert np.array_equal(overlay(page), cam(best[0], run).map.ravel())
    assert not any(element.proto.id.endswith("cam-products") for element in page.app.get("plotly_chart"))
    untrained = visit("nin", weights="untrained", variant="nin_cifar", section="class-activation")
    titles = [annotation["text"] for annotation in untrained.chart("cam-maps")["layout"]["annotations"]]
    assert len(titles) == 6 and not any("<br>" in title for title in titles)


def test_what_does_not_exist_is_named(visit: Open) -> None:
    page = visit("resnet", variant=SMALL, cam__rank="6", cam__class="10", cam__smooth="perhaps")
    assert len(page.warnings) == 3
    assert not any(name.startswith("cam.") for name in page.link)
