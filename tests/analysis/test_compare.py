"""Networks aligned by resolution, their differences, and the published figures beside the families' claims."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import pytest
import torch
import torchvision

from explorer.analysis import accuracy
from explorer.analysis.accuracy import RECORDS
from explorer.analysis.compare import aligned, differences, levels
from explorer.analysis.trace import Node
from explorer.architectures import catalogue, families, family_of, variant
from tests.traces import traced as trace

VARIANTS = tuple(catalogue())


# ---- two networks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VARIANTS)
def test_a_level_holds_the_stages_and_the_maps_of_its_resolution(name: str) -> None:
    t = trace(name)
    found = levels(t)
    assert list(found) == sorted(found)
    for reduction, level in found.items():
        assert math.log2(reduction) % 1 == 0
        for shape in (level.node.out_shape, *(s.out_shape for s in level.stages)):
            assert 2**-0.5 <= t.input_size[1] / shape[1] / reduction <= 2**0.5
        assert level.node.stage not in t.auxiliary
    in_levels = [s.path for level in found.values() for s in level.stages]
    assert len(in_levels) == len(set(in_levels))
    # the others end in vectors
    others = [s for s in t.stages if s.path not in (*in_levels, *t.auxiliary)]
    assert all(math.prod(s.out_shape[1:]) == 1 for s in others)
    assert sum(level.params for level in found.values()) + sum(s.params for s in others) == t.inference_params
    assert sum(level.macs for level in found.values()) + sum(s.macs for s in others) == t.inference_macs


def test_any_two_networks_share_a_resolution() -> None:
    sets = {name: set(levels(trace(name))) for name in VARIANTS}
    assert all(sets[a] & sets[b] for a, b in combinations(VARIANTS, 2))


def test_an_eighth_is_an_eighth_whatever_the_input() -> None:
    shapes = {n: levels(trace(n))[8].node.out_shape[1] for n in ("resnet50", "inception_v3", "alexnet", "lenet5")}
    assert shapes == {"resnet50": 28, "inception_v3": 35, "alexnet": 27, "lenet5": 5}


def test_the_maps_of_a_level_are_a_stages_output_not_a_branch_of_the_next() -> None:
    assert levels(trace("inception_v3"))[8].node.name == "mixed5.5d.cat"
    assert levels(trace("resnet50"))[2].node.name == "stem.relu"  # no block ends there


def test_differences_are_those_of_the_modules() -> None:
    pair = ("mobilenet_v2", "resnet18")
    found = {d.label: d for d in differences(*map(trace, pair))}
    counted = [sum(p.numel() for p in variant(name).build().parameters()) for name in pair]
    parameters = found["Parameters"]
    assert [parameters.first, parameters.second] == counted
    assert parameters.ratio == pytest.approx(counted[1] / counted[0])
    assert found["Side of the input"].ratio == 1
    assert (found["Weight layers"].first, found["Weight layers"].second) == (53, 18)
    assert found["Receptive field of the last maps"].second == 435  # of ResNet-18's 7x7 maps


def test_heads_for_training_only_count_in_no_difference() -> None:
    t = trace("googlenet")
    heads = sum(n.activation_bytes for n in t.nodes if n.stage in t.auxiliary)
    found = {d.label: d.first for d in differences(t, t)}
    assert heads > 0
    assert found["All activations, float32"] == t.activation_bytes - heads


# ---- the operations of two blocks --------------------------------------------------------------------------


def own_names(block: str, nodes: Sequence[Node]) -> list[str]:
    return [n.name.removeprefix(f"{block}.") for n in nodes]


@pytest.mark.parametrize(
    ("pair", "block", "only_first", "only_second"),
    [
        (("resnet34", "plain34"), "conv3_x.3", ["add"], []),
        (("resnet34", "plain34"), "conv3_x.0", ["shortcut.conv", "shortcut.bn", "add"], []),
        (
            ("resnet50", "se_resnet50"),
            "conv3_x.3",
            [],
            ["se.squeeze", "se.fc1", "se.relu", "se.fc2", "se.gate", "se.mul"],
        ),
        (("preact_resnet50", "resnet50"), "conv3_x.3", ["bn1", "relu1"], ["bn3", "relu3"]),
        (("resnet50", "resnet50_v1"), "conv3_x.0", [], []),
    ],
)
def test_what_only_one_block_has(
    pair: tuple[str, str], block: str, only_first: list[str], only_second: list[str]
) -> None:
    first, second = map(trace, pair)
    found = aligned(first, second, (first.block(block), second.block(block)))
    assert own_names(block, found.only_first) == only_first
    assert own_names(block, found.only_second) == only_second
    backwards = aligned(second, first, (second.block(block), first.block(block)))
    assert (backwards.only_first, backwards.only_second) == (found.only_second, found.only_first)


def test_what_both_have_with_other_numbers() -> None:
    first, second = trace("resnet50"), trace("resnet50_v1")
    found = aligned(first, second, (first.block("conv3_x.0"), second.block("conv3_x.0")))
    assert [a.name for a, _ in found.altered] == ["conv3_x.0.conv1", "conv3_x.0.conv2"]
    assert found.partner(0, "conv3_x.0.bn2") == "conv3_x.0.bn2"
    assert found.partner(1, "conv3_x.0.nothing") is None


@pytest.mark.parametrize("other", ["mobilenet_v2", "googlenet", "densenet121", "lenet5"])
def test_an_alignment_keeps_the_order_and_forgets_nothing(other: str) -> None:
    first, second = trace("resnet50"), trace(other)
    blocks = first.block("conv3_x.3"), next(s for s in second.stages[1:] if s.blocks).blocks[0]
    found = aligned(first, second, blocks)
    for side, (block, alone) in enumerate(zip(blocks, (found.only_first, found.only_second), strict=True)):
        paired = [pair[side].name for pair in found.pairs]
        assert paired == [name for name in block.nodes if name in paired]
        assert sorted([*paired, *(n.name for n in alone)]) == sorted(block.nodes)
    for a, b in found.pairs:
        assert (a.kind, a.type) == (b.kind, b.type)


# ---- published figures -------------------------------------------------------------------------------------

# (variant, protocol's beginning, top-1, top-5) as recorded -> the claim on the family's page that prints it
CLAIMS = {
    ("alexnet", 18.2): "top-1 / top-5 error, one network",
    ("googlenet", 10.07): "top-5 error, one network, one crop",
    ("googlenet", 7.89): "top-5 error, one network, 144 crops",
    ("googlenet", 6.67): "top-5 error, seven networks, 144 crops (ILSVRC-2014 winner)",
    ("vgg16", 7.3): "top-5 error, seven networks (second in ILSVRC-2014)",
    ("inception_v3", 5.6): "top-1 / top-5 error of Inception-v3, one crop",
    ("inception_v4", 5.0): "top-1 / top-5 error of Inception-v4, one crop",
    ("inception_resnet_v2", 4.9): "top-1 / top-5 error of Inception-ResNet-v2, one crop",
    ("inception_resnet_v2", 3.08): "top-5 error, three Inception-ResNet-v2 and one Inception-v4",
    ("resnet152_v1", 3.57): "top-5 error, ensemble of six, two of them 152 layers deep (ILSVRC-2015 winner)",
    ("resnet152_v1", 4.49): "top-5 error, one ResNet-152, multi-scale",
    ("densenet121", 7.71): "top-1 / top-5 error of DenseNet-121, one crop",
    ("densenet169", 6.85): "top-1 / top-5 error of DenseNet-169, one crop",
    ("densenet201", 6.34): "top-1 / top-5 error of DenseNet-201, one crop",
    ("densenet264", 6.12): "top-1 / top-5 error of DenseNet-264, one crop",
    ("senet154", 4.47): "top-1 / top-5 error of SENet-154, one 224 crop",
    ("senet154", 2.251): "top-5 error, small ensemble, multi-scale and multi-crop (ILSVRC-2017 winner)",
    ("resnet34", 7.46): "top-1 / top-5 error of ResNet-34 B, 10 crops",
    ("resnet34_c", 7.40): "top-1 / top-5 error of ResNet-34 C, 10 crops",
    ("se_resnet50", 6.62): "top-5 error of ResNet-50 against SE-ResNet-50, one crop",
}
CLAIMS_OF_TOP_1 = {
    ("plain34", 28.54): "top-1 error, plain-34 against ResNet-34 A, 10 crops",
    ("resnet34_a", 25.03): "top-1 error, plain-34 against ResNet-34 A, 10 crops",
    ("plain18", 27.94): "top-1 error, plain-18 against ResNet-18 A, 10 crops",
    ("se_resnet50", 23.29): "top-1 error of ResNet-50 against SE-ResNet-50, one crop",
    ("se_resnet101", 22.38): "top-1 error of ResNet-101 against SE-ResNet-101, one crop",
    ("se_resnet152", 21.57): "top-1 error of ResNet-152 against SE-ResNet-152, one crop",
}
# Claims that print accuracies.
ACCURACIES = {
    ("xception", 21.0): "top-1 / top-5 accuracy, one crop, one model",
    ("mobilenet_v1", 29.4): "top-1 accuracy of V1",
    ("mobilenet_v1_full", 28.3): "top-1 accuracy with full convolutions",
    ("mobilenet_v2", 28.0): "top-1 accuracy of V2",
}


def printed(variant_name: str, label: str) -> list[float]:
    claim = next(c for c in family_of(variant_name).claims if c.label == label)
    return [float(word) for word in claim.printed.split() if word.replace(".", "").isdecimal()]


@pytest.mark.parametrize(("record", "label"), CLAIMS.items(), ids=str)
def test_a_top_5_error_is_the_familys_claim(record: tuple[str, float], label: str) -> None:
    (found,) = [r for r in RECORDS if r.group != "library" and (r.variant, r.top5) == record]
    numbers = printed(found.variant, label)
    assert found.top5 in numbers
    if "top-1" in label:
        assert numbers == [found.top1, found.top5]


@pytest.mark.parametrize(("record", "label"), CLAIMS_OF_TOP_1.items(), ids=str)
def test_a_top_1_error_is_the_familys_claim(record: tuple[str, float], label: str) -> None:
    (found,) = [r for r in RECORDS if r.group != "library" and (r.variant, r.top1) == record]
    assert found.top1 in printed(found.variant, label)


@pytest.mark.parametrize(("record", "label"), ACCURACIES.items(), ids=str)
def test_an_accuracy_is_the_familys_claim(record: tuple[str, float], label: str) -> None:
    (found,) = [r for r in RECORDS if r.group == "paper" and (r.variant, r.top1) == record]
    assert found.accuracy(1) == printed(found.variant, label)[0]


def test_figures_of_torchvision_are_those_of_its_weights() -> None:
    served = [r for r in RECORDS if "torchvision" in r.source]
    assert len(served) > 15
    for r in served:
        enum, _, name = r.source.rpartition(", ")[2].partition(".")
        metrics = torchvision.models.get_weight(f"{enum}.{name}").meta["_metrics"]["ImageNet-1K"]
        assert (r.accuracy(1), r.accuracy(5)) == (metrics["acc@1"], metrics["acc@5"])
        with torch.device("meta"):
            same = (
                torchvision.models.get_model(enum.removesuffix("_Weights").lower(), init_weights=False)
                if ("Inception" in enum or "GoogLeNet" in enum)
                else torchvision.models.get_model(enum.removesuffix("_Weights").lower())
            )
        parameters = sum(p.numel() for n, p in same.named_parameters() if not n.lower().startswith("aux"))
        assert accuracy.counts()[r.variant].params == parameters


def test_every_figure_is_of_a_variant_on_imagenet_and_says_where_it_is_from() -> None:
    for r in RECORDS:
        assert variant(r.variant).input_size[1] >= 224
        assert r.source
        assert r.top1 is not None or r.top5 is not None
        for error in filter(None, (r.top1, r.top5)):
            assert 2 < error < 45
        if r.top1 is not None and r.top5 is not None:
            assert r.top5 < r.top1
        assert (r.protocol == accuracy.ONE_CROP) == (r.group != "more")
    alone = [(r.group, r.variant) for r in RECORDS if r.group != "more"]
    assert len(alone) == len(set(alone))


def test_more_crops_and_networks_err_less() -> None:
    alone = {r.variant: r for r in RECORDS if r.group == "paper"}
    for r in RECORDS:
        if r.group == "more" and r.variant in alone and r.top5 and alone[r.variant].top5:
            assert r.top5 < alone[r.variant].top5


# ---- families that are not shown ---------------------------------------------------------------------------

GROUPS: dict[accuracy.Group, str] = {"paper": "papers", "library": "libraries", "more": "more"}
PAGES = [f.name for f in families()]


def test_every_family_is_shown_or_it_is_said_why_not() -> None:
    without = {f.name for f in families()} - {accuracy.counts()[r.variant].page for r in RECORDS}
    assert without == set(accuracy.WITHOUT_FIGURES)
    for top in (1, 5):
        for group in GROUPS:
            reasons = accuracy.absent(PAGES, GROUPS, top, [group])
            shown = {
                accuracy.counts()[r.variant].page for r in RECORDS if r.group == group and r.accuracy(top) is not None
            }
            assert set(reasons) == set(PAGES) - shown
            for page, reason in reasons.items():
                assert (reason == accuracy.WITHOUT_FIGURES.get(page)) == (page in without)


def test_the_reason_names_where_a_family_is_to_be_seen() -> None:
    reasons = accuracy.absent(PAGES, GROUPS, 1, ["paper"])
    assert "libraries" in reasons["alexnet"] and "more" in reasons["alexnet"]
    assert "top-5" in reasons["googlenet"] and "libraries" in reasons["googlenet"]
    assert list(accuracy.absent(PAGES, GROUPS, 1, GROUPS)) == ["lenet", "nin"]


def test_a_line_joins_no_plain_network_with_a_residual_one() -> None:
    series = {r.variant: r.series for r in RECORDS if r.protocol == accuracy.TEN_CROPS}
    assert series["plain18"] == series["plain34"] != series["resnet34"]
    assert series["densenet121"] == series["densenet264"]
