"""A training learns, can be interrupted and repeated, and its result is measured as the app loads it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torchvision.transforms.v2.functional import to_pil_image

from explorer.analysis.trace import without_data
from explorer.architectures import catalogue, variant
from explorer.cli import main
from explorer.runtime.preprocessing import model_input
from explorer.runtime.weights import bundled
from explorer.runtime.weights import overfitting as stored
from explorer.runtime.weights.fit import PERCENTS, Fit
from explorer.runtime.weights.network import BUNDLED, load_network
from explorer.training import bundle, data, overfitting, recipe
from explorer.training.evaluate import Evaluation, evaluate
from explorer.training.recipe import RECIPES, Phase, Recipe
from explorer.training.train import Training, _batches, fit, learning_rate, map_loss, phase_of

CPU = torch.device("cpu")
TINY = Recipe(
    (Phase(2, 32, {"aux": False}), Phase(1, 224)), width=0.05, optimizer="adamw", peak=1e-3, batch=40, least_area=0.5
)
DIGITS = replace(RECIPES["lenet5"], phases=(Phase(8, 32),), batch=32)


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty place for weights instead of the app's own."""
    monkeypatch.setattr(bundled, "DIRECTORY", tmp_path / "weights")
    bundled.manifest.cache_clear()
    yield tmp_path / "weights"
    bundled.manifest.cache_clear()


def quiet(text: str) -> None:
    """No report."""


def trained(mnist: Path, checkpoint: Path, of: Recipe = DIGITS) -> Training:
    train, val = (data.load("mnist", mnist, split) for split in ("train", "val"))
    return fit(variant("lenet5"), of, train, val, CPU, checkpoint, report=quiet)


def test_it_learns_and_the_stored_file_is_what_is_measured(mnist: Path, directory: Path, tmp_path: Path) -> None:
    training = trained(mnist, tmp_path / "a.checkpoint")
    assert training.epochs[-1].loss < 0.6 * training.epochs[0].loss
    entry = bundle.bundle(training, data.load("mnist", mnist, "val"), seed=0)
    assert entry.top1 > 90 and entry.images == 100
    assert bundled.manifest()["lenet5"] == entry
    assert entry.bytes == entry.path.stat().st_size < 2.1 * 61_000
    network = load_network(variant("lenet5"), BUNDLED)
    assert network.classes == tuple("0123456789") and network.preprocessing.pad == 2
    assert evaluate(network, data.load("mnist", mnist, "val")).top1 == entry.top1
    own = training.model.state_dict()
    for name, tensor in network.model.state_dict().items():
        assert torch.equal(tensor, own[name].to(torch.float16).float())
    record = entry.record()
    assert [e["number"] for e in record["epochs"]] == list(range(1, 9))
    assert sum(map(sum, record["confusion"])) == 100
    assert record["versions"]["torch"] == torch.__version__


def test_an_interrupted_training_ends_with_the_same_parameters(mnist: Path, tmp_path: Path) -> None:
    short = replace(DIGITS, phases=(Phase(2, 32), Phase(2, 32)))
    whole = trained(mnist, tmp_path / "whole.checkpoint", short)

    class Interruption(Exception):
        pass

    def interrupt(text: str) -> None:
        if "epoch 2/4" in text:
            raise Interruption

    train, val = (data.load("mnist", mnist, split) for split in ("train", "val"))
    checkpoint = tmp_path / "halves.checkpoint"
    with pytest.raises(Interruption):
        fit(variant("lenet5"), short, train, val, CPU, checkpoint, report=interrupt)
    torch.manual_seed(99)
    halves = fit(variant("lenet5"), short, train, val, CPU, checkpoint, report=quiet)
    assert [e.loss for e in halves.epochs] == [e.loss for e in whole.epochs]
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, halves.model.state_dict()[name])


def test_another_seed_gives_another_network(mnist: Path, tmp_path: Path) -> None:
    once = replace(DIGITS, phases=(Phase(1, 32),))
    first = trained(mnist, tmp_path / "a.checkpoint", once)
    train, val = (data.load("mnist", mnist, split) for split in ("train", "val"))
    other = fit(variant("lenet5"), once, train, val, CPU, tmp_path / "b.checkpoint", seed=1, report=quiet)
    assert first.epochs[0].loss != other.epochs[0].loss


def test_phases_add_the_auxiliary_heads(imagenette: Path, tmp_path: Path) -> None:
    few = data.load("imagenette", imagenette, "val")
    tiny = replace(TINY, batch=15)
    training = fit(variant("googlenet"), tiny, few, few, CPU, tmp_path / "g.checkpoint", report=quiet)
    assert [e.size for e in training.epochs] == [32, 32, 224]
    assert any(name.startswith("aux1") for name in training.model.state_dict())
    assert all(math.isfinite(e.loss) for e in training.epochs)


