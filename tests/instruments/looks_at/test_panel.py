"""Where a network looks, on a page: the maps that are shown are those of the run, and each control is in the link."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from explorer.instruments.looks_at import compute
from explorer.instruments.looks_at.check import depths, layers
from explorer.instruments.looks_at.compute import Way, class_target, concentration, largest, stretched
from explorer.instruments.looks_at.panel import NO_CAM, place_said
from explorer.instruments.looks_at.picture import over
from explorer.runtime.edits import Edit
from explorer.runtime.run import Run
from explorer.ui import cache, slices
from explorer.ui.sidebar import sample_picture

Open = Callable[..., Any]
LENET_SIDE = 32
LENET = {"variant": "lenet5", "instrument": "looks-at"}


def shown(view: Any) -> list[np.ndarray[Any, Any]]:
    """The pictures of the instrument, or of the section."""
    html = "".join(e.proto.body for e in view.app.get("html") if "<figure" in e.proto.body)
    files = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
    return [np.asarray(Image.open(BytesIO(b64decode(file)))) for file in files]


def drawn(run: Run, target: compute.Target, way: Way, percent: int = 60) -> np.ndarray[Any, Any]:
    found = compute.heat_map(cache.activations(run), target, way, cache.running_trace(run).inference_macs)
    return np.asarray(over(cache.network_input(run).picture, found, percent))


def finish(view: Any, button: str) -> None:
    """Press the button, and wait as the browser does."""
    view.app.button(key=button).click()
    view.run()
    for _ in range(200):
        if f"{button}-cancel" not in {b.key for b in view.app.button}:
            return
        view.run()
    raise AssertionError(f"{button} does not end")


def test_a_class_activation_map_and_where_there_is_none_grad_cam(visit: Open) -> None:
    view = visit("resnet", variant="resnet18", sample="church", instrument="looks-at").set(looks__methods=["cam"])
    run = Run("resnet18", "bundled", "cpu", sample_picture("church"))
    a, trace = cache.activations(run), cache.running_trace(run)
    target = class_target(a.network, int(a.scores.argmax()))
    way = compute.cam_way(trace, target)
    assert way is not None and view.link["looks.methods"] == "cam"
    (picture,) = shown(view)
    assert np.array_equal(picture, drawn(run, target, way))
    assert f"{compute.heat_map(a, target, way, 1).values.mean():.4g}" in view.text
    view.set(section="looks-tested")
    finish(view, "looks-check-begin")
    assert len(shown(view)) >= 3
    view = visit("alexnet", sample="church", instrument="looks-at").set(looks__methods=["cam", "grad-cam"])
    run = Run("alexnet", "bundled", "cpu", sample_picture("church"))
    node = compute.last_maps(cache.running_trace(run), cache.running_trace(run).classifier)
    (picture,) = shown(view)
    first = class_target(cache.network(run), int(cache.activations(run).scores.argmax()))
    assert np.array_equal(picture, drawn(run, first, Way("grad-cam", node)))
    assert NO_CAM in view.text


@pytest.fixture
def resnet(visit: Open) -> Any:
    return visit("resnet", variant="resnet20_cifar", weights="untrained", instrument="looks-at")


def test_methods_classes_edits_and_opacity(visit: Open) -> None:
    view = visit("resnet", variant="resnet18", sample="church", node="conv4_x.0", instrument="looks-at")
    run = Run("resnet18", "bundled", "cpu", sample_picture("church"))
    a = cache.activations(run)
    first = class_target(a.network, int(a.scores.argmax()))
    node = cache.running_trace(run).resolve("conv4_x.0").name
    last = compute.last_maps(cache.running_trace(run), first.node)
    (picture,) = shown(view)
    assert np.array_equal(picture, drawn(run, first, Way("grad-cam", last)))
    heat = compute.heat_map(a, first, Way("grad-cam", last), 1)
    share = concentration(stretched(heat.values, 224))
    assert share is not None
    assert f"**{a.answer.first} {float(a.answer.probabilities.max()):.1%}**: **{share:.0%}**" in view.text
    view.set(looks__at="selected", looks__methods=["layer-cam", "times"], looks__opacity=30, looks__other=2)
    pictures = shown(view)
    expected = [
        drawn(run, target, way, 30)
        for target in (first, class_target(a.network, 2))
        for way in (Way("layer-cam", node), Way("times"))
    ]
    assert all(np.array_equal(p, e) for p, e in zip(pictures, expected, strict=True))
    assert {name: text for name, text in view.link.items() if name.startswith("looks.")} == {
        "looks.at": "selected",
        "looks.methods": "layer-cam~times",
        "looks.opacity": "30",
        "looks.other": "2",
    }
    view.set(looks__other=-1, looks__methods=["times"], edits=(Edit("conv3_x.0", "skip"),) * 0)
    view.set(edits=(Edit("conv3_x.1.relu1", "zero"),))
    edited = run.edited(Edit("conv3_x.1.relu1", "zero"))
    best = class_target(a.network, int(cache.activations(edited).scores.argmax()))
    assert np.array_equal(shown(view)[0], drawn(edited, best, Way("times"), 30))


def test_long_methods_wait_for_a_press_and_say_how_exact_they_are(visit: Open) -> None:
    view = visit("lenet", looks__methods="integrated", looks__steps="8", **LENET)
    assert not shown(view)
    finish(view, "looks-begin")
    assert len(shown(view)) == 1
    total, difference = re.findall(r"sum is (\S+), the scores' difference (\S+?)[,.]? ", view.text)[0]
    assert float(total) == pytest.approx(float(difference), rel=0.1)
    view.set(looks__methods=["occlusion"], looks__patch=8)
    finish(view, "looks-begin")
    assert f"{LENET_SIDE // 8}×{LENET_SIDE // 8}" in view.text
    view.set(looks__methods=["smooth"], looks__samples=4)
    finish(view, "looks-begin")
    assert "4 samples" in view.text


def test_an_untrained_network_has_no_class_but_values(resnet: Any) -> None:
    run = Run("resnet20_cifar", "untrained", "cpu", sample_picture())
    node = resnet.app.session_state["node"]
    assert "looks.class" not in {b.key for b in resnet.app.selectbox}
    resnet.set(looks__methods=["gradient"], maps__channel=3)
    target = largest(cache.activations(run), node, 3)
    assert np.array_equal(shown(resnet)[0], drawn(run, target, Way("gradient")))
    resnet.set(looks__of="value", value__row=5, value__column=6)
    target = compute.Target(node, (3, 5, 6), False)
    assert np.array_equal(shown(resnet)[0], drawn(run, target, Way("gradient")))
    assert resnet.link["looks.of"] == "value"


def test_the_section_tests_the_method(visit: Open) -> None:
    view = visit("lenet", variant="lenet5", section="looks-tested", looks__tested="guided", looks__opacity="50")
    run_trace = cache.trace("lenet5")
    count = len(layers(run_trace, run_trace.classifier))
    finish(view, "looks-check-begin")
    assert [line["name"] for line in view.chart("looks-check")["data"]][:1] == ["Sizes"]
    curve = view.chart("looks-check")["data"][0]
    assert tuple(curve["x"]) == depths(count) and curve["y"][0] == pytest.approx(1)
    assert len(shown(view)) == 3  # trained, all random, edges
    view.set(looks__depth=2)
    assert len(shown(view)) == 4 and view.link["looks.depth"] == "2"
    finish(view, "looks-fade-begin")
    for key in ("looks-deletion", "looks-insertion"):
        lines = view.chart(key)["data"]
        assert len(lines) == 3 and len({len(line["y"]) for line in lines}) == 1
    going, coming = (view.chart(key)["data"][0]["y"] for key in ("looks-deletion", "looks-insertion"))
    assert going[0] == pytest.approx(coming[-1], abs=1e-4) and going[-1] == pytest.approx(coming[0], abs=1e-4)
    view.set(looks__gone="blurred")
    assert "looks-fade-begin" in {b.key for b in view.app.button} and view.link["looks.gone"] == "blurred"


def test_what_a_viewer_begins_ends_what_the_viewer_began_before(visit: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "PROMPT_S", -1)  # nothing is done before the progress is drawn
    monkeypatch.setattr(slices, "SLICE_S", -1)
    view = visit("lenet", variant="lenet5", section="looks-tested", sample="cat", looks__tested="smooth")

    def buttons() -> set[str]:
        return {b.key for b in view.app.button if b.key.startswith(("looks-check", "looks-fade"))}

    assert buttons() == {"looks-check-begin", "looks-fade-begin"}
    view.app.button(key="looks-check-begin").click()
    view.run()
    assert buttons() == {"looks-check-begin-cancel", "looks-fade-begin"}
    view.app.button(key="looks-fade-begin").click()
    view.run()
    assert buttons() == {"looks-check-begin", "looks-fade-begin-cancel"}


def test_wrong_links_are_named(visit: Open) -> None:
    view = visit("lenet", looks__methods="grad-cam~grad-cam", looks__steps="3", looks__depth="99", **LENET)
    assert len(view.warnings) == 3 and len(shown(view)) == 1


def test_places_have_words() -> None:
    words = [place_said(row, column) for row in (0, 0.5, 1) for column in (0, 0.5, 1)]
    assert words[0] == "at the top left" and words[4] == "in the middle" and words[8] == "at the bottom right"
    assert len(set(words)) == 9
