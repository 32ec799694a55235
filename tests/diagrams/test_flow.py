"""Skips: which edges, which boxes, and that gates and branches are none."""

from __future__ import annotations

import pytest
from torch import nn

from explorer.diagrams import block_diagram, network_diagram, operations_diagram, stage_diagram
from tests.diagrams.parsed import SVG, arcs, cells, edges, groups, linked_diagrams, skips
from tests.diagrams.toys import DenseBlock, SqueezeExcitation, conv_bn_relu, toy
from tests.traces import traced


def test_residual_stages_have_arcs_and_only_they() -> None:
    t = traced("resnet50")
    assert arcs(network_diagram(t)) == {"conv2_x", "conv3_x", "conv4_x", "conv5_x"}
    stage = stage_diagram(t, "conv4_x")
    inside = cells(stage)
    assert {path for box in arcs(stage) for path in inside[box]} == {b.path for b in t.stage("conv4_x").blocks}


@pytest.mark.parametrize("name", ["plain18", "plain34"])
def test_a_plain_network_has_no_skip_anywhere(name: str) -> None:
    t = traced(name)
    for diagram in (*linked_diagrams(t), operations_diagram(t)):
        assert skips(diagram) == set()


@pytest.mark.parametrize(
    ("name", "block", "expected"),
    [
        ("resnet50", "conv2_x.1", {("conv2_x.0.relu3", "conv2_x.1.add")}),
        (
            "resnet50",
            "conv2_x.0",
            {("stem.pool", "conv2_x.0.shortcut.conv"), ("conv2_x.0.shortcut.bn", "conv2_x.0.add")},
        ),
        (
            "resnet34_a",
            "conv3_x.0",
            {("conv2_x.2.relu2", "conv3_x.0.shortcut.getitem"), ("conv3_x.0.shortcut.pad", "conv3_x.0.add")},
        ),
        # In v2 a shortcut that changes the shape starts after the shared BN and ReLU.
        (
            "preact_resnet50",
            "conv3_x.0",
            {("conv3_x.0.relu1", "conv3_x.0.shortcut"), ("conv3_x.0.shortcut", "conv3_x.0.add")},
        ),
        ("preact_resnet50", "conv3_x.1", {("conv3_x.0.add", "conv3_x.1.add")}),
    ],
)
def test_skip_edges_are_the_shortcuts(name: str, block: str, expected: set[tuple[str, str]]) -> None:
    diagram = block_diagram(traced(name), block)
    assert skips(diagram) == expected
    dashed = [g for g in groups(diagram.svg()) if g.attrib.get("class") == "edge skip"]
    assert len(dashed) == len(expected)
    paths = [g.find(f"{SVG}path") for g in dashed]
    assert all(path is not None and "stroke-dasharray" in path.attrib for path in paths)


def test_a_gate_outside_a_residual_block_makes_no_arc() -> None:
    t = toy(nn.Sequential(SqueezeExcitation(64), conv_bn_relu(64, 64, 3)))
    assert arcs(network_diagram(t)) == set()


def test_dense_connections_are_drawn_from_concat_to_concat() -> None:
    t = toy(DenseBlock(64, 6))
    drawn = set(edges(operations_diagram(t)))
    assert ("stage.3.cat", "stage.4.cat") in drawn
    assert ("stage.3.conv", "stage.4.cat") in drawn
    assert not any(target == "stage.4.cat" and source.startswith("stage.2") for source, target in drawn)
    assert skips(block_diagram(t, "stage.4")) == {("stage.3.cat", "stage.4.cat")}
    # Layers that differ in what enters them are folded, with the last concat, the stage's own, after them.
    stage = stage_diagram(t, "stage")
    assert [f"stage.{i}" for i in range(6)] in cells(stage).values()
    assert stage.elements["stage.cat"].target == "stage.cat"
    assert "×6" in network_diagram(t).svg()
