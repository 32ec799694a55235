"""Boxes in a row: the stages of a network, the blocks of a stage."""

from __future__ import annotations

import re

import pytest

from explorer.architectures import catalogue
from explorer.diagrams import network_diagram, stage_diagram
from tests.diagrams.parsed import SVG, cells, edges, groups, kind_of, texts
from tests.traces import traced


@pytest.mark.parametrize("name", catalogue())
def test_a_stage_shows_all_its_blocks_and_numbers_them(name: str) -> None:
    t = traced(name)
    for stage in t.stages:
        diagram = stage_diagram(t, stage.path)
        assert list(diagram.elements) == [block.path for block in stage.blocks]
        folded = {c: len(ids) for ids in cells(diagram).values() if len(ids) > 1 for c in ids}
        for g in groups(diagram.svg()):
            number = "".join(g.itertext()).strip()
            if g.attrib.get("id") in folded:
                named = re.search(r"[^.\d](\d+)$", g.attrib["id"])  # b3, module5, but not 0, 1
                position = [block.path for block in stage.blocks].index(g.attrib["id"]) + 1
                assert number == (named[1] if named else str(position))
        for run in {ids[0]: ids for ids in cells(diagram).values() if len(ids) > 1}.values():
            assert len({kind_of(t.block(path)) for path in run}) == 1
            assert f"×{len(run)}" in diagram.svg()


def test_a_branch_leaves_the_strip_where_it_really_does() -> None:
    drawn = set(edges(network_diagram(traced("googlenet"))))
    assert {
        ("inception4", "inception5"),
        ("inception5", "head"),
        ("inception4", "aux1"),
        ("inception4", "aux2"),
    } <= drawn
    assert not any(source in ("head", "aux1") for source, _ in drawn)


def test_labels_of_the_strip() -> None:
    shown = texts(network_diagram(traced("resnet50")))
    assert [t for t in shown if t.startswith("conv") or t in ("input", "stem", "head")] == [
        "input",
        "stem",
        "conv2_x",
        "conv3_x",
        "conv4_x",
        "conv5_x",
        "head",
    ]
    assert {"×3", "×4", "×6"} <= set(shown)
    assert {"224×224×3", "56×56×256", "28×28×512", "7×7×2048", "1000"} <= set(shown)


def test_stages_shrink_and_widen_from_left_to_right() -> None:
    boxes = {}
    for g in groups(network_diagram(traced("resnet152")).svg()):
        path = g.find(f"{SVG}path")
        if "id" in g.attrib and path is not None:
            points = [tuple(map(float, point)) for point in re.findall(r"([-\d.]+),([-\d.]+)", path.attrib["d"])]
            xs, ys = zip(*points, strict=True)
            boxes[g.attrib["id"]] = (round(max(xs) - min(xs)), round(max(ys) - min(ys)))
    order = ["conv2_x", "conv3_x", "conv4_x", "conv5_x"]
    widths, heights = zip(*(boxes[name] for name in order), strict=True)
    assert list(widths) == sorted(widths)
    assert widths[0] < widths[-1]
    assert list(heights) == sorted(heights, reverse=True)
    assert heights[0] > heights[-1]