def test_phases_without_the_heads_give_them_up(imagenette: Path, tmp_path: Path) -> None:
    recipe = replace(TINY, phases=(Phase(1, 224), Phase(1, 32, {"aux": False})), batch=15)
    few = data.load("imagenette", imagenette, "val")
    checkpoint = tmp_path / "g.checkpoint"
    training = fit(variant("googlenet"), recipe, few, few, CPU, checkpoint, report=quiet)
    assert not any(name.startswith("aux") for name in training.model.state_dict())
    again = fit(variant("googlenet"), recipe, few, few, CPU, checkpoint, report=quiet)
    assert again.epochs == training.epochs  # nothing is left to do


def test_phases_say_how_pictures_are_augmented(imagenette: Path) -> None:
    pictures = data.load("imagenette", imagenette, "train")

    def batch(**augmentation: float) -> tuple[torch.Tensor, torch.Tensor]:
        torch.manual_seed(0)
        return next(_batches(pictures, TINY, Phase(1, 32, **augmentation)))  # type: ignore[arg-type]

    plain, labels = batch()
    assert plain.shape == (TINY.batch, 3, 32, 32) and labels.shape == (TINY.batch,)
    whole, same = batch(least_area=1.0)
    assert torch.equal(labels, same) and not torch.equal(plain, whole)
    altered, same = batch(altered=True)
    assert torch.equal(labels, same) and not torch.equal(plain, altered)


def test_without_augmentation_each_picture_is_seen_as_it_is(imagenette: Path) -> None:
    pictures = data.load("imagenette", imagenette, "train")
    plain = replace(TINY, augmented=False)
    torch.manual_seed(0)
    batch, labels = next(_batches(pictures, plain, Phase(1, 144)))
    torch.manual_seed(0)
    order = torch.randperm(len(pictures))[: TINY.batch]
    assert torch.equal(batch, pictures.images[order]) and torch.equal(labels, pictures.labels[order])


def test_lighting_shifts_each_pictures_colours_as_a_whole(imagenette: Path) -> None:
    pictures = data.load("imagenette", imagenette, "train")
    whole = {"least_area": 1.0}
    batches = []
    for std in (0.0, 0.5):
        torch.manual_seed(0)
        batches.append(next(_batches(pictures, replace(TINY, lighting=std), Phase(1, 32, **whole)))[0].float())
    shift = batches[1] - batches[0]
    inside = (batches[1] > 0) & (batches[1] < 255)
    means = [[float(c[i].mean()) for c, i in zip(p, k, strict=True)] for p, k in zip(shift, inside, strict=True)]
    for picture, kept, mean in zip(shift, inside, means, strict=True):
        for channel, among, value in zip(picture, kept, mean, strict=True):
            assert float((channel[among] - value).abs().max()) < 1.1  # rounding
    # One factor of three moves all colours alike: most of the difference is light.
    assert len({round(mean[0]) for mean in means}) > 5
    correlation = torch.corrcoef(torch.tensor(means).T)
    assert float(correlation.min()) > 0.9


