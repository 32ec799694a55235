"""VGG's sections on their page: charts that show what is computed, and the link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from explorer.architectures import family
from explorer.demonstrations.vgg import charts
from explorer.demonstrations.vgg.panel import stacks
from explorer.demonstrations.vgg.shares import parts
from explorer.ui import cache

Open = Callable[..., Any]  # -> tests.visit.Visit


def windows(page: Any) -> list[Any]:
    """The strong rectangles of the picture, as (left, top, right, bottom), smallest first."""
    lines = [data for data in page.chart("windows")["data"] if data["type"] == "scatter"][1::2]
    return [(line["x"][0], line["y"][0], line["x"][1], line["y"][2]) for line in lines]


def test_it_opens_with_two_3x3_that_see_5x5(visit: Open) -> None:
    page = visit("vgg", weights="untrained")
    assert page.sections[:3] == ["Receptive field", "Small kernels", "Parameters by layer"]
    assert windows(page) == [(110.5, 110.5, 113.5, 113.5), (109.5, 109.5, 114.5, 114.5)]
    assert page.link == {"weights": "untrained"} and page.warnings == []

    page.app.selectbox(key="field.layer").set_value("conv3.conv3")
    page.app.slider(key="field.row").set_value(0)
    page.app.toggle(key="field.zoomed").set_value(False)
    page.run()
    *_, (left, top, right, bottom) = windows(page)
    assert (right - left, bottom - top) == (40, 40) and top < 0
    assert page.chart("windows")["layout"]["xaxis"]["range"] == [-0.5, 223.5]
    table = page.app.dataframe[0].value
    assert list(table["layer"][:2]) == ["conv3.conv3", "conv3.conv2"]
    assert table["of the stage's input"][0] == "7×7"
    chosen = {"field.layer": "conv3.conv3", "field.row": "0", "field.zoomed": "no"}
    assert page.link == {"weights": "untrained", **chosen}
    again = visit("vgg", **page.link)
    assert windows(again) == windows(page) and again.warnings == []


def test_a_layer_that_does_not_exist_is_named_and_the_default_is_shown(visit: Open) -> None:
    page = visit("vgg", weights="untrained", field__layer="conv9")
    assert len(page.warnings) == 1 and "conv9" in page.warnings[0]
    assert page.app.selectbox(key="field.layer").value == "conv1.conv2"


@pytest.mark.parametrize(("kernel", "small", "large"), [(5, 18, 25), (7, 27, 49)])
@pytest.mark.parametrize("channels", [64, 512])
def test_a_stack_costs_less_by_the_papers_numbers(kernel: int, small: int, large: int, channels: int) -> None:
    square = channels**2
    one, many = stacks(channels, 28, kernel)
    assert one.receptive_field == many.receptive_field == (kernel, kernel)
    assert (one.params, many.params) == (large * square, small * square)
    assert (one.macs, many.macs) == (large * square * 28 * 28, small * square * 28 * 28)


def test_both_costs_are_drawn(visit: Open) -> None:
    link = {"stack__kernel": "7", "stack__channels": "64", "stack__side": "28"}
    page = visit("vgg", weights="untrained", section="stack", **link)
    assert page.warnings == []
    both = stacks(64, 28, 7)
    layers = [bar["x"][0] for bar in page.chart("stack-costs")["data"] if bar["type"] == "bar"]
    macs = [layer.macs for design in both for layer in design.layers]
    assert layers[: len(macs)] == macs


@pytest.mark.parametrize("name", [v.name for v in family("vgg").variants])
def test_the_treemap_shows_every_parameter_of_every_variant(name: str) -> None:
    trace = cache.trace(name)
    (shown,) = charts.treemap(parts(trace, "params"), "parameters", dark=False).data
    amounts = dict(zip(shown.ids, shown["values"], strict=True))
    assert amounts[f"/{name}"] == trace.params
    assert amounts["fc6/fc6.linear"] == trace.node("fc6.linear").params
    assert set(shown.parents) - {""} <= set(shown.ids)


def test_the_treemap_of_macs_is_another(visit: Open) -> None:
    page = visit("vgg", variant="vgg16_bn", weights="untrained", section="shares", shares__quantity="macs")
    assert page.chart("treemap-macs")["data"][0]["values"][0] == cache.trace("vgg16_bn").macs
    page.app.segmented_control(key="shares.quantity").set_value("params")
    page.run()
    assert page.chart("treemap-params")["data"][0]["values"][0] == cache.trace("vgg16_bn").params
    assert page.warnings == [] and "shares.quantity" not in page.link
