"""Branches of inception modules: found, counted, and what their 1x1 convolutions save."""

from __future__ import annotations

from functools import cache

import pytest

from explorer.analysis.cost import Convolution
from explorer.analysis.designs import inception, naive_inception
from explorer.analysis.trace import Trace, trace_variant
from explorer.architectures import variant
from explorer.architectures.googlenet import MODULES
from explorer.demonstrations.inception_module.compute import Module, modules, without_reduction


@cache
def traced(name: str) -> Trace:
    return trace_variant(variant(name))


@cache
def found(name: str) -> dict[str, Module]:
    return {m.path: m for m in modules(traced(name))}


def test_googlenet_has_the_nine_modules_of_its_table() -> None:
    nine = found("googlenet")
    assert [path.partition(".")[2] for path in nine] == list(MODULES)
    for path, widths in zip(nine, MODULES.values(), strict=True):
        module = nine[path]
        assert [b.channels for b in module.branches] == [
            widths.conv1x1, widths.conv3x3, widths.conv5x5, widths.pool_proj
        ]  # fmt: skip
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
