"""What is taught about Xception (2016)."""

from __future__ import annotations

from explorer.teaching.question import Question
from explorer.teaching.step import Step

TOUR = (
    Step(
        "Two regular convolutions",
        "entry_flow.module1.relu2",
        "A separable one could make only three filtered maps of three colours, and mix those. All that follows "
        "is separable, but for shortcuts.",
    ),
    Step(
        "Depthwise: space",
        "middle_flow.module5.residual.separable1.depthwise",
        "One 3×3 filter for each channel: map 7 depends on map 7 of **relu1** alone. Side by side, on one scale.",
        beside="middle_flow.module5.residual.relu1",
        section="spectrum",
    ),
    Step(
        "Pointwise: channels",
        "middle_flow.module5.residual.separable1.pointwise",
        "A 1×1 then mixes all channels at each position. Coloured by **Parameters**: nearly all of them are here.",
        colour="params",
    ),
    Step(
        "From full to separable",
        "middle_flow.module5.residual.separable1.pointwise",
        "Between a full convolution and one filter a channel lie all numbers of groups: the costs of each.",
        section="spectrum",
        look="section",
    ),
    Step(
        "Nothing in between",
        "middle_flow.module5.residual.bn1",
        "No ReLU separates the two halves. With one, the paper's network trained more slowly and ended less "
        "accurate. MobileNet has one.",
    ),
    Step(
        "The shortcut is not separable",
        "entry_flow.module3.shortcut.conv",
        "Where a module halves the maps, a regular 1×1 of stride 2 makes the shortcut fit. The paper does "
        "not count these among its 36 layers.",
    ),
    Step(
        "Eight times the same",
        "middle_flow.module12.add",
        "The middle flow repeats one module. Its input is added unchanged, and no ReLU follows the sum.",
    ),
    Step(
        "The price is memory",
        "entry_flow.module2.residual.separable2.pointwise",
        "Each pair writes two stacks of maps where a regular convolution writes one. Coloured by **Memory**: "
        "the first modules' maps weigh most.",
        colour="memory",
    ),
    Step(
        "No shortcut at the end",
        "exit_flow.module14.relu2",
        "The last two separable convolutions double the channels. The mean of each map is all that the "
        "classifier gets.",
        section="class-activation",
    ),
)

QUESTIONS: tuple[Question, ...] = ()
