"""Colours of costs: one scale for all diagrams of a network, and the numbers in the boxes."""

from __future__ import annotations

import pytest

from explorer.analysis.palette import RAMP_LIGHT
from explorer.analysis.text import si
from explorer.diagrams import block_diagram, network_diagram, stage_diagram
from explorer.diagrams.scale import STEPS, Scale
from tests.diagrams.parsed import SVG, groups, linked_diagrams, texts
from tests.traces import traced


def test_all_diagrams_of_a_network_share_one_scale() -> None:
    t = traced("resnet50")
    scale = Scale.of(t, "macs")
    assert scale.high == max(stage.macs for stage in t.stages)
    diagrams = [network_diagram(t, "macs"), stage_diagram(t, "conv4_x", "macs"), block_diagram(t, "conv4_x.1", "macs")]
    assert all(diagram.scale == scale for diagram in diagrams)
    strip, _, block = diagrams
    assert strip.steps["conv4_x"] == STEPS - 1
    assert 0 < block.steps["conv4_x.1.conv2"] < STEPS - 1  # type: ignore[operator]
    assert block.steps["conv4_x.1.add"] is None  # it costs nothing
    assert "conv4_x.0.relu3" not in block.steps  # what enters is not the block's own
    assert not any(diagram.scale or diagram.steps for diagram in linked_diagrams(traced("resnet18")))


@pytest.mark.parametrize(
    ("cost", "step"), [(0, None), (1, 0), (1_000_000, 0), (31_622_777, STEPS // 2), (10**9, STEPS - 1)]
)
def test_steps_are_those_of_a_log_scale(cost: int, step: int | None) -> None:
    assert Scale("macs", 10**6, 10**9, True).step(cost) == step


def test_a_scale_of_one_cost_has_one_colour() -> None:
    assert Scale("macs", 7, 7, False).step(7) == STEPS - 1
    assert Scale("macs", 0, 0, False).step(0) is None


def test_the_legend_says_where_the_scale_is_open() -> None:
    assert Scale("params", 1000, 10**6, True).ends == ("≤ 1.00 k", "1.00 M")
    assert Scale("memory", 1024, 2**20, False).ends == ("1.00 KiB", "1.00 MiB")


def test_the_numbers_stand_in_the_boxes() -> None:
    t = traced("resnet50")
    assert si(t.stage("conv4_x").macs) in texts(network_diagram(t, "macs"))
    assert {f"{si(t.block('conv4_x.1').macs)} each", si(t.block("conv4_x.0").macs)} <= set(
        texts(stage_diagram(t, "conv4_x", "macs"))
    )
    assert {"conv2 3×3 116 M", "bn2", "relu2"} <= set(texts(block_diagram(t, "conv4_x.1", "macs")))
    dense = traced("densenet121").stage("dense_block1")
    costs = [si(block.macs) for block in dense.blocks if block.path != dense.path]
    assert {costs[0], f"to {costs[-1]}"} <= set(texts(stage_diagram(traced("densenet121"), dense.path, "macs")))


def test_the_page_colours_by_class_and_a_file_by_itself() -> None:
    diagram = block_diagram(traced("resnet50"), "conv4_x.1", "macs")
    step = diagram.steps["conv4_x.1.conv2"]
    assert step is not None

    def conv(svg: str) -> tuple[str, set[str | None]]:
        group = next(g for g in groups(svg) if g.attrib.get("id") == "conv4_x.1.conv2")
        return group.attrib["class"], {shape.get("fill") for shape in group.iter(f"{SVG}polygon")}

    classes, fills = conv(diagram.svg())
    assert f"step-{step}" in classes.split() and fills == {"currentColor"}
    assert conv(diagram.render("svg").decode())[1] == {RAMP_LIGHT.steps[step]}
