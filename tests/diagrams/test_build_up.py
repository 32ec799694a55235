"""A block in pieces: in which order they come, what each selects, and that nothing is shown before its ends are."""

from __future__ import annotations

import pytest

from explorer.architectures import families
from explorer.diagrams import block_diagram
from explorer.diagrams.build_up import Piece, edge_id, hidden_after, pieces_of
from explorer.diagrams.flow import Flow
from tests.traces import traced


def pieces(variant: str, block: str) -> tuple[Piece, ...]:
    trace = traced(variant)
    return pieces_of(trace, trace.block(block), Flow.of(trace))


def short(found: tuple[Piece, ...], block: str) -> list[str]:
    return [" ".join(name.removeprefix(f"{block}.") for name in piece.nodes) for piece in found]


def test_an_identity_shortcut_comes_after_the_layers_and_selects_what_it_carries() -> None:
    found = pieces("resnet50", "conv2_x.1")
    assert short(found, "conv2_x.1") == [
        "conv2_x.0.relu3",
        "conv1 bn1 relu1",
        "conv2 bn2 relu2",
        "conv3 bn3",
        "",
        "add",
        "relu3",
    ]
    assert found[4] == Piece((), (("conv2_x.0.relu3", "conv2_x.1.add"),), "conv2_x.0.relu3")
    assert [piece.selects.rpartition(".")[2] for piece in found] == [
        "relu3",
        "relu1",
        "relu2",
        "bn3",
        "relu3",
        "add",
        "relu3",
    ]


def test_a_projection_comes_before_the_sum_though_it_runs_first() -> None:
    assert short(pieces("resnet50", "conv3_x.0"), "conv3_x.0")[-3:] == ["shortcut.conv shortcut.bn", "add", "relu3"]
    assert short(pieces("preact_resnet50", "conv2_x.0"), "conv2_x.0")[-2:] == ["shortcut", "add"]


def test_a_gate_and_an_inception_module_have_their_parts() -> None:
    found = short(pieces("se_resnet50", "conv3_x.1"), "conv3_x.1")
    assert found[4:8] == ["se.squeeze", "se.fc1 se.relu", "se.fc2 se.gate", "se.mul"]
    module = short(pieces("googlenet", "inception3.3a"), "inception3.3a")
    assert module[1] == "conv1x1.conv conv1x1.relu" and module[-2:] == ["pool_proj.conv pool_proj.relu", "cat"]


def test_a_block_of_few_operations_is_not_built_up() -> None:
    assert pieces("nin_imagenet", "head") == ()
    assert len(pieces("resnet50", "head")) == 3


@pytest.mark.parametrize("variant", [f.default for f in families()])
def test_every_operation_appears_once_and_no_edge_before_its_tail(variant: str) -> None:
    trace = traced(variant)
    flow = Flow.of(trace)
    for block in (block for stage in trace.stages for block in stage.blocks):
        found = pieces_of(trace, block, flow)
        if not found:
            continue
        assert sorted(n for piece in found[1:] for n in piece.nodes) == sorted(block.nodes)
        seen: set[str] = set()
        for piece in found:
            seen |= set(piece.nodes)
            assert {tail for tail, _ in piece.edges} <= seen
            assert piece.selects in seen
        assert hidden_after(found, len(found)) == ()


def test_what_is_hidden_are_elements_and_edges_of_the_diagram() -> None:
    found = pieces("resnet50", "conv2_x.1")
    drawing = block_diagram(traced("resnet50"), "conv2_x.1")
    hidden = hidden_after(found, 4)
    assert hidden == (
        edge_id("conv2_x.0.relu3", "conv2_x.1.add"),
        "conv2_x.1.add",
        edge_id("conv2_x.1.bn3", "conv2_x.1.add"),
        "conv2_x.1.relu3",
        edge_id("conv2_x.1.add", "conv2_x.1.relu3"),
    )
    svg = drawing.svg().replace("&gt;", ">")
    for edge in hidden[0::2][:2]:
        assert f'data-edge="{edge}"' in svg
    assert "data-edge" not in drawing.render("svg").decode()
