"""The ResNet page's demonstrations: every control, what is said about it, and the link."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from explorer.architectures import family
from explorer.demonstrations.gradients import panel as resnet
from explorer.demonstrations.gradients.compute import INITIALIZATIONS, Recipe, measure
from explorer.demonstrations.residual_unit import compute as residual
from explorer.demonstrations.residual_unit.compute import Unit
from explorer.demonstrations.residual_unit.panel import units_of
from explorer.ui import cache
from explorer.ui.sidebar import sample_image

Open = Callable[..., Any]  # a page and its link -> Visit of conftest.py
SMALL = "resnet20_cifar"
KEYS = {"unit", "unit-map", "depth", "norm", "init"}


@pytest.fixture
def page(visit: Open) -> Any:
    return visit("resnet", weights="untrained", variant=SMALL, depth="20")


def charts(page: Any) -> list[dict[str, Any]]:
    return [json.loads(element.proto.spec) for element in page.app.get("plotly_chart")]


def unit(page: Any) -> Unit:
    return units_of(page.link["variant"])[page.app.selectbox(key="unit").value]


def activations(name: str = SMALL) -> Any:
    return cache.activations(name, "untrained", "cpu", sample_image("cat"))


# ---- every variant -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", family("resnet").variants, ids=lambda v: v.name)
def test_every_variant_shows_a_unit_and_removes_it(visit: Open, variant: Any) -> None:
    page = visit("resnet", weights="untrained", variant=variant.name, depth="20")
    shown = unit(page)
    assert shown.path == "conv2_x.0"  # the selected node's
    before = activations(variant.name)
    after = residual.without(before, shown)
    change = residual.changes(before, after, cache.trace(variant.name), shown)[-1]
    assert f"**{variant.title}: {change.relative:.1%}" in page.text
    if variant.name.startswith("plain"):
        assert "A plain network adds nothing" in page.text
    else:
        t = residual.terms(before, shown)
        assert f"‖residual‖ = **{float(t.residual.norm()):.4g}**" in page.text
        assert f"‖sum‖ = **{float(t.sum.norm()):.4g}**" in page.text
    assert "Untrained network" in page.text
    assert not KEYS - {"depth"} & set(page.link)


@pytest.mark.parametrize(("name", "units"), [("se_resnet18", 8), ("se_googlenet", 0)])
def test_gated_units_on_the_senet_page(visit: Open, name: str, units: int) -> None:
    page = visit("senet", weights="untrained", variant=name)
    boxes = [box for box in page.app.selectbox if box.key == "unit"]
    assert [len(box.options) for box in boxes] == ([units] if units else [])
    if units:
        assert "conv2_x.0.se.mul" in page.text
        boxes[0].set_value("conv4_x.0")
        page.run()
        assert "option B" in page.text
        assert "unit" not in page.link


# ---- the sum -----------------------------------------------------------------------------------------------


def test_the_three_maps_are_the_units_and_have_one_scale(page: Any) -> None:
    page.app.number_input(key="unit-map").set_value(5)
    page.run()
    assert page.link["unit-map"] == "5"
    figure = charts(page)[0]
    t = residual.terms(activations(), unit(page))
    reach = 0.0
    for shown, term in zip(figure["data"], (t.shortcut, t.residual, t.sum), strict=True):
        values = np.frombuffer(b64decode(shown["z"]["bdata"]), np.float32)
        assert np.array_equal(values, term[5].numpy().ravel())
        assert shown["coloraxis"] == "coloraxis"
        reach = max(reach, float(term[5].abs().max()))
    axis = figure["layout"]["coloraxis"]
    assert (axis["cmin"], axis["cmax"]) == pytest.approx((-reach, reach))
    titles = [a["text"] for a in figure["layout"]["annotations"]]
    assert titles[1] == f"+ residual<br>‖·‖ = {float(t.residual[5].norm()):.4g}"


def test_option_a_is_not_called_the_identity(page: Any) -> None:
    page.app.selectbox(key="unit").set_value("conv3_x.0")
    page.run()
    assert page.link["unit"] == "conv3_x.0"
    assert "option A" in page.text and "not the identity" in page.text
    assert charts(page)[0]["layout"]["annotations"][0]["text"].startswith("Shortcut")


def test_a_maps_number_that_the_unit_does_not_have_is_not_kept(visit: Open) -> None:
    page = visit("resnet", weights="untrained", variant=SMALL, depth="20", unit="conv4_x.1", **{"unit-map": "60"})
    assert page.app.number_input(key="unit-map").value == 60
    page.app.selectbox(key="unit").set_value("conv2_x.1")
    page.run()
    assert page.app.number_input(key="unit-map").value == 0
    assert page.warnings == []


def test_it_follows_the_selection(page: Any) -> None:
    page.click("conv3_x.1.conv2")
    assert page.app.selectbox(key="unit").value == "conv3_x.1"
    assert "unit" not in page.link  # it is the node's
    page.click("stem.conv")  # no unit there: nothing moves
    assert page.app.selectbox(key="unit").value == page.link["unit"] == "conv3_x.1"


def test_links_are_followed_and_nonsense_is_named(visit: Open) -> None:
    page = visit("resnet", weights="untrained", variant=SMALL, unit="conv4_x.2", depth="32", norm="none", init="torch")
    assert page.warnings == []
    assert page.app.selectbox(key="unit").value == "conv4_x.2"
    assert (page.link["depth"], page.link["norm"], page.link["init"]) == ("32", "none", "torch")
    page = visit("resnet", weights="untrained", variant=SMALL, unit="conv9", depth="21", norm="x", init="y")
    assert len(page.warnings) == 4
    assert not KEYS & set(page.link)


# ---- the removal -------------------------------------------------------------------------------------------


def test_plain_and_residual_are_compared_where_both_can(visit: Open) -> None:
    page = visit("resnet", weights="untrained", variant="plain18", depth="20")
    lines = next(c for c in charts(page) if len(c["data"]) == 2 and c["data"][0].get("name") == "plain-18")
    assert [line["name"] for line in lines["data"]] == ["plain-18", "ResNet-18"]
    assert "plain-18: " in page.text and "ResNet-18: " in page.text
    page.click("conv3_x.0.relu2")  # its output has another shape: it cannot be left out
    assert page.app.selectbox(key="unit").value == "conv2_x.0"
    page = visit("resnet", weights="untrained", variant="resnet18", unit="conv3_x.0", depth="20")
    assert "**ResNet-18: " in page.text and "plain-18: " not in page.text


def test_a_trained_network_shows_classes_before_and_after(visit: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    own = cache.network
    names = tuple(f"kind {i}" for i in range(10))
    monkeypatch.setattr(cache, "network", lambda *key: replace(own(*key), classes=names))
    page = visit("resnet", weights="untrained", variant=SMALL, depth="20", sample="horse")  # the cache keeps these
    assert "**Whole network**" in page.text and "**Without conv2_x.0**" in page.text
    assert "learned nothing" not in page.text
    before = cache.activations(SMALL, "untrained", "cpu", sample_image("horse"))
    after = residual.without(before, unit(page))
    shown = [bar.proto.text for bar in page.app.get("progress")]
    for a in (before, after):
        assert all(f"{p.label} {p.probability:.1%}" in shown for p in a.top())
    assert before.top() != after.top()


# ---- gradients ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("initialization", INITIALIZATIONS)
@pytest.mark.parametrize("norm", resnet.NORMS)
def test_every_option_is_measured(visit: Open, norm: str, initialization: Any) -> None:
    page = visit("resnet", weights="untrained", variant=SMALL, depth="20", norm=norm, init=initialization)
    inputs = torch.cat([cache.network_input(SMALL, "untrained", sample_image(s.id)).tensor for s in resnet.samples()])
    for skips, name in ((True, "With shortcuts"), (False, "Plain")):
        *_, (_, found) = measure(Recipe(20, skips, norm == "bn", initialization), inputs, torch.device("cpu"))
        assert found is not None
        said = next(m.value for m in page.app.markdown if m.value.startswith(f"**{name}**"))
        assert f"(ratio **{found.ratio:.3g}**)" in said
        assert f"between {found.gradients.min():.3g} and {found.gradients.max():.3g}" in said
    assert "CIFAR networks of 20 layers" in page.text


def test_what_is_said_follows_from_what_is_measured(visit: Open) -> None:
    page = visit("resnet", weights="untrained", variant=SMALL)
    assert "CIFAR networks of 56 layers" in page.text
    plain = next(m.value for m in page.app.markdown if m.value.startswith("**Plain**"))
    assert "**grow** towards the input" in plain and "vanish" not in plain
    page.app.button_group(key="depth").set_value("110")
    page.app.button_group(key="norm").set_value("none")
    page.app.button_group(key="init").set_value("torch")
    page.run()
    plain = next(m.value for m in page.app.markdown if m.value.startswith("**Plain**"))
    assert "109 of 109 gradients are exactly 0" in plain
    page.app.button_group(key="init").set_value("he")
    page.run()
    skipping = next(m.value for m in page.app.markdown if m.value.startswith("**With shortcuts**"))
    assert "**explode**" in skipping


def test_one_network_alone_or_none(page: Any) -> None:
    networks = page.app.button_group(key="gradient-networks")
    networks.set_value([True])
    page.run()
    assert not any(m.value.startswith("**Plain**") for m in page.app.markdown)
    page.app.button_group(key="gradient-networks").set_value([])
    page.run()
    assert "Choose a network." in page.text


def test_the_seed_draws_another_network(page: Any) -> None:
    before = [m.value for m in page.app.markdown if m.value.startswith("**Plain**")]
    page.app.number_input(key="gradient-seed").set_value(1)
    page.run()
    assert [m.value for m in page.app.markdown if m.value.startswith("**Plain**")] != before


def test_what_was_cancelled_can_be_measured_again() -> None:
    class Stopped(BaseException):
        """As Streamlit stops a run."""

    def stop(done: float) -> None:
        raise Stopped

    recipe, told = Recipe(20, True, seed=987), []
    with pytest.raises(Stopped):
        resnet._profile(recipe, "cpu", stop)
    found = resnet._profile(recipe, "cpu", told.append)
    assert told[-1] == 1
    assert resnet._profile(recipe, "cpu", stop) is found  # computed once, for all viewers
