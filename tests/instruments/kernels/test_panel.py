"""The kernels beside the diagrams: they follow the selection, and say what they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

Open = Callable[..., Any]  # -> tests.visit.Visit


def show(page: Any, panel: str) -> None:
    page.app.segmented_control(key="instrument").set_value(panel)
    page.run()


def pictures(page: Any) -> list[str]:
    """The descriptions of the pictures of all kernels."""
    return re.findall(r'alt="([^"]*)"', "".join(h.value for h in page.app.get("html") if "data:image" in h.value))


@pytest.fixture(scope="module")
def resnet(visit: Open) -> Any:
    return visit("resnet", variant="resnet18", node="stem.conv", instrument="kernels", weights="untrained")


def test_a_first_layer_is_shown_in_colour(resnet: Any) -> None:
    resnet.click("stem.conv")
    assert resnet.link["instrument"] == "kernels"
    assert pictures(resnet) == [f"Kernel #{number}" for number in range(64)]
    assert "64 kernels of 7×7, each over red, green and blue: 9,408 weights." in resnet.text
    assert "Untrained: random." in resnet.text
    assert resnet.components("feature_maps") == []


def test_one_kernel_of_a_first_layer_is_shown_channel_by_channel(resnet: Any) -> None:
    resnet.click("stem.conv")
    resnet.app.segmented_control(key="kernels.shown").set_value("one")
    resnet.run()
    assert resnet.maps["shape"] == [3, 7, 7]
    assert resnet.maps["view"]["colouring"] == "diverging"
    assert resnet.maps["minimum"] == -resnet.maps["maximum"]
    assert pictures(resnet) == []
    resnet.app.segmented_control(key="kernels.shown").set_value("all")
    resnet.run()


def test_kernels_follow_the_selection(resnet: Any) -> None:
    resnet.click("conv3_x.0.conv1")
    assert resnet.maps["node"] == resnet.link["node"] == "conv3_x.0.conv1"
    assert resnet.maps["shape"] == [64, 3, 3]
    assert "It reads all 64 inputs." in resnet.text
    resnet.click("conv3_x.0.shortcut.conv")
    assert pictures(resnet) == ["Weights, 128 outputs by 64 inputs"]
    resnet.click("head.fc")
    assert pictures(resnet) == ["Weights, 1000 outputs by 512 inputs"]


def test_an_operation_without_kernels_leads_to_those_that_feed_it(resnet: Any) -> None:
    resnet.click("conv3_x.0.bn1")
    assert "BatchNorm2d has no kernels." in resnet.text
    assert resnet.app.button(key="kernels-of-conv3_x.0.conv1").label == "Kernels of conv3_x.0.conv1"
    resnet.click("input")
    assert "The input has no kernels." in resnet.text


def test_the_output_channel_is_that_of_the_chosen_map_and_back(visit: Open) -> None:
    page = visit("resnet", variant="resnet18", node="conv3_x.0.conv1", weights="untrained")
    page.look(channel=5)
    show(page, "kernels")
    assert page.app.number_input(key="maps.channel").value == 5
    assert "The kernel of output 5:" in page.text
    before = page.maps["low"]
    page.app.number_input(key="maps.channel").set_value(100)
    page.run()
    assert page.link["maps.channel"] == "100"
    assert page.maps["low"] != before
    show(page, "maps")
    assert "instrument" not in page.link
    assert page.maps["view"]["channel"] == 100
    assert page.link["maps.channel"] == "100"


@pytest.mark.parametrize(
    ("family", "variant", "node", "shape", "says"),
    [
        ("lenet", "lenet5", "c1.conv", [6, 5, 5], "6 kernels of 5×5 over the one input channel"),
        ("lenet", "lenet5", "c3.conv", [3, 5, 5], "It reads 3 of 6 inputs."),
        ("mobilenet", "mobilenet_v2", "stage2.0.depthwise.conv", [96, 3, 3], "One 3×3 kernel a channel"),
        ("alexnet", "alexnet", "conv2.conv", [48, 5, 5], "It reads 48 of 96 inputs."),
        # its matrix would have 4,096 rows of 9,216 weights
        ("alexnet", "alexnet", "fc6.linear", [9216, 1, 1], "It reads all 9,216 inputs."),
    ],
)
def test_what_kinds_of_kernels_there_are(
    visit: Open, family: str, variant: str, node: str, shape: list[int], says: str
) -> None:
    page = visit(family, variant=variant, node=node, instrument="kernels", weights="untrained")
    assert page.warnings == []
    assert page.maps["shape"] == shape
    assert says in page.text


def test_trained_kernels_are_not_called_random(visit: Open) -> None:
    page = visit("lenet", variant="lenet5", node="c1.conv", instrument="kernels", weights="untrained")
    random = page.maps["low"]
    assert "Untrained: random." in page.text
    page.open(
        "lenet", variant="lenet5", node="c1.conv", instrument="kernels"
    )  # with the weights that come with the app
    assert page.maps["low"] != random
    assert "Untrained" not in page.text


def test_a_link_without_a_panel_shows_maps(visit: Open) -> None:
    page = visit("lenet", node="c3.conv", instrument="kernels")
    page.open("lenet", node="c3.conv")
    assert page.app.segmented_control(key="instrument").value == "maps"
