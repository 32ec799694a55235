"""What is taught about AlexNet (2012)."""

from __future__ import annotations

from explorer.teaching.question import Question
from explorer.teaching.step import Step

TOUR = (
    Step(
        "Large kernels, four pixels apart",
        "conv1.conv",
        "Kernels of 11×11 with stride 4 make 55×55 maps. That takes 227 pixels; the paper prints 224, from "
        "which it does not work out.",
        section="conv1",
    ),
    Step(
        "What they look for",
        "conv1.conv",
        "The kernels of the first layer read colours, so that they can be shown as pictures: edges, "
        "frequencies, patches of colour.",
        section="conv1",
        look="section",
    ),
    Step(
        "ReLU instead of tanh",
        "conv1.relu",
        "For positive inputs a ReLU does not saturate. The paper's small test network reached 25 % training "
        "error six times faster with it than with tanh.",
        beside="conv1.conv",
    ),
    Step(
        "Neighbours dampen each other",
        "conv1.norm",
        "At a pixel, large values of neighbouring maps shrink a value: lateral inhibition, as between real "
        "neurons. VGG found no gain.",
        section="lrn",
        look="section",
    ),
    Step(
        "Windows that overlap",
        "conv1.pool",
        "The 3×3 windows are 2 apart, so that neighbours overlap. It lowered the paper's error by a few "
        "tenths of a point.",
    ),
    Step(
        "Two graphics cards",
        "conv2.conv",
        "One card's 3 GB were too little. **g=2**: each holds half of the kernels, which read its own maps "
        "only. Without groups: twice the MACs.",
    ),
    Step(
        "The cards talk",
        "conv3.conv",
        "Among the convolutions after conv1 this is the only one that reads the maps of both cards.",
    ),
    Step(
        "Where the parameters are",
        "fc6.linear",
        "Coloured by **Parameters**: the fully connected layers hold nearly all weights. By MACs it is the "
        "convolutions that do nearly all the work.",
        colour="params",
    ),
    Step(
        "Dropout",
        "fc6.dropout",
        "Against overfitting, training sets half of the values to zero. VGG does so, too; GoogLeNet drops 40 % "
        "before its one linear layer, ResNet nothing.",
        section="dropout",
        look="section",
    ),
    Step(
        "Pictures altered by chance",
        "input",
        "Crops, mirror images and other colours: each epoch sees another picture. It kept the paper's "
        "network from overfitting.",
        section="augmentation",
        look="section",
    ),
    Step(
        "Learned by heart",
        "input",
        "The same small network twice, with altered pictures and without: what it knows of pictures that it was "
        "trained on, and of others.",
        section="overfitting",
        look="section",
    ),
)

QUESTIONS: tuple[Question, ...] = ()
