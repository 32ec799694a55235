"""The four zooms: for every variant of the catalogue, and for blocks of families as toy networks."""

from __future__ import annotations

import pytest

from explorer.architectures import catalogue, family
from explorer.diagrams import Diagram, DiagramError, block_diagram, diagram_for, operations_diagram, stage_diagram
from tests.diagrams.parsed import COLUMN, SVG, groups, linked_diagrams, size, traced


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


@pytest.mark.parametrize("name", [v.name for v in family("resnet").variants])
def test_the_linked_diagrams_of_a_resnet_fit_one_screen(name: str) -> None:
    limits = {"network": (1100, 150), "stage": (COLUMN, 200), "block": (560, 380)}
    for diagram in linked_diagrams(traced(name)):
        width, height = size(diagram)
        assert width <= limits[diagram.zoom][0]
        assert height <= limits[diagram.zoom][1]


@pytest.mark.parametrize("name", catalogue())
def test_blocks_are_as_wide_as_their_column_and_strips_are_low(name: str) -> None:
    for diagram in linked_diagrams(traced(name)):
        width, height = size(diagram)
        assert height <= 160 or diagram.zoom != "network"
        assert width <= COLUMN or diagram.zoom != "block"


@pytest.mark.parametrize(("fmt", "magic"), [("png", b"\x89PNG\r\n\x1a\n"), ("pdf", b"%PDF-"), ("svg", b"<svg")])
@pytest.mark.parametrize("zoom", ["network", "stage", "block", "operations"])
def test_exports_are_files_of_their_format(zoom: str, fmt: str, magic: bytes) -> None:
    assert diagram_for(traced("resnet18"), zoom).render(fmt).startswith(magic)  # type: ignore[arg-type]


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
