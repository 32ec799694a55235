"""VGG's demonstrations on their page: every variant, every control, and the link."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from explorer.architectures import family
from explorer.demonstrations.vgg.panel import stacks
from explorer.ui import cache

Open = Callable[..., Any]  # -> Visit of conftest.py


def figures(page: Any) -> list[dict[str, Any]]:
    return [json.loads(chart.proto.spec) for chart in page.app.get("plotly_chart")]


def treemap(page: Any) -> dict[str, Any]:
    (found,) = (data for figure in figures(page) for data in figure["data"] if data["type"] == "treemap")
    return found


def windows(page: Any) -> list[Any]:
    """The strong rectangles of the picture, as (left, top, right, bottom), smallest first."""
    (picture,) = (f for f in figures(page) if any(data["type"] == "image" for data in f["data"]))
    lines = [data for data in picture["data"] if data["type"] == "scatter"][1::2]
    return [(line["x"][0], line["y"][0], line["x"][1], line["y"][2]) for line in lines]


@pytest.fixture
def page(visit: Open) -> Any:
    return visit("vgg", variant="vgg16", weights="untrained")


def test_it_opens_with_two_3x3_that_see_5x5(page: Any) -> None:
    assert windows(page) == [(110.5, 110.5, 113.5, 113.5), (109.5, 109.5, 114.5, 114.5)]
    assert "**conv1.conv2** sees **5×5** pixels" in page.text
    assert page.link.keys() == {"variant", "node", "colour", "sample", "weights"}
    assert page.warnings == []


def test_a_layer_and_a_pixel_are_chosen_and_stand_in_the_link(page: Any, visit: Open) -> None:
    page.app.selectbox(key="window").set_value("conv3.conv3")
    page.app.slider(key="window-row").set_value(0)
    page.run()
    assert "sees **40×40** pixels" in page.text and "**7×7** positions" in page.text
    assert "of the window lies outside" in page.text
    assert page.link["window"] == "conv3.conv3" and page.link["window-row"] == "0"
    again = visit("vgg", **page.link)
    assert windows(again) == windows(page)
    assert again.warnings == []


def test_the_whole_picture_can_be_seen(page: Any) -> None:
    page.app.toggle(key="window-zoom").set_value(False)
    page.run()
    (picture,) = (f for f in figures(page) if any(data["type"] == "image" for data in f["data"]))
    assert picture["layout"]["xaxis"]["range"] == [-0.5, 223.5]


def test_a_layer_that_does_not_exist_is_named_and_the_first_is_shown(visit: Open) -> None:
    page = visit("vgg", variant="vgg16", window="conv9")
    assert any("conv9" in warning for warning in page.warnings)
    assert page.app.session_state["window"] == "conv1.conv2"


@pytest.mark.parametrize(("kernel", "small", "large"), [(5, 18, 25), (7, 27, 49)])
@pytest.mark.parametrize("channels", [64, 512])
def test_a_stack_costs_less_by_the_papers_numbers(
    page: Any, kernel: int, small: int, large: int, channels: int
) -> None:
    page.app.button_group(key="stack").set_value(kernel)
    page.app.slider(key="stack-channels").set_value(channels)
    page.app.select_slider(key="stack-side").set_value(28)
    page.run()
    square = channels**2
    assert f"{small}C² = **{small * square:,}**" in page.text
    assert f"{large}C² = **{large * square:,}**" in page.text
    one, many = stacks(channels, 28, kernel)
    assert one.receptive_field == many.receptive_field == (kernel, kernel)
    assert (one.macs, many.macs) == (large * square * 28 * 28, small * square * 28 * 28)


@pytest.mark.parametrize("name", [v.name for v in family("vgg").variants])
def test_the_treemap_shows_every_parameter_of_every_variant(visit: Open, name: str) -> None:
    page = visit("vgg", variant=name)
    shown = treemap(page)
    trace = cache.trace(name)
    amounts = dict(zip(shown["ids"], shown["values"], strict=True))
    assert amounts[f"/{name}"] == trace.params
    assert amounts["fc6/fc6.linear"] == trace.node("fc6.linear").params
    assert set(shown["parents"]) - {""} <= set(shown["ids"])
    assert (" and their normalization" in page.text) == name.endswith("_bn")
    assert page.warnings == []


def test_the_treemap_of_macs_is_another(page: Any) -> None:
    page.app.button_group(key="shares").set_value("macs")
    page.run()
    assert treemap(page)["values"][0] == 15_470_264_320
    assert "0.8% in the three fully connected layers" in page.text
