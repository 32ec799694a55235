"""AlexNet's demonstrations on its page: kernels, LRN, dropout, the augmentation studio and the ten crops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from explorer.architectures import family
from explorer.demonstrations.alexnet import dropout, lrn
from explorer.demonstrations.alexnet import panel as alexnet
from explorer.demonstrations.augmentation import compute as augmentation
from explorer.demonstrations.augmentation import panel as studio
from explorer.demonstrations.augmentation.compute import Augmentation
from explorer.runtime.activations import relative_change
from explorer.runtime.pictures import load_image
from explorer.runtime.samples import sample
from explorer.runtime.weights.network import preprocessing_of
from explorer.ui import cache
from explorer.ui.sidebar import sample_image

Open = Callable[..., Any]  # -> Visit of conftest.py
NAMES = [v.name for v in family("alexnet").variants]
ALPHAS = ("alpha-1", "alpha-2", "alpha-3")


@pytest.fixture(scope="module")
def pages(visit: Open) -> dict[str, Any]:
    return {name: visit("alexnet", variant=name, weights="untrained") for name in NAMES}


@pytest.fixture
def page(pages: dict[str, Any]) -> Any:
    """The network of 2012, in a session that tests share: each sets what it looks at."""
    return pages["alexnet"]


def activations(name: str = "alexnet") -> Any:
    return cache.activations(name, "untrained", "cpu", sample_image("cat"))


def logits(name: str, a: Augmentation) -> torch.Tensor:
    """Of the augmented cat, by the model itself."""
    network = cache.network(name, "untrained", "cpu")
    p = preprocessing_of(network.variant, "untrained")
    frame = augmentation.frame_of(load_image(sample("cat").path).image, p)
    with torch.inference_mode():
        found: torch.Tensor = network.model(augmentation.augmented(frame, a, p).tensor)[0]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_variant_has_its_sections(pages: dict[str, Any], name: str) -> None:
    headers = [h.value for h in pages[name].app.header]
    wanted = ["What conv1 looks for", "Local response normalization", "Dropout", "Data augmentation studio"]
    assert [h for h in headers if h in wanted] == wanted
    assert pages[name].warnings == []


def test_conv1s_halves_belong_to_the_groups_of_conv2(pages: dict[str, Any]) -> None:
    text = pages["alexnet"].text
    assert "**GPU 1**: kernels 0 to 47" in text and "**GPU 2**: kernels 48 to 95" in text
    for name in NAMES[1:]:
        assert "GPU 1" not in pages[name].text
        assert "this variant has no groups" in pages[name].text
    # That the first group of conv2 reads nothing of the second half is what the words claim.
    model = cache.network("alexnet", "untrained", "cpu").model
    maps = activations().maps("conv1.pool")[None]
    changed = maps.clone()
    changed[:, 48:] += 1
    differs = (model.conv2.conv(maps) != model.conv2.conv(changed)).flatten(2).any(2)[0]
    assert not differs[:128].any() and differs[128:].all()


# ---- LRN ---------------------------------------------------------------------------------------------------


def test_lrn_shows_the_pixel_and_the_trap(page: Any) -> None:
    page.app.number_input(key="lrn-map").set_value(5)
    page.app.button_group(key="lrn-gain").set_value(1)
    page.run()
    assert page.link["lrn-map"] == "5"
    a, b = (activations().maps(node)[5] for node in ("conv1.relu", "conv1.norm"))
    peak = int(a.argmax())
    assert f"**{float(a.ravel()[peak]):.4g}** becomes **{float(b.ravel()[peak]):.4g}**" in page.text
    table = next(t.value for t in page.app.table if "largest difference in all maps" in t.value)
    assert len(table) == 4
    change = relative_change(activations().logits, lrn.logits_without(activations()))
    assert f"the logits of this picture change by **{change:.2%}**" in page.text
    assert any(r"\alpha = 0.0001" in formula.value for formula in page.app.latex)


def test_the_trap_is_computed_on_the_stronger_activations(page: Any) -> None:
    for gain in alexnet.GAINS:
        page.app.button_group(key="lrn-gain").set_value(gain)
        page.run()
        ways = lrn.ways(gain * activations().maps("conv1.relu"))
        table = next(t.value for t in page.app.table if "largest difference in all maps" in t.value)
        assert list(table["largest difference in all maps"]) == [f"{w.off_by:.3g}" for w in ways]
        _, right, wrong, _ = ways
        assert wrong.off_by > 100 * right.off_by


def test_a_variant_without_lrn_says_so(pages: dict[str, Any]) -> None:
    assert "no local response normalization" in pages["alexnet_owt"].text
    assert "The trap" not in pages["alexnet_owt"].text


# ---- dropout -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_each_press_draws_new_masks(pages: dict[str, Any], name: str) -> None:
    page = pages[name]
    for seed in range(int(page.link.get("masks", 0)), 2):
        dropped = dropout.drop(activations(name), seed, alexnet.PASSES)
        for layer, mask in zip(dropped.layers, dropped.masks, strict=True):
            gone = int((~mask[0]).sum())
            assert f"**{layer.name}**: {gone:,} of {len(layer.values):,} units dropped" in page.text
        same = int((dropped.logits.argmax(1) == activations(name).logits.argmax()).sum())
        assert f"stays the same in **{same}** of {alexnet.PASSES}" in page.text
        page.app.button(key="redraw").click()
        page.run()
        assert page.link["masks"] == str(seed + 1)


def test_both_conventions_have_the_same_mean_in_training_as_at_test_time(page: Any) -> None:
    table = next(t.value for t in page.app.table if "training, on average" in t.value)
    assert list(table["training, on average"]) == list(table["at test time"])
    largest = f"{dropout.layers(activations())[0].values.max():.4g}"
    assert table["training, kept"][0] == table["at test time"][1] == largest


def test_a_link_names_the_map_and_the_masks(visit: Open) -> None:
    page = visit("alexnet", variant="alexnet", weights="untrained", **{"lrn-map": "7", "masks": "3"})
    assert page.app.number_input(key="lrn-map").value == 7
    gone = int((~dropout.drop(activations(), 3, 1).masks[0][0]).sum())
    assert f"**fc6.dropout**: {gone:,} of" in page.text
    page = visit("alexnet", variant="alexnet_owt", weights="untrained", **{"lrn-map": "64"})
    assert any("64" in warning for warning in page.warnings)


# ---- augmentation ------------------------------------------------------------------------------------------


def test_every_control_moves_the_logits_as_the_network_does(page: Any) -> None:
    plain = logits("alexnet", Augmentation(16, 16))
    page.app.button(key="plain").click()
    page.run()
    changes = {"crop-left": 0, "crop-top": 32, "crop-mirrored": True, **dict.fromkeys(ALPHAS, 0.8)}
    assert "the logits move by **0.000%**" in page.text
    fields: dict[str, Any] = {"left": 16, "top": 16, "alphas": (0.0, 0.0, 0.0)}
    for key, value in changes.items():  # one after the other, each on top of those before
        widget = page.app.toggle(key=key) if key == "crop-mirrored" else page.app.slider(key=key)
        widget.set_value(value)
        page.run()
        if key in ALPHAS:
            fields["alphas"] = tuple(value if k == key else a for k, a in zip(ALPHAS, fields["alphas"], strict=True))
        else:
            fields[key.removeprefix("crop-")] = value
        moved = relative_change(plain, logits("alexnet", Augmentation(**fields)))
        assert moved > 0
        assert f"the logits move by **{moved:.3%}**" in page.text


def test_the_pictures_own_components(page: Any) -> None:
    page.app.button(key="plain").click()
    page.run()
    page.app.slider(key="alpha-1").set_value(0.5)
    page.run()
    published = page.text
    page.app.button_group(key="components").set_value(studio.OWN)
    page.run()
    assert page.text != published
    frame = augmentation.frame_of(
        load_image(sample("cat").path).image, preprocessing_of(family("alexnet").variants[0], "untrained")
    )
    own = augmentation.components_of(frame)
    red, green, blue = 255 * augmentation.colour_shift(own, (0.5, 0, 0))
    assert f"change by **{red:+.1f}, {green:+.1f}, {blue:+.1f}** of 255" in page.text
    page.app.button_group(key="components").set_value(studio.PUBLISHED)
    page.run()


def test_drawing_as_in_training_and_back(page: Any) -> None:
    if studio.DRAWS in page.app.session_state:
        page.app.session_state[studio.DRAWS] = 0
    page.app.button(key="draw").click()
    page.run()
    a = augmentation.drawn(1, 32)
    assert (page.app.slider(key="crop-left").value, page.app.slider(key="crop-top").value) == (a.left, a.top)
    assert page.app.toggle(key="crop-mirrored").value == a.mirrored
    assert [page.app.slider(key=key).value for key in ALPHAS] == pytest.approx(a.alphas, abs=0.005)
    assert "the logits move by **0.000%**" not in page.text
    page.app.button(key="plain").click()
    page.run()
    assert "the logits move by **0.000%**" in page.text


def test_ten_crops_run_when_asked(pages: dict[str, Any]) -> None:
    for name, page in pages.items():
        before = len(page.app.get("plotly_chart"))
        page.app.toggle(key="ten-crops").set_value(True)
        page.run()
        assert len(page.app.get("plotly_chart")) == before + 1
        ten = studio._ten_crops(name, "untrained", "cpu", sample_image("cat"))
        assert len(ten.answers) == 10
        for place, a in {"top left": Augmentation(0, 0), "centre, mirrored": Augmentation(16, 16, True)}.items():
            assert torch.allclose(ten.answers[place].logits, logits(name, a), atol=1e-5)


def test_with_trained_weights_there_are_classes_and_the_mean_of_ten(
    visit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = cache.network("alexnet", "untrained", "cpu")
    trained = replace(own, classes=tuple(f"name {i}" for i in range(1000)))
    monkeypatch.setattr(cache, "network", lambda *arguments: trained)
    caches = (cache.activations, studio._answer, studio._ten_crops)
    try:
        for function in caches:
            function.cache.clear()
        page = visit("alexnet", variant="alexnet", weights="untrained")
        page.app.toggle(key="ten-crops").set_value(True)
        page.run()
        assert "Untrained network" not in page.text
        p = preprocessing_of(own.variant, "untrained")
        frame = augmentation.frame_of(load_image(sample("cat").path).image, p)
        crops = augmentation.ten_crops(frame, p)
        mean = torch.stack([logits("alexnet", a).softmax(0) for a in crops.values()]).mean(0)
        assert f"The mean of the ten says **name {int(mean.argmax())}**" in page.text
        assert {"**Middle crop**", "**Centre crop alone**", "**Mean of ten**"} <= {m.value for m in page.app.markdown}
    finally:
        for function in caches:
            function.cache.clear()
