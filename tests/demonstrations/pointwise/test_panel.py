"""The cost calculator as a viewer uses it: every control, the link, the way from a network and back."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import pytest

from explorer.analysis.cost import Convolution, convolution_of
from explorer.analysis.designs import bottleneck, depthwise_separable, direct
from explorer.architectures import variant
from explorer.architectures.googlenet import MODULES
from explorer.demonstrations.pointwise import measured_panel
from explorer.demonstrations.pointwise.calculator_panel import CLASSIC, KERNELS, MAX_COUNT, PADDINGS, PRESETS
from explorer.demonstrations.pointwise.in_network import reduction_before, without_reduction
from explorer.demonstrations.pointwise.weighted_sum import weighted_sum
from explorer.runtime.run import Run
from explorer.runtime.weights.network import available_weights
from explorer.ui import cache
from explorer.ui.link import WORD_JOINER
from explorer.ui.sidebar import sample_picture

Open = Callable[..., Any]  # -> tests.visit.Visit
SECTIONS = [
    "See it",
    "What it saves",
    "Formulas",
    "How narrow",
    "The whole family",
    "Inception budget",
    "Measured time",
    "Questions",
]


@pytest.fixture(scope="module")
def shared(visit: Open) -> Any:
    """A session for tests that set everything that they look at."""
    return visit("convolution", section="formulas")


def formulas(page: Any) -> str:
    return "".join(element.value for element in page.app.get("latex")).replace("{,}", ",")


def shown(page: Any, *counts: int) -> None:
    """The counts are on the page, in the sentence or the formulas."""
    everything = page.text + formulas(page)
    for count in counts:
        assert f"{count:,}" in everything


def chart(page: Any, name: str) -> dict[str, Any]:
    (found,) = (c for c in page.app.get("plotly_chart") if name in c.proto.id)
    return json.loads(found.proto.spec)


def errors(page: Any) -> list[str]:
    return [element.value.replace("\\", "").replace(WORD_JOINER, "") for element in page.app.error]


# ---- numbers in --------------------------------------------------------------------------------------------


def test_it_starts_with_a_value_that_is_seen_and_then_on_the_classic_case(visit: Open) -> None:
    page = visit("convolution")
    assert page.warnings == errors(page) == []
    assert page.link == {}
    assert page.sections == SECTIONS
    assert len(chart(page, "products")["data"]) == 3
    page.show("calculator")
    shown(page, 120_422_400, 12_443_648)
    assert "9.68×" in page.text
    page.show("formulas")
    shown(page, 120_422_400, 12_443_648, 2_408_448, 10_035_200, 153_632)


def classic(page: Any) -> None:
    page.app.button(key="preset-0").click()
    page.run()


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.title)
def test_a_preset_sets_all_numbers_at_once(visit: Open, preset: Any) -> None:
    odd = {"cost.from": "alexnet:conv1.conv", "cost.groups": "3", "cost.padding": "1", "cost.expansion": "2"}
    page = visit("convolution", section="formulas", **odd)
    page.app.button(key=f"preset-{PRESETS.index(preset)}").click()
    page.run()
    assert errors(page) == page.warnings == []
    assert "cost.from" not in page.link
    assert page.link.get("section") == (preset.section or "formulas")
    page.show("formulas")
    shown(page, preset.numbers.direct.macs, preset.numbers.reduced.macs, preset.numbers.direct.params)


def test_presets_are_what_the_networks_have() -> None:
    of = {preset.title: preset.numbers for preset in PRESETS}
    googlenet, resnet, mobilenet = (cache.trace(name) for name in ("googlenet", "resnet50", "mobilenet_v1"))
    for numbers, trace, name in (
        (of["GoogLeNet 3a"], googlenet, "inception3.3a.conv5x5.conv"),
        (of["ResNet bottleneck"], resnet, "conv2_x.1.conv2"),
    ):
        assert numbers.c == without_reduction(trace.node(name), reduction_before(trace, trace.node(name)))
        assert numbers.reduced.layers[1] == convolution_of(trace.node(name))
    separable = depthwise_separable(of["MobileNet"].c).layers
    own = [convolution_of(n) for n in mobilenet.nodes if n.type == "Conv2d"]
    assert [layer.macs for layer in separable] in [[a.macs, b.macs] for a, b in itertools.pairwise(own)]
    assert separable[0] in own


ARGUMENTS = {"in_shape": (192, 28, 28), "out_channels": 32, "kernel": (5, 5)}


@pytest.mark.parametrize(
    ("name", "value", "changed"),
    [
        ("height", 14, {"in_shape": (192, 14, 28)}),
        ("width", 7, {"in_shape": (192, 28, 7)}),
        ("channels", 256, {"in_shape": (256, 28, 28)}),
        ("out", 64, {"out_channels": 64}),
        ("stride", 2, {"stride": (2, 2)}),
        ("groups", 4, {"groups": 4}),
    ],
)
def test_every_number(shared: Any, name: str, value: int, changed: dict[str, Any]) -> None:
    classic(shared.show("formulas"))
    shared.app.number_input(key=f"cost.{name}").set_value(value)
    shared.run()
    c = Convolution(**ARGUMENTS | changed)
    shown(shared, direct(c).macs, direct(c).params, bottleneck(c, 16).macs)
    assert shared.link == {"section": "formulas", f"cost.{name}": str(value)}


def test_the_bottleneck_and_the_bias(shared: Any) -> None:
    classic(shared.show("formulas"))
    shared.app.number_input(key="cost.bottleneck").set_value(160)
    shared.app.toggle(key="cost.bias").set_value(False)
    shared.run()
    shown(shared, bottleneck(CLASSIC.c, 160).macs, 153_600)
    shared.show("calculator")
    assert "1.03×" in shared.text  # past the break-even
    assert shared.link == {"section": "calculator", "cost.bottleneck": "160", "cost.bias": "no"}


@pytest.mark.parametrize("kernel", [*KERNELS, "1x7", "2"])
def test_every_kernel(shared: Any, kernel: str) -> None:
    shared.open("convolution", section="calculator", **{"cost.kernel": kernel})
    sides = [int(side) for side in kernel.split("x")]
    shown(shared, direct(Convolution(**ARGUMENTS | {"kernel": (sides[0], sides[-1])})).macs)
    assert errors(shared) == []


@pytest.mark.parametrize("padding", [*PADDINGS, "0x3"])
def test_every_padding(shared: Any, padding: str) -> None:
    shared.open("convolution", section="calculator", **{"cost.kernel": "5", "cost.padding": padding})
    assert errors(shared) == []
    assert shared.link.get("cost.padding", "same") == padding


@pytest.mark.parametrize(
    ("numbers", "named"),
    [
        ({"cost.groups": 5}, "5"),
        ({"cost.groups": 999_999}, "999,999"),
        ({"cost.out": MAX_COUNT + 1}, "65,537"),
        ({"cost.height": 0}, "0"),
        ({"cost.groups": 4, "cost.bottleneck": 10}, "10"),
        ({"cost.kernel": "11", "cost.padding": "valid", "cost.height": 10}, "11×11"),
    ],
)
@pytest.mark.parametrize("section", ["formulas", "family"])
def test_a_wrong_number_is_named_and_the_last_right_ones_stay(
    visit: Open, numbers: dict[str, Any], named: str, section: str
) -> None:
    page = visit("convolution", section=section, **{"cost.channels": "96"})
    counts = [direct(Convolution((96, 28, 28), 32, (5, 5))).macs]
    before = [table.value.to_dict() for table in page.app.table]
    page.set(**{name.replace(".", "__"): value for name, value in numbers.items()})
    (error,) = errors(page)
    assert named in error
    assert [table.value.to_dict() for table in page.app.table] == before
    if section == "formulas":
        shown(page, *counts)
    assert page.sections == SECTIONS
    copy = visit("convolution", **page.link)  # the link says what was typed
    assert errors(copy) == [error]
    classic(page)
    assert errors(page) == []


# ---- the family --------------------------------------------------------------------------------------------


def test_the_family_is_shown_and_its_impossible_members_say_why(visit: Open) -> None:
    page = visit("convolution", section="family")
    rows = page.app.table[0].value
    assert len(rows) == 9
    assert rows["multiplications"].iloc[0] == "120,422,400"
    captions = len(page.app.caption)
    page.app.selectbox(key="cost.kernel").set_value("3")
    page.app.number_input(key="cost.expansion").set_value(2)
    page.run()
    assert len(page.app.table[0].value) == 8
    assert len(page.app.caption) == captions + 1
    assert "Inverted residual, ×2" in list(page.app.table[0].value.iloc[:, 0])
    assert page.link == {"section": "family", "cost.kernel": "3", "cost.expansion": "2"}


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ("calculator", ["comparison"]),
        ("widths", ["curve"]),
        ("family", ["relatives"]),
        ("position", ["products"]),
        ("budget", ["budget"]),
    ],
)
def test_charts_are_readable(shared: Any, section: str, names: list[str]) -> None:
    shared.open("convolution", section=section)
    for name in names:
        spec = chart(shared, name)
        assert spec["layout"]["font"]["size"] >= 16
        assert not [s for s in re.findall(r'"size": ?(\d+)}', json.dumps(spec["layout"])) if int(s) < 16]


def test_charts_show_the_numbers(visit: Open) -> None:
    page = visit("convolution", section="family")
    bars = [bar["x"][0] for bar in chart(page, "relatives")["data"] if bar["type"] == "bar"]
    assert bars[:3] == [120_422_400, 2_408_448, 10_035_200]
    page.show("widths")
    curve = chart(page, "curve")["data"][0]
    assert (curve["x"][0], curve["x"][-1]) == (0, 192)
    assert "154.8" in page.text
    page.app.number_input(key="cost.bottleneck").set_value(300)
    page.run()
    assert chart(page, "curve")["data"][0]["x"][-1] == 300


# ---- time --------------------------------------------------------------------------------------------------


def finish(page: Any) -> Any:
    """Look at the page until the measurement is done."""
    while any(button.key == "cancel" for button in page.app.button):
        page.run()
    return page


SMALL = {"cost.height": "7", "cost.width": "7", "cost.channels": "16", "cost.out": "16", "cost.kernel": "3"}


def test_a_measurement_stands_beside_the_multiplications(visit: Open) -> None:
    page = visit("convolution", section="measured", **SMALL)
    page.app.segmented_control(key="time.batch").set_value(8)
    page.app.button(key="measure").click()
    page.run()
    rows = finish(page).app.table[0].value.set_index("")
    assert len(rows) == 8
    assert all(float(ms) > 0 for ms in rows["milliseconds"])
    assert rows["multiplications"].iloc[0] == f"{8 * 7 * 7 * 9 * 16 * 16:,}"
    assert rows[["fewer", "less time"]].iloc[0].tolist() == ["1.00×", "1.00×"]
    assert page.link == SMALL | {"section": "measured", "time.batch": "8"}
    page.app.number_input(key="cost.out").set_value(64)
    page.run()
    assert "7×7×16 → 7×7×16" in page.text  # the result keeps its own numbers
    assert page.app.table[0].value.set_index("").equals(rows)


def test_a_measurement_can_be_cancelled_and_begun_again(visit: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured_panel, "CHUNK_SECONDS", 0.0)  # nothing is done between two looks
    page = visit("convolution", section="measured")
    page.app.button(key="measure").click()
    page.run()
    assert page.app.button(key="measure").disabled
    page.app.button(key="cancel").click()
    page.run()
    assert not page.app.button(key="measure").disabled
    assert "0%" in page.text
    page.app.button(key="measure").click()
    page.run()
    assert page.app.button(key="cancel")


def test_of_wrong_numbers_the_last_right_ones_are_measured(visit: Open) -> None:
    page = visit("convolution", section="measured", **SMALL)
    page.set(cost__groups=5)
    assert len(errors(page)) == 1
    page.app.button(key="measure").click()
    page.run()
    assert "7×7×16 → 7×7×16" in finish(page).text


# ---- one position ------------------------------------------------------------------------------------------


def value_of(net: str, node: str, channel: int, row: int, column: int) -> Any:
    run = Run(net, available_weights(variant(net))[0], "cpu", sample_picture())
    trace = cache.running_trace(run)
    return weighted_sum(cache.activations(run), trace, trace.node(node), channel, row, column)


def test_the_sum_is_the_networks_own_value(visit: Open) -> None:
    page = visit("convolution", device="cpu")
    for name, value in (("map", 2), ("row", 3), ("column", 21)):
        page.app.number_input(key=f"one.{name}").set_value(value)
    page.run()
    value = value_of("googlenet", "inception3.3a.conv5x5_reduce.conv", 2, 3, 21)
    assert rf"\mathbf{{{value.value.made.result:.4g}}}" in formulas(page)
    assert f"**{value.value.network:.4g}** → ReLU **{max(0.0, value.value.network):.4g}**" in page.text
    assert len(chart(page, "products")["data"]) == 3
    assert page.link == {"one.map": "2", "one.row": "3", "one.column": "21"}
    assert len(page.long_table) == len(value.inputs)


def test_another_network_and_node(visit: Open) -> None:
    page = visit("convolution", section="position")
    page.app.selectbox(key="one.net").set_value("resnet18")
    page.run()
    assert page.app.selectbox(key="one.node").value == "conv3_x.0.shortcut.conv"
    page.app.selectbox(key="one.node").set_value("conv4_x.0.shortcut.conv")
    page.run()
    value = value_of("resnet18", "conv4_x.0.shortcut.conv", 0, 7, 7)
    assert f"**{value.value.network:.4g}** → BatchNorm2d **{value.after[0][1]:.4g}**" in page.text
    assert value.position == (14, 14)  # it strides
    page.app.selectbox(key="one.net").set_value("vgg11")
    page.run()
    assert len(page.app.get("plotly_chart")) == 0  # no 1×1 convolution


# ---- an inception module -----------------------------------------------------------------------------------


@pytest.mark.parametrize("module", MODULES)
def test_every_module_of_the_table(shared: Any, module: str) -> None:
    shared.open("convolution", section="budget")
    shared.app.selectbox(key="budget.module").set_value(module)
    shared.run()
    (block,) = (b for s in cache.trace("googlenet").stages for b in s.blocks if b.path.endswith(f".{module}"))
    shown(shared, block.params, block.macs)
    assert shared.link.get("budget.module", "3a") == module
    boxes = [box for box in shared.app.number_input if box.key.startswith("budget.")]
    assert [box.value for box in boxes] == list(MODULES[module])


def test_six_numbers_of_ones_own(visit: Open) -> None:
    page = visit("convolution", section="budget")
    page.app.number_input(key="budget.5x5-reduce").set_value(32)
    page.run()
    shown(page, 128_049_152 + 28 * 28 * (192 * 16 + 25 * 16 * 32))
    assert page.link == {"section": "budget", "budget.5x5-reduce": "32"}
    assert list(page.app.table[0].value["maps"]) == ["64", "128", "32", "32"]
    page.app.selectbox(key="budget.module").set_value("3b")
    page.run()
    assert page.link == {"section": "budget", "budget.module": "3b"}


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
    page = visit("convolution", section="formulas", **{"cost.from": f"{name}:{node}"})
    c = convolution_of(trace.node(node))
    assert page.warnings == errors(page) == []
    shown(page, trace.node(node).macs, c.params)
    (back,) = page.app.get("page_link")
    assert node in back.label
    assert page.link == {
        "section": "formulas",
        "cost.from": f"{name}:{node}",
    }  # unchanged: Back does not stop here twice


def test_it_is_said_whether_the_network_has_a_bottleneck(visit: Open) -> None:
    page = visit("convolution", section="calculator", **{"cost.from": "resnet50:conv3_x.1.conv2"})
    before, own = (cache.trace("resnet50").node(f"conv3_x.1.{name}") for name in ("conv1", "conv2"))
    shown(page, before.macs + own.macs, 28 * 28 * 128 * 9 * 512)
    assert before.name in page.text
    page.open("convolution", section="calculator", **{"cost.from": "resnet34:conv3_x.1.conv2"})
    assert "conv3_x.1.conv1" not in page.text


def test_a_1x1_of_a_network_is_seen_at_work(visit: Open) -> None:
    page = visit("convolution", **{"cost.from": "resnet18:conv3_x.0.shortcut.conv"})
    chosen = [page.app.selectbox(key=key).value for key in ("one.net", "one.node")]
    assert chosen == ["resnet18", "conv3_x.0.shortcut.conv"]
    classic(page.show("calculator"))
    page.show("position")
    assert page.link == {}
    chosen = [page.app.selectbox(key=key).value for key in ("one.net", "one.node")]
    assert chosen == ["googlenet", "inception3.3a.conv5x5_reduce.conv"]


@pytest.mark.parametrize(
    ("node", "offered"), [("conv3_x.1.conv2", True), ("conv3_x.1.relu2", False), ("head.fc", False)]
)
def test_a_networks_page_leads_here(visit: Open, node: str, offered: bool) -> None:
    page = visit("resnet", variant="resnet18", node=node)
    here = [link.proto for link in page.app.get("page_link") if "convolution" in str(link.proto.page)]
    said = {"cost.from": f"resnet18:{node}", "section": "calculator"}
    assert [dict(parse_qsl(link.query_string)) for link in here] == [said] * offered


LINK = {
    "section": "formulas",
    "sample": "coffee",
    "weights": "untrained",
    "cost.height": "14",
    "cost.width": "12",
    "cost.channels": "48",
    "cost.out": "40",
    "cost.kernel": "1x7",
    "cost.stride": "2",
    "cost.padding": "0x3",
    "cost.groups": "4",
    "cost.bottleneck": "8",
    "cost.expansion": "3",
    "cost.bias": "yes",
    "cost.from": "resnet18:conv2_x.0.conv1",
    "time.batch": "8",
    "one.net": "resnet18",
    "one.node": "conv4_x.0.shortcut.conv",
    "one.map": "9",
    "one.row": "2",
    "one.column": "3",
    "budget.module": "4b",
    **dict(
        zip(
            ("budget.1x1", "budget.3x3-reduce", "budget.3x3", "budget.5x5-reduce", "budget.5x5", "budget.pool-proj"),
            "123456",
            strict=True,
        )
    ),
}


def test_a_link_shows_the_view_that_it_was_copied_from_also_after_another_page(visit: Open) -> None:
    page = visit("convolution", **LINK)
    assert page.warnings == errors(page) == []
    assert page.link == LINK
    c = Convolution((48, 14, 12), 40, (1, 7), (2, 2), (0, 3), 4)
    shown(page, c.macs, bottleneck(c, 8).macs)
    page.open("home").open("convolution")
    assert page.link == LINK
    page.open("convolution", section="formulas", **{"cost.height": "20"})
    assert page.link == {"section": "formulas", "cost.height": "20"}
    shown(page, 20 * 28 * 32 * 25 * 192)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cost.out", "many"),
        ("cost.kernel", "big"),
        ("cost.padding", "soft"),
        ("cost.bias", "maybe"),
        ("time.batch", "3"),
        ("one.net", "resnet19"),
        ("one.node", "conv9"),
        ("one.map", "99"),
        ("one.row", "x"),
        ("budget.module", "9z"),
        ("budget.1x1", "0"),
        ("cost.from", "resnet19:conv1"),
        ("cost.from", "resnet18:conv9"),
        ("cost.from", "resnet18:conv2_x.0.relu2"),
        ("cost.from", "nonsense"),
    ],
)
def test_what_does_not_exist_is_named_once(shared: Any, name: str, value: str) -> None:
    shared.open("convolution", **{name: value})
    (warning,) = shared.warnings
    assert value.rpartition(":")[2].replace("_", "\\_").replace(".", "\\.") in warning or "resnet19" in warning
    assert shared.link == {}
    assert errors(shared) == []
