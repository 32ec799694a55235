"""The sections about gates: looked at, chosen, altered, compared, counted, and in the link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from explorer.architectures import family, variant
from explorer.demonstrations.gates import compute, panel
from explorer.demonstrations.residual_unit import panel as residual_unit
from explorer.runtime.edits import Edit
from explorer.runtime.maps import unpack
from explorer.runtime.run import Run
from explorer.runtime.samples import samples
from explorer.runtime.weights.network import NARROW
from explorer.ui import cache
from explorer.ui.sidebar import sample_picture

Open = Callable[..., Any]  # a page and its link -> Visit
SMALL = "se_resnet18"
CONTROLS = ("block", "channel", "sorted", "alteration", "scope", "percent", "seed", "against", "reduction")


def run_of(name: str = SMALL) -> Run:
    """What the page runs where nothing is chosen."""
    return Run(name, NARROW, "cpu", sample_picture())


@pytest.fixture
def page(visit: Open) -> Any:
    return visit("senet", variant=SMALL)


def header(page: Any, name: str = "gates") -> dict[str, Any]:
    found, _ = unpack(page.components(name)[0].proto.bytes)
    return found


def charts(page: Any) -> int:
    return len(page.app.get("plotly_chart"))


# ---- which networks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [v.name for f in ("senet", "mobilenet") for v in family(f).variants])
def test_networks_with_gates_have_the_sections(name: str) -> None:
    run = run_of(name)
    gated = name.startswith(("se", "mobilenet_v3"))
    for section in (panel.GATES, panel.ALTERED_GATES, panel.ALL_GATES, panel.GATES_COST):
        assert section.available(run) == gated
    if gated:
        assert list(panel.blocks_of(run)) == [b.block for b in compute.gate_blocks(cache.trace(name))]


@pytest.mark.parametrize(("name", "units"), [("se_resnet18", 8), ("se_googlenet", 0)])
def test_senets_units_can_be_looked_at_where_it_has_some(name: str, units: int) -> None:
    run = run_of(name)
    assert residual_unit.SUM.available(run) == residual_unit.REMOVAL.available(run) == bool(units)
    assert len(residual_unit.units_of(name)) == units


def test_senets_unit_follows_the_selection_and_stands_in_the_link(visit: Open) -> None:
    page = visit("senet", variant=SMALL, section="sum")
    shown = page.app.get("plotly_chart")[0].proto.spec
    page.click("conv4_x.0.conv1")
    assert page.app.selectbox(key="residual.unit").value == ""
    assert "residual.unit" not in page.link
    assert page.app.get("plotly_chart")[0].proto.spec != shown
    page.set(residual__unit="conv3_x.1", residual__map=5)
    again = visit("senet", **page.link)
    assert again.warnings == []
    assert (again.link["residual.unit"], again.link["residual.map"]) == ("conv3_x.1", "5")
    assert again.app.get("plotly_chart")[0].proto.spec == page.app.get("plotly_chart")[0].proto.spec


# ---- one block ---------------------------------------------------------------------------------------------


def test_the_block_is_the_selected_one_unless_another_is_chosen(page: Any) -> None:
    assert page.warnings == []
    assert header(page)["path"] == "conv2_x.0.se"
    page.click("conv4_x.1.conv2")
    assert header(page)["path"] == "conv4_x.1.se"
    assert "gates.block" not in page.link
    page.set(gates__block="conv5_x.0")
    assert header(page)["path"] == "conv5_x.0.se"
    assert page.link["gates.block"] == "conv5_x.0"
    page.click("stem.conv")
    assert header(page)["path"] == "conv5_x.0.se"


def test_the_formulas_hold_the_numbers_of_the_chosen_channel(page: Any) -> None:
    page.set(gates__channel=7)
    assert page.link["gates.channel"] == "7"
    r = panel.activity_of(run_of(), "conv2_x.0")
    latex = "\n".join(formula.value for formula in page.app.latex)
    assert f"= {r.squeeze[7]:.4g}" in latex
    assert f"\\sigma({r.excitation[7]:.4g}) = \\mathbf{{{r.gate[7]:.4g}}}" in latex
    assert f"\\mathbb{{R}}^{{{len(r.hidden)}}}, \\quad {(r.hidden > 0).sum()} " in latex


def test_what_no_browser_of_ours_sends_is_ignored(page: Any) -> None:
    channels = header(page)["shape"][0]
    for channel in (channels, -1, True, "7"):
        page.set(gates__channel=channel)
        assert header(page)["view"] == {"channel": 0, "sorted": False}
    page.set(gates__sorted=1)
    assert header(page)["view"] == {"channel": 0, "sorted": False}
    assert {"gates.channel", "gates.sorted"}.isdisjoint(page.link)


def test_random_gates_are_named_as_such(page: Any) -> None:
    vectors = panel._gates_alone(run_of())
    low, high = min(v.min() for v in vectors), max(v.max() for v in vectors)
    assert f"({low:.2f} to {high:.2f})" in page.app.info[0].value


# ---- altered gates -----------------------------------------------------------------------------------------


def test_an_alteration_is_what_the_controls_say(visit: Open) -> None:
    page = visit("senet", variant=SMALL, section="altered", gates__channel="3")
    assert not page.components("map_pairs")
    shown = {}
    for name in set(panel.ALTERATIONS) - {panel.AS_COMPUTED}:
        page.set(gates__alteration=name)
        shown[name] = header(page, "map_pairs")
        assert shown[name]["channels"][0] == 3
        assert page.link["gates.alteration"] == name
    assert shown["one"]["gates"][1][0] == 1
    assert shown["invert"]["gates"][1][0] == pytest.approx(1 - shown["one"]["gates"][0][0])
    page.set(gates__alteration="channel", gates__percent=85)
    assert header(page, "map_pairs")["gates"][1][0] == pytest.approx(0.85)
    page.set(gates__alteration="shuffle")
    one = page.text
    page.set(gates__scope="all")
    everywhere = page.text
    page.set(gates__seed=5)
    assert len({one, everywhere, page.text}) == 3
    wanted = {"gates.scope": "all", "gates.seed": "5", "gates.percent": "85"}
    assert wanted.items() <= page.link.items()


def test_a_trained_network_shows_classes_and_no_warning_of_random_gates(visit: Open) -> None:
    page = visit("senet", variant="se_resnet50", section="altered", sample="cat")  # whose class is easily changed
    assert list(page.classes("gate-classes")) == ["as computed"] and page.answers == []
    page.set(gates__alteration="invert", gates__scope="all")
    assert not page.app.info
    run = Run("se_resnet50", "bundled", "cpu", sample_picture("cat"))
    inverted = tuple(Edit(block.gate, "invert") for block in panel.blocks_of(run).values())
    effect = panel._effect(run, inverted, "conv2_x.0", 0)
    assert effect.before.first != effect.after.first
    assert page.answers == [f"{effect.before.first} → {effect.after.first}"]
    shown = page.classes("gate-classes")
    for title, one in (("original", effect.before), ("altered", effect.after)):
        assert all(shown[title][p.label] == pytest.approx(p.probability) for p in one.top())


# ---- all blocks --------------------------------------------------------------------------------------------


def test_pictures_are_compared_side_by_side(visit: Open) -> None:
    page = visit("senet", variant=SMALL, section="all-gates")
    assert charts(page) == 2
    page.set(gates__against="coffee")
    assert charts(page) == 5
    assert page.link["gates.against"] == "coffee"


def test_the_average_is_over_all_samples(visit: Open) -> None:
    page = visit("senet", variant=SMALL, section="all-gates", gates__against="average")
    assert charts(page) == 5
    pictures = [panel._gates_alone(replace(run_of(), picture=sample_picture(s.id))) for s in samples()]
    assert len({vectors[-1].tobytes() for vectors in pictures}) == len(samples())  # the first has one hidden value: 0
    spread = [e for e in page.app.get("plotly_chart") if e.proto.id.endswith("-gates-per-block")]
    assert len(spread) == 1


# ---- cost --------------------------------------------------------------------------------------------------


def test_r_counts_parameters_and_macs(visit: Open) -> None:
    page = visit("senet", section="gates-cost")
    page.set(gates__reduction=4)
    v = variant("se_resnet50")
    with_r, bare = compute.trace_with_reduction(v, 4), compute.trace_without_gates(v)
    (table,) = (t.value.to_dict("list") for t in page.app.table)
    assert table["parameters"] == [f"{n:,}" for n in (bare.params, with_r.params, with_r.params - bare.params)]
    assert table["MACs"] == [f"{n:,}" for n in (bare.macs, with_r.macs, with_r.macs - bare.macs)]
    assert page.link["gates.reduction"] == "4"


def test_mobilenet_v3_has_hard_gates_and_no_ratio_to_choose(visit: Open) -> None:
    page = visit("mobilenet", variant="mobilenet_v3_small", node="stage3.1.se.mul", section="gates")
    assert header(page)["path"] == "stage3.1.se"
    page.show("gates-cost")
    assert not page.app.slider and len(page.app.table) == 1


# ---- the link ----------------------------------------------------------------------------------------------


def test_a_link_opens_what_it_names(visit: Open) -> None:
    link = {
        "variant": SMALL,
        "node": "conv3_x.0.add",
        "gates.block": "conv5_x.1",
        "gates.channel": "11",
        "gates.sorted": "yes",
        "gates.against": "coffee",
        "gates.alteration": "invert",
        "gates.scope": "all",
        "gates.reduction": "8",
    }
    page = visit("senet", **link)
    assert page.warnings == []
    assert page.link == link
    shown = header(page)
    assert (shown["path"], shown["view"]) == ("conv5_x.1.se", {"channel": 11, "sorted": True})
    page.show("altered")
    assert header(page, "map_pairs")["channels"][0] == 11


def test_wrong_values_are_named(visit: Open) -> None:
    names = {f"gates.{name}" for name in CONTROLS}
    page = visit("senet", variant=SMALL, **dict.fromkeys(names, "1.5"))
    assert len(page.warnings) == len(names)
    assert not names & set(page.link)
