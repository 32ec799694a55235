"""What is taught about NiN (2013)."""

from __future__ import annotations

from explorer.teaching.question import Question
from explorer.teaching.step import Step

TOUR = (
    Step(
        "First an ordinary convolution",
        "mlpconv1.conv",
        "Each mlpconv layer begins with one. What follows has kernels of 1×1: a small network that slides "
        "over the picture along with it.",
    ),
    Step(
        "A 1×1 convolution",
        "mlpconv1.pointwise1",
        "At each position it mixes the channels, with the same weights everywhere: one fully connected layer "
        "at every pixel. It sees no neighbours.",
    ),
    Step(
        "The ReLU makes it a layer",
        "mlpconv1.relu2",
        "Without this ReLU the two 1×1 convolutions would be one matrix. With it they are a perceptron with "
        "a hidden layer.",
    ),
    Step(
        "What the 1×1 costs",
        "mlpconv2.pointwise2",
        "Coloured by **MACs**: in this layer both 1×1 convolutions together cost less than the 5×5 before them.",
        colour="macs",
    ),
    Step(
        "A map for each class",
        "mlpconv4.pointwise2",
        "The last 1×1 makes one map for each class. Trained, it shows where in the picture the network sees the class.",
        section="class-activation",
        look="section",
    ),
    Step(
        "No fully connected layer",
        "head.pool",
        "The mean of a map scores its class: it forgets where, which a label need not say. Coloured by "
        "**Parameters**: this head has none.",
        colour="params",
    ),
    Step(
        "The network of the paper",
        "mlpconv1.pointwise2",
        "For CIFAR-10 three mlpconv layers are enough, and the last has ten maps. In this first one the 1×1 "
        "thin out the channels, as GoogLeNet's do.",
        variant="nin_cifar",
    ),
)

QUESTIONS: tuple[Question, ...] = ()
