"""The SE laboratory on its pages: read, chosen, altered, compared, counted, and in the link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from explorer.architectures import family, variant
from explorer.demonstrations.gates import compute as gates
from explorer.demonstrations.gates import panel as se_laboratory
from explorer.demonstrations.gates.compute import Alteration
from explorer.runtime.activations import altered, capture, relative_change
from explorer.runtime.maps import unpack
from explorer.runtime.pictures import load_image
from explorer.runtime.preprocessing import model_input, preprocessing_for
from explorer.runtime.samples import sample, samples
from explorer.ui import cache

Open = Callable[..., Any]  # -> Visit of conftest.py
SMALL = "se_resnet18"
KEYS = {"gates", "gate", "gate-order", "against", "force", "scope", "gate-percent", "shuffle", "r"}


@pytest.fixture
def page(visit: Open) -> Any:
    return visit("senet", variant=SMALL)


def header(page: Any, name: str = "gates") -> dict[str, Any]:
    found, _ = unpack(page.components(name)[0].proto.bytes)
    return found


def choose(page: Any, channel: int, ordered: bool = False) -> None:
    """Click a bar."""
    key = page.components("gates")[0].key
    page.app.session_state[key] = {"view": {"channel": channel, "sorted": ordered}}
    page.run()


def force(page: Any, name: str) -> None:
    page.app.button_group(key="force").set_value(name)
    page.run()


def activations(image: str = "cat") -> Any:
    v = variant(SMALL)
    x = model_input(load_image(sample(image).path).image, preprocessing_for(v.input_size)).tensor
    return capture(cache.network(SMALL, "untrained", "cpu"), x)


def test_it_opens_at_the_gate_of_the_selected_node_and_says_that_it_is_untrained(page: Any) -> None:
    assert page.maps["node"] == "conv2_x.0.relu2"
    assert header(page)["path"] == "conv2_x.0.se"
    assert page.warnings == []
    vectors = gates.gates_of(activations(), gates.gate_blocks(cache.trace(SMALL)))
    low, high = min(v.min() for v in vectors), max(v.max() for v in vectors)
    said = page.app.info[0].value
    assert "Untrained gates teach nothing" in said
    assert f"({low:.2f} to {high:.2f})" in said


def test_it_follows_the_selection_and_the_select_box(page: Any) -> None:
    page.click("conv4_x.1.conv2")
    assert header(page)["path"] == "conv4_x.1.se"
    assert "gates" not in page.link  # it is the node's
    page.click("stem.conv")  # no gate there: nothing moves
    assert header(page)["path"] == page.link["gates"] == "conv4_x.1.se"
    page.app.selectbox(key="gates").set_value("conv5_x.0.se")
    page.run()
    assert header(page)["path"] == page.link["gates"] == "conv5_x.0.se"
    assert page.maps["node"] == "stem.conv"
    page.app.selectbox(key="sample").set_value("coffee")
    page.run()
    assert header(page)["path"] == "conv5_x.0.se"


def test_the_formulas_hold_the_numbers_of_the_chosen_channel(page: Any) -> None:
    choose(page, 7)
    assert page.link["gate"] == "7"
    r = gates.reading(activations(), gates.gate_blocks(cache.trace(SMALL))[0])
    latex = "\n".join(formula.value for formula in page.app.latex)
    assert f"= {r.squeeze[7]:.4g}" in latex
    assert f"\\sigma({r.excitation[7]:.4g}) = \\mathbf{{{r.gate[7]:.4g}}}" in latex
    assert f"{(r.hidden > 0).sum()} \\text{{ above zero}}" in latex
    assert f"channel 7 has rank {r.rank(7)} of 64" in page.text


@pytest.mark.parametrize("view", [{"channel": 64}, {"channel": -1}, {"channel": True}, {"channel": "7"}, {"sorted": 1}])
def test_what_no_browser_of_ours_sends_is_ignored(page: Any, view: dict[str, object]) -> None:
    key = page.components("gates")[0].key
    page.app.session_state[key] = {"view": view}
    page.run()
    assert "gate" not in page.link and "gate-order" not in page.link


@pytest.mark.parametrize("name", gates.FORCES)
def test_every_alteration(page: Any, name: gates.Force) -> None:
    assert not page.components("map_pairs")
    choose(page, 3)
    force(page, name)
    before = activations()
    block = gates.gate_blocks(cache.trace(SMALL))[0]
    alteration = Alteration(name, channel=3 if name == "channel" else 0, value=0.0)
    after = altered(before, {block.gate: alteration})
    change = relative_change(before.logits, after.logits)
    assert f"The logits change by **{change:.2%}**" in page.text
    shown = header(page, "map_pairs")
    assert shown["channels"][0] == 3
    assert shown["gates"][1][0] == pytest.approx(float(after.maps(block.gate)[3]))
    assert page.link["force"] == name
    assert "no probabilities" in page.text  # untrained


def test_all_blocks_seed_and_slider(page: Any) -> None:
    force(page, "shuffle")
    one = page.text
    page.app.button_group(key="scope").set_value("all")
    page.run()
    assert page.link["scope"] == "all"
    everywhere = page.text
    page.app.number_input(key="shuffle").set_value(5)
    page.run()
    assert len({one, everywhere, page.text}) == 3
    assert page.link["shuffle"] == "5"
    force(page, "channel")
    page.app.slider(key="gate-percent").set_value(85)
    page.run()
    assert header(page, "map_pairs")["gates"][1][0] == pytest.approx(0.85)
    assert page.link["gate-percent"] == "85"


def test_two_pictures_side_by_side(page: Any) -> None:
    charts = len(page.app.get("plotly_chart"))
    page.app.selectbox(key="against").set_value("coffee")
    page.run()
    assert len(page.app.get("plotly_chart")) == charts + 3
    assert "Cat minus Coffee" in page.text
    assert page.link["against"] == "coffee"


def test_the_average_is_over_all_samples(page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    averaged: list[int] = []
    original = gates.average

    def spy(pictures: Any) -> Any:
        averaged.append(len(pictures))
        return original(pictures)

    monkeypatch.setattr(gates, "average", spy)
    page.app.selectbox(key="against").set_value("average")
    page.run()
    assert averaged == [len(samples())]
    assert f"Spread over the {len(samples())} samples" in page.text


def test_r_counts_parameters_and_macs(visit: Open) -> None:
    page = visit("senet")
    assert "**9.90%** parameters and **0.065%** MACs" in page.text
    page.app.slider(key="r").set_value(4)
    page.run()
    v = variant("se_resnet50")
    with_r, bare = gates.trace_with_reduction(v, 4), gates.trace_without_gates(v)
    assert f"**{with_r.params / bare.params - 1:.2%}** parameters" in page.text
    assert page.link["r"] == "4"


def test_a_link_opens_what_it_names(visit: Open) -> None:
    link = {
        "variant": SMALL,
        "node": "conv3_x.0.add",
        "gates": "conv5_x.1.se",
        "gate": "11",
        "gate-order": "strength",
        "against": "coffee",
        "force": "invert",
        "scope": "all",
        "r": "8",
    }
    page = visit("senet", **link)
    assert page.warnings == []
    assert link.items() <= page.link.items()
    shown = header(page)
    assert (shown["path"], shown["view"]) == ("conv5_x.1.se", {"channel": 11, "sorted": True})
    assert header(page, "map_pairs")["channels"][0] == 11


def test_a_link_that_says_nothing_of_a_control_means_its_first_value(page: Any) -> None:
    plain = dict(page.link)
    page.app.selectbox(key="gates").set_value("conv5_x.0.se")
    choose(page, 7)
    force(page, "invert")
    assert {"gates", "gate", "force"} <= set(page.link)
    page.app.session_state[page.components("gates")[0].key] = {}
    page.app.query_params = plain  # the browser's Back
    page.run()
    assert header(page)["path"] == "conv2_x.0.se"
    assert not page.components("map_pairs")
    assert page.link == plain


def test_a_link_to_what_does_not_exist_is_told(visit: Open) -> None:
    page = visit("senet", variant=SMALL, gates="conv9_x.0.se", gate="64", force="magic", against="dog", r="1")
    said = "\n".join(page.warnings)
    for wrong in ("'conv9_x.0.se'", "gate 64", "'magic'", "'dog'", "r 1,"):
        assert wrong in said
    assert not KEYS.intersection(page.link)


def test_networks_without_gates_have_no_laboratory(visit: Open) -> None:
    page = visit("mobilenet", variant="mobilenet_v2")
    assert "SE laboratory" not in {h.value for h in page.app.header}
    assert not KEYS.intersection(page.link)


def test_mobilenet_v3_has_hard_gates_and_no_ratio_to_choose(visit: Open) -> None:
    page = visit("mobilenet", variant="mobilenet_v3_small", node="stage3.1.se.mul")
    assert header(page)["path"] == "stage3.1.se"
    assert "hard sigmoid" in page.text
    assert "r" not in {s.key for s in page.app.slider}
    assert "The gates add" in page.text


@pytest.mark.parametrize("name", [v.name for v in family("senet").variants if v.name != "senet154"])
def test_every_variant_has_its_gates(visit: Open, name: str) -> None:
    page = visit("senet", variant=name)
    blocks = gates.gate_blocks(cache.trace(name))
    assert page.app.selectbox(key="gates").options[-1].startswith(f"{blocks[-1].path}: ")


def test_a_trained_network_shows_classes_and_no_notice(page: Any, visit: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    own = cache.network(SMALL, "untrained", "cpu")
    trained = replace(own, classes=tuple(f"name {i}" for i in range(1000)))
    found = capture(trained, torch.zeros(1, 3, 224, 224))
    monkeypatch.setattr(cache, "activations", lambda *arguments: found)
    se_laboratory._effect.cache.clear()
    page = visit("senet", variant=SMALL, force="mean", scope="all")
    se_laboratory._effect.cache.clear()
    assert not page.app.info
    assert {"**Original**", "**Altered**"} <= {m.value for m in page.app.markdown}
