"""Branches of inception modules: found, counted, and what their 1x1 convolutions save."""

from __future__ import annotations

from functools import cache

import pytest

from explorer.analysis.cost import Convolution
from explorer.analysis.designs import inception, naive_inception
from explorer.architectures.googlenet import MODULES
from explorer.demonstrations.inception_module.compute import (
    Module,
    epochs_with_heads,
    heads,
    modules,
    reductions,
    without_reduction,
)
from explorer.runtime.weights.bundled import manifest
from tests.traces import traced


@cache
def found(name: str) -> dict[str, Module]:
    return {m.path: m for m in modules(traced(name))}


def test_googlenet_has_the_nine_modules_of_its_table() -> None:
    nine = found("googlenet")
    assert [path.partition(".")[2] for path in nine] == list(MODULES)
    for path, widths in zip(nine, MODULES.values(), strict=True):
        module = nine[path]
        assert [b.channels for b in module.branches] == [
            widths.conv1x1,
            widths.conv3x3,
            widths.conv5x5,
            widths.pool_proj,
        ]
        assert [b.title for b in module.branches] == ["1×1", "1×1 → 3×3", "1×1 → 5×5", "pooling 3×3 → 1×1"]
        assert [b.pools for b in module.branches] == [False, False, False, True]
        firsts = [b.first for b in module.branches]
        assert firsts[0] == 0 and firsts[-1] + widths.pool_proj == module.merge.out_shape[0]
        block = traced("googlenet").block(path)
        assert (module.params, module.macs) == (block.params, block.macs)


def test_costs_of_branches_are_those_of_the_table_of_widths() -> None:
    """The calculator's formulas, from table 1, against the branches of the trace."""
    for path, module in found("googlenet").items():
        shape = module.branches[0].nodes[0].in_shapes[0]
        assert len(shape) == 3
        widths = MODULES[path.partition(".")[2]]
        designs = inception((shape[0], shape[1], shape[2]), widths)
        assert [(b.params, b.macs) for b in module.branches] == [(d.params, d.macs) for d in designs]
        naive = naive_inception((shape[0], shape[1], shape[2]), widths)
        alone = [without_reduction(b) for b in module.branches]
        assert alone[0] is None and alone[3] is None
        assert [pair[1].macs for pair in alone if pair] == [d.macs for d in naive[1:]]


def test_the_5x5_of_3a_by_hand() -> None:
    pair = without_reduction(found("googlenet")["inception3.3a"].branches[2])
    assert pair is not None
    reduced, alone = pair
    assert alone.macs == 28 * 28 * 32 * 25 * 192
    assert reduced.macs == 28 * 28 * 16 * 192 + 28 * 28 * 32 * 25 * 16
    assert alone.layers == (Convolution((192, 28, 28), 32, (5, 5)),)


def test_branches_that_fork_again_and_blocks_without_branches() -> None:
    titles = [b.title for b in found("inception_v3")["mixed7.7b"].branches]
    assert titles == ["1×1", "1×1 → 1×3 and 3×1", "1×1 → 3×3 → 1×3 and 3×1", "pooling 3×3 → 1×1"]
    assert found("inception_v3")["mixed6.6a"].branches[2].title == "pooling 3×3"
    assert modules(traced("densenet40_cifar")) == ()
    assert modules(traced("resnet18")) == ()


@pytest.mark.parametrize("name", ["inception_v3", "inception_v4", "inception_resnet_v2", "googlenet_bn"])
def test_branches_make_all_the_stacked_maps_and_share_no_operation(name: str) -> None:
    for module in found(name).values():
        assert sum(b.channels for b in module.branches) == module.merge.out_shape[0]
        operations = [n.name for b in module.branches for n in b.nodes]
        assert len(operations) == len(set(operations))
        assert all(b.nodes[0].in_shapes[0][0] == module.in_channels for b in module.branches)


# ---- what the 1x1 save, and auxiliary heads ----------------------------------------------------------------


def test_what_the_reductions_of_3a_save() -> None:
    module = found("googlenet")["inception3.3a"]
    saved = reductions(module)
    assert [reduced.name for reduced, _ in saved.pairs] == ["1×1 → 3×3", "1×1 → 5×5"]
    pairs = [pair for branch in module.branches if (pair := without_reduction(branch))]
    assert saved.saved_macs == sum(alone.macs - reduced.macs for reduced, alone in pairs)
    assert (module.macs + saved.saved_macs) / module.macs == pytest.approx(2.41, abs=0.005)
    assert saved.saved_params == 9 * 128 * (192 - 96) - 193 * 96 + 25 * 32 * (192 - 16) - 193 * 16
    assert reductions(found("inception_v3")["mixed6.6c"]).pairs == ()


def test_the_heads_of_googlenet_and_of_a_network_with_one() -> None:
    early, late, main = heads(traced("googlenet"))
    assert (early.stage, early.scores, early.reads) == ("aux1", "aux1.fc2", "inception4.4a.cat")
    assert (late.stage, late.scores, late.reads) == ("aux2", "aux2.fc2", "inception4.4d.cat")
    assert (main.stage, main.scores) == ("head", "head.fc")
    assert main.params == 1024 * 1000 + 1000
    assert [head.stage for head in heads(traced("resnet18"))] == ["head"]


def test_the_bundled_heads_were_trained_in_the_last_phase() -> None:
    entry = manifest()["googlenet"]
    before, last = entry.record()["recipe"]["phases"][-2:]
    assert before["build"] == {"aux": False} and last["build"] == {}
    assert epochs_with_heads(entry) == last["epochs"] < entry.epochs
