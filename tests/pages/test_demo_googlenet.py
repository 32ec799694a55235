"""The inception modules and the class activation map on their pages: every option, and what they say."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from explorer.architectures import family
from explorer.demonstrations.class_activation.compute import class_activation, pooled_head
from explorer.runtime.activations import capture
from explorer.runtime.weights.bundled import manifest
from explorer.ui import cache
from explorer.ui.sidebar import sample_image

Open = Callable[..., Any]  # -> Visit of conftest.py


@pytest.fixture
def page(visit: Open) -> Any:
    return visit("googlenet", weights="untrained")


def figures(page: Any) -> list[dict[str, Any]]:
    return [json.loads(element.proto.spec) for element in page.app.get("plotly_chart")]


def activations(name: str = "googlenet", sample: str = "cat") -> Any:
    return cache.activations(name, "untrained", "cpu", sample_image(sample))


def shares(page: Any) -> dict[str, list[str]]:
    """The counts in the bars of the branches: maps, parameters, MACs."""
    for figure in figures(page):
        names = [trace.get("name", "") for trace in figure["data"]]
        if any("→" in name for name in names):
            return {trace["name"]: trace["customdata"] for trace in figure["data"]}
    raise AssertionError("no chart of shares")


def test_the_module_follows_the_selection_and_the_box_and_stands_in_the_link(page: Any) -> None:
    assert page.app.selectbox(key="inception").value == "inception3.3a"
    assert "inception" not in page.link
    assert shares(page)["1×1 → 5×5"] == [
        "32",
        "15,920",
        "12,443,648",
    ]  # 16·193 + 32·(25·16 + 1); 784 times the products
    page.click("inception4.4b.conv3x3.conv")
    assert page.app.selectbox(key="inception").value == "inception4.4b"
    page.click("stem.conv2.conv")  # in no module: nothing moves
    assert page.app.selectbox(key="inception").value == page.link["inception"] == "inception4.4b"
    page.app.selectbox(key="inception").set_value("inception5.5b")
    page.run()
    assert page.link["inception"] == "inception5.5b"
    assert "All branches read the same **832** maps" in page.text


def test_a_link_names_a_module(visit: Open) -> None:
    page = visit("googlenet", inception="inception4.4e")
    assert page.app.selectbox(key="inception").value == page.link["inception"] == "inception4.4e"
    assert visit("googlenet", node="inception5.5a.cat").app.selectbox(key="inception").value == "inception5.5a"
    page = visit("googlenet", inception="inception9.9z")
    assert any("inception9.9z" in warning for warning in page.warnings)


def test_the_maps_of_a_branch_are_the_strongest_of_the_network(page: Any) -> None:
    maps = activations().maps("inception3.3a.conv5x5.relu").numpy()
    best = np.argsort(-maps.mean((1, 2)), kind="stable")[:4]
    titles = [[a["text"] for a in figure["layout"]["annotations"]] for figure in figures(page)[:4]]
    assert titles[2] == [f"#{192 + k}" for k in best]  # behind 64 and 128 maps


def test_what_the_reductions_save_and_the_table_of_the_nine_modules(page: Any) -> None:
    assert "module would need **308 M** MACs instead of **128 M** (2.41×)" in page.text
    text = "\n".join(table.value.to_string() for table in page.app.table)
    for printed, counted in (("159K / 128M", "163,696"), ("463K / 100M", "510,104"), ("1388K / 71M", "1,444,080")):
        assert printed in text and counted in text
    assert "most MACs (3b, 28×28×480) and the most parameters (5b, 7×7×1024)" in page.text


def test_the_auxiliary_heads_beside_the_main_one(page: Any) -> None:
    a = activations()
    for name in ("aux1.fc2", "aux2.fc2", "head.fc"):
        scores = a.maps(name)
        assert f"Highest score: class {int(scores.argmax())} of 1000, {float(scores.max()):.3g}" in page.text
    assert "What the heads answer means nothing" in page.text
    assert "**aux1**, behind inception4.4a.cat" in page.text


@pytest.mark.parametrize("name", [v.name for f in ("googlenet", "inception") for v in family(f).variants])
def test_every_variant(visit: Open, name: str) -> None:
    page = visit("inception" if name.startswith("inception") else "googlenet", variant=name, weights="untrained")
    assert page.warnings == []
    headers = [header.value for header in page.app.header]
    assert {"Inside an inception module", "All modules"} <= set(headers)
    assert ("Auxiliary heads beside the main one" in headers) == bool(cache.trace(name).auxiliary)
    assert "the network's own score" in page.text
    printed = any("printed" in table.value.columns and "module" in table.value.columns for table in page.app.table)
    assert printed == (name in ("googlenet", "googlenet_separable"))


def test_a_trained_network_names_its_classes(visit: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    names = tuple(f"animal {i}" for i in range(1000))
    network = replace(cache.network("googlenet", "untrained", "cpu"), classes=names)
    a = capture(network, cache.network_input("googlenet", "untrained", sample_image("cat")).tensor)
    monkeypatch.setattr(cache, "activations", lambda *_: a)
    page = visit("googlenet", weights="untrained")
    bars = [element.text for element in page.app.get("progress")]
    for name in ("aux1.fc2", "aux2.fc2", "head.fc"):
        best = a.maps(name).softmax(0).topk(5)
        for probability, number in zip(best.values.tolist(), best.indices.tolist(), strict=True):
            assert f"animal {number} {probability:.1%}" in bars
    assert f"the network's own score of animal {int(a.logits.argmax())}" in page.text
    assert "What the heads answer means nothing" not in page.text


def test_the_bundled_heads_say_for_how_long_they_learned(visit: Open) -> None:
    entry = manifest()["googlenet"]
    before, last = entry.record()["recipe"]["phases"][-2:]
    assert before["build"] == {"aux": False} and last["build"] == {}
    assert f"in the last {last['epochs']} of {entry.epochs} epochs" in visit("googlenet").text
    assert "the early heads were trained" not in visit("googlenet", weights="untrained").text


# ---- class activation map ----------------------------------------------------------------------------------


def said(number: int, name: str = "googlenet", sample: str = "cat") -> str:
    a = activations(name, sample)
    head = pooled_head(a.network)
    assert head is not None
    cam = class_activation(a, head, number)
    return f"Mean of the map **{cam.map.mean():.4g}** + bias **{cam.bias:.4g}** = **{cam.logit:.4g}**"


def test_the_class_is_chosen_by_its_place_or_by_its_number(page: Any) -> None:
    best = activations().logits.topk(5).indices.tolist()
    assert said(best[0]) in page.text
    page.app.selectbox(key="cam-class").set_value("2")
    page.run()
    assert said(best[2]) in page.text
    page.app.selectbox(key="sample").set_value("coffee")
    page.run()
    assert page.app.selectbox(key="cam-class").value == "2"  # the third of the other picture
    assert said(activations(sample="coffee").logits.topk(5).indices.tolist()[2], sample="coffee") in page.text
    page.app.selectbox(key="cam-class").set_value("number")
    page.run()
    page.app.number_input(key="cam-number").set_value(999)
    page.run()
    assert said(999, sample="coffee") in page.text


def test_the_map_lies_over_the_picture_with_or_without_interpolation(page: Any) -> None:
    def overlay() -> dict[str, Any]:
        return next(f for f in figures(page) if f["layout"].get("images"))

    assert overlay()["layout"]["images"][0]["source"].startswith("data:image/png;base64,")
    assert overlay()["data"][0]["zsmooth"] is False
    page.app.toggle(key="cam-smooth").set_value(True)
    page.run()
    assert overlay()["data"][0]["zsmooth"] == "best"


def test_a_network_with_a_map_for_each_class_names_them(visit: Open) -> None:
    page = visit("nin")
    a = cache.activations("nin_imagenet", "bundled", "cpu", sample_image("cat"))
    best = a.logits.topk(6).indices.tolist()
    names = [a.network.classes[k] for k in best]
    assert f"Mean of the map **{float(a.logits[best[0]]):.4g}**; the network's own score of {names[0]}" in page.text
    titles = [text["text"] for f in figures(page) for text in f["layout"].get("annotations", ())]
    for k, name in zip(best, names, strict=True):
        assert f"<b>#{k}</b> mean {float(a.logits[k]):.3g}<br>{name}" in titles
    untrained = visit("nin", weights="untrained")
    assert not any("<br>" in text["text"] for f in figures(untrained) for text in f["layout"].get("annotations", ()))
