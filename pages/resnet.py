"""ResNet (2015): residual learning, plain nets and the three kinds of shortcut."""

from __future__ import annotations

from explorer.demonstrations.batch_norm.panel import BATCH_NORM
from explorer.demonstrations.class_activation.panel import CLASS_ACTIVATION
from explorer.demonstrations.degradation.panel import DEGRADATION
from explorer.demonstrations.gradients.panel import GRADIENTS
from explorer.demonstrations.residual_unit.panel import REMOVAL, SUM
from explorer.page import page
from explorer.runtime.edits import Edit
from explorer.ui.tour import Step

TOUR = (
    Step(
        "A residual unit",
        "conv2_x.1.add",
        "Three convolutions make the residual F(x); the dashed edge carries x past them. **add** makes "
        "h(x) = F(x) + x. Nothing to change? Then F = 0 will do.",
    ),
    Step(
        "What it adds",
        "conv2_x.1.add",
        "Input and residual, map by map, and their sum on one scale. The bars: how much each unit adds to "
        "what it is given.",
        section="sum",
        look="section",
    ),
    Step(
        "Without the unit",
        "conv2_x.1.add",
        "Its residual is set to zero, and its input goes on: here in all that is shown. In plain-34 no other path "
        "carries the input past the same layers.",
        variant="resnet34",
        edits=(Edit("conv2_x.1", "skip"),),
        section="removal",
        look="section",
    ),
    Step(
        "The same without shortcuts",
        "conv2_x.1.relu2",
        "plain-34 is ResNet-34 without its shortcuts. In the paper it trains worse than plain-18, although "
        "its gradients do not vanish.",
        variant="plain34",
    ),
    Step(
        "Degradation",
        "conv2_x.1.relu2",
        "Both trained alike, with shortcuts and without. The plain network's **training** loss is the higher "
        "one, too: it does not overfit, it trains worse.",
        variant="plain34",
        section="degradation",
        look="section",
    ),
    Step(
        "ReLU after the sum",
        "conv2_x.1.relu3",
        "In v1 a ReLU follows. x is never negative, so a unit that learned nothing passes it on unchanged; only a "
        "strongly negative residual is cut off.",
        beside="conv2_x.1.add",
    ),
    Step(
        "A shortcut that projects",
        "conv3_x.0.shortcut.conv",
        "Where shapes change, x does not fit the sum. Option **B** projects it there, by a 1×1; **A** appends "
        "zeros; **C** projects everywhere.",
    ),
    Step(
        "The bottleneck",
        "conv4_x.1.conv2",
        "1×1 reduces to a quarter of the channels, 3×3 works there, 1×1 restores. Coloured by **MACs**: even "
        "so, the 3×3 costs most.",
        colour="macs",
    ),
    Step(
        "Pre-activation",
        "conv2_x.1.add",
        "v2 normalizes and activates before each convolution. Nothing follows the sum: the input travels "
        "through a stage untouched.",
        variant="preact_resnet50",
    ),
    Step(
        "What the last maps see",
        "conv5_x.2.add",
        "One of 49 positions could see the whole picture. Their mean is all that the classifier gets: so maps "
        "can show where it sees a class.",
        section="class-activation",
        look="section",
    ),
)

if __name__ == "__main__":
    page("resnet", TOUR, SUM, REMOVAL, DEGRADATION, GRADIENTS, CLASS_ACTIVATION, BATCH_NORM)
