"""SENet (2017): gates that weigh the channels by what the whole image shows."""

from __future__ import annotations

from explorer.demonstrations.class_activation.panel import CLASS_ACTIVATION
from explorer.demonstrations.gates.panel import ALL_GATES, ALTERED_GATES, GATES, GATES_COST
from explorer.demonstrations.residual_unit.panel import REMOVAL, SUM
from explorer.page import page
from explorer.ui.tour import Step

TOUR = (
    Step(
        "Squeeze",
        "conv3_x.1.se.squeeze",
        "The squeeze is the mean of each whole map: one number a channel. It has no parameters, and it tells "
        "the block about the whole image.",
        section="gates",
    ),
    Step(
        "Excitation",
        "conv3_x.1.se.fc1",
        "Two fully connected layers: **fc1** reduces the channels to a sixteenth and has a ReLU, **fc2** "
        "restores them.",
        section="gates",
    ),
    Step(
        "The gate",
        "conv3_x.1.se.gate",
        "A sigmoid makes each number a factor between 0 and 1. The factors do not add up to 1: many gates "
        "can be open at once. Untrained, they lie around one half.",
        section="gates",
    ),
    Step(
        "Scale",
        "conv3_x.1.se.mul",
        "Each map is multiplied by its gate. Compare with **bn3**: the pictures are the same, their values "
        "are smaller. What matters is attenuated least.",
        section="altered",
    ),
    Step(
        "Before the addition",
        "conv3_x.1.add",
        "The gate acts on the residual branch, not on the dashed shortcut.",
        section="sum",
    ),
    Step(
        "Almost free?",
        "conv5_x.2.se.fc2",
        "Colour the nodes by **MACs**: the gate costs next to nothing. Then by **Parameters**: it does cost "
        "some, most of them in this last stage, where the channels are many.",
        section="gates-cost",
    ),
    Step(
        "Without a shortcut",
        "inception3.3a.se.mul",
        "In GoogLeNet the gate weighs the concatenated output of a module, all four branches together.",
        "se_googlenet",
    ),
    Step(
        "SENet-154: groups",
        "conv3_x.1.conv2",
        "The authors' own body for ILSVRC-2017: the 3×3 convolutions have 64 groups, as in ResNeXt, and the "
        "first 1×1 of a unit has half the channels of its 3×3.",
        "senet154",
    ),
    Step(
        "SENet-154: a 3×3 shortcut",
        "conv3_x.0.shortcut.conv",
        "Where the maps shrink, the shortcut is a full 3×3 convolution: it looks at all positions, where a "
        "1×1 of stride 2 would skip three of four.",
        "senet154",
    ),
)

if __name__ == "__main__":
    page("senet", TOUR, GATES, ALTERED_GATES, ALL_GATES, GATES_COST, SUM, REMOVAL, CLASS_ACTIVATION)
