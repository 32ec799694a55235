"""The inside of a block: its rows, its edges, its size."""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise

import pytest
from torch import nn

from explorer.architectures import catalogue
from explorer.diagrams import block_diagram, network_diagram
from tests.diagrams.parsed import arcs, cells, distinct_blocks, edges, size, skips
from tests.diagrams.toys import Inception, InvertedResidual, toy
from tests.traces import traced


@pytest.mark.parametrize("name", catalogue())
def test_a_block_shows_all_its_operations_and_the_flow_between_them(name: str) -> None:
    t = traced(name)
    for stage in t.stages:
        for block in distinct_blocks(stage):
            diagram = block_diagram(t, block.path)
            assert set(block.nodes) <= set(diagram.elements)
            flow = set(edges(diagram))
            for row in cells(diagram).values():
                flow |= set(pairwise(row))  # touching cells
            assert flow == {(source, name) for name in block.nodes for source in t.node(name).inputs}


def test_parallel_branches_are_side_by_side_and_no_skips() -> None:
    t = toy(nn.Sequential(Inception()))
    assert arcs(network_diagram(t)) == set()
    diagram = block_diagram(t, "stage.0")
    assert skips(diagram) == set()
    into_concat = {source for source, target in edges(diagram) if target == "stage.0.cat"}
    assert into_concat == {f"stage.0.branch{end}.relu" for end in ("1", "2.1", "3.1", "4.1")}
    assert ["stage.0.branch1.conv", "stage.0.branch1.bn", "stage.0.branch1.relu"] in cells(diagram).values()
    assert size(diagram)[0] <= 560
    assert size(diagram)[1] <= 380


def test_a_gate_is_a_side_branch_and_not_skipped() -> None:
    t = toy(nn.Sequential(InvertedResidual()))
    diagram = block_diagram(t, "stage.0")
    assert skips(diagram) == {("stem.relu", "stage.0.add")}
    gate = [f"stage.0.se.{name}" for name in ("pool", "fc1", "relu", "fc2", "sigmoid")]
    assert gate in cells(diagram).values()
    assert {("stage.0.depthwise.relu", "stage.0.se.mul"), ("stage.0.se.sigmoid", "stage.0.se.mul")} <= set(
        edges(diagram)
    )
    assert size(diagram)[0] <= 560
    assert size(diagram)[1] <= 420  # a residual block with a gate is the tallest that is worth a scroll


def test_a_chain_of_plain_layers_keeps_each_convolution_with_its_activation() -> None:
    layers = OrderedDict(
        conv1=nn.Conv2d(64, 64, 3),
        relu1=nn.ReLU(),
        conv2=nn.Conv2d(64, 64, 3),
        relu2=nn.ReLU(),
        pool=nn.MaxPool2d(2),
    )
    diagram = block_diagram(toy(nn.Sequential(layers)), "stage")
    rows = [[name.removeprefix("stage.") for name in row] for row in cells(diagram).values()]
    assert rows == [["stem.relu"], ["conv1", "relu1"], ["conv2", "relu2"], ["pool"]]
