"""The sections of a residual unit: the sum, and the unit removed."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
import pytest

from explorer.analysis.units import Unit
from explorer.architectures import family
from explorer.demonstrations.residual_unit import compute as residual
from explorer.demonstrations.residual_unit.panel import TWINS, units_of
from explorer.runtime.activations import Activations
from explorer.runtime.edits import Edit, edited
from explorer.runtime.maps import unpack
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.sidebar import sample_picture

Open = Callable[..., Any]  # a page and its link -> Visit
SMALL = "resnet20_cifar"


@pytest.fixture
def page(visit: Open) -> Any:
    return visit("resnet", weights="untrained", variant=SMALL, section="sum")


def activations(name: str = SMALL, weights: str = "untrained") -> Any:
    return cache.activations(Run(name, weights, "cpu", sample_picture()))


def unit_maps(page: Any) -> tuple[dict[str, Any], Any]:
    """The header of the three maps, and the maps."""
    (component,) = page.components("terms")
    header, body = unpack(component.proto.bytes)
    return header, np.frombuffer(body, np.float32).reshape(3, *header["shape"])


def outlined(page: Any, key: str = "unit-ratios") -> list[str]:
    """The units whose bars have a frame."""
    bars = page.chart(key)["data"]
    return [path for bar in bars for path, w in zip(bar["x"], bar["marker"]["line"]["width"], strict=True) if w]


def without(before: Activations, unit: Unit) -> Activations:
    return edited(before, [Edit(unit.path, "skip")], cache.trace(before.network.variant.name))


def change(name: str, path: str) -> float:
    """How much the logits change without a unit."""
    before, unit = activations(name), units_of(name)[path]
    return residual.changes(before, without(before, unit), cache.trace(name), unit)[-1].relative


# ---- units -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", family("resnet").variants, ids=lambda v: v.name)
def test_every_variant_of_the_page_has_units(variant: Any) -> None:
    units = units_of(variant.name)
    assert next(iter(units)) == "conv2_x.0"
    assert all((unit.kind == "none") == variant.name.startswith("plain") for unit in units.values())


@pytest.mark.parametrize(("name", "count"), [("se_resnet18", 8), ("se_googlenet", 0)])
def test_gated_units(name: str, count: int) -> None:
    assert len(units_of(name)) == count
    assert all(unit.residual.endswith("se.mul") for unit in units_of(name).values())


def test_twins_have_the_units_of_a_plain_network() -> None:
    for name, twin in TWINS.items():
        plain = units_of(name if name.startswith("plain") else twin)
        assert set(plain) <= set(units_of(name)) & set(units_of(twin))


# ---- the sum -----------------------------------------------------------------------------------------------


def test_the_three_maps_are_the_units_and_have_one_scale(page: Any) -> None:
    page.app.number_input(key="residual.map").set_value(5)
    page.run()
    assert page.link["residual.map"] == "5"
    header, shown = unit_maps(page)
    t = residual.terms(activations(), units_of(SMALL)["conv2_x.0"])  # the selected operation's
    parts = (t.shortcut, t.residual, t.sum)
    assert all(np.array_equal(one, part[5].numpy()) for one, part in zip(shown, parts, strict=True))
    reach = max(float(part[5].abs().max()) for part in parts)
    assert header["limits"] == pytest.approx([-reach, reach])
    assert header["titles"][0] == "Identity"
    for part in parts:
        assert f"**{float(part.norm()):.4g}**" in page.text
    assert f"{float(t.residual.norm() / t.shortcut.norm()):.0%}" in page.answers[0]


def test_the_bars_are_the_ratios_of_all_units_and_the_chosen_one_is_outlined(visit: Open) -> None:
    page = visit("resnet", weights="untrained", variant=SMALL, section="sum", residual__unit="conv3_x.0")
    units = tuple(units_of(SMALL).values())
    expected = {u.path: n.ratio for u, n in zip(units, residual.norms(activations(), units), strict=True)}
    bars = page.chart("unit-ratios")["data"]
    assert {path: y for bar in bars for path, y in zip(bar["x"], bar["y"], strict=True)} == pytest.approx(expected)
    assert outlined(page) == ["conv3_x.0"]


def test_an_option_a_shortcut_is_not_called_the_identity(visit: Open) -> None:
    page = visit("resnet", weights="untrained", variant=SMALL, section="sum", residual__unit="conv3_x.0")
    header, _ = unit_maps(page)
    assert header["titles"][0] == "Shortcut"


def test_by_option_c_a_unit_that_keeps_its_shape_projects_too(visit: Open) -> None:
    page = visit("resnet", weights="untrained", variant="resnet34_c", section="sum", residual__unit="conv2_x.1")
    assert "conv2_x.1, projection shortcut" in page.app.selectbox(key="residual.unit").options
    assert unit_maps(page)[0]["titles"][0] == "Shortcut"


def test_a_number_of_a_map_that_the_unit_does_not_have_is_not_kept(visit: Open) -> None:
    page = visit(
        "resnet",
        weights="untrained",
        variant=SMALL,
        section="sum",
        residual__unit="conv4_x.1",
        residual__map="60",
    )
    assert page.app.number_input(key="residual.map").value == 60
    page.app.selectbox(key="residual.unit").set_value("conv2_x.1")
    page.run()
    assert page.app.number_input(key="residual.map").value == 0
    assert "residual.map" not in page.link and page.warnings == []


def test_the_unit_follows_the_selection_unless_it_was_chosen(page: Any) -> None:
    page.click("conv3_x.1.conv2")
    assert outlined(page) == ["conv3_x.1"]
    assert "residual.unit" not in page.link
    page.app.selectbox(key="residual.unit").set_value("conv4_x.2")
    page.run()
    page.click("conv2_x.1.conv2")
    assert outlined(page) == ["conv4_x.2"] and page.link["residual.unit"] == "conv4_x.2"


def test_a_plain_network_adds_nothing(visit: Open) -> None:
    page = visit("resnet", weights="untrained", variant="plain18", section="sum")
    assert not page.app.get("plotly_chart") and not [box for box in page.app.number_input if "map" in str(box.key)]


def test_a_unit_that_does_not_exist_is_named(visit: Open) -> None:
    page = visit("resnet", weights="untrained", variant=SMALL, residual__unit="conv9", residual__map="x")
    assert len(page.warnings) == 2
    assert not any(name.startswith("residual.") for name in page.link)


def test_a_selection_in_no_unit_shows_the_first_identity_shortcut(visit: Open) -> None:
    page = visit("resnet", weights="untrained", variant="resnet50", section="sum", node="stem.conv")
    assert unit_maps(page)[0]["titles"][0] == "Identity"
    assert outlined(page) == ["conv2_x.1"]


# ---- the removal -------------------------------------------------------------------------------------------


def test_plain_and_residual_are_compared_where_both_can(visit: Open) -> None:
    page = visit("resnet", weights="untrained", variant="plain18", section="removal")
    lines = {line["name"]: line for line in page.chart("unit-changes")["data"]}
    assert list(lines) == ["plain-18", "ResNet-18"]
    for title, name in (("plain-18", "plain18"), ("ResNet-18", "resnet18")):
        assert lines[title]["x"][0] == "conv2_x.0" and lines[title]["x"][-1] == "logits"
        assert lines[title]["y"][-1] == pytest.approx(change(name, "conv2_x.0"))
    page.click("conv3_x.0.relu2")  # its output has another shape: it cannot be left out
    assert page.chart("unit-changes")["data"][0]["x"][0] == "conv2_x.0"
    page = visit("resnet", weights="untrained", variant="resnet18", section="removal", residual__unit="conv3_x.0")
    assert [line["name"] for line in page.chart("unit-changes")["data"]] == ["ResNet-18"]


def test_an_untrained_network_shows_logits_before_and_after(visit: Open) -> None:
    page = visit("resnet", weights="untrained", variant=SMALL, section="removal")
    before = activations()
    after = without(before, units_of(SMALL)["conv2_x.0"])
    points = page.chart("unit-classes")["data"][1]
    for axis, expected in (("x", before), ("y", after)):
        shown = np.frombuffer(b64decode(points[axis]["bdata"]), np.float32)
        assert np.array_equal(shown, expected.logits.numpy())


def test_a_trained_network_shows_classes_before_and_after(visit: Open) -> None:
    page = visit("resnet", variant="resnet34", weights="bundled", section="removal")
    before = activations("resnet34", "bundled")
    after = without(before, units_of("resnet34")["conv2_x.0"])
    assert before.top() != after.top()
    for shown, a in zip(page.classes("unit-classes").values(), (before, after), strict=True):
        assert all(shown[p.label] == pytest.approx(p.probability) for p in a.top())
    (said,) = page.answers
    assert f"{before.top()[0].label} → {after.top()[0].label}" in said


# ---- every unit removed alone ------------------------------------------------------------------------------


def test_the_pair_is_shown_whatever_the_network(visit: Open) -> None:
    page = visit("resnet", weights="untrained", variant=SMALL, section="removal")
    bars = {bar["name"]: dict(zip(bar["x"], bar["y"], strict=True)) for bar in page.chart("removals-plain34")["data"]}
    assert list(bars) == ["plain-34", "ResNet-34"]
    assert bars["plain-34"].keys() == bars["ResNet-34"].keys() and len(bars["plain-34"]) == 13
    for title, name in (("plain-34", "plain34"), ("ResNet-34", "resnet34")):
        before, units = activations(name, "bundled"), units_of(name)
        for path in ("conv2_x.0", "conv4_x.3"):
            after = without(before, units[path])
            expected = residual.changes(before, after, cache.trace(name), units[path])[-1].relative
            assert bars[title][path] == pytest.approx(expected, rel=1e-4)
        assert f"**{median(bars[title].values()):.0%}** (median)" in page.text
    assert len(page.app.get("plotly_chart")) == 3  # of random layers, no bars


def test_a_trained_network_has_bars_of_its_own(visit: Open) -> None:
    page = visit("resnet", variant="resnet50", section="removal", residual__unit="conv4_x.2")
    (bars,) = page.chart("removals-resnet50")["data"]
    assert bars["x"] == list(units_of("resnet50"))
    assert [path for path, width in zip(bars["x"], bars["marker"]["line"]["width"], strict=True) if width] == [
        "conv4_x.2"
    ]
    assert len(page.chart("removals-plain34")["data"]) == 2
