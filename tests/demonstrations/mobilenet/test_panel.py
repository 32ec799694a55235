"""MobileNet's sections: which variants have them, their controls, what is shown, and the link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from explorer.architectures import family
from explorer.demonstrations.mobilenet import charts, panel
from explorer.demonstrations.mobilenet.multipliers import block_widths
from explorer.demonstrations.mobilenet.spiral import recover
from explorer.runtime.run import Run
from explorer.ui import cache
from explorer.ui.sidebar import sample_picture

Open = Callable[..., Any]  # a page and its link -> Visit


def strips(page: Any) -> str:
    """All rows of maps, as they are sent."""
    return "".join(html.proto.body for html in page.app.get("html"))


def tables(page: Any) -> list[list[dict[str, str]]]:
    return [table.value.to_dict("records") for table in page.app.table]


@pytest.mark.parametrize("name", [v.name for v in family("mobilenet").variants])
def test_only_a_network_with_depthwise_convolutions_has_them_taken_apart(name: str) -> None:
    run = Run(name, "untrained", "cpu", sample_picture())
    separable = name != "mobilenet_v1_full"
    assert panel.MIX.available(run) == panel.WIDTHS.available(run) == separable
    assert panel.SPIRAL.available(run) and panel.MULTIPLIERS.available(run)


def test_the_network_of_full_convolutions_opens_with_another_section(visit: Open) -> None:
    page = visit("mobilenet", variant="mobilenet_v1_full")
    assert page.warnings == []
    assert page.sections[:2] == [panel.SPIRAL.title, panel.MULTIPLIERS.title]
    assert [widget.key for widget in page.app.toggle] == [panel.SPIRAL_RELU.name]


# ---- filter, then mix --------------------------------------------------------------------------------------


def test_the_block_follows_the_selection_unless_one_is_chosen(visit: Open) -> None:
    page = visit("mobilenet", variant="mobilenet_v1", weights="untrained")
    block, output = page.app.selectbox(key="mix.block"), page.app.number_input(key="mix.output")
    assert (block.value, output.max) == ("", 63)  # stage1.0, the selected one
    assert strips(page).count('its 3×3 filter"') == panel.CHANNELS_SHOWN
    page.click("stage4.2.pointwise.conv")
    block, output = page.app.selectbox(key="mix.block"), page.app.number_input(key="mix.output")
    assert (block.value, output.max) == ("", 511)
    assert "mix.block" not in page.link
    page.set(mix__block="stage3.1", mix__output=255)
    assert page.link.items() >= {"mix.block": "stage3.1", "mix.output": "255"}.items()
    page.click("stem.conv")
    assert page.app.selectbox(key="mix.block").value == "stage3.1"


def test_blocks_and_outputs_have_mixes_of_their_own() -> None:
    run = Run("mobilenet_v1", "untrained", "cpu", sample_picture())
    mixes = [panel._mix(run, block, output) for block, output in (("stage4.2", 0), ("stage4.2", 511), ("stage3.1", 0))]
    assert all(len(m.channels) == panel.CHANNELS_SHOWN for m in mixes)
    assert len({m.network.tobytes() for m in mixes}) == 3


# ---- narrow and wide ---------------------------------------------------------------------------------------


def test_the_profile_has_the_channels_of_the_trace() -> None:
    between, inside = charts.profile(block_widths(cache.trace("mobilenet_v2")), False).data
    assert list(between.y[:4]) == [32, 16, 24, 24] and between.y[-1] == 320
    assert list(inside.y[:4]) == [32, 96, 144, 144] and inside.y[-1] == 960


# ---- the spiral --------------------------------------------------------------------------------------------


def test_the_spiral_is_computed_for_what_is_chosen(visit: Open) -> None:
    link = {"spiral.dimensions": "15", "spiral.seed": "7"}
    page = visit("mobilenet", variant="mobilenet_v1", section="spiral", **link)
    assert page.warnings == []
    assert f"{recover(15, 7).error:.3g}" in page.answers[0]
    (rows,) = tables(page)
    assert [row["n = 15"] for row in rows] == [f"{recover(15, 7).error:.2g}", f"{panel._mean_errors('best')[3]:.2g}"]
    page.set(spiral__decoder="inverse")
    assert f"{recover(15, 7, 'inverse').error:.3g}" in page.answers[0]
    page.set(spiral__relu6=False)
    assert f"{recover(15, 7, 'inverse', relu=False).error:.3g}" in page.answers[0]
    assert page.link.items() >= {**link, "spiral.decoder": "inverse", "spiral.relu6": "no"}.items()


# ---- alpha and rho -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "alpha", "size"), [("mobilenet_v1", 0.5, 160), ("mobilenet_v2", 0.75, 128)])
def test_alpha_and_rho(visit: Open, name: str, alpha: float, size: int) -> None:
    page = visit("mobilenet", variant=name, section="multipliers")
    page.set(multipliers__alpha=alpha, multipliers__size=size)
    scaled = panel._scaled(name, alpha, size)
    for number in (f"{scaled.params:,}", f"{scaled.macs:,}", f"{(alpha * size / 224) ** 2:.1%}"):
        assert number in page.text
    assert page.link.items() >= {"multipliers.alpha": str(alpha), "multipliers.size": str(size)}.items()
    again = visit("mobilenet", **page.link)
    assert again.warnings == [] and again.text == page.text


def test_the_papers_rows_stand_beside_the_counts(visit: Open) -> None:
    (rows,) = tables(visit("mobilenet", variant="mobilenet_v1", section="multipliers"))
    assert [(row["MACs, printed"], row["MACs, counted"]) for row in rows] == [
        ("569 M", "568,740,352"),
        ("325 M", "325,400,448"),
        ("149 M", "149,497,088"),
        ("41 M", "41,030,272"),
        ("418 M", "418,121,728"),
        ("290 M", "290,675,200"),
        ("186 M", "186,400,768"),
    ]
    assert all("1704.04861" in row["source"] for row in rows)


def test_wrong_values_are_named(visit: Open) -> None:
    controls = (panel.SPIRAL_DIMENSIONS, panel.SPIRAL_SEED, panel.SPIRAL_DECODER, panel.SPIRAL_RELU)
    names = {c.name for c in (*controls, panel.ALPHA, panel.SIZE)} | {"mix.block", "mix.output"}
    page = visit("mobilenet", variant="mobilenet_v1", section="spiral", **dict.fromkeys(names, "x"))
    assert len(page.warnings) == len(names)
    assert not names & set(page.link)
