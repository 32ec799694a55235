"""The cost calculator as a viewer uses it: every control, the link, the way from a network and back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from explorer.analysis.cost import Convolution, CostError, convolution_of
from explorer.analysis.designs import bottleneck, direct
from explorer.architectures import variant
from explorer.architectures.googlenet import MODULES
from explorer.demonstrations.pointwise import measured as practice
from explorer.demonstrations.pointwise.calculator import BATCHES, FIELDS, KERNELS, PADDINGS
from explorer.demonstrations.pointwise.timing import Measurement
from explorer.demonstrations.pointwise.weighted_sum import weighted_sum
from explorer.runtime.pictures import load_image
from explorer.runtime.samples import sample
from explorer.runtime.weights.network import UNTRAINED, available_weights
from explorer.ui import cache

Open = Callable[..., Any]  # -> Visit of conftest.py


@pytest.fixture
def page(visit: Open) -> Any:
    return visit("convolution")


@pytest.fixture(scope="module")
def shared(visit: Open) -> Any:
    """The same for tests that set everything that they look at."""
    return visit("convolution")


def formulas(page: Any) -> list[str]:
    return [element.value for element in page.app.get("latex")]


def shown(page: Any, *counts: int) -> None:
    """The counts are on the page, in the sentence or the formulas."""
    everything = page.text + "".join(formulas(page)).replace("{,}", ",")
    for count in counts:
        assert f"{count:,}" in everything


def chart(page: Any, name: str) -> dict[str, Any]:
    (found,) = (c for c in page.app.get("plotly_chart") if name in c.proto.id)
    return json.loads(found.proto.spec)


def errors(page: Any) -> list[str]:
    return [element.value for element in page.app.error]


# ---- numbers in --------------------------------------------------------------------------------------------


def test_it_starts_on_the_classic_case(page: Any) -> None:
    assert page.warnings == errors(page) == []
    assert page.app.title[0].value == "1×1 convolution"
    shown(page, 120_422_400, 12_443_648, 2_408_448, 10_035_200, 153_632)
    assert "**9.68×** fewer" in page.text
    assert "below **154.8** maps, of 192" in page.text


CLASSIC = {"in_shape": (192, 28, 28), "out_channels": 32, "kernel": (5, 5)}


@pytest.mark.parametrize(
    ("key", "value", "changed"),
    [
        ("height", 14, {"in_shape": (192, 14, 28)}),
        ("width", 7, {"in_shape": (192, 28, 7)}),
        ("channels", 256, {"in_shape": (256, 28, 28)}),
        ("out", 64, {"out_channels": 64}),
        ("stride", 2, {"stride": (2, 2)}),
        ("groups", 4, {"groups": 4}),
    ],
)
def test_every_number(page: Any, key: str, value: int, changed: dict[str, Any]) -> None:
    page.app.number_input(key=key).set_value(value)
    page.run()
    c = Convolution(**CLASSIC | changed)
    shown(page, direct(c).macs, direct(c).params, bottleneck(c, 16).macs)
    assert page.link[key] == str(value)


def test_the_bottleneck_and_the_bias(page: Any) -> None:
    page.app.number_input(key="bottleneck").set_value(160)
    page.app.toggle(key="bias").set_value(False)
    page.run()
    shown(page, bottleneck(Convolution(**CLASSIC), 160).macs, 153_600)
    assert "more" in page.text  # past the break-even
    assert (page.link["bottleneck"], page.link["bias"]) == ("160", "no")


@pytest.mark.parametrize("kernel", [*KERNELS, "1x7", "2"])
def test_every_kernel(shared: Any, kernel: str) -> None:
    shared.open("convolution", kernel=kernel)  # a typed one is in no list that a test can choose from
    sides = [int(side) for side in kernel.split("x")]
    shown(shared, direct(Convolution(**CLASSIC | {"kernel": (sides[0], sides[-1])})).macs)
    assert errors(shared) == []


@pytest.mark.parametrize("padding", [*PADDINGS, "0x3"])
def test_every_padding(shared: Any, padding: str) -> None:
    shared.open("convolution", kernel="5", padding=padding)
    assert errors(shared) == []
    assert shared.link.get("padding", "same") == padding


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ({"groups": 5}, "5 groups do not divide 192 input channels"),
        ({"groups": 4, "bottleneck": 10}, "4 groups do not divide 10 input channels"),
        ({"kernel": "11", "padding": "valid", "height": 10}, "larger than its input, 10×28 with the padding"),
    ],
)
def test_the_impossible_gets_the_sentence_why(page: Any, numbers: dict[str, Any], sentence: str) -> None:
    for key, value in numbers.items():
        page.app.session_state[key] = value
    page.run()
    (error,) = errors(page)
    assert sentence in error
    assert "See it: a weighted sum over the channels" in [header.value for header in page.app.header]
    page.app.button(key="classic").click()
    page.run()
    assert errors(page) == []
    shown(page, 120_422_400)


def _typed() -> None:
    import streamlit as st

    from explorer.analysis.cost import CostError
    from explorer.demonstrations.pointwise.calculator import convolution

    try:
        convolution()
    except CostError as error:
        st.error(str(error))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"kernel": "big"}, "'big' is not a kernel size: write one number, or two as in 1x7."),
        ({"kernel": None}, "'' is not a kernel size: write one number, or two as in 1x7."),
        ({"padding": "soft"}, "'soft' is not a padding: write same, valid, or a number of zeros."),
        ({"kernel": "0"}, "The height of the kernel must be 1 or more, not 0."),
    ],
)
def test_what_is_typed_and_no_number_gets_a_sentence(typed: dict[str, Any], sentence: str) -> None:
    app = AppTest.from_function(_typed)
    for key, value in ({name: field.classic for name, field in FIELDS.items()} | typed).items():
        app.session_state[key] = value
    app.run()
    assert not app.exception
    assert [error.value for error in app.error] == [sentence]


# ---- the family --------------------------------------------------------------------------------------------


def test_the_family_is_shown_and_its_impossible_members_say_why(page: Any) -> None:
    rows = page.app.table[0].value
    assert len(rows) == 9
    assert rows["multiplications"].iloc[0] == "120,422,400"
    page.app.selectbox(key="kernel").set_value("3")
    page.app.number_input(key="expansion").set_value(2)
    page.run()
    assert len(page.app.table[0].value) == 8
    assert "Only square kernels of 5, 7, 9 … are stacks of 3×3, not 3×3." in page.text
    assert "Inverted residual, ×2" in list(page.app.table[0].value.iloc[:, 0])


def test_charts_are_readable_and_tell_the_numbers(page: Any) -> None:
    for name in ("comparison", "curve", "relatives", "budget", "products"):
        spec = chart(page, name)
        assert spec["layout"]["font"]["size"] >= 16
        assert not [s for s in re.findall(r'"size": ?(\d+)}', json.dumps(spec["layout"])) if int(s) < 16]
    bars = [bar["x"][0] for bar in chart(page, "relatives")["data"] if bar["type"] == "bar"]
    assert bars[0] == 120_422_400
    assert bars[1:3] == [2_408_448, 10_035_200]
    curve = chart(page, "curve")["data"][0]
    assert (curve["x"][0], curve["x"][-1]) == (0, 192)
    page.app.number_input(key="bottleneck").set_value(300)
    page.run()
    assert chart(page, "curve")["data"][0]["x"][-1] == 300


# ---- practice ----------------------------------------------------------------------------------------------


def _measured(designs, device, batch):  # as runtime.timing.measure, in no time
    results = tuple(Measurement(d, "Abacus", batch, 3, 0.002 if "Depthwise" in d.name else 0.004) for d in designs)
    yield 0.5, results[:1]
    yield 1.0, results


@pytest.mark.parametrize("batch", BATCHES)
def test_measurements_stand_beside_the_theory(page: Any, monkeypatch: pytest.MonkeyPatch, batch: str) -> None:
    monkeypatch.setattr(practice, "measure", _measured)
    page.app.segmented_control(key="batch").set_value(batch)
    page.app.button(key="measure").click()
    page.run()
    rows = page.app.table[2].value.set_index("")
    assert f"**28×28×192 → 28×28×32, 5×5** on Abacus: batch of {batch}, float32" in page.text
    assert page.link.get("batch", "1") == batch
    too_large = batch == "32"  # 32 direct convolutions are refused, with a sentence
    assert ("Standard 5×5: 3.85 G multiplications in one pass" in page.text) == too_large
    assert ("Standard 5×5" in rows.index) != too_large
    assert rows.loc["Depthwise", "milliseconds"] == "2.000"
    if not too_large:
        assert list(rows.loc["Depthwise"][["fewer", "less time"]]) == ["32.00×", "2.00×"]
    page.app.number_input(key="out").set_value(64)
    page.run()
    assert "**28×28×192 → 28×28×32, 5×5** on Abacus" in page.text  # with its own numbers


def test_what_was_cancelled_is_said(page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def cancelled(designs, device, batch):
        yield from list(_measured(designs, device, batch))[:1]

    monkeypatch.setattr(practice, "measure", cancelled)
    page.app.button(key="measure").click()
    page.run()
    assert "Cancelled at 50%." in page.text
    assert len(page.app.table[2].value) == 1


def test_a_full_memory_is_said(page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(designs, device, batch):
        raise CostError("There is too little memory on Abacus.")
        yield

    monkeypatch.setattr(practice, "measure", full)
    page.app.button(key="measure").click()
    page.run()
    assert errors(page) == ["There is too little memory on Abacus."]


def test_what_cannot_be_is_not_measured(page: Any) -> None:
    page.app.number_input(key="groups").set_value(5)
    page.app.button(key="measure").click()
    page.run()
    assert len(set(errors(page))) == 1  # above and below
    assert len(page.app.table) == 1


def test_a_real_measurement(visit: Open) -> None:
    page = visit("convolution", height="7", width="7", channels="16", out="16", kernel="3")
    page.app.button(key="measure").click()
    page.run()
    rows = page.app.table[2].value
    assert len(rows) == 8
    assert all(float(ms) > 0 for ms in rows["milliseconds"])


# ---- see it ------------------------------------------------------------------------------------------------


def value_of(net: str, node: str, channel: int, row: int, column: int) -> Any:
    weights = available_weights(variant(net))[0]
    activations = cache.activations(net, weights, "cpu", load_image(sample("cat").path))
    trace = cache.ran(net, weights)
    return weighted_sum(activations, trace, trace.node(node), channel, row, column)


def test_the_sum_is_the_networks_own_value(page: Any) -> None:
    for key, number in (("map", 2), ("row", 3), ("column", 21)):
        page.app.number_input(key=key).set_value(number)
    page.run()
    value = value_of("googlenet", "inception3.3a.conv5x5_reduce.conv", 2, 3, 21)
    assert rf"\mathbf{{{value.total:.4g}}}" in formulas(page)[-1]
    assert f"the network's own map: **{value.network:.4g}** → ReLU **{max(0.0, value.network):.4g}**" in page.text
    products = chart(page, "products")["data"]
    assert len(products) == 3
    trained = available_weights(variant("googlenet"))[0] != UNTRAINED
    assert ("**Untrained network**" in page.text) != trained
    assert {"map": "2", "row": "3", "column": "21"}.items() <= page.link.items()
    assert len(page.app.dataframe[0].value) == len(value.inputs)


def test_another_network_and_node(page: Any) -> None:
    page.app.selectbox(key="net").set_value("resnet18").run()
    assert page.app.selectbox(key="at").value == "conv3_x.0.shortcut.conv"
    page.app.selectbox(key="at").set_value("conv4_x.0.shortcut.conv")
    page.run()
    value = value_of("resnet18", "conv4_x.0.shortcut.conv", 0, 7, 7)
    assert f"**{value.network:.4g}** → BatchNorm2d **{value.after[0][1]:.4g}**" in page.text
    assert "Input row 14, column 14" in page.text  # it strides
    page.app.selectbox(key="net").set_value("vgg11").run()
    assert "This network has no 1×1 convolution." in page.text


# ---- an inception module -----------------------------------------------------------------------------------


@pytest.mark.parametrize("module", MODULES)
def test_every_module_of_the_table(shared: Any, module: str) -> None:
    shared.app.selectbox(key="module").set_value(module)
    shared.run()
    (block,) = (b for s in cache.trace("googlenet").stages for b in s.blocks if b.path.endswith(f".{module}"))
    assert f"{block.params:,} parameters, **{block.macs:,}** multiplications" in shared.text
    assert shared.link.get("module", "3a") == module
    assert [shared.app.number_input(key=f"widths-{i}").value for i in range(6)] == list(MODULES[module])


def test_six_numbers_of_ones_own(page: Any) -> None:
    page.app.number_input(key="widths-3").set_value(32)  # 5x5 reduce
    page.run()
    more = 28 * 28 * (192 * 16 + 25 * 16 * 32)
    assert f"**{128_049_152 + more:,}** multiplications" in page.text
    assert page.link["widths"] == "64-96-128-32-32-32"
    assert list(page.app.table[1].value["maps"]) == ["64", "128", "32", "32"]


# ---- from a network and back, and the link -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "node"),
    [
        ("resnet50", "conv3_x.0.conv2"),
        ("alexnet", "conv1.conv"),
        ("mobilenet_v2", "stage3.0.depthwise.conv"),
        ("inception_v3", "mixed6.6b.branch7x7.conv2.conv"),
    ],
)
def test_numbers_come_from_any_convolution(visit: Open, name: str, node: str) -> None:
    trace = cache.trace(name)
    page = visit("convolution", **{"from": f"{name}:{node}"})
    c = convolution_of(trace.node(node))
    assert page.warnings == errors(page) == []
    shown(page, trace.node(node).macs, c.params)
    (back,) = page.app.get("page_link")
    assert node in back.label
    assert page.link == {"from": f"{name}:{node}", "sample": "cat"}  # complete: Back does not stop at a shorter one


def test_a_1x1_of_a_network_is_seen_at_work(visit: Open) -> None:
    page = visit("convolution", **{"from": "resnet18:conv3_x.0.shortcut.conv"})
    chosen = [page.app.selectbox(key=key).value for key in ("net", "at")]
    assert chosen == ["resnet18", "conv3_x.0.shortcut.conv"]
    assert page.link == {"from": "resnet18:conv3_x.0.shortcut.conv", "sample": "cat"}
    page.app.button(key="classic").click()
    page.run()
    assert page.link == {"net": "resnet18", "sample": "cat"}


@pytest.mark.parametrize(
    ("node", "offered"), [("conv3_x.1.conv2", True), ("conv3_x.1.relu2", False), ("head.fc", False)]
)
def test_a_networks_page_leads_here(visit: Open, node: str, offered: bool) -> None:
    page = visit("resnet", variant="resnet18", node=node)
    links = [link.proto for link in page.app.get("page_link") if link.label.startswith("Cost of")]
    assert len(links) == offered
    for link in links:
        assert f"resnet18%3A{node}" in str(link) or f"resnet18:{node}" in str(link)


LINK = {
    "height": "14",
    "width": "12",
    "channels": "48",
    "out": "40",
    "kernel": "1x7",
    "stride": "2",
    "padding": "0x3",
    "groups": "4",
    "bottleneck": "8",
    "expansion": "3",
    "bias": "yes",
    "batch": "8",
    "net": "resnet18",
    "at": "conv4_x.0.shortcut.conv",
    "map": "9",
    "row": "2",
    "column": "3",
    "module": "4b",
    "widths": "1-2-3-4-5-6",
    "from": "resnet18:conv2_x.0.conv1",
    "sample": "coffee",
}


def test_a_link_shows_the_view_that_it_was_copied_from(visit: Open) -> None:
    page = visit("convolution", **LINK)
    assert page.warnings == errors(page) == []
    assert page.link == LINK
    c = Convolution((48, 14, 12), 40, (1, 7), (2, 2), (0, 3), 4)
    shown(page, c.macs, bottleneck(c, 8).macs)


def test_the_view_survives_a_change_of_page(visit: Open) -> None:
    page = visit("convolution", **LINK)
    page.open("home").open("convolution")
    assert page.link == LINK


def test_what_a_link_does_not_say_is_as_usual(visit: Open) -> None:
    page = visit("convolution", **LINK)
    page.open("convolution", height="20", sample="cat")
    assert page.link == {"height": "20", "sample": "cat"}
    shown(page, 20 * 28 * 32 * 25 * 192)


@pytest.mark.parametrize(
    ("parameter", "value", "named"),
    [
        ("height", "0", "no number from 1 to 65,536"),
        ("out", "many", "no number from 1 to 65,536"),
        ("kernel", "big", "not a kernel size"),
        ("padding", "soft", "not a padding"),
        ("bias", "maybe", "neither yes nor no"),
        ("batch", "3", "1 is shown"),
        ("net", "resnet19", "googlenet is shown"),
        ("at", "conv9", "is shown"),
        ("map", "16", "0 is shown"),
        ("row", "x", "14 is shown"),
        ("module", "9z", "3a is shown"),
        ("widths", "1-2-3", "not six numbers"),
        ("from", "resnet19:conv1", "no variant called 'resnet19'"),
        ("from", "resnet18:conv9", "no node called 'conv9'"),
        ("from", "resnet18:conv2_x.0.relu2", "not a convolution"),
    ],
)
def test_what_a_link_asks_for_and_does_not_exist_is_named(visit: Open, parameter: str, value: str, named: str) -> None:
    page = visit("convolution", **{parameter: value})
    (warning,) = page.warnings
    assert value in warning
    assert named in warning
    assert page.link.get(parameter) != value
    assert errors(page) == []
