"""The weights that come with the app are what the manifest, their records and the README say."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from explorer.analysis.trace import trace_variant
from explorer.architectures import variant
from explorer.runtime.activations import capture
from explorer.runtime.pictures import load_image
from explorer.runtime.preprocessing import model_input
from explorer.runtime.samples import sample
from explorer.runtime.weights import bundled
from explorer.runtime.weights.bundled import Bundled, manifest
from explorer.runtime.weights.network import BUNDLED, WeightsError, load_network
from explorer.training.recipe import RECIPES

ENTRIES = list(manifest().values())
README = (Path(__file__).resolve().parents[3] / "README.md").read_text(encoding="utf-8")
entries = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.variant)


def row(entry: Bundled) -> str:
    """The README's row."""
    return (
        f"| {entry.variant} | {entry.data_title} | {entry.width_title} | {entry.epochs} | {entry.top1:.1f} % | "
        f"{entry.bytes / 1e6:.1f} MB |"
    )


def test_every_network_with_a_recipe_is_there_and_all_are_small() -> None:
    assert manifest().keys() == RECIPES.keys()
    assert sum(entry.bytes for entry in ENTRIES) <= 40e6
    held = {path.name for path in bundled.DIRECTORY.glob("*.safetensors")}
    assert held == {entry.file for entry in ENTRIES}


@entries
def test_file_record_and_readme_agree(entry: Bundled) -> None:
    assert entry.intact() and entry.path.stat().st_size == entry.bytes
    record = entry.record()
    confusion = record["confusion"]
    right = sum(line[i] for i, line in enumerate(confusion))
    assert sum(map(sum, confusion)) == entry.images == {"imagenette": 3925, "mnist": 10_000}[entry.data]
    assert record["top1"] == pytest.approx(100 * right / entry.images) == pytest.approx(entry.top1, abs=6e-4)
    assert len(record["epochs"]) == entry.epochs
    assert row(entry) in README


@entries
def test_the_recipe_is_the_one_that_was_followed(entry: Bundled) -> None:
    # Older records know one cycle only, and one augmentation.
    former = {"cycles": [], "augmented": True, "lighting": 0.0, "precision": "bfloat16"}
    recorded = former | entry.record()["recipe"]
    plain = {"least_area": None, "altered": False}
    recorded["phases"] = [plain | phase for phase in recorded["phases"]]
    assert recorded == json.loads(json.dumps(asdict(RECIPES[entry.variant])))


@entries
def test_it_runs_under_the_names_of_the_papers_network(entry: Bundled) -> None:
    v = variant(entry.variant)
    network = load_network(v, BUNDLED)
    assert network.classes == entry.classes and network.trained
    assert all(bool(t.isfinite().all()) for t in network.model.state_dict().values())
    assert [n.name for n in trace_variant(network.variant).nodes] == [n.name for n in trace_variant(v).nodes]
    picture = load_image(sample("cat").path).image
    made = model_input(picture, network.preprocessing)
    assert made.tensor.shape[1:] == v.input_size
    top = capture(network, made.tensor).top()
    assert {p.label for p in top} <= set(entry.classes)
    assert f"{entry.top1:.1f} % right" in network.description and entry.width_title in network.description


def test_a_changed_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = manifest()["lenet5"]
    content = bytearray(entry.path.read_bytes())
    content[-1] ^= 1
    (tmp_path / entry.file).write_bytes(content)
    monkeypatch.setattr(bundled, "DIRECTORY", tmp_path)
    with pytest.raises(WeightsError, match="not the file that came with the app"):
        load_network(variant("lenet5"), BUNDLED)


def test_what_was_not_trained_is_said() -> None:
    with pytest.raises(WeightsError, match=r"No trained vgg19 comes with the app; there are .*resnet34"):
        load_network(variant("vgg19"), BUNDLED)


def test_lenet_reads_the_sample_digits() -> None:
    """Drawn for this app, so neither trained nor tested with."""
    from explorer.demonstrations.digits import compute as digits

    for name in ("lenet5", "lenet5_modern"):
        network = load_network(variant(name), BUNDLED)
        right = 0
        drawings = digits.sample_digits()
        for digit, strokes in drawings.items():
            picture = digits.picture(digits.pixels(digits.standardised(digits.ink_of(strokes))))
            x = model_input(picture.image, network.preprocessing).tensor
            right += capture(network, x).top()[0].label == digit[0]
        assert right >= 0.9 * len(drawings), name


def test_training_used_the_width_that_the_manifest_says() -> None:
    for entry in ENTRIES:
        narrow = entry.narrowed(variant(entry.variant)).build()
        wanted = sum(t.numel() for t in narrow.state_dict().values() if t.is_floating_point())
        assert entry.bytes == pytest.approx(2 * wanted, rel=0.12)
