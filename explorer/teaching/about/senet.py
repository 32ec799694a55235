"""What is taught about SENet (2017)."""

from __future__ import annotations

from explorer.teaching.question import Question
from explorer.teaching.step import Step

TOUR = (
    Step(
        "The laboratory",
        "conv3_x.1.se.gate",
        "Squeeze, excitation, gate: what one block makes of this picture. Point at a channel: its map before "
        "and after its gate.",
        section="gates",
        look="section",
    ),
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
        "can be open at once.",
        section="gates",
    ),
    Step(
        "Scale",
        "conv3_x.1.se.mul",
        "Each map is multiplied by its gate. Beside it **bn3**, on one scale: the pictures are the same, "
        "their values are smaller.",
        beside="conv3_x.1.bn3",
        section="altered",
    ),
    Step(
        "Other gates",
        "conv3_x.1.se.mul",
        "What if all gates were open, or stood at other channels? Choose, and the network runs again from there on.",
        section="altered",
        look="section",
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
        "Next to no MACs, but parameters: most of them in this last stage, where the channels are many.",
        section="gates-cost",
        look="section",
    ),
    Step(
        "Without a shortcut",
        "inception3.3a.se.mul",
        "In GoogLeNet the gate weighs the concatenated output of a module, all four branches together.",
        variant="se_googlenet",
    ),
    Step(
        "SENet-154",
        "conv3_x.0.shortcut.conv",
        "The authors' own body: 3×3 convolutions in 64 groups, and where maps shrink a 3×3 shortcut: a 1×1 "
        "of stride 2 would skip three of four positions.",
        variant="senet154",
    ),
)

QUESTIONS: tuple[Question, ...] = ()
