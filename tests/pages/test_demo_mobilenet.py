"""MobileNet's demonstrations on their page: every variant and every control."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from explorer.analysis.trace import trace_variant
from explorer.architectures import family, variant
from explorer.demonstrations.mobilenet.panel import pair_designs
from explorer.demonstrations.mobilenet.spiral import recover
from explorer.ui import cache

Open = Callable[..., Any]  # -> Visit of conftest.py


def pictures(page: Any) -> list[str]:
    """The alternative texts of all maps on the page."""
    return [alt for html in page.app.get("html") for alt in re.findall(r'alt="([^"]*)"', html.proto.body)]


def charts(page: Any) -> list[dict[str, Any]]:
    return [json.loads(chart.proto.spec) for chart in page.app.get("plotly_chart")]


@pytest.fixture
def page(visit: Open) -> Any:
    return visit("mobilenet", variant="mobilenet_v1", weights="untrained")


@pytest.mark.parametrize("name", [v.name for v in family("mobilenet").variants])
def test_every_variant_shows_what_it_has(visit: Open, name: str) -> None:
    page = visit("mobilenet", variant=name)
    assert page.warnings == []
    separable = name != "mobilenet_v1_full"
    assert ("has full convolutions only" in page.text) != separable
    assert ("Narrow, wide, narrow" in page.text) == (name.startswith("mobilenet_v2") or "v3" in name)
    assert len([alt for alt in pictures(page) if alt.endswith(" filter")]) == (4 if separable else 0)
    assert "Relative error of what came back" in page.text


def test_another_block_and_another_output_map(page: Any) -> None:
    page.app.selectbox(key="mix-block").set_value("stage4.2")
    page.run()
    assert "of 512 channels that contribute most to output map 0" in page.text
    before = pictures(page)
    page.app.number_input(key="mix-output").set_value(511)
    page.run()
    assert "output map 511 of **stage4.2.pointwise.conv**" in page.text
    assert pictures(page) != before
    assert "**8.84×** fewer than the standard convolution's" in page.text


def test_the_block_follows_the_selection_and_the_controls_stand_in_the_link(visit: Open) -> None:
    page = visit("mobilenet", variant="mobilenet_v1", weights="untrained")
    controls = {"mix-block", "mix-output", "spiral-n", "spiral-seed", "spiral-decoder", "alpha", "rho", "cam-class"}
    assert not controls & set(page.link)
    page.click("stage4.2.pointwise.conv")
    assert page.app.selectbox(key="mix-block").value == "stage4.2" and "mix-block" not in page.link
    page.app.selectbox(key="mix-block").set_value("stage3.1")
    page.app.number_input(key="mix-output").set_value(255)
    page.app.select_slider(key="alpha").set_value("0.5")
    page.app.selectbox(key="cam-class").set_value("2")
    page.run()
    wanted = {"mix-block": "stage3.1", "mix-output": "255", "alpha": "0.5", "cam-class": "2"}
    assert wanted.items() <= page.link.items()
    again = visit("mobilenet", **page.link)
    assert again.warnings == [] and again.link == page.link
    assert "output map 255 of **stage3.1.pointwise.conv**" in again.text and "α = 0.5" in again.text
    nonsense = visit("mobilenet", variant="mobilenet_v1", **dict.fromkeys(controls, "x"))
    assert len(nonsense.warnings) == len(controls) and not controls & set(nonsense.link)


def test_the_saving_of_a_pair_is_the_papers_fraction() -> None:
    trace = cache.trace("mobilenet_v1")
    full, separable = pair_designs(trace, "stage4.2.depthwise.conv", "stage4.2.pointwise.conv")
    assert separable.macs / full.macs == pytest.approx(1 / 512 + 1 / 9)
    nodes = [trace.node(f"stage4.2.{part}.conv") for part in ("depthwise", "pointwise")]
    assert separable.macs == sum(n.macs for n in nodes)
    assert separable.params == sum(n.params for n in nodes)


def test_the_profile_has_the_channels_of_the_trace(visit: Open) -> None:
    page = visit("mobilenet", variant="mobilenet_v2")
    (profile,) = (c for c in charts(page) if any("inside" in str(d.get("name")) for d in c["data"]))
    between, inside = profile["data"]
    assert between["y"][:4] == [32, 16, 24, 24] and between["y"][-1] == 320
    assert inside["y"][:4] == [32, 96, 144, 144] and inside["y"][-1] == 960
    assert "10 of 17 blocks have a shortcut" in page.text


def test_the_spiral_is_computed_for_what_is_chosen(page: Any) -> None:
    page.app.select_slider(key="spiral-n").set_value("15")
    page.app.number_input(key="spiral-seed").set_value(7)
    page.run()
    assert f"**{recover(15, 7).error:.3g}**" in page.text
    page.app.button_group(key="spiral-decoder").set_value("inverse")
    page.run()
    assert f"**{recover(15, 7, 'inverse').error:.3g}**" in page.text
    assert "half its size" in page.text
    page.app.toggle(key="spiral-relu").set_value(False)
    page.run()
    error = re.search(r"came back: \*\*([0-9.e+-]+)\*\*", page.text)
    assert error and float(error[1]) < 1e-8


@pytest.mark.parametrize(("name", "alpha", "size"), [("mobilenet_v1", 0.5, 160), ("mobilenet_v2", 0.75, 128)])
def test_alpha_and_rho(visit: Open, name: str, alpha: float, size: int) -> None:
    page = visit("mobilenet", variant=name)
    page.app.select_slider(key="alpha").set_value(str(alpha))
    page.app.select_slider(key="rho").set_value(str(size))
    page.run()
    trace = trace_variant(variant(name), size, width=alpha)
    assert f"**{trace.params:,}** parameters" in page.text and f"**{trace.macs:,}** MACs" in page.text
    assert f"{(alpha * size / 224) ** 2:.1%}" in page.text


def test_the_papers_rows_stand_beside_the_counts(page: Any) -> None:
    tables = [table.value.to_dict("records") for table in page.app.table]
    (rows,) = (t for t in tables if "MACs, printed" in t[0])
    assert [(r["MACs, printed"], r["MACs, counted"]) for r in rows] == [
        ("569 M", "568,740,352"),
        ("325 M", "325,400,448"),
    ]
    assert all("1704.04861" in r["source"] for r in rows)
