"""What stands in a box, and what hovering over it tells."""

from __future__ import annotations

import pytest

from explorer.analysis.text import si
from explorer.diagrams import block_diagram, network_diagram
from tests.diagrams.parsed import texts
from tests.traces import traced


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
    stage = t.stage("conv4_x")
    assert element.target == "conv4_x.1.add"  # of the first unit with an identity shortcut
    assert element.lines[:4] == (
        "6 blocks, 62 operations",
        "in 28×28×512 → out 14×14×1024",
        f"parameters {stage.params:,}",
        f"MACs {si(stage.macs)}",
    )


@pytest.mark.parametrize(
    ("name", "stage", "target"),
    [
        ("resnet18", "conv2_x", "conv2_x.0.add"),  # without a projection, since the shape stays
        ("resnet34_a", "conv3_x", "conv3_x.1.add"),  # the first unit's shortcut slices and pads
        ("preact_resnet50", "conv2_x", "conv2_x.1.add"),
        ("mobilenet_v2", "stage2", "stage2.1.add"),
        ("plain34", "conv3_x", "conv3_x.3.relu2"),
        ("googlenet", "inception3", "inception3.3b.cat"),
        ("densenet121", "dense_block1", "dense_block1.layer6.cat"),
    ],
)
def test_a_stage_selects_its_first_unit_with_an_identity_shortcut_or_its_output(
    name: str, stage: str, target: str
) -> None:
    assert network_diagram(traced(name)).elements[stage].target == target
