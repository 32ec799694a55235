"""What is taught about MobileNet (2017)."""

from __future__ import annotations

from explorer.teaching.question import Question
from explorer.teaching.step import Step

TOUR = (
    Step(
        "One filter per channel",
        "stage2.0.depthwise.conv",
        "The depthwise convolution filters each map with a 3×3 of its own. Map 5 comes from map 5 of the "
        "input alone: no channel learns about another.",
        section="mix",
    ),
    Step(
        "A 1×1 mixes the channels",
        "stage2.0.pointwise.conv",
        "The pointwise convolution sees one position, and all channels there. Together they see what one "
        "full 3×3 sees, but cannot express all that it can.",
        section="mix",
    ),
    Step(
        "Filter, then mix",
        "stage2.0.pointwise.conv",
        "One output map, taken apart: first each channel filtered on its own, then their weighted sum.",
        section="mix",
        look="section",
    ),
    Step(
        "Where the cost is",
        "stage5.1.pointwise.conv",
        "Coloured by **MACs**: the 1×1 convolutions, plain matrix products, do nearly all of the arithmetic, "
        "the depthwise ones next to none.",
        colour="macs",
    ),
    Step(
        "Strides instead of pooling",
        "stage3.0.depthwise.conv",
        "From stage 2 to stage 5, the first depthwise convolution has stride 2 and halves the maps. Nothing "
        "is pooled before the average at the end.",
    ),
    Step(
        "The same with full convolutions",
        "stage4.1.conv",
        "One full 3×3 in place of each pair: in the paper about one point more accurate, at more than eight "
        "times the MACs.",
        variant="mobilenet_v1_full",
    ),
    Step(
        "V2: the inverted residual",
        "stage2.1.add",
        "A 1×1 makes six times as many maps, the depthwise works there, a 1×1 makes them few again. The "
        "shortcut joins the narrow ends.",
        variant="mobilenet_v2",
        section="widths",
    ),
    Step(
        "V2: the linear bottleneck",
        "stage2.1.project.bn",
        "No activation follows the projection: a ReLU would destroy what the few channels hold, as it does "
        "to this spiral.",
        variant="mobilenet_v2",
        section="spiral",
        look="section",
    ),
    Step(
        "V3: a gate",
        "stage3.1.se.mul",
        "Some blocks of V3 weigh their wide maps with a squeeze-and-excitation gate. Its hard sigmoid is "
        "piecewise linear, hence cheap on a phone.",
        variant="mobilenet_v3_large",
        section="gates",
    ),
    Step(
        "V3: hard swish",
        "stage4.1.depthwise.hardswish",
        "The stem and the deeper stages use hard swish, which dips below zero where a ReLU is flat. The "
        "stages between them keep the ReLU.",
        variant="mobilenet_v3_large",
    ),
)

QUESTIONS: tuple[Question, ...] = ()
