"""What stands in a box, and what hovering over it tells."""

from __future__ import annotations

from explorer.diagrams import block_diagram, network_diagram
from tests.diagrams.parsed import texts, traced


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
