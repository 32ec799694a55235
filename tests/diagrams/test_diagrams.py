"""The four zooms: for every variant of the catalogue, and for blocks of families as toy networks."""

from __future__ import annotations

import struct
from xml.etree import ElementTree

import pytest

from explorer.analysis.trace import Trace
from explorer.architectures import catalogue, families
from explorer.diagrams import (
    Diagram,
    DiagramError,
    block_diagram,
    diagram_for,
    network_diagram,
    operations_diagram,
    stage_diagram,
)
from explorer.diagrams.scale import ColourBy
from tests.diagrams.parsed import (
    COLUMN_HEIGHT,
    COLUMN_WIDTH,
    GAP,
    STRIP_HEIGHT,
    STRIP_WIDTH,
    SVG,
    distinct_blocks,
    groups,
    linked_diagrams,
    size,
)
from tests.traces import traced


@pytest.mark.parametrize("name", catalogue())
def test_every_element_is_drawn_once_and_selects_an_operation(name: str) -> None:
    t = traced(name)
    for diagram in (*linked_diagrams(t), operations_diagram(t)):
        drawn = [g for g in groups(diagram.svg()) if "id" in g.attrib]
        ids = [g.attrib["id"] for g in drawn]
        assert sorted(ids) == sorted(diagram.elements)
        for g in drawn:
            element = diagram.elements[g.attrib["id"]]
            assert {"node", f"kind-{element.kind}"} <= set(g.attrib["class"].split())
            assert element.target in t
            assert g.find(f"{SVG}text") is not None


@pytest.mark.parametrize("name", catalogue())
def test_a_selection_is_shown_at_every_zoom(name: str) -> None:
    t = traced(name)
    for stage in t.stages:
        node = stage.blocks[-1].nodes[0]
        shown = {zoom: diagram_for(t, zoom, node).element_of(node) for zoom in ("network", "stage", "block")}
        assert shown == {"network": stage.path, "stage": stage.blocks[-1].path, "block": node}


def column_height(t: Trace, path: str) -> float:
    """Of the diagrams of a block and of its stage, one below the other."""
    stage = t.stage(t.block(path).nodes[0].split(".")[0])
    above = size(stage_diagram(t, stage.path))[1] + GAP if len(stage.blocks) > 1 else 0
    return above + size(block_diagram(t, path))[1]


@pytest.mark.parametrize("name", [f.default for f in families()])
@pytest.mark.parametrize("colour_by", ["kind", "macs", "params"])
def test_the_diagrams_of_what_pages_open_on_fit_one_screen(name: str, colour_by: ColourBy) -> None:
    t = traced(name)
    width, height = size(network_diagram(t, colour_by))
    assert width <= STRIP_WIDTH and height <= STRIP_HEIGHT + (20 if colour_by != "kind" else 0)
    for stage in t.stages:
        above = size(stage_diagram(t, stage.path, colour_by)) if len(stage.blocks) > 1 else (0, -GAP)
        for block in distinct_blocks(stage):
            width, height = size(block_diagram(t, block.path, colour_by))
            assert max(width, above[0]) <= COLUMN_WIDTH / (1 if colour_by == "kind" else 0.9), block.path
            assert above[1] + GAP + height <= COLUMN_HEIGHT, block.path


@pytest.mark.parametrize("name", catalogue())
def test_all_strips_are_whole_and_no_column_is_much_higher_than_a_screen(name: str) -> None:
    for diagram in linked_diagrams(t := traced(name)):
        width, height = size(diagram)
        if diagram.zoom == "network":
            assert width <= 1240 and height <= STRIP_HEIGHT
        else:
            assert width <= 720
    worst = max((b.path for s in t.stages for b in distinct_blocks(s)), key=lambda path: column_height(t, path))
    print(f"{name}: {worst} and its stage are {column_height(t, worst):.0f} px high")
    assert column_height(t, worst) <= 1.1 * COLUMN_HEIGHT


