"""The four zooms: for every variant of the catalogue, and for blocks of families as toy networks."""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from xml.etree import ElementTree

import pygraphviz
import pytest
import torch
from torch import Tensor, nn

from explorer.analysis.trace import Block, Stage, Trace, trace, trace_variant
from explorer.architectures import catalogue, family, variant
from explorer.diagrams import (
    Diagram,
    DiagramError,
    block_diagram,
    diagram_for,
    network_diagram,
    operations_diagram,
    stage_diagram,
)

SVG = "{http://www.w3.org/2000/svg}"
MIN_SCALE = 0.875  # the page never shows a 16-unit text smaller than 14 px
COLUMN = 560 / MIN_SCALE  # units of a stage or block diagram that fit the column of a 1440 px screen


@cache
def traced(name: str) -> Trace:
    return trace_variant(variant(name))


def kind_of(block: Block) -> tuple[str, ...]:
    """What dense layers of one stage have in common, though each is wider than the one before."""
    return (block.type, *(name.removeprefix(block.path) for name in block.nodes))


def distinct_blocks(stage: Stage) -> list[Block]:
    """The last block of each kind: the widest."""
    return list({kind_of(block): block for block in stage.blocks}.values())


def linked_diagrams(t: Trace) -> Iterator[Diagram]:
    """The strip, all stages, and a block of each kind in each stage."""
    yield network_diagram(t)
    for stage in t.stages:
        yield stage_diagram(t, stage.path)
        for block in distinct_blocks(stage):
            yield block_diagram(t, block.path)


def groups(svg: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter(f"{SVG}g"))


def size(diagram: Diagram) -> tuple[float, float]:
    root = ElementTree.fromstring(diagram.svg())
    assert root.attrib["viewBox"].split()[2:] == [root.attrib["width"], root.attrib["height"]]
    return float(root.attrib["width"]), float(root.attrib["height"])


def cells(diagram: Diagram) -> dict[str, list[str]]:
    """The elements in each DOT node, in order: itself, or its table cells."""
    graph = pygraphviz.AGraph(string=diagram.dot)
    return {node: re.findall(r'<TD ID="([^"]+)"', node.attr["label"] or "") or [str(node)] for node in graph.nodes()}


def edges(diagram: Diagram) -> dict[tuple[str, str], bool]:
    """Edges from the last element of a DOT node to the first of another: whether they are drawn as skips."""
    inside, graph = cells(diagram), pygraphviz.AGraph(string=diagram.dot)
    return {(inside[e[0]][-1], inside[e[1]][0]): e.attr["class"] == "skip" for e in graph.edges()}


def skips(diagram: Diagram) -> set[tuple[str, str]]:
    return {edge for edge, is_skip in edges(diagram).items() if is_skip}


def arcs(diagram: Diagram) -> set[str]:
    """The boxes of a strip with an arc over them: what lies between both ends of a skip edge."""
    graph = pygraphviz.AGraph(string=diagram.dot)
    found = set()
    for start, end in (e for e in graph.edges() if e.attr["class"] == "skip"):
        box = (set(graph.successors(start)) & set(graph.predecessors(end))) - {start, end}
        assert len(box) == 1
        found |= box
    return found


# ---- every variant -----------------------------------------------------------------------------------------


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


# ---- skips -------------------------------------------------------------------------------------------------


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


def test_a_branch_leaves_the_strip_where_it_really_does() -> None:
    drawn = set(edges(network_diagram(traced("googlenet"))))
    assert {
        ("inception4", "inception5"),
        ("inception5", "head"),
        ("inception4", "aux1"),
        ("inception4", "aux2"),
    } <= drawn
    assert not any(source in ("head", "aux1") for source, _ in drawn)


# ---- blocks of other families ------------------------------------------------------------------------------


