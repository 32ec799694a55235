"""What is taught about VGG (2014)."""

from __future__ import annotations

from explorer.teaching.question import Question
from explorer.teaching.step import Step

TOUR = (
    Step(
        "Two 3×3 see 5×5",
        "conv1.conv2",
        "Point at a pixel of an enlarged map: it sees 5×5 of the input. With C channels in and out a 5×5 has "
        "25C² weights; two 3×3, 18C² and a ReLU more.",
        section="field",
    ),
    Step(
        "Three see 7×7",
        "conv3.conv3",
        "Three in a row see 7×7 of what enters the stage, with 27C² weights instead of 49C².",
        section="stack",
        look="section",
    ),
    Step(
        "What a position sees",
        "conv3.conv3",
        "The deeper the layer, the more of the picture one of its values depends on.",
        section="field",
        look="section",
    ),
    Step(
        "Halve the side, double the channels",
        "conv3.conv1",
        "A stage ends with a 2×2 max pooling, and the next one has twice the channels, up to 512. Padding "
        "keeps the side within a stage.",
    ),
    Step(
        "Equal work at every depth",
        "conv4.conv2",
        "Coloured by **MACs**: compare **conv2** of the first four stages. A quarter of the pixels, four "
        "times the weights: the cost is the same.",
        colour="macs",
    ),
    Step(
        "Large maps first",
        "conv1.relu2",
        "Coloured by **Memory**: the first stage has the largest activations, though it has the fewest "
        "parameters of all.",
        colour="memory",
    ),
    Step(
        "Most parameters in one layer",
        "fc6.linear",
        "The first fully connected layer reads 7×7 maps, and has more weights than all other layers together.",
        section="shares",
        look="section",
    ),
    Step(
        "As deep as it helps",
        "conv5.conv3",
        "VGG-19 has a fourth convolution in each of its last three stages. From 16 to 19 layers the paper's "
        "error hardly changes.",
    ),
    Step(
        "A 1×1 for depth alone",
        "conv3.conv3",
        "Configuration C adds 1×1 convolutions: a ReLU more, but no wider view. With 3×3 in their place, as "
        "in D, the paper's error is lower.",
        variant="vgg16_c",
    ),
    Step(
        "With batch normalization",
        "conv1.bn1",
        "It is later than the paper, which tried LRN in vain. It stands between each convolution and its "
        "ReLU and costs few parameters.",
        variant="vgg16_bn",
    ),
)

QUESTIONS: tuple[Question, ...] = ()