def test_watched_pictures_are_measured_after_every_epoch(imagenette: Path, tmp_path: Path) -> None:
    """With the accuracy and the loss that the network has on them."""
    train, val = (data.load("imagenette", imagenette, split) for split in ("train", "val"))
    tiny = replace(TINY, phases=(Phase(3, 64),), precision="float32")
    v = variant("alexnet_owt")
    training = fit(v, tiny, train, val, CPU, tmp_path / "a.checkpoint", report=quiet, watched=train)
    assert all(e.top1 is not None and e.seen_top1 is not None for e in training.epochs)
    shown = torch.nn.functional.interpolate(train.images.float(), 64, mode="bilinear", antialias=True)
    mean, std = (torch.tensor(v)[:, None, None] for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    with torch.inference_mode():
        logits = training.model.eval()((shown / 255 - mean) / std)
    loss = float(torch.nn.functional.cross_entropy(logits, train.labels))
    assert training.epochs[-1].seen_loss == pytest.approx(loss, abs=0.01)
    assert training.epochs[-1].seen_top1 == pytest.approx(
        100 * float((logits.argmax(1) == train.labels).float().mean()), abs=2
    )
    again = fit(v, tiny, train, val, CPU, tmp_path / "a.checkpoint", report=quiet, watched=train)
    assert again.epochs == training.epochs


def test_the_learning_rate_is_one_cycle() -> None:
    rates = [learning_rate(TINY, TINY.epochs * i / 1000) for i in range(1001)]
    assert max(rates) == pytest.approx(TINY.peak) and rates.index(max(rates)) == 250
    assert rates[0] == pytest.approx(0.04 * TINY.peak) and rates[-1] == pytest.approx(0)
    assert rates[:251] == sorted(rates[:251]) and rates[250:] == sorted(rates[250:], reverse=True)


def test_each_cycle_has_its_own_peak() -> None:
    twice = replace(TINY, cycles=((2, 0.1), (1, 0.02)))
    assert [learning_rate(twice, e) for e in (0.5, 2.25)] == pytest.approx([0.1, 0.02])
    assert learning_rate(twice, 1.999) == pytest.approx(0, abs=1e-6) and learning_rate(twice, 3) == pytest.approx(0)


def test_phase_of_each_epoch() -> None:
    assert [phase_of(TINY, i).size for i in range(3)] == [32, 32, 224]
    with pytest.raises(ValueError):
        phase_of(TINY, 3)


def test_the_map_loss_by_hand() -> None:
    distances = torch.tensor([[2.0, 5.0, 1.0]])
    expected = 5 + math.log(math.exp(-1) + math.exp(-2) + math.exp(-5) + math.exp(-1))
    assert float(map_loss(distances, torch.tensor([1]))) == pytest.approx(expected)


def test_evaluation_counts() -> None:
    result = Evaluation(((8, 2), (1, 9)), Fit.over(torch.eye(4), torch.tensor([0, 0, 1, 1]), 2))
    assert result.images == 20 and result.top1 == 85.0


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_builds_its_networks(name: str) -> None:
    r = RECIPES[name]
    assert name in catalogue()
    assert r.epochs == sum(p.epochs for p in r.phases) == (sum(epochs for epochs, _ in r.cycles) or r.epochs)
    classes = len(data.classes_of(r.data))
    for size, build in {(p.size, tuple(p.build.items())) for p in r.phases}:
        model = without_data(variant(name), **dict(build), width=r.width, num_classes=classes)
        channels = variant(name).input_size[0]
        out = model(torch.empty(1, channels, size, size, device="meta"))
        out = out[0] if isinstance(out, tuple) else out
        assert out.shape == (1, classes)


def test_the_experiments_differ_in_one_thing() -> None:
    assert recipe.RECIPES["plain34"] == recipe.RECIPES["resnet34"]
    assert recipe.RECIPES["resnet50"] == recipe.RECIPES["se_resnet50"]


def test_the_commands(
    mnist: Path, directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(RECIPES, "lenet5_modern", replace(RECIPES["lenet5_modern"], phases=(Phase(6, 32),), batch=32))
    arguments = ["lenet5_modern", "--data", str(mnist), "--device", "cpu"]
    assert main(["train", *arguments, "--work", str(tmp_path / "work")]) == 0
    assert "lenet5_modern: epoch 6/6" in capsys.readouterr().out
    assert main(["evaluate", *arguments, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer == {
        "variant": "lenet5_modern",
        "weights": "bundled",
        "split": "val",
        "images": 100,
        "top1": answer["top1"],
        "fit": answer["fit"],
        "others": {},
    }
    assert list(answer["fit"]) == [str(percent) for percent in PERCENTS]
    stored = bundled.manifest()["lenet5_modern"].record()["fit"]  # by the training; by the command the same
    assert stored["images"] == 50 and stored["quantiles"] == list(answer["fit"].values())
    assert main(["evaluate", *arguments, "--store"]) == 0
    assert bundled.manifest()["lenet5_modern"].record()["fit"] == stored
    assert f"{answer['fit']['95']:.4g}" in capsys.readouterr().out
    assert answer["top1"] == bundled.manifest()["lenet5_modern"].top1 > 90
    assert main(["train", *arguments, "--work", str(tmp_path / "work")]) == 0
    assert "resumed after epoch 6" in capsys.readouterr().out


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty place for the experiment's files, and recipes of two epochs."""
    short = {
        name: replace(r, phases=(replace(r.phases[0], epochs=2),), cycles=(), width=0.05)
        for name, r in overfitting.NETWORKS.items()
    }
    monkeypatch.setattr(overfitting, "NETWORKS", short)
    monkeypatch.setattr(stored, "FOLDER", tmp_path / "overfitting")
    for cached in (stored.record, stored.trained):
        cached.cache_clear()
    yield tmp_path / "overfitting"
    for cached in (stored.record, stored.trained):
        cached.cache_clear()


def test_the_experiment_on_overfitting_is_one_command(
    imagenette: Path, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both networks, their record, and two files that are loaded as they were measured."""
    arguments = ["overfitting", "--data", str(imagenette), "--device", "cpu", "--work", str(tmp_path / "work")]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    networks = stored.trained()
    assert list(networks) == list(overfitting.NETWORKS)
    for name, network in networks.items():
        assert f"{name}: {network.top1[0]:.1f} % of its 120 training pictures, {network.top1[1]:.1f} %" in said
        assert len(network.seen) == 2 and network.images == (120, 30)
    assert {f.name for f in place.iterdir()} == {"record.json", "plain.safetensors", "augmented.safetensors"}
    val = data.load("imagenette", imagenette, "val")
    model = stored.load("plain")
    preprocessing = stored.preprocessing()
    right = 0
    with torch.inference_mode():
        for image, label in zip(val.images, val.labels, strict=True):
            picture = model_input(to_pil_image(image), preprocessing).tensor
            right += int(model(picture)[0].argmax() == label)
    assert 100 * right / len(val) == pytest.approx(networks["plain"].top1[1], abs=3.4)  # one picture


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["overfitting", "--data", "."], "has no folder"),
        (["train", "vgg19", "--data", "."], "There is no recipe for vgg19"),
        (["train", "lenet5", "--data", "."], "has no file train-images"),
        (["evaluate", "vgg19", "--data", "."], "No trained vgg19 comes with the app"),
        (["evaluate", "nonsense", "--data", "."], "nonsense"),
    ],
)
def test_what_does_not_work_is_one_line(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert says in told and told.count("\n") == 1