def conv_bn_relu(in_channels: int, channels: int, kernel: int, groups: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(in_channels, channels, kernel, padding=kernel // 2, groups=groups, bias=False)
    return nn.Sequential(OrderedDict(conv=conv, bn=nn.BatchNorm2d(channels), relu=nn.ReLU()))


class Inception(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.branch1 = conv_bn_relu(64, 16, 1)
        self.branch2 = nn.Sequential(conv_bn_relu(64, 24, 1), conv_bn_relu(24, 32, 3))
        self.branch3 = nn.Sequential(conv_bn_relu(64, 8, 1), conv_bn_relu(8, 16, 5))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, 1), conv_bn_relu(64, 16, 1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class SqueezeExcitation(nn.Module):
    is_gate = True

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, channels // 4, 1)
        self.relu = nn.ReLU()
        self.fc2 = nn.Conv2d(channels // 4, channels, 1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        return x * self.sigmoid(self.fc2(self.relu(self.fc1(self.pool(x)))))


class InvertedResidual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.expand = conv_bn_relu(64, 96, 1)
        self.depthwise = conv_bn_relu(96, 96, 3, groups=96)
        self.se = SqueezeExcitation(96)
        self.project = nn.Conv2d(96, 64, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.project(self.se(self.depthwise(self.expand(x))))


class DenseLayer(nn.Module):
    def __init__(self, in_channels: int, growth_rate: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(in_channels)
        self.relu = nn.ReLU()
        self.conv = nn.Conv2d(in_channels, growth_rate, 3, padding=1)

    def forward(self, features: list[Tensor]) -> Tensor:
        return self.conv(self.relu(self.norm(torch.cat(features, 1))))


class DenseBlock(nn.ModuleList):
    def __init__(self, in_channels: int, layers: int, growth_rate: int = 4) -> None:
        super().__init__(DenseLayer(in_channels + i * growth_rate, growth_rate) for i in range(layers))

    def forward(self, x: Tensor) -> Tensor:
        features = [x]
        for layer in self:
            features.append(layer(features))
        return torch.cat(features, 1)


def toy(stage: nn.Module) -> Trace:
    """The trace of a stem that gives 64 channels, and `stage`."""
    stem = nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 64, 3, padding=1), relu=nn.ReLU()))
    return trace(nn.Sequential(OrderedDict(stem=stem, stage=stage)).to("meta"), (3, 32, 32), "toy")


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
    # Layers that differ in what enters them are folded, with the last concat, the stage's own, behind them.
    stage = stage_diagram(t, "stage")
    assert [f"stage.{i}" for i in range(6)] in cells(stage).values()
    assert stage.elements["stage.cat"].target == "stage.cat"
    assert "×6" in network_diagram(t).svg()


def test_a_dense_network_of_200_concats_is_laid_out_in_seconds() -> None:
    t = toy(DenseBlock(64, 200))
    started = time.process_time()  # what other processes do meanwhile does not count
    assert len(groups(operations_diagram(t).svg())) > 800
    assert time.process_time() - started < 3


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


# ---- texts -------------------------------------------------------------------------------------------------


def texts(diagram: Diagram) -> list[str]:
    return [text.text or "" for text in ElementTree.fromstring(diagram.svg()).iter(f"{SVG}text")]


def test_labels_of_the_strip() -> None:
    shown = texts(network_diagram(traced("resnet50")))
    assert [t for t in shown if t.startswith("conv") or t in ("input", "stem", "head")] == [
        "input", "stem", "conv2_x", "conv3_x", "conv4_x", "conv5_x", "head",
    ]  # fmt: skip
    assert {"×3", "×4", "×6"} <= set(shown)
    assert {"224×224", "56×56", "28×28", "×512", "7×7", "×2048"} <= set(shown)


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


def test_labels_of_a_block() -> None:
    shown = texts(block_diagram(traced("resnet50"), "conv3_x.0"))
    expected = [
        "from conv2_x.2.relu3",
        "conv1 1×1, 128",
        "conv2 3×3, 128, /2",
        "conv3 1×1, 512",
        "shortcut",
        "+",
    ]
    assert set(expected) <= set(shown)
    assert {"56×56×256", "28×28×512"} <= {text.strip() for text in shown}


def test_hover_text_of_an_operation() -> None:
    element = block_diagram(traced("resnet50"), "conv2_x.0").elements["conv2_x.0.conv2"]
    assert element.title == "conv2_x.0.conv2"
    assert element.lines == (
        "Conv2d 3×3, stride 1",
        "in 56×56×64 → out 56×56×64",
        "parameters 36,864",
        "MACs 116 M",
        "memory 784 KiB",
        "receptive field 19×19 px, every 4 px",
    )


def test_hover_text_of_a_stage_adds_up() -> None:
    t = traced("resnet50")
    element = network_diagram(t).elements["conv4_x"]
    assert (element.params, element.macs) == (t.stage("conv4_x").params, t.stage("conv4_x").macs)
    assert element.target == "conv4_x.5.relu3"
    assert element.lines[:2] == ("6 blocks, 62 operations", "in 28×28×512 → out 14×14×1024")


# ---- files -------------------------------------------------------------------------------------------------


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


def test_the_browser_gets_no_colours_fonts_links_or_titles_but_a_file_does() -> None:
    diagram = stage_diagram(traced("resnet50"), "conv4_x")
    browser, file = diagram.svg(), diagram.render("svg").decode()
    assert not re.search(r"#[0-9a-f]{6}|font-|<title|<a |href|<\?xml", browser)
    assert re.search(r'fill="#[0-9a-f]{6}"', file)
    assert 'font-size="16.00"' in file
    assert not re.search(r"<title|<a |href", file)


def test_layouts_in_several_threads_do_not_disturb_each_other() -> None:
    t = traced("resnet50")
    expected = block_diagram(t, "conv4_x.0").svg()
    drawn: list[str] = []
    threads = [threading.Thread(target=lambda: drawn.append(block_diagram(t, "conv4_x.0").svg())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drawn == [expected] * 8


# ---- choosing ----------------------------------------------------------------------------------------------


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
