"""What is taught about GoogLeNet (2014)."""

from __future__ import annotations

from explorer.teaching.question import Question
from explorer.teaching.step import Step

TOUR = (
    Step(
        "Four branches, one stack",
        "inception3.3a.cat",
        "1×1, 3×3, 5×5 and a pooling see the same maps. **concat** stacks their outputs: the first 64 maps "
        "are the 1×1's, the next 128 the 3×3's.",
        section="module",
    ),
    Step(
        "The branches, compared",
        "inception3.3a.cat",
        "What each branch makes of this picture, and what it costs.",
        section="module",
        look="section",
    ),
    Step(
        "The 1×1 pays for the 5×5",
        "inception3.3a.conv5x5_reduce.conv",
        "A 1×1 squeezes 192 maps into 16: the 5×5 then costs a twelfth. With the ReLU between them, a network "
        "of two layers slides over the maps.",
        section="modules",
        colour="macs",
    ),
    Step(
        "Pooling that keeps the size",
        "inception3.3a.pool",
        "This max pooling has stride 1, so its maps fit the stack. It cannot reduce their number: the 1×1 "
        "comes after it.",
    ),
    Step(
        "A 1×1 that saves nothing",
        "stem.conv2_reduce.conv",
        "The table calls it “reduce”, but 64 maps go in and 64 come out. It mixes channels, with a ReLU after it.",
    ),
    Step(
        "Halving between the stages",
        "inception4.pool",
        "Four max poolings and the first convolution's stride shrink 224 pixels to 7. This one stands before "
        "module 4a.",
    ),
    Step(
        "Heads for training only",
        "aux1.fc2",
        "They were to bring gradient to the lower layers; a year later the authors saw no faster start. They hold "
        "nearly as many parameters as all else.",
        section="heads",
        colour="params",
    ),
    Step(
        "The mean, and one linear layer",
        "head.pool",
        "Each map becomes one number, its mean. One linear layer is left, AlexNet and VGG have three: so "
        "maps can show where a class is seen.",
        section="class-activation",
        look="section",
    ),
    Step(
        "The first layer of table 1",
        "stem.conv1.pointwise",
        "The paper's table counts a first layer far too cheap for a 7×7 convolution. Eight 7×7 filters a "
        "colour, mixed by a 1×1, fit it.",
        variant="googlenet_separable",
    ),
    Step(
        "A 5×5 that is a 3×3",
        "inception3.3a.conv5x5.conv",
        "torchvision's network has a 3×3 in the branch called 5×5. The published weights depend on that "
        "slip, so it stays.",
        variant="googlenet_bn",
    ),
)

QUESTIONS: tuple[Question, ...] = ()