@pytest.mark.parametrize(("fmt", "magic"), [("png", b"\x89PNG\r\n\x1a\n"), ("pdf", b"%PDF-"), ("svg", b"<svg")])
@pytest.mark.parametrize("zoom", ["network", "stage", "block", "operations"])
def test_exports_are_files_of_their_format(zoom: str, fmt: str, magic: bytes) -> None:
    assert diagram_for(traced("resnet18"), zoom).render(fmt).startswith(magic)  # type: ignore[arg-type]


def test_a_file_has_a_title_and_a_legend_where_they_are_asked_for() -> None:
    diagram = diagram_for(traced("resnet18"), "block", "conv2_x.1")
    bare = texts_of(diagram.render("svg"))
    titled = texts_of(diagram.render("svg", title="ResNet & <18>", legend=True))
    assert "ResNet & <18>" in titled - bare
    assert {"Convolution", "Add, concatenate"} <= titled - bare
    assert "Gate" not in titled
    costs = diagram_for(traced("resnet18"), "block", "conv2_x.1", "macs")
    assert {"MACs", "none", *costs.scale.ends} <= texts_of(costs.render("svg", legend=True))  # type: ignore[union-attr]
    assert texts_of(diagram.render("svg", title="only")) - bare == {"only"}


def texts_of(svg: bytes) -> set[str]:
    return {text.text or "" for text in ElementTree.fromstring(svg).iter(f"{SVG}text")}


def test_a_png_is_four_times_as_large_as_on_screen_unless_it_cannot_be_painted() -> None:
    def png_size(data: bytes) -> tuple[int, ...]:
        return struct.unpack(">II", data[16:24])

    block = diagram_for(traced("resnet18"), "block", "conv2_x.1")
    assert png_size(block.render("png")) == pytest.approx([4 * side for side in block.size], abs=4)
    whole = operations_diagram(traced("resnet101"))
    assert max(png_size(whole.render("png"))) == pytest.approx(16_000, rel=0.02)


def test_exported_dot_can_be_laid_out_again() -> None:
    diagram = stage_diagram(traced("resnet50"), "conv4_x")
    dot = diagram.render("dot", selected="conv4_x.3.conv1").decode()
    assert Diagram("stage", dot, diagram.elements).svg()


@pytest.mark.parametrize(
    ("zoom", "shown"), [("network", "conv4_x"), ("stage", "conv4_x.3"), ("block", "conv4_x.3.bn2")]
)
def test_the_selected_element_and_no_other_is_outlined(zoom: str, shown: str) -> None:
    diagram = diagram_for(traced("resnet50"), zoom, "conv4_x.3.bn2")

    def outlined(svg: bytes) -> set[str]:
        wide = (g for g in groups(svg.decode()) if "id" in g.attrib and any(c.get("stroke-width") == "4" for c in g))
        return {g.attrib["id"] for g in wide}

    assert outlined(diagram.render("svg", selected="conv4_x.3.bn2")) == {shown}
    assert outlined(diagram.render("svg")) == set()


@pytest.mark.parametrize("select", ["conv3_x", "conv3_x.0", "conv3_x.0.shortcut.bn"])
def test_any_id_leads_to_its_stage(select: str) -> None:
    t = traced("resnet50")
    assert diagram_for(t, "stage", select).elements == stage_diagram(t, "conv3_x").elements
    assert diagram_for(t, "block", select).elements == block_diagram(t, "conv3_x.0").elements


@pytest.mark.parametrize("select", [None, "input"])
def test_without_a_selection_the_first_stage_with_several_blocks_is_shown(select: str | None) -> None:
    t = traced("resnet50")
    assert diagram_for(t, "stage", select).elements == stage_diagram(t, "conv2_x").elements
    assert diagram_for(t, "block", select).elements == block_diagram(t, "conv2_x.0").elements


@pytest.mark.parametrize("zoom", ["network", "stage", "block", "operations"])
def test_an_unknown_node_is_refused_with_the_nearest_name(zoom: str) -> None:
    with pytest.raises(DiagramError, match=r"resnet50 has no node called 'conv9_x'\. Did you mean conv\d_x"):
        diagram_for(traced("resnet50"), zoom, "conv9_x")


def test_an_unknown_zoom_is_refused() -> None:
    with pytest.raises(DiagramError, match="choose network, stage, block or operations"):
        diagram_for(traced("resnet50"), "galaxy")
