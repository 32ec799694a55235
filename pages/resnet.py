"""ResNet (2015): residual learning, plain nets and the three kinds of shortcut."""

from __future__ import annotations

from explorer.demonstrations.class_activation.panel import CLASS_ACTIVATION
from explorer.demonstrations.degradation.panel import DEGRADATION
from explorer.demonstrations.gradients.panel import GRADIENTS
from explorer.demonstrations.residual_unit.panel import REMOVAL, SUM
from explorer.page import page
from explorer.ui.tour import Step

TOUR = (
    Step(
        "The sum",
        "conv2_x.1.add",
        "The second unit adds its input (the dashed edge) to what its three convolutions make of it. Compare the maps "
        "of **add** with those of **bn3**, the residual alone.",
        section="sum",
    ),
    Step(
        "ReLU after the sum",
        "conv2_x.1.relu3",
        "In the published network (v1) the sum is cut off at zero before the next unit sees it. So not even a unit "
        "that learned nothing passes its input on unchanged.",
    ),
    Step(
        "A shortcut that projects",
        "conv3_x.0.shortcut.conv",
        "Where the maps halve and the channels double, the input no longer fits the sum. Option B projects it with a "
        "1×1 convolution of stride 2: the only shortcuts that have parameters.",
    ),
    Step(
        "No parameters: option A",
        "conv3_x.0.shortcut.pad",
        "Option A takes every second pixel and appends channels of zeros. Page to the last maps: they are empty.",
        "resnet34_a",
    ),
    Step(
        "The same without shortcuts",
        "conv3_x.0.relu2",
        "plain-34 has the layers of ResNet-34 and no dashed edge. It trained worse than plain-18, although its "
        "gradients do not vanish: the paper calls that degradation.",
        "plain34",
        section="removal",
    ),
    Step(
        "The bottleneck",
        "conv4_x.1.conv2",
        "1×1 reduces to a quarter of the channels, 3×3 works there, 1×1 restores. Colour the nodes by **MACs**: "
        "even so, the 3×3 costs most.",
    ),
    Step(
        "Stride in the first 1×1",
        "conv3_x.0.conv1",
        "v1, as published, strides here; torchvision's v1.5 in the 3×3 that follows. The parameters are the same. "
        "Compare the MACs above.",
        "resnet50_v1",
    ),
    Step(
        "Pre-activation",
        "conv2_x.1.add",
        "v2 normalizes and activates before each convolution. Nothing follows the sum: the input travels through a "
        "stage untouched.",
        "preact_resnet50",
    ),
    Step(
        "What the last maps see",
        "conv5_x.2.add",
        "Enlarge a map: one of its 49 values sees more than the whole picture. Their mean over all positions is all "
        "that the classifier gets.",
        section="class-activation",
    ),
)

if __name__ == "__main__":
    page("resnet", TOUR, SUM, REMOVAL, DEGRADATION, GRADIENTS, CLASS_ACTIVATION)
